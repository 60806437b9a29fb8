"""The options by which `cost` counts as other tools do."""

from __future__ import annotations

import argparse

from archgraph.cli.output import show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import add_names, load_bound


def add_other_tools(parser: Parser) -> None:
    """Add `--as` to `archgraph cost`."""
    from archgraph.data import table

    text = "what another tool prints, and the terms between its count and ours: "
    add_names(parser, "--as", lambda: table("tools"), "tool", text, dest="tool", default=None)
    parser.add_argument(
        "--functional",
        nargs="+",
        default=[],
        metavar="OP",
        help="with --as: operations that the code calls as functions; attention that it writes out as products",
    )
    parser.goes_with("--functional", "--as")
    for option in ("--by", "--metrics", "--laws"):
        parser.not_with(option, "--as")


def run_other_tool(options: argparse.Namespace) -> int:
    """Run `archgraph cost --as`."""
    counted = load_bound(options).count_as(options.tool, options.functional)
    show(counted.table, options.format)
    return 0
