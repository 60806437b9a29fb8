"""What known tensors are compared with: a mask of one form in all recordings may be of another beyond these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from archgraph.pytorch.trace.recording.comparisons.compared import Compared

if TYPE_CHECKING:
    from torch import Tensor

GivenValues: TypeAlias = Sequence[Any]
GivenKeywords: TypeAlias = Mapping[str, object]
WHOLE_BELOW = 2**53
"""Numbers below this are exact as doubles."""


class ElementsCompared(NamedTuple):
    """A comparison of all elements with something, and the one that lies nearest to where it turns.

    Attributes:
        relation: that held, or did not, of all elements.
        nearest: the difference of the two sides there, and zero; None where the elements differ in what holds.
    """

    relation: str
    nearest: Compared | None


Comparing = Callable[[GivenValues, GivenKeywords], ElementsCompared | None]


def elements_compared(name: str, args: GivenValues, kwargs: GivenKeywords) -> ElementsCompared | None:
    """Return what a step on known tensors of whole numbers compares, None where it compares nothing.

    Args:
        name: the operator's.
        args, kwargs: its operands, as values.

    >>> import torch
    >>> relation, nearest = elements_compared("lt", [torch.arange(24), 200], {})
    >>> relation, nearest.left, nearest.right, nearest.holds
    ('<', -177, 0, True)
    """
    compares = COMPARING.get(name.rstrip("_"))
    return None if compares is None else compares(args, kwargs)


def _ordered(relation: str) -> Comparing:
    def compares(args: GivenValues, kwargs: GivenKeywords) -> ElementsCompared | None:
        far = _differences(args)
        return None if far is None else _of(relation, int(far.min()), int(far.max()))

    return compares


def _of(relation: str, least: int, most: int) -> ElementsCompared:
    """Return a comparison with zero of everything from one number to another."""
    ends = [(end, HOLDS_OF_DIFFERENCE[relation](end)) for end in (least, most)]
    if ends[0][1] != ends[1][1]:
        return ElementsCompared(relation, None)
    # Which end is nearest to zero, from where all of them are.
    nearest, holds = min(ends, key=lambda end: abs(end[0]))
    return ElementsCompared(relation, Compared(nearest, 0, holds))


def _alike(args: GivenValues, kwargs: GivenKeywords) -> ElementsCompared | None:
    """Elements that all differ do so by some number at least; whether some are equal may be another matter."""
    far = _differences(args)
    if far is None:
        return None
    return ElementsCompared(">", Compared(int(far.abs().min()), 0, True) if bool((far != 0).all()) else None)


def _divided(args: GivenValues, kwargs: GivenKeywords) -> ElementsCompared | None:
    """Whole numbers that lie between the same two multiples."""
    if len(args) < 2 or not isinstance(args[1], int) or args[1] <= 0:
        return None
    if "rounding_mode" in kwargs and kwargs["rounding_mode"] is None:
        return None
    far = _differences([args[0], 0])
    if far is None:
        return None
    size = args[1]
    before, last = int(far.min()) // size, int(far.max()) // size
    return ElementsCompared("<", Compared(int(far.max()) - (last + 1) * size, 0, True) if before == last else None)


def _cut(relation: str) -> Comparing:
    """A triangle, of which all or nothing is kept."""

    def compares(args: GivenValues, kwargs: GivenKeywords) -> ElementsCompared | None:
        rows, columns = args[0].shape[-2:]
        given = args[1] if len(args) > 1 else kwargs.get("diagonal")
        diagonal = given if isinstance(given, int) else 0
        return _of(relation, 1 - rows - diagonal, columns - 1 - diagonal)

    return compares


def _sliced(args: GivenValues, kwargs: GivenKeywords) -> ElementsCompared | None:
    """The first part of a stored mask: whether it goes on as it begins."""
    from archgraph.pytorch.trace.masking.forms import goes_on

    whole: Tensor = args[0]
    dim, start, stop, *step = [*args[1:], *[0, 0, None][len(args) - 1 :]]
    dim -= whole.ndim if dim >= 0 else 0
    if start or stop is None or step not in ([], [1]) or not 0 < stop < whole.shape[dim] or dim < -2:
        return None
    if whole.ndim < 2 or whole.is_complex() or any(size > 1 for size in whole.shape[:-2]):
        return None
    turn = goes_on((whole == whole.max()).reshape(whole.shape[-2:]), dim, stop)
    return ElementsCompared("<=", None if turn is None else Compared(stop - turn, 0, True))


def _differences(args: GivenValues) -> Tensor | None:
    """Return the left side less the right one, where all are whole numbers."""
    import torch

    left, right = (torch.as_tensor(side) for side in args[:2])
    if left.is_complex() or right.is_complex() or not left.numel() or not right.numel():
        return None
    far = left.double() - right.double()
    whole = bool((far.abs() < WHOLE_BELOW).all()) and bool((far == far.round()).all())
    return far if far.numel() and whole else None


HOLDS_OF_DIFFERENCE: Mapping[str, Callable[[int], bool]] = {
    "<": lambda far: far < 0,
    "<=": lambda far: far <= 0,
    ">": lambda far: far > 0,
    ">=": lambda far: far >= 0,
}
COMPARING: Mapping[str, Comparing] = {
    "lt": _ordered("<"),
    "le": _ordered("<="),
    "gt": _ordered(">"),
    "ge": _ordered(">="),
    "eq": _alike,
    "ne": _alike,
    **dict.fromkeys(("floor_divide", "remainder", "fmod", "div"), _divided),
    "slice": _sliced,
    "tril": _cut("<="),
    "triu": _cut(">="),
}
"""How operators compare, by name."""
