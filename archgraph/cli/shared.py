"""What commands share: how they are declared, bind symbols, choose a format and save a file."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from archgraph.cli.caveats import note_asked
from archgraph.cli.figure_values import read_label, read_palette
from archgraph.cli.parser import NameChoices, Parser, told_option
from archgraph.cli.tensors import read_dynamic, read_inputs
from archgraph.cli.values import bindings, one_of, read_each, read_fields, whole
from archgraph.errors import QueryError, printable, quoted

if TYPE_CHECKING:
    from archgraph.architecture.architecture import Architecture
    from archgraph.figures.figure import Figure

Keywords: TypeAlias = dict[str, Any]
"""What was said on a command line, as keywords of the call that it stands for."""


@dataclass(frozen=True)
class Command:
    """A command, whose options are added once it is the one that was asked for: they list what other rooms have.

    Attributes:
        name: the word on the command line.
        summary: what it does, as the list of commands says it.
        example: one use.
        run: what runs it and returns the exit status.
        options: what adds its options.
    """

    name: str
    summary: str
    example: str
    run: Callable[[argparse.Namespace], int]
    options: Callable[[Parser], None]


def no_options(parser: Parser) -> None:
    """Add nothing, for a command that takes no options."""


def add_names(
    parser: Parser, option: str, names: Callable[[], Iterable[str]], what: str, text: str = "", **more: Any
) -> None:
    """Add an option that takes one of some names, which the help lists from the data that has them."""
    known = NameChoices(what, names)
    read = more.pop("read", one_of)(known)
    text = f"{text}%(choices)s" + ("" if more.get("default") is None else " (default: %(default)s)")
    more.setdefault("metavar", what.split()[-1].upper())
    parser.add_argument(option, type=read, choices=known, help=text, **more)


def add_unset_names(parser: Parser, *rows: tuple[str, Iterable[str], str, str]) -> None:
    """Add options that each take one of some names, and say nothing unless given: (option, names, what, text)."""
    for option, names, what, text in rows:
        add_names(parser, option, names.__iter__, what, text, default=None)


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


def add_shape(parser: Parser, told: str, *, required: bool = False) -> None:
    """Let the shapes of what a model is called with be said; `--input` names an input, where a command is about one."""
    parser.add_argument(
        "--shape", dest="shapes", action="append", default=[], metavar="SHAPE", required=required, help=told
    )
    if "--input" not in parser.flags():
        parser.also_called("--shape", "--input")


def add_model(parser: Parser) -> None:
    """Let a model of a library or of one's own be called and built in another way."""
    add_shape(parser, "what a model takes: x=1x3x99x99, n=1x9:int")
    parser.add_argument(
        "--dynamic", action="append", default=[], metavar="INPUT:DIM=NAME", help="x:2=h,3=w makes sizes of it symbols"
    )
    parser.add_argument(
        "--fields",
        action="append",
        default=[],
        metavar="NAMES",
        help="fields of its configuration as symbols: hidden_size,n or D=hidden_size,H=heads+kv_heads",
    )
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        help="keywords of what builds a model, fields of its configuration: --set img_size=384",
    )
    add_gaps(parser)


def add_gaps(parser: argparse.ArgumentParser) -> None:
    """Let operators without a rule be listed instead of refused."""
    parser.add_argument(
        "--allow-unsupported",
        action="store_true",
        help="list operators without a rule as gaps, which are not counted, instead of refusing them",
    )


def model_keywords(options: argparse.Namespace) -> Keywords:
    """Return what the options of `add_model` say."""
    found: dict[str, object] = bindings(getattr(options, "set", []))
    if getattr(options, "shapes", None):
        found["inputs"] = read_inputs(options.shapes)
    if getattr(options, "dynamic", None):
        found["dynamic"] = read_each(options.dynamic, read_dynamic, "made dynamic")
    if getattr(options, "fields", None):
        found["fields"] = read_fields(options.fields)
    if getattr(options, "allow_unsupported", False):
        found["allow_unsupported"] = True
    return found


def add_format(parser: Parser) -> None:
    """Let the format of the table be chosen."""
    from archgraph.data.question_words import FORMATS

    parser.add_argument("--format", choices=FORMATS, default="text", help="how to write the table (default: text)")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="the same as --format json")
    parser.not_with("--json", "--format")


def load_bound(options: argparse.Namespace) -> Architecture:
    """Load the spec with `--at` as its point of evaluation."""
    if not is_model_name(options.spec):
        refuse_model_options(options, options.spec)
    g = _loaded(options.spec, model_keywords(options), bindings(options.at))
    note_asked(options, g.network)
    return g


def _loaded(name: str, given: Keywords, values: Mapping[str, object]) -> Architecture:
    """Load a network at values of its symbols; one for a field of a model's configuration asks for the law in it."""
    from archgraph.architecture.architecture import load

    g = load(name, **given)
    fields = [symbol for symbol in values if symbol not in g.symbols]
    if fields and "fields" not in given and is_model_name(name):
        g = load(name, **{**given, "fields": fields})
    return g.at(**values) if values else g


def is_model_name(name: str) -> bool:
    """Whether a name on the command line is that of a model, and not of a spec."""
    from archgraph.pytorch.sources.table import is_model
    from archgraph.spec.load import is_spec

    return not is_spec(name) and is_model(name)


def refuse_model_options(options: argparse.Namespace, *specs: str) -> None:
    """Refuse what is said of models where all networks are specs.

    Raises:
        QueryError: it would have no effect.
        SpecError: one is neither a spec nor a model.
    """
    from archgraph.spec.load import spec_path

    for option in ("--shape", "--dynamic", "--fields", "--set", "--allow-unsupported"):
        if option in getattr(options, "given", {}):
            for name in specs:
                spec_path(name)
            told = f"{printable(told_option(option, options.given))} is about models, and specs alone are given"
            raise QueryError(told, hint="--at D=768 binds symbols")


def load_each(options: argparse.Namespace) -> list[Architecture]:
    """Load the networks of a command; what is said of models is said of all models among them.

    Raises:
        QueryError: something is said of models, and all are specs.
    """
    models = {name for name in options.specs if is_model_name(name)}
    if not models:
        refuse_model_options(options, *options.specs)
    given = model_keywords(options)
    values = bindings(getattr(options, "at", []))
    networks = [_loaded(name, given if name in models else {}, values) for name in options.specs]
    note_asked(options, *(g.network for g in networks))
    return networks


def add_figure(parser: Parser, *, required: bool = True) -> None:
    """Let the file and the width of a figure be chosen."""
    from archgraph.data.figure_words import BACKGROUNDS, FONTS, SUFFIXES, THEMES, VENUES

    known = NameChoices("suffix", lambda: SUFFIXES)
    parser.add_argument(
        "-o", "--output", required=required, metavar="FILE", help=f"the file to write: {', '.join(known)}"
    )
    parser.add_argument("--width", default=None, help="auto, column, text, or inches such as 3.25in")
    add_unset_names(
        parser,
        ("--venue", VENUES, "venue", "whose widths are meant: "),
        ("--theme", THEMES, "theme", "how it looks: "),
        ("--background", BACKGROUNDS, "background", "what is behind the drawing: "),
        ("--fonts", FONTS, "way of fonts", "where letters come from: "),
    )
    parser.add_argument("--dpi", type=whole("--dpi"), default=None, metavar="DOTS", help="dots per inch of a .png")


def add_parts(parser: argparse.ArgumentParser) -> None:
    """Let what is in a figure of networks be chosen."""
    from archgraph.data.figure_words import PALETTES

    parser.add_argument("--height", default=None, help="the most that it shall be high, such as 4in")
    palette = f"the scale of colours: {', '.join(PALETTES)}; or colours from light to dark, with commas"
    parser.add_argument("--palette", type=read_palette, default=None, help=palette)
    parser.add_argument("--title", default=None, metavar="TEXT", help="a heading above the drawing")
    parser.add_argument(
        "--no-legend", dest="legend", action="store_const", const=False, default=None, help="nothing below the drawing"
    )
    parser.add_argument(
        "--label", action="append", default=None, metavar="PATH=TEXT", help="the heading of a box, by path or kind"
    )
    parser.add_argument("--hide", action="append", default=None, metavar="PATH", help="what is not drawn")


_LOOK = ("width", "venue", "theme", "background", "fonts", "dpi")
LOOK_FLAGS = tuple(f"--{name}" for name in _LOOK)
"""Options of every figure that say how it looks; and `PART_FLAGS`, what is in it."""
PART_FLAGS = ("--height", "--palette", "--title", "--no-legend", "--label", "--hide")


def look_keywords(options: argparse.Namespace) -> Keywords:
    """Return how the figure shall look, as keywords of what draws it; None where nothing is said.

    Raises:
        QueryError: the file cannot be written, or dots are asked for where it has none.
    """
    from archgraph.figures.figure import figure_target

    figure_target(options.output)
    if options.dpi is not None and not options.output.lower().endswith(".png"):
        hint = "-o x.png: only a .png has dots"
        raise QueryError(f"--dpi {options.dpi} has no effect on {quoted(printable(options.output))}", hint=hint)
    return {name: getattr(options, name) for name in _LOOK}


def figure_keywords(options: argparse.Namespace) -> Keywords:
    """Return what was asked of a figure, as keywords of `draw` and `contrast`."""
    labels = None if options.label is None else read_each(options.label, read_label, "labelled")
    parts = {name: getattr(options, name) for name in ("height", "palette", "title", "legend", "hide")}
    return {**look_keywords(options), **parts, "labels": labels}


def save(figure: Figure, output: str) -> int:
    """Write a figure or a sweep whole, and say so, with what its reader should know."""
    from archgraph.cli.output import say, say_written

    figure.save(output)
    say_written(output)
    for note in figure.notes:
        say(f"  {note}")
    return 0
