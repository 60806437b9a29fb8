"""The command on costs, ours or as other tools count them."""

from __future__ import annotations

import argparse
from typing import Any

from archgraph.cli.other_tools import add_other_tools, run_other_tool
from archgraph.cli.shared import add_at, add_format, command, load_bound


def add_cost(commands: Any) -> None:
    """Add `archgraph cost`."""
    parser = command(
        commands,
        "cost",
        _run_cost,
        "Show cost laws and their values",
        "archgraph cost dit --by level --at D=768",
    )
    parser.add_argument("spec", metavar="SPEC", help="a shipped name (dit, dit:S/2) or a path")
    parser.add_argument("--by", default="scope", help="node, scope, op, level or block (default: scope)")
    parser.add_argument("--metrics", default="params,macs,flops,activations", help="comma-separated metrics")
    parser.add_argument("--laws", action="store_true", help="laws in the table instead of their values")
    add_other_tools(parser)
    add_at(parser)
    add_format(parser)


def _run_cost(options: argparse.Namespace) -> int:
    if options.tool:
        return run_other_tool(options)
    g = load_bound(options)
    metrics = [name.strip() for name in options.metrics.split(",")]
    table = (g.symbolic() if options.laws else g.at()).table(by=options.by, metrics=metrics)
    if options.format == "text":
        print(g.symbolic().report(metrics, g.at()))
    print(table.to(options.format).rstrip())
    return 0
