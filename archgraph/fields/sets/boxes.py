"""The set that is read, as boxes: rows beside columns are no rectangle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from archgraph.fields.sets.indices import union
from archgraph.fields.sets.pieces import join
from archgraph.fields.sets.readings import Reading, Unsettled, Whole
from archgraph.fields.sets.through import through

ReadBox: TypeAlias = Mapping[str, Reading]
"""A product of sets, one per axis of the input."""
Boxes: TypeAlias = "tuple[ReadBox, ...] | None"
"""The boxes of the paths that none of the others contains; None where they are not known."""

MOST_READ_BOXES = 24


def pruned(boxes: Iterable[ReadBox], extents: Mapping[str, int]) -> Boxes:
    """Return the boxes without those that another one contains; boxes that differ along one axis are joined.

    Args:
        boxes: products of sets.
        extents: the sizes of the axes that are read.
    """
    kept: list[ReadBox] = []
    for box in boxes:
        if None not in box.values():
            _add(kept, box, extents)
        if len(kept) > MOST_READ_BOXES:
            return None
    return tuple(kept)


def _add(kept: list[ReadBox], box: ReadBox, extents: Mapping[str, int]) -> None:
    if any(contains(other, box, extents) for other in kept):
        return
    for index, other in enumerate(kept):
        differing = [axis for axis in box if box[axis] != other[axis]]
        merged = join(box[differing[0]], other[differing[0]]) if len(differing) == 1 else None
        if merged is not None and not isinstance(merged, Unsettled):
            del kept[index]
            _add(kept, {**box, differing[0]: merged}, extents)
            return
    kept[:] = [other for other in kept if not contains(box, other, extents)]
    kept.append(box)


def contains(whole: ReadBox, part: ReadBox, extents: Mapping[str, int]) -> bool:
    """Say whether one box contains another at every position."""
    return all(covers(whole[axis], part[axis], extents.get(axis)) for axis in part)


def covers(whole: Reading, part: Reading, extent: int | None) -> bool:
    """Say whether one reading contains another at every position of an axis of a size; None where that is not known."""
    if whole == part or part is None:
        return True
    if isinstance(whole, Whole):
        return not isinstance(part, Unsettled) and _holds(whole, part, extent)
    return not isinstance(whole, Unsettled) and join(whole, part) == whole


def _holds(whole: Whole, part: Reading, extent: int | None) -> bool:
    """Whether the same positions for every output hold what some read: all of an axis do, a few of them do not."""
    if not whole.span.length or (extent is not None and whole.covers(extent)):
        return True
    return isinstance(part, Whole) and not part.beside and union((whole.span, part.span)) == whole.span


def crossed(inner: Sequence[ReadBox], reads: Sequence[ReadBox], extents: Mapping[str, int]) -> Boxes:
    """Return the boxes of an output that reads a value of boxes `inner` by boxes `reads`."""
    if len(inner) * len(reads) > MOST_READ_BOXES**2:
        return None
    found = (
        {axis: through(reading, box.__getitem__) for axis, reading in own.items()} for own in inner for box in reads
    )
    return pruned(found, extents)
