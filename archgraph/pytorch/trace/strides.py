"""How values lie in memory, so that a regrouping is told to be a view or a copy as PyTorch tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from sympy import Expr

from archgraph.ops.base import Op
from archgraph.ops.traced.moves import MovedDigit, Subsample
from archgraph.sizes.symbols import ONE, ZERO, product, same_size
from archgraph.sizes.types import TensorType

MemoryStrides = Mapping[str, Expr]
"""By axis, how many elements of memory lie between neighbours."""


def row_major(type_: TensorType) -> MemoryStrides:
    """Return the strides of a value that was made anew.

    >>> from archgraph.sizes.types import tensor
    >>> row_major(tensor(n=5, c=3))
    {'n': 3, 'c': 1}
    """
    sizes = list(type_.sizes.values())
    return {axis: product(sizes[place + 1 :]) for place, axis in enumerate(type_.names)}


def regrouped(into: Sequence[tuple[str, tuple[MovedDigit, ...]]], strides: MemoryStrides) -> MemoryStrides | None:
    """Return the strides of a view whose axes are made of these digits, or None where it takes a copy.

    >>> from sympy import Integer
    >>> from archgraph.sizes.types import tensor
    >>> image = row_major(tensor(c=4, h=5))
    >>> whole = {"c": ("c", Integer(1), Integer(4)), "h": ("h", Integer(1), Integer(5))}
    >>> regrouped([("n", (whole["c"], whole["h"]))], image), regrouped([("n", (whole["h"], whole["c"]))], image)
    ({'n': 1}, None)
    """
    result: dict[str, Expr] = {}
    for name, digits in into:
        steps = [(product((stride, strides[axis])) if axis else ZERO, size) for axis, stride, size in digits]
        real = [(step, size) for step, size in steps if size != 1]
        # Neighbouring digits are one run of memory where the outer one steps over all of the inner one.
        pairs = pairwise(real)
        if any(same_size(outer, product((inner, size))) is not True for (outer, _), (inner, size) in pairs):
            return None
        result[name] = real[-1][0] if real else ONE
    return result


def is_dense(type_: TensorType, strides: MemoryStrides) -> bool:
    """Return whether a value fills its memory once, in whatever order of its axes.

    >>> from archgraph.sizes.types import tensor
    >>> is_dense(tensor(n=2, c=3), {"n": ONE, "c": 2 * ONE}), is_dense(tensor(n=2, c=3), {"n": 6 * ONE, "c": ONE})
    (True, False)
    """
    left = {axis: size for axis, size in type_.axes if size != 1}
    span = ONE
    while left:
        axis = next((axis for axis in left if same_size(strides[axis], span) is True), None)
        if axis is None:
            return False
        span = product((span, left.pop(axis)))
    return True


def followed(op: Op, before: TensorType, after: TensorType, strides: MemoryStrides) -> MemoryStrides:
    """Return the strides of the view that an operation gives: those of the axes that stay."""
    own = row_major(after)
    kept = {axis: strides[axis] if axis in strides else own[axis] for axis in after.names}
    gone = [axis for axis in before.names if not after.has(axis)]
    new = [axis for axis in after.names if not before.has(axis)]
    if isinstance(op, Subsample):
        kept[op.axis] = product((kept[op.axis], op.step))
    if len(gone) == 1:
        # The digits of one axis, the innermost last; a renamed axis is one digit.
        for place, axis in enumerate(new):
            inner = [after.size(other) for other in new[place + 1 :]]
            kept[axis] = product((strides[gone[0]], *inner))
    elif gone and len(new) == 1:
        kept[new[0]] = strides[gone[-1]]
    return kept
