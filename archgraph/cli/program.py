"""The command line: one small function per command in a file per subject, the same names as in Python."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from archgraph.cli.authoring import add_new, add_schema
from archgraph.cli.caveats import say_caveats
from archgraph.cli.cost import add_cost
from archgraph.cli.diff import add_diff
from archgraph.cli.fields import add_hops, add_rf
from archgraph.cli.figures import add_contrast, add_draw
from archgraph.cli.fit import add_fit
from archgraph.cli.gallery import add_check, add_list
from archgraph.cli.parser import Parser
from archgraph.cli.resources import add_efficiency, add_memory, add_roofline
from archgraph.cli.scaling import add_scale, add_solve
from archgraph.cli.sweep import add_sweep
from archgraph.cli.trace import add_trace
from archgraph.cli.verify import add_verify

COMMANDS: tuple[Callable[[Any], None], ...] = (
    *(add_list, add_check, add_cost, add_memory, add_fit, add_efficiency, add_roofline, add_rf, add_hops),
    *(add_solve, add_scale, add_sweep, add_draw, add_contrast, add_diff, add_trace, add_verify, add_schema, add_new),
)
"""What adds each command, in the order of the help."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = program().parse_args(arguments)
    status = options.run(options)
    say_caveats(options)
    return status


def program() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = Parser(
        prog="archgraph",
        description="Exact, symbolic analysis of neural architectures: cost, receptive field, figures.",
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in COMMANDS:
        add(commands)
    return parser


def _version() -> str:
    import archgraph

    return f"archgraph {archgraph.__version__}"
