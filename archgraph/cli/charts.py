"""What commands share that draw a chart of several networks."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from archgraph.cli.parser import Parser
from archgraph.cli.shared import add_figure, add_names, look_keywords

if TYPE_CHECKING:
    from archgraph.figures.drawing.look import ChartKeywords

FIGURE_OPTIONS = ("--width", "--venue", "--theme", "--background", "--fonts", "--dpi", "--language")


def add_chart(parser: Parser) -> None:
    """Let a figure be written instead of a table, and its language be chosen."""
    from archgraph.figures.charts.chart_words import CHART_WORDS

    add_figure(parser, required=False)
    add_names(parser, "--language", lambda: CHART_WORDS, "language", "of the words in a figure: ", default="en")
    for option in FIGURE_OPTIONS:
        parser.goes_with(option, "--output")
    for option in ("--format", "--json"):
        parser.not_with(option, "--output")


def chart_keywords(options: argparse.Namespace) -> ChartKeywords:
    """Return how the figure shall look, as keywords of the functions that draw charts."""
    look = look_keywords(options)
    return {"language": options.language, "width": options.width or "text", "venue": options.venue, **look}
