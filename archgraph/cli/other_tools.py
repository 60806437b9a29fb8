"""What other tools count: the options of `cost` for it, and the command on what a published table has counted."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from archgraph.cli.output import show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import Command, add_at, add_format, add_names, load_bound
from archgraph.cli.values import bindings

if TYPE_CHECKING:
    from archgraph.graph.network import Network


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


def _audit_options(parser: Parser) -> None:
    text = "comma-separated values: a column 'model' of names or paths, others such as 'Params (M)' and 'GFLOPs'"
    parser.add_argument("table", metavar="TABLE.csv", help=text)
    add_at(parser)
    add_format(parser)


def _run_audit(options: argparse.Namespace) -> int:
    from archgraph.cost.audit.audit import audit_table
    from archgraph.cost.audit.table_file import read_table

    at = bindings(options.at)
    read = read_table(options.table)
    table = audit_table(read.entries(lambda name, own: _network(name, {**at, **bindings(own.split())})), read.left_out)
    show(table, options.format)
    return 0 if all(row["value"] for row in table.rows) else 1


def _network(name: str, values: dict[str, object]) -> Network:
    from archgraph.architecture.architecture import load

    g = load(name)
    return (g.at(**values) if values else g).network


AUDIT = Command(
    "audit",
    "Show which tool or convention each number of a published table comes from",
    "archgraph audit table.csv",
    _run_audit,
    _audit_options,
)
