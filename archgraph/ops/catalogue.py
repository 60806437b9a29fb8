"""Importing this module registers every family of operations."""

from archgraph.ops import (  # noqa: F401
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
    traced,
    traced_moves,
)
