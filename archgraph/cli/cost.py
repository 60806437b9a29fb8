"""The command on costs, ours or as other tools count them."""

from __future__ import annotations

import argparse

from archgraph.cli.other_tools import add_other_tools, run_other_tool
from archgraph.cli.output import say, show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import Command, add_at, add_format, add_model, add_names, load_bound
from archgraph.cli.values import some_of


def _cost_options(parser: Parser) -> None:
    from archgraph.data.question_words import GROUP_NAMES, METRIC_NAMES

    parser.add_argument("spec", metavar="SPEC", help="a shipped name (dit, dit:S/2), a path, or a model: timm:resnet50")
    add_names(parser, "--by", lambda: GROUP_NAMES, "grouping", default="scope")
    shown = "params,macs,flops,activations"
    add_names(parser, "--metrics", lambda: METRIC_NAMES, "metric", "with commas: ", read=some_of, default=shown)
    parser.add_argument("--laws", action="store_true", help="laws in the table instead of their values")
    add_other_tools(parser)
    add_at(parser)
    add_model(parser)
    add_format(parser)


def _run_cost(options: argparse.Namespace) -> int:
    if options.tool:
        return run_other_tool(options)
    g = load_bound(options)
    table = (g.symbolic() if options.laws else g.at()).table(by=options.by, metrics=options.metrics)
    if options.format == "text":
        say(g.symbolic().report(options.metrics, g.at()))
    show(table, options.format)
    return 0


COST = Command(
    "cost", "Show cost laws and their values", "archgraph cost dit --by level --at D=768", _run_cost, _cost_options
)
