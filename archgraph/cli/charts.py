"""What commands share that draw a chart of several networks."""

from __future__ import annotations

import argparse

from archgraph.cli.parser import Parser
from archgraph.cli.shared import LOOK_FLAGS, Keywords, add_figure, add_names, look_keywords


def add_chart(parser: Parser) -> None:
    """Let a figure be written instead of a table, and its language be chosen."""
    from archgraph.figures.charts.chart_words import CHART_WORDS

    add_figure(parser, required=False)
    add_names(parser, "--language", lambda: CHART_WORDS, "language", "of the words in a figure: ", default="en")
    for option in (*LOOK_FLAGS, "--language"):
        parser.goes_with(option, "--output")
    for option in ("--format", "--json"):
        parser.not_with(option, "--output")


def chart_keywords(options: argparse.Namespace) -> Keywords:
    """Return how the figure shall look, as keywords of the functions that draw charts."""
    said = {name: value for name, value in look_keywords(options).items() if value is not None}
    return {"language": options.language, **said}
