"""What becomes of positions beyond a border, for whole sets of them."""

from __future__ import annotations

from archgraph.fields.sets.index_sets import common, united
from archgraph.fields.sets.indices import EMPTY, Indices, interval
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
    return united((inside, *(fold(part, extent) for part in beyond if part.length)))


def _clamped(part: Indices, extent: int) -> Indices:
    end = 0 if part.lo < 0 else extent - 1
    return interval(end, end)


def _wrapped(part: Indices, extent: int) -> Indices:
    turns = range(part.lo // extent, part.hi // extent + 1)
    return united(part.shift(-turn * extent).clip(0, extent - 1) for turn in turns)


def _reflected(part: Indices, extent: int) -> Indices:
    # Reflection does not repeat the border itself, so that its period is two short of twice the extent.
    span = 2 * (extent - 1)
    if not span:
        return interval(0, 0)
    turns = range(part.lo // span, part.hi // span + 1)
    turned = [part.shift(-turn * span).clip(0, span - 1) for turn in turns]
    up, down = (united(each.clip(*ends) for each in turned) for ends in ((0, extent - 1), (extent, span - 1)))
    return united((up, _mirrored(down, span))) if down.length else up


def _mirrored(part: Indices, span: int) -> Indices:
    if not part.length:
        return EMPTY
    return united(
        Indices(span - start - step * (length - 1), step if length > 1 else 1, length)
        for start, step, length in part.runs()
    )


def folding_into(read: Indices, border: Border, extent: int, hull: tuple[int, int]) -> Indices:
    """Return the positions of a hull that lie in a set of the operand, or are folded back into it.

    >>> [list(folding_into(interval(0, 1), border, 4, (-2, 5))) for border in ("drop", "clamp", "reflect", "wrap")]
    [[0, 1], [-2, -1, 0, 1], [-1, 0, 1, 5], [0, 1, 4, 5]]
    """
    lo, hi = hull
    if border == "drop" or not read.length or (lo >= 0 and hi < extent):
        return read
    if border == "clamp" or extent == 1:
        ends = ((0, interval(lo, -1)), (extent - 1, interval(extent, hi)))
        return united([read, *(beyond for end, beyond in ends if end in read)])
    span = extent if border == "wrap" else 2 * (extent - 1)
    turn = read if border == "wrap" else united((read, _mirrored(read, span)))
    turns = range(lo // span - 1, hi // span + 1)
    return common(united(turn.shift(number * span) for number in turns), interval(lo, hi))
