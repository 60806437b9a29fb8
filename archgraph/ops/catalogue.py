"""Importing this module registers every family of operations."""

from archgraph.ops import (  # noqa: F401
    arithmetic,
    attention,
    convolution,
    linear,
    normalisation,
    pointwise,
    pooling,
    rearrangement,
    sources,
)
