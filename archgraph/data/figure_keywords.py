"""The keywords of calls that draw, with what each takes: read by the type checker, and by the calls themselves.

None is as if nothing was said. What they mean stands in `archgraph.data.figure_words`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypedDict


class ChartOptions(TypedDict, total=False):
    """How a chart of several networks looks."""

    width: str | None
    venue: str | None
    theme: str | None
    background: str | None
    fonts: str | None
    dpi: int | None


class SharedOptions(ChartOptions, total=False):
    """What a figure of one network and a contrast both take."""

    height: str | None
    style: str | None
    palette: str | Iterable[str] | None
    labels: Mapping[str, str] | None
    hide: Iterable[str] | None
    title: str | None
    legend: bool | None


class ContrastOptions(SharedOptions, total=False):
    """The options of a contrast."""

    panels: Iterable[str] | None


class DrawOptions(SharedOptions, total=False):
    """The options of a figure of one network."""

    color: str | None
    show: Iterable[str] | None
    terms: str | None
    values: bool | None
    direction: str | None
    depth: int | None
    focus: str | None
    node_style: Mapping[str, Mapping[str, object]] | None
