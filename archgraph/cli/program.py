"""The command line: a file of commands per subject, with the same names as in Python."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from archgraph.cli.authoring import NEW, OPS, SCHEMA, SHOW
from archgraph.cli.caveats import say_caveats
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
from archgraph.report.completion import Offer, completion_script
from archgraph.report.progress import ProgressLine
from archgraph.steps import heard


def _shells(parser: Parser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="which shell: %(choices)s")


def _run_completion(options: argparse.Namespace) -> int:
    print(completion_script("archgraph", options.shell, list(_offers())), end="")
    return 0


COMPLETION = Command(
    "completion",
    "Print the script that completes commands in a shell",
    "archgraph completion bash",
    _run_completion,
    _shells,
)
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
    *(TRACE, VERIFY, OPS, SCHEMA, SHOW, NEW, COMPLETION),
)
"""Every command, in the order of the help."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    asked = _asked(words)
    # A command that stands first is all that its line can mean: making the other parsers took as long as some answers.
    first = [command for command in asked if command.name == words[0]]
    options = program(asked, first or COMMANDS).parse_args(words)
    with _progress(f"archgraph {options.command}"):
        status = options.run(options)
        say_caveats(options)
    return status


@contextmanager
def _progress(command: str) -> Iterator[None]:
    """Say on a terminal how far a long command is; nothing in a pipe."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    listener = ProgressLine(sys.stderr)
    with heard(listener), listener.call(command):
        yield


def _asked(words: Sequence[str]) -> list[Command]:
    """The command that is asked for; none where the words are about the program itself, or wrong."""
    first = next((word for word in words if not word.startswith("-")), "")
    return [command for command in COMMANDS if command.name == first]


def program(complete: Sequence[Command] = COMMANDS, known: Sequence[Command] = COMMANDS) -> argparse.ArgumentParser:
    """Return the parser of commands.

    Args:
        complete: those that have their options; of the others only the names are known, which reads no other room.
        known: those that it has at all.
    """
    parser = Parser(
        prog="archgraph",
        description="Exact, symbolic analysis of neural architectures: cost, receptive field, figures.",
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in known:
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


def _offers() -> Iterator[Offer]:
    """What may follow every command: options with their words, and shipped specs where a spec stands."""
    from archgraph.gallery import shipped_names

    for command in COMMANDS:
        parser = Parser(prog=command.name)
        command.options(parser)
        actions = parser._actions  # pyright: ignore[reportPrivateUsage]  # what a parser has; there is no other way
        words = {id(action): tuple(map(str, action.choices or ())) for action in actions}
        options = (
            (flag, _described(action), None if action.nargs == 0 else words[id(action)])
            for action in actions
            for flag in action.option_strings
        )
        specs = any(action.metavar == "SPEC" and not action.option_strings for action in actions)
        operands = [word for action in actions if not action.option_strings for word in words[id(action)]]
        yield Offer(command.name, command.summary, tuple(options), (*operands, *(shipped_names() if specs else ())))


def _described(action: argparse.Action) -> str:
    """The help of an option in a line, without the words that it takes: a shell offers them itself."""
    shown = re.sub(r":? ?%\(choices\)s", "", action.help or "") % vars(action)
    if shown and not shown.startswith(" ("):
        return shown
    word = str(action.metavar or "")
    return (word.lower() if len(word) > 1 else action.dest) + shown


def _version() -> str:
    import archgraph

    return f"archgraph {archgraph.__version__}"
