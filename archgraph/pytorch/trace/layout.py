"""How the dimensions of a traced tensor are made of the digits of named axes: the algebra of view and permute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import NamedTuple, TypeAlias

from sympy import Expr, Symbol

from archgraph.sizes.symbols import ONE, Assumption, decide, floor_divide, is_multiple, product, same_size

COPIES = ""
"""The axis of a digit that only repeats: what `expand` makes. It has no stride of its own."""


RECORDED: ContextVar[Sequence[Mapping[Symbol, int]]] = ContextVar("recorded", default=())
"""The sizes of the example inputs and of further recordings, at which undecidable questions are decided."""


class AxisDigit(NamedTuple):
    """One factor of an axis: index i of the axis has the digit `(i // stride) % size`."""

    axis: str
    stride: Expr
    size: Expr


Dim: TypeAlias = tuple[AxisDigit, ...]
"""The digits of one dimension, outermost first; a dimension of size 1 has none."""
Layout: TypeAlias = tuple[Dim, ...]


def extent(dim: Iterable[AxisDigit]) -> Expr:
    """Return the size of a dimension."""
    sizes = [digit.size for digit in dim]
    # Most dimensions are one axis, and a product has its terms to count.
    return sizes[0] if len(sizes) == 1 else product(sizes)


def whole_axis(axis: str, size: Expr) -> Dim:
    """Return the dimension that is one whole axis."""
    return () if size == 1 else (AxisDigit(axis, ONE, size),)


def merged_digits(digits: Iterable[AxisDigit]) -> Dim:
    """Join neighbouring digits that are one digit of the same axis.

    >>> from archgraph.sizes.symbols import size
    >>> merged_digits([AxisDigit("c", size(8), size(4)), AxisDigit("c", size(1), size(8))])
    (AxisDigit(axis='c', stride=1, size=32),)
    """
    result: list[AxisDigit] = []
    for digit in digits:
        if result and result[-1].axis == digit.axis and _adjacent(result[-1], digit):
            joined = product((result[-1].size, digit.size))
            result[-1] = AxisDigit(digit.axis, digit.stride, joined)
        else:
            result.append(digit)
    return tuple(result)


def _adjacent(outer: AxisDigit, inner: AxisDigit) -> bool:
    if outer.axis == COPIES:
        return True
    return bool(same_size(outer.stride, product((inner.stride, inner.size))))


def divide(size: Expr, by: Expr) -> Expr:
    """Return a quotient that is known, or assumed, to be an integer."""
    return product((size, 1 / by)) if is_multiple(size, by) else floor_divide(size, by)


def equal(left: Expr, right: Expr) -> bool:
    """Say whether two sizes are equal, at the recorded sizes where it cannot be known for all."""
    same = same_size(left, right)
    return same if same is not None else _as_recorded(Assumption(left, "==", right, "sizes agree"))


def divides(size: Expr, by: Expr) -> bool:
    """Say whether `by` divides a size, at the recorded sizes where it cannot be known for all."""
    known = is_multiple(size, by)
    return known if known is not None else _as_recorded(Assumption(size, "multiple of", by, "a dimension is split"))


def _as_recorded(fact: Assumption) -> bool:
    """Decide at the recorded sizes; what holds at all of them is recorded as an assumption."""
    recorded = RECORDED.get()
    # What holds in the example by chance, such as that it is square, is no condition of the module.
    if not recorded or not all(fact.holds(values) for values in recorded):
        return False
    return decide(fact.left, fact.relation, fact.right, "sizes of the example")


def regroup(digits: Sequence[AxisDigit], shape: Sequence[Expr]) -> Layout | None:
    """Return the dimensions of a row-major view of some digits, or None where a digit would be cut unevenly.

    >>> from archgraph.sizes.symbols import symbol, size
    >>> c = AxisDigit("c", size(1), size(12))
    >>> [len(dim) for dim in regroup([AxisDigit("n", size(1), symbol("N")), c], [symbol("N"), size(3), size(4)])]
    [1, 1, 1]
    """
    rest = [digit for digit in merged_digits(digits) if digit.size != 1]
    result: list[Dim] = []
    for wanted in shape:
        taken = _take(rest, wanted)
        if taken is None:
            return None
        result.append(taken)
    return None if rest else tuple(result)


def _take(rest: list[AxisDigit], wanted: Expr) -> Dim | None:
    """Remove digits from the front that make up a size."""
    taken: list[AxisDigit] = []
    while wanted != 1:
        if not rest:
            return None
        first = rest[0]
        if equal(first.size, wanted):
            taken.append(rest.pop(0))
            break
        # A wanted size beyond this digit takes all of it and goes on; one below cuts it in two.
        outer = _outer(first.size, wanted)
        if outer is None:
            return None
        wanted = divide(wanted, outer)
        if equal(outer, first.size):
            taken.append(rest.pop(0))
            continue
        inner = divide(first.size, outer)
        # Copies have no place on any axis, so that there is no stride to follow.
        stride = first.stride if first.axis == COPIES else product((first.stride, inner))
        taken.append(AxisDigit(first.axis, stride, outer))
        rest[0] = AxisDigit(first.axis, first.stride, inner)
    return merged_digits(taken)


def _outer(available: Expr, wanted: Expr) -> Expr | None:
    """The outer part of an available digit that goes into a wanted size; None where neither divides the other."""
    # What holds for all sizes comes first; what holds at the example only is an assumption, and the last resort.
    if is_multiple(wanted, available):
        return available
    if is_multiple(available, wanted):
        return wanted
    if divides(wanted, available):
        return available
    return wanted if divides(available, wanted) else None


def refine(dims: Sequence[Dim]) -> list[Dim] | None:
    """Cut dimensions of equal extent at common places, or return None where they cannot be.

    Every result has as many digits as the others, of the same sizes.
    """
    rests = [list(dim) for dim in dims]
    results: list[list[AxisDigit]] = [[] for _ in dims]
    while any(rests):
        if not all(rests):
            return None
        sizes = [rest[0].size for rest in rests]
        step = _common(sizes)
        if step is None:
            return None
        for rest, result in zip(rests, results, strict=True):
            result.append(_cut(rest, step))
    return [tuple(result) for result in results]


def _common(sizes: Sequence[Expr]) -> Expr | None:
    """The outer size that divides all of them: one of them."""
    return next((step for step in sizes if all(divides_first(size, step) for size in sizes)), None)


def divides_first(size: Expr, by: Expr) -> bool:
    """Say whether a size is another one or a multiple of it."""
    return equal(size, by) or divides(size, by)


def _cut(rest: list[AxisDigit], outer: Expr) -> AxisDigit:
    """Remove the outer part of a size from the first digit."""
    first = rest[0]
    if equal(first.size, outer):
        return rest.pop(0)
    inner = divide(first.size, outer)
    rest[0] = AxisDigit(first.axis, first.stride, inner)
    return AxisDigit(first.axis, first.stride if first.axis == COPIES else product((first.stride, inner)), outer)
