"""The commands that draw: one network, or several side by side."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from archgraph.cli.caveats import say_caveats
from archgraph.cli.figure_values import read_node_style
from archgraph.cli.output import flush_output, remark, show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import (
    LOOK_FLAGS,
    PART_FLAGS,
    Command,
    Keywords,
    add_at,
    add_figure,
    add_format,
    add_model,
    add_names,
    add_parts,
    add_unset_names,
    figure_keywords,
    is_model_name,
    load_bound,
    load_each,
    save,
)
from archgraph.cli.values import bindings, read_each, some_of, whole
from archgraph.errors import ArchgraphError, QueryError, printable, quoted


def _draw_options(parser: Parser) -> None:
    from archgraph.data.figure_words import ANNOTATIONS, COLORS, DIRECTIONS, STYLES, TERMS, VIEWS

    parser.add_argument("spec", metavar="SPEC", help="a shipped name, a path, or a model: timm:resnet50")
    add_unset_names(
        parser,
        ("--view", VIEWS, "view", "what is drawn: "),
        ("--direction", DIRECTIONS, "direction", "where the data flows: "),
        ("--style", STYLES, "style", "boxes, or feature maps in true proportion: "),
        ("--color", COLORS, "colouring", "what the colour of a box says: "),
        ("--terms", TERMS, "kind of terms", "how much of a law: "),
    )
    text = "what boxes are annotated with (default: all), with commas: "
    add_names(parser, "--show", lambda: ANNOTATIONS, "annotation", text, read=some_of, default=None)
    parser.add_argument("--values", action="store_const", const=True, default=None, help="numbers instead of laws")
    parser.add_argument(
        "--depth", type=whole("--depth", 0), default=None, metavar="LEVELS", help="how many levels of blocks are opened"
    )
    parser.add_argument("--focus", default=None, metavar="PATH", help="the block whose inside is drawn")
    parser.add_argument(
        "--node-style",
        action="append",
        default=None,
        metavar="PATH:KEY=VALUE,…",
        help="how boxes look, by path or kind: conv:fill=#1f5fa8,line=#000,text=#fff,width=1.5,dashed=true",
    )
    add_figure(parser)
    parser.add_argument("--watch", action="store_true", help="draw again whenever the spec is saved, until Ctrl-C")
    add_parts(parser)
    add_at(parser)
    add_model(parser)


_DRAWN = ("view", "direction", "style", "color", "show", "terms", "values", "depth", "focus")


def _run_draw(options: argparse.Namespace) -> int:
    keywords = _draw_keywords(options)
    if options.watch:
        from archgraph.report.saves import at_every_save

        bindings(options.at)
        # The whole folder, for a spec may be built on others in it.
        at_every_save(_folder(options.spec), (".yaml", ".yml"), partial(_draw_again, options, keywords))
    return _draw(options, keywords)


def _folder(spec: str) -> Path:
    """The folder of a file that an author saves."""
    from archgraph.spec.load import shipped_folder, spec_path

    if is_model_name(spec):
        raise QueryError(f"--watch follows the file of a spec, and {quoted(printable(spec))} is a model")
    path = spec_path(spec)
    if not isinstance(path, Path) or path.parent == shipped_folder():
        told = f"--watch follows a file that you save, and {quoted(printable(spec))} is shipped"
        raise QueryError(told, hint=f"archgraph show {printable(spec)} > mine.yaml")
    if not path.exists():
        told = f"--watch follows a file, and there is no {quoted(printable(spec))}"
        raise QueryError(told, hint=f"archgraph new {printable(spec)}")
    return path.parent


def _draw_again(options: argparse.Namespace, keywords: Keywords) -> None:
    """Draw, or tell what is wrong: it may be right when it is saved next.

    Raises:
        QueryError: at first, what is asked for is wrong, rather than the spec.
    """
    options.asked = ()
    first, options.looked = not hasattr(options, "looked"), True
    try:
        _draw(options, keywords)
        say_caveats(options)
    except ArchgraphError as error:
        if first and isinstance(error, QueryError):
            raise
        for line in f"{type(error).__name__}: {error}".split("\n"):
            remark(line)
    flush_output()


def _draw_keywords(options: argparse.Namespace) -> Keywords:
    """What the command line says of the figure: no save of a spec mends a mistake in it."""
    styles = options.node_style
    return {
        **{name: getattr(options, name) for name in _DRAWN},
        "node_style": None if styles is None else read_each(styles, read_node_style, "styled"),
        **figure_keywords(options),
    }


def _draw(options: argparse.Namespace, keywords: Keywords) -> int:
    return save(load_bound(options).draw(**keywords), options.output)


def _contrast_options(parser: Parser) -> None:
    from archgraph.data.figure_words import PANELS, STYLES

    parser.add_argument("specs", metavar="SPEC", nargs="+", help="two or more shipped names, paths or models")
    text = "from top to bottom (default: all that fit a page), with commas: "
    add_names(parser, "--panels", lambda: PANELS, "panel", text, read=some_of, default=None)
    add_names(parser, "--style", lambda: STYLES, "style", "how stages are drawn: ", default=None)
    add_figure(parser, required=False)
    add_parts(parser)
    add_model(parser)
    add_format(parser)
    for option in ("--panels", "--style", *LOOK_FLAGS, *PART_FLAGS):
        parser.goes_with(option, "--output")
    for option in ("--format", "--json"):
        parser.not_with(option, "--output")


def _run_contrast(options: argparse.Namespace) -> int:
    from archgraph.architecture.several import compare, contrast

    networks = load_each(options)
    if len(networks) < 2:
        raise QueryError("a contrast is of two or more networks, and 1 is given", hint="archgraph contrast unet dit")
    if options.output is None:
        show(compare(*networks), options.format)
        return 0
    figure = contrast(
        *networks,
        panels=options.panels,
        style=options.style,
        **figure_keywords(options),
    )
    return save(figure, options.output)


DRAW = Command("draw", "Draw an annotated diagram", "archgraph draw unet -o unet.svg", _run_draw, _draw_options)
CONTRAST = Command(
    "contrast",
    "Compare networks: a table of what sets them apart, or with -o the figure",
    "archgraph contrast unet dit -o unet-vs-dit.svg",
    _run_contrast,
    _contrast_options,
)
