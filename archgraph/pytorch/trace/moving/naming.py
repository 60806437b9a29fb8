"""Names for the axes of a result whose elements come from elsewhere: those of the axes they come from."""

from __future__ import annotations

from collections.abc import Sequence

from archgraph.pytorch.trace.moving.pairs import MovedPairs
from archgraph.sizes.types import CHANNEL

Names = Sequence[str | None]
"""The axis that every dimension is, None for a dimension of size 1."""


def named_by(sources: Sequence[tuple[MovedPairs, Names]], shape: Sequence[int]) -> list[str | None]:
    """Return a name for every dimension of more than one element.

    >>> from archgraph.pytorch.trace.moving.pairs import itself
    >>> named_by([(itself((1, 4, 6)), (None, "n", "c"))], (1, 4, 6))
    [None, 'n', 'c']
    """
    names: list[str | None] = [None] * len(shape)
    wide = [dim for dim, size in enumerate(shape) if size != 1]
    for pairs, own in sources:
        for dim in wide:
            wish = names[dim] or _moving(pairs, own, dim)
            if wish is not None and (names[dim] == wish or wish not in names):
                names[dim] = wish
    left = [dim for dim in wide if names[dim] is None]
    if left and CHANNEL not in names:
        names[left.pop(0 if len(wide) > 2 else -1)] = CHANNEL
    free = (f"a{index}" for index in range(len(shape) * 2))
    for dim in left:
        names[dim] = next(name for name in free if name not in names)
    return names


def _moving(pairs: MovedPairs, own: Names, dim: int) -> str | None:
    found = _moving_axes(pairs, own, dim)
    if len(found) > 1:
        return CHANNEL if CHANNEL in found else None
    return next(iter(found), None)


def _moving_axes(pairs: MovedPairs, own: Names, dim: int) -> frozenset[str]:
    """Return the axes along which the source moves when one dimension of the result does and the others stand still."""
    if not len(pairs.into):
        return frozenset()
    into, of = pairs.coordinates
    others = [d for d in range(into.shape[1]) if d != dim]
    beside = (into[:, others] == into[0, others]).all(1) & (into[:, dim] != into[0, dim])
    moved = (of[beside] != of[0]).any(0).nonzero().flatten().tolist() if bool(beside.any()) else []
    return frozenset(name for d in moved if (name := own[d]) is not None)
