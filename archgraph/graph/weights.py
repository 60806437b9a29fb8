"""The weights of a node, in the types in which they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from archgraph.graph.ir import Node
from archgraph.ops.base import Weight
from archgraph.sizes.dtypes import FLOAT, stored_type


def weights_of(node: Node) -> Mapping[str, Weight]:
    """Return the weights of a node by name: those of no type of their own have the one that it computes in.

    >>> from archgraph import loads
    >>> half = "archgraph: 1\\ninputs: {x: {n: 4, c: 8}}\\nnetwork: [cast: {dtype: float16}, linear: {out: 2}]"
    >>> [weight.dtype for weight in weights_of(loads(half).graph.nodes[-1]).values()]
    ['float16', 'float16']
    """
    return as_stored(node.op.weights(*node.types), node.weights_in or node.outputs[0].type.dtype)


def as_stored(weights: Mapping[str, Weight], dtype: str) -> Mapping[str, Weight]:
    """Return the weights of an operation that computes in a type; only a fixed floating type says how they lie.

    >>> as_stored({"bias": Weight((), dtype="int")}, "float16")["bias"].dtype
    'int'
    """
    row = stored_type(dtype)
    if row.kind != "float" or row.bytes is None:
        return weights
    return {name: replace(weight, dtype=dtype) if weight.dtype == FLOAT else weight for name, weight in weights.items()}
