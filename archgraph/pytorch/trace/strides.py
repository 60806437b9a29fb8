"""How values lie in memory, so that a regrouping is told to be a view or a copy as PyTorch tells it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from sympy import Expr

from archgraph.ops.base import Op
from archgraph.ops.traced.moves import MovedDigit, Subsample
from archgraph.pytorch.trace.layout import Dim
from archgraph.sizes.symbols import ONE, ZERO, is_multiple, product, same_size
from archgraph.sizes.types import TensorType


class MemoryRun(NamedTuple):
    """A digit of an axis, and how many elements of memory lie between neighbours of it."""

    stride: Expr
    size: Expr
    step: Expr


MemoryRuns: TypeAlias = tuple[MemoryRun, ...]
"""The digits that make up an axis, outermost first: one, unless a copy was made of its parts in another order."""
MemoryStrides: TypeAlias = Mapping[str, MemoryRuns]
"""How every axis lies in memory."""


def evenly(size: Expr, step: Expr) -> MemoryRuns:
    """Return an axis whose elements lie evenly."""
    return (MemoryRun(ONE, size, step),)


def row_major(type_: TensorType) -> MemoryStrides:
    """Return how a value lies that was made anew.

    >>> from archgraph.sizes.types import tensor
    >>> [(axis, runs[0].step) for axis, runs in row_major(tensor(n=5, c=3)).items()]
    [('n', 3), ('c', 1)]
    """
    sizes = list(type_.sizes.values())
    return {axis: evenly(sizes[place], product(sizes[place + 1 :])) for place, axis in enumerate(type_.names)}


def laid_in_order(layout: Iterable[Dim], type_: TensorType) -> MemoryStrides:
    """Return how a value lies of which a copy was made, dimension by dimension.

    >>> from sympy import Integer
    >>> from archgraph.pytorch.trace.layout import AxisDigit
    >>> from archgraph.sizes.types import tensor
    >>> inner, outer = AxisDigit("n", Integer(1), Integer(2)), AxisDigit("n", Integer(2), Integer(3))
    >>> laid_in_order([(inner,), (outer,)], tensor(n=6))
    {'n': (MemoryRun(stride=2, size=3, step=1), MemoryRun(stride=1, size=2, step=3))}
    """
    digits = [digit for dim in layout for digit in dim]
    found: dict[str, list[MemoryRun]] = {axis: [] for axis in type_.names}
    for place, digit in enumerate(digits):
        if digit.axis in found:
            step = product(other.size for other in digits[place + 1 :])
            found[digit.axis].append(MemoryRun(digit.stride, digit.size, step))
    return {axis: _outermost_first(runs) or evenly(type_.size(axis), ONE) for axis, runs in found.items()}


def _outermost_first(runs: list[MemoryRun]) -> MemoryRuns:
    ordered: list[MemoryRun] = []
    span = ONE
    while runs:
        following = next((run for run in runs if same_size(run.stride, span) is True), runs[0])
        runs.remove(following)
        ordered.insert(0, following)
        span = product((span, following.size))
    return _merged(ordered)


def _merged(runs: Sequence[MemoryRun]) -> MemoryRuns:
    """Join neighbouring runs that are one run of memory."""
    result: list[MemoryRun] = []
    for run in runs:
        if result and same_size(result[-1].step, product((run.step, run.size))) is True:
            result[-1] = MemoryRun(run.stride, product((result[-1].size, run.size)), run.step)
        else:
            result.append(run)
    return tuple(result)


def regrouped(into: Sequence[tuple[str, tuple[MovedDigit, ...]]], strides: MemoryStrides) -> MemoryStrides | None:
    """Return how a view lies whose axes are made of these digits, or None where it takes a copy.

    >>> from sympy import Integer
    >>> from archgraph.sizes.types import tensor
    >>> image = row_major(tensor(c=4, h=5))
    >>> whole = {"c": ("c", Integer(1), Integer(4)), "h": ("h", Integer(1), Integer(5))}
    >>> regrouped([("n", (whole["c"], whole["h"]))], image), regrouped([("n", (whole["h"], whole["c"]))], image)
    ({'n': (MemoryRun(stride=1, size=20, step=1),)}, None)
    """
    result: dict[str, MemoryRuns] = {}
    for name, digits in into:
        parts = [part for digit in digits for part in _parts(digit, strides)]
        real = [(step, size) for step, size in parts if size != 1]
        # Neighbouring digits are one run of memory where the outer one steps over all of the inner one.
        pairs = pairwise(real)
        if any(same_size(outer, product((inner, size))) is not True for (outer, _), (inner, size) in pairs):
            return None
        result[name] = evenly(product(size for _, size in real), real[-1][0] if real else ONE)
    return result


def _parts(digit: MovedDigit, strides: MemoryStrides) -> Iterator[tuple[Expr, Expr]]:
    """Yield the steps and sizes of a digit in memory, outermost first; one that runs share unevenly as it is."""
    axis, stride, size = digit
    if not axis:
        yield ZERO, size
        return
    runs = strides[axis]
    if len(runs) == 1:
        yield product((stride, runs[0].step)), size
        return
    for run in runs:
        low, high = _larger(run.stride, stride), _smaller(product((run.stride, run.size)), product((stride, size)))
        if low is None or high is None:
            # Neither inside of the other: no view that is known of.
            yield from ((ZERO, size), (ONE, size))
        elif is_multiple(high, low) and same_size(high, low) is not True:
            yield product((run.step, low, 1 / run.stride)), product((high, 1 / low))


def _larger(one: Expr, other: Expr) -> Expr | None:
    return one if is_multiple(one, other) else other if is_multiple(other, one) else None


def _smaller(one: Expr, other: Expr) -> Expr | None:
    return other if is_multiple(one, other) else one if is_multiple(other, one) else None


def followed(op: Op, before: TensorType, after: TensorType, strides: MemoryStrides) -> MemoryStrides:
    """Return how the view lies that an operation gives: its axes that stay as they were."""
    own = row_major(after)
    kept = {
        axis: _resized(strides[axis], before.size(axis), after.size(axis)) if axis in strides else own[axis]
        for axis in after.names
    }
    gone = [axis for axis in before.names if not after.has(axis)]
    new = [axis for axis in after.names if not before.has(axis)]
    if isinstance(op, Subsample):
        kept[op.axis] = evenly(after.size(op.axis), product((strides[op.axis][-1].step, op.step)))
    if len(gone) == 1:
        # The digits of one axis, the innermost last; a renamed axis is one digit.
        for place, axis in enumerate(new):
            inner = [after.size(other) for other in new[place + 1 :]]
            kept[axis] = evenly(after.size(axis), product((strides[gone[0]][-1].step, *inner)))
    elif gone and len(new) == 1:
        kept[new[0]] = evenly(after.size(new[0]), strides[gone[-1]][-1].step)
    return kept


def _resized(runs: MemoryRuns, before: Expr, after: Expr) -> MemoryRuns:
    """A part of an axis has fewer of its outermost digit."""
    if before == after:
        return runs
    outer, *inner = runs
    return (outer._replace(size=product((after, 1 / outer.stride))), *inner)
