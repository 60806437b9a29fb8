"""The command on what the numbers of a published table have counted."""

from __future__ import annotations

import argparse

from archgraph.cli.output import show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import Command, add_at, add_format
from archgraph.cli.values import bindings


def _audit_options(parser: Parser) -> None:
    text = "comma-separated values: a column 'model' of names or paths, others such as 'Params (M)' and 'GFLOPs'"
    parser.add_argument("table", metavar="TABLE.csv", help=text)
    add_at(parser)
    add_format(parser)


def _run_audit(options: argparse.Namespace) -> int:
    from archgraph.cli.published_table import read_table
    from archgraph.cost.audit.audit import audit_table

    read = read_table(options.table, bindings(options.at))
    table = audit_table(read.entries(), read.left_out)
    show(table, options.format)
    return 0 if all(row["value"] for row in table.rows) else 1


AUDIT = Command(
    "audit",
    "Show which tool or convention each number of a published table comes from",
    "archgraph audit table.csv",
    _run_audit,
    _audit_options,
)
