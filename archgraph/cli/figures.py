"""The commands that draw: one network, or several side by side."""

from __future__ import annotations

import argparse

from archgraph.cli.caveats import note_asked
from archgraph.cli.output import show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import (
    Command,
    add_at,
    add_figure,
    add_format,
    add_model,
    add_names,
    load_bound,
    look_keywords,
    save,
)
from archgraph.cli.values import some_of
from archgraph.errors import QueryError


def _draw_options(parser: Parser) -> None:
    from archgraph.figures.facts.coloring import COLORS
    from archgraph.figures.facts.options import ANNOTATIONS, TERMS
    from archgraph.figures.views import VIEWS

    parser.add_argument("spec", metavar="SPEC", help="a shipped name or a path")
    add_names(parser, "--view", lambda: VIEWS, "view", default="overview")
    add_names(parser, "--color", lambda: COLORS, "colouring", default="locality")
    text = "what boxes are annotated with (default: all), with commas: "
    add_names(parser, "--show", lambda: ANNOTATIONS, "annotation", text, read=some_of, default=None)
    add_names(parser, "--terms", lambda: TERMS, "kind of terms", "how much of a law: ", default="leading")
    parser.add_argument("--values", action="store_true", help="numbers instead of laws")
    add_figure(parser)
    add_at(parser)
    add_model(parser)


def _run_draw(options: argparse.Namespace) -> int:
    figure = load_bound(options).draw(
        view=options.view,
        width=options.width or "auto",
        venue=options.venue,
        color=options.color,
        show=options.show,
        terms=options.terms,
        values=options.values,
        **look_keywords(options),
    )
    return save(figure, options.output)


def _contrast_options(parser: Parser) -> None:
    from archgraph.figures.contrast.contrast import PANELS

    parser.add_argument("specs", metavar="SPEC", nargs="+", help="two or more shipped names or paths")
    text = "from top to bottom (default: all), with commas: "
    add_names(parser, "--panels", lambda: PANELS, "panel", text, read=some_of, default=None)
    add_figure(parser, required=False)
    add_format(parser)
    for option in ("--panels", "--width", "--venue", "--theme", "--background", "--fonts", "--dpi"):
        parser.goes_with(option, "--output")
    for option in ("--format", "--json"):
        parser.not_with(option, "--output")


def _run_contrast(options: argparse.Namespace) -> int:
    from archgraph.architecture.architecture import compare, contrast, load

    networks = [load(name) for name in options.specs]
    note_asked(options, *(g.network for g in networks))
    if len(networks) < 2:
        raise QueryError("a contrast is of two or more networks, and 1 is given", hint="archgraph contrast unet dit")
    if options.output is None:
        show(compare(*networks), options.format)
        return 0
    figure = contrast(
        *networks,
        width=options.width or "text",
        venue=options.venue,
        panels=options.panels,
        **look_keywords(options),
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
