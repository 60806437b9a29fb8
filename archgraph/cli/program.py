"""The command line: a file of commands per subject, with the same names as in Python."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from archgraph.cli.authoring import NEW, SCHEMA, SHOW
from archgraph.cli.caveats import say_caveats
from archgraph.cli.completion import COMPLETION
from archgraph.cli.cost import COST
from archgraph.cli.diff import DIFF
from archgraph.cli.fields import HOPS, RF
from archgraph.cli.figures import CONTRAST, DRAW
from archgraph.cli.fit import FIT
from archgraph.cli.gallery import CHECK, LIST
from archgraph.cli.growth import GROWTH
from archgraph.cli.other_tools import AUDIT
from archgraph.cli.parser import Parser
from archgraph.cli.resources import EFFICIENCY, MEMORY, ROOFLINE
from archgraph.cli.scaling import SCALE, SOLVE
from archgraph.cli.serve import SERVE
from archgraph.cli.shared import Command
from archgraph.cli.sweep import SWEEP
from archgraph.cli.trace import TRACE
from archgraph.cli.verify import VERIFY
from archgraph.report.waiting import waiting

COMMANDS: tuple[Command, ...] = (
    *(
        LIST,
        CHECK,
        COST,
        AUDIT,
        MEMORY,
        FIT,
        SERVE,
        EFFICIENCY,
        ROOFLINE,
        RF,
        HOPS,
        SOLVE,
        SCALE,
        GROWTH,
        SWEEP,
        DRAW,
        CONTRAST,
        DIFF,
    ),
    *(TRACE, VERIFY, SCHEMA, SHOW, NEW, COMPLETION),
)
"""Every command, in the order of the help."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    options = program(_asked(words)).parse_args(words)
    with waiting(f"archgraph {options.command}"):
        status = options.run(options)
        say_caveats(options)
    return status


def _asked(words: Sequence[str]) -> list[Command]:
    """The command that is asked for; none where the words are about the program itself, or wrong."""
    first = next((word for word in words if not word.startswith("-")), "")
    return [command for command in COMMANDS if command.name == first]


def program(complete: Sequence[Command] = COMMANDS) -> argparse.ArgumentParser:
    """Return the parser of all commands.

    Args:
        complete: those that have their options; of the others only the names are known, which reads no other room.
    """
    parser = Parser(
        prog="archgraph",
        description="Exact, symbolic analysis of neural architectures: cost, receptive field, figures.",
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        own = commands.add_parser(
            command.name,
            help=command.summary,
            description=f"{command.summary}.",
            epilog=f"example: {command.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        own.set_defaults(run=command.run, command=command.name)
        if command in complete:
            command.options(own)
    return parser


def _version() -> str:
    import archgraph

    return f"archgraph {archgraph.__version__}"
