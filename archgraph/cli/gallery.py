"""The commands on the shipped specs: list them, hold them against what they expect."""

from __future__ import annotations

import argparse

from archgraph.cli.output import remark, show, tell
from archgraph.cli.parser import Parser
from archgraph.cli.shared import Command, add_format


def _list_options(parser: Parser) -> None:
    add_format(parser)


def _run_list(options: argparse.Namespace) -> int:
    from archgraph.gallery import gallery_table

    show(gallery_table(), options.format)
    return 0


def _check_options(parser: Parser) -> None:
    parser.add_argument("specs", nargs="*", metavar="SPEC", help="names or paths (default: every shipped spec)")
    add_format(parser)


def _run_check(options: argparse.Namespace) -> int:
    from archgraph.gallery import checked

    found = checked(options.specs)
    # Where nothing could be read, a reader of text is told all by the errors; a program reads the rows alone.
    if options.format != "text" or len(found.broken) < len(options.specs) or not found.broken:
        show(found.table, options.format)
    for line in found.without_effect:
        remark(line)
    for error in found.broken:
        tell(error)
    return 1 if found.broken or any(row["ok"] != "yes" for row in found.table.rows) else 0


LIST = Command("list", "List the shipped specs and variants", "archgraph list --json", _run_list, _list_options)
CHECK = Command(
    "check",
    "Check specs and their variants against the numbers that they expect",
    "archgraph check dit",
    _run_check,
    _check_options,
)
