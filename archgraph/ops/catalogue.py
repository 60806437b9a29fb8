"""All operations by name: importing the families registers what they define."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module

from archgraph.ops import (
    activations,
    arithmetic,
    attention,
    convolution,
    cropping,
    einsum,
    linear,
    normalisation,
    pointwise,
    pooling,
    rearrangement,
    reshaping,
    resizing,
    rms,
    routing,
    sequence,
    sources,
)
from archgraph.ops.base import REGISTERED, Op

FAMILIES = (
    activations,
    arithmetic,
    attention,
    convolution,
    cropping,
    einsum,
    linear,
    normalisation,
    pointwise,
    pooling,
    rearrangement,
    reshaping,
    resizing,
    rms,
    routing,
    sequence,
    sources,
)
"""The files that hold what a spec can name, imported for what they register: a new one joins here."""
OF_MODULES = (
    "crossed",
    "distances",
    "extrema",
    "grouped",
    "limited",
    "moves",
    "picked",
    "recurrent",
    "resize",
    "stored",
    "transforms",
    "values",
)
"""Those of the folder `traced`, of what modules need: read where all are asked for, as a spec's start need not."""


def registry() -> Mapping[str, type[Op]]:
    """Return every operation by the name it has in specs.

    >>> "conv" in registry(), "function" in registry()
    (True, True)
    """
    for family in OF_MODULES:
        import_module(f"archgraph.ops.traced.{family}")
    return REGISTERED


def summary(op: type[Op]) -> str:
    """Return the first line of an operation's docstring."""
    return (inspect.getdoc(op) or "").split("\n", 1)[0]
