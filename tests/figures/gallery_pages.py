"""The gallery as pages for browsers: each drawn once per worker, and the tests of one network on one worker."""

from __future__ import annotations

import pytest

import archgraph as ag
from archgraph.figures.figure import Figure
from archgraph.spec.load import shipped_names

every_network = pytest.mark.parametrize("name", shipped_names())


_drawn: dict[str, Figure] = {}


def figure_of(name: str, *view: str, **options: object) -> Figure:
    """A figure of a shipped spec, which all tests of a worker share; they change nothing of it."""
    asked = repr((name, view, sorted(options.items())))
    if asked not in _drawn:
        _drawn[asked] = ag.load(name).draw(*view, **options)
    return _drawn[asked]
