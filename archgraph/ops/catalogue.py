"""All operations by name: importing the families registers what they define."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

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
from archgraph.ops.traced import grouped, limited, moves, picked, recurrent, stored, transforms, values

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
    grouped,
    limited,
    moves,
    picked,
    recurrent,
    stored,
    transforms,
    values,
)
"""The files that hold operations, imported for what they register: a new one joins here."""


def registry() -> Mapping[str, type[Op]]:
    """Return every operation by the name it has in specs.

    >>> "conv" in registry()
    True
    """
    return REGISTERED


def summary(op: type[Op]) -> str:
    """Return the first line of an operation's docstring."""
    return (inspect.getdoc(op) or "").split("\n", 1)[0]
