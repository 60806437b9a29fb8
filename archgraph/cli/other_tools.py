"""The options by which `cost` counts as other tools do."""

from __future__ import annotations

import argparse

from archgraph.cli.shared import load_bound


def add_other_tools(parser: argparse.ArgumentParser) -> None:
    """Add `--as` to `archgraph cost`."""
    parser.add_argument(
        "--as",
        dest="tool",
        metavar="TOOL",
        help="what another tool prints, and the terms between its count and ours: thop, fvcore, torchinfo, ptflops, "
        "calflops, deepspeed, flopcounter-cpu, flopcounter",
    )
    parser.add_argument(
        "--functional",
        nargs="+",
        default=[],
        metavar="OP",
        help="with --as: operations that the code calls as functions; attention that it writes out as products",
    )


def run_other_tool(options: argparse.Namespace) -> int:
    """Run `archgraph cost --as`."""
    counted = load_bound(options).count_as(options.tool, options.functional)
    print(counted.table.to(options.format).rstrip())
    return 0
