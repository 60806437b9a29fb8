"""The gallery as pages for browsers: each drawn once per worker, and the tests of one network on one worker."""

from __future__ import annotations

from functools import cache

import pytest

import archgraph as ag
from archgraph.figures.figure import Figure
from archgraph.spec.load import shipped_names

every_network = pytest.mark.parametrize("name", shipped_names())


@cache
def figure_of(name: str) -> Figure:
    return ag.load(name).draw()
