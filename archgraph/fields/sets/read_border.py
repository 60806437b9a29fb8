"""What becomes of positions beyond a border, for whole sets of them."""

from __future__ import annotations

from archgraph.fields.sets.indices import EMPTY, Indices, interval, union
from archgraph.ops.reach import Border


def folded(read: Indices, border: Border, extent: int) -> Indices:
    """Return a set with what lies beyond the operand dropped, or folded back into it.

    >>> [list(folded(interval(-2, 1), border, 4)) for border in ("drop", "clamp", "reflect", "wrap")]
    [[0, 1], [0, 1], [0, 1, 2], [0, 1, 2, 3]]
    """
    inside = read.clip(0, extent - 1)
    if border == "drop" or not read.length or (read.lo >= 0 and read.hi < extent):
        return inside
    beyond = (read.clip(read.lo, -1), read.clip(extent, read.hi))
    fold = {"clamp": _clamped, "reflect": _reflected, "wrap": _wrapped}[border]
    return union((inside, *(fold(part, extent) for part in beyond if part.length)))


def _clamped(part: Indices, extent: int) -> Indices:
    end = 0 if part.lo < 0 else extent - 1
    return interval(end, end)


def _wrapped(part: Indices, extent: int) -> Indices:
    turns = range(part.lo // extent, part.hi // extent + 1)
    return union(part.shift(-turn * extent).clip(0, extent - 1) for turn in turns)


def _reflected(part: Indices, extent: int) -> Indices:
    # Reflection does not repeat the border itself, so that its period is two short of twice the extent.
    span = 2 * (extent - 1)
    if not span:
        return interval(0, 0)
    turns = range(part.lo // span, part.hi // span + 1)
    turned = [part.shift(-turn * span).clip(0, span - 1) for turn in turns]
    up, down = (union(each.clip(*ends) for each in turned) for ends in ((0, extent - 1), (extent, span - 1)))
    return union((up, _mirrored(down, span))) if down.length else up


def _mirrored(part: Indices, span: int) -> Indices:
    if not part.length:
        return EMPTY
    return union(
        Indices(span - start - step * (length - 1), step if length > 1 else 1, length)
        for start, step, length in part.runs()
    )
