"""What commands share: how they are declared, bind symbols, choose a format and save a file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from typing import Any

from archgraph.errors import SpecError
from archgraph.report.table import FORMATS

Command = Callable[[argparse.Namespace], int]


def command(commands: Any, name: str, run: Command, summary: str, example: str) -> argparse.ArgumentParser:
    """Return the parser of a command, with an example of its use."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary}.",
        epilog=f"example: {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def add_at(parser: argparse.ArgumentParser) -> None:
    """Let symbols be bound."""
    parser.add_argument(
        "--at",
        nargs="+",
        default=[],
        metavar="SYMBOL=VALUE",
        action="extend",
        help="bind symbols: --at D=768 L=12",
    )


def add_format(parser: argparse.ArgumentParser) -> None:
    """Let the format of the table be chosen."""
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to write the table (default: text)")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="the same as --format json")


def bindings(pairs: Sequence[str]) -> dict[str, Any]:
    """Read `D=768`, `up_bias=false`, `padding=same`, `features=[8,16]`."""
    result = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise SpecError(f"cannot read the binding '{pair}'", hint="write --at D=768 L=12")
        result[name] = _value(text)
    return result


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def load_bound(options: argparse.Namespace) -> Any:
    """Load the spec with `--at` as its point of evaluation."""
    from archgraph.architecture.architecture import load

    g = load(options.spec)
    return g.at(**bindings(options.at)) if options.at else g


def add_figure(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Let the file and the width of a figure be chosen."""
    suffixes = ".svg, .pdf, .png, .dot, .tex or .html"
    parser.add_argument("-o", "--output", required=required, metavar="FILE", help=f"the file to write: {suffixes}")
    parser.add_argument("--width", default=None, help="auto, column, text, or inches such as 3.25in")
    parser.add_argument("--venue", default="icml", help="icml, neurips, iclr, acl or nature (default: icml)")


def save(figure: Any, output: str) -> int:
    """Write a figure or a sweep whole, and say so."""
    figure.save(output)
    print(f"wrote {output}")
    return 0


def swept_values(pair: str) -> tuple[str, Any]:
    """Read `D=256..4096:64` (both ends included) or `L=4,8,16`."""
    name, equals, text = pair.partition("=")
    try:
        if not equals or not name:
            raise ValueError
        if ".." not in text:
            return name, [int(item) for item in text.split(",")]
        first, _, rest = text.partition("..")
        last, _, step = rest.partition(":")
        return name, range(int(first), int(last) + 1, int(step or 1))
    except ValueError:
        raise SpecError(f"cannot read the values '{pair}'", hint="write D=256..4096:64 or L=4,8,16") from None
