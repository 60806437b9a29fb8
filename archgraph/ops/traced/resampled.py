"""Which positions an interpolation reads, where no factor describes it: by the size before and after."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from archgraph.ops.position_sets import PositionSets, position_sets

NEIGHBOURS: dict[str, tuple[int, ...]] = {"linear": (0, 1), "cubic": (-1, 0, 1, 2)}


def resampled_sets(before: int, after: int, mode: str, *, align_corners: bool = False) -> PositionSets:
    """Return the positions that every output reads, as PyTorch places them; a neighbour of weight 0 is not read.

    Args:
        before: positions of the operand.
        after: positions of the result.
        mode: `nearest`, `nearest-exact` for the nearest of pixel centres, `linear` or `cubic`.
        align_corners: whether the first and the last positions fall on each other.

    >>> [bin(mask) for mask in resampled_sets(3, 7, "linear").masks][:4]
    ['0b1', '0b11', '0b11', '0b10']
    """
    places = (_place(before, after, index, mode, align_corners=align_corners) for index in range(after))
    return position_sets([_read(place, before, mode) for place in places], before)


def _place(before: int, after: int, index: int, mode: str, *, align_corners: bool) -> Fraction:
    if align_corners:
        return Fraction(index * (before - 1), after - 1) if after > 1 else Fraction(0)
    if mode == "nearest":
        return Fraction(index * before, after)
    centre = Fraction((2 * index + 1) * before, 2 * after)
    if mode == "nearest-exact":
        return centre
    place = centre - Fraction(1, 2)
    # Linear interpolation stays within the first centre; cubic goes on beyond it.
    return max(place, Fraction(0)) if mode == "linear" else place


def _read(place: Fraction, before: int, mode: str) -> set[int]:
    first = floor(place)
    if mode not in NEIGHBOURS:
        return {min(first, before - 1)}
    steps = NEIGHBOURS[mode] if place != first else (0,)
    return {min(max(first + step, 0), before - 1) for step in steps}
