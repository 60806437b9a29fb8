"""The set that is read, as boxes: rows beside columns are no rectangle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from archgraph.fields.sets.pieces import join
from archgraph.fields.sets.readings import Reading, Unsettled, Whole
from archgraph.fields.sets.through import through

ReadBox: TypeAlias = Mapping[str, Reading]
"""A product of sets, one per axis of the input."""
Boxes: TypeAlias = "tuple[ReadBox, ...] | None"
"""The boxes of the paths that none of the others contains; None where they are not known."""

MOST_READ_BOXES = 24


def pruned(boxes: Iterable[ReadBox]) -> Boxes:
    """Return the boxes without those that another one contains; boxes that differ along one axis are joined."""
    kept: list[ReadBox] = []
    for box in boxes:
        if None not in box.values():
            _add(kept, box)
        if len(kept) > MOST_READ_BOXES:
            return None
    return tuple(kept)


def _add(kept: list[ReadBox], box: ReadBox) -> None:
    if any(contains(other, box) for other in kept):
        return
    for index, other in enumerate(kept):
        differing = [axis for axis in box if box[axis] != other[axis]]
        merged = join(box[differing[0]], other[differing[0]]) if len(differing) == 1 else None
        if merged is not None and not isinstance(merged, Unsettled):
            del kept[index]
            _add(kept, {**box, differing[0]: merged})
            return
    kept[:] = [other for other in kept if not contains(box, other)]
    kept.append(box)


def contains(whole: ReadBox, part: ReadBox) -> bool:
    """Say whether one box contains another at every position."""
    return all(covers(whole[axis], part[axis]) for axis in part)


def covers(whole: Reading, part: Reading) -> bool:
    """Say whether one reading contains another at every position."""
    if whole == part or part is None:
        return True
    if isinstance(whole, Whole):
        return _spans(whole, part) if isinstance(part, Whole) else not isinstance(part, Unsettled)
    return not isinstance(whole, Unsettled) and join(whole, part) == whole


def _spans(whole: Whole, part: Whole) -> bool:
    return part.span.lo >= whole.span.lo and part.span.hi <= whole.span.hi


def crossed(inner: Sequence[ReadBox], reads: Sequence[ReadBox]) -> Boxes:
    """Return the boxes of an output that reads a value of boxes `inner` by boxes `reads`."""
    if len(inner) * len(reads) > MOST_READ_BOXES**2:
        return None
    return pruned(
        {axis: through(reading, box.__getitem__) for axis, reading in own.items()} for own in inner for box in reads
    )
