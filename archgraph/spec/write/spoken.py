"""What a spec can say of an operation of a traced module: the same costs, and the same fields or wider ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace

from archgraph.errors import ShapeError
from archgraph.ops.arguments import Named
from archgraph.ops.attending.masks import has_mask_words, masked_by
from archgraph.ops.base import Op, Types
from archgraph.ops.reach import SAME, AtMost, AxisMap, Reach
from archgraph.ops.traced.limited import NOTHING_READ, Limited
from archgraph.ops.traced.stored import Clone


def spoken(op: Op, types: Types, fixed: frozenset[int]) -> tuple[Op, bool]:
    """Return an operation of the language that costs and reads the same, and whether some of it may read more.

    That is single positions, or single channels. Where there is none, the operation itself is returned. What is read of
    operands that are computed from no input, in `fixed`, has no part in any field.
    """
    if isinstance(op, Limited):
        return _without_limits(op, types, fixed)
    if not op.unspoken and not (op.joins and len(types) == 1):
        return op, False
    alike = [other for other in _candidates(op) if _costs_alike(other, op, types)]
    for other in alike:
        if _reads_alike(other, op, types, fixed):
            return other, False
    for other in alike:
        if _channels_may_differ(other, op, types, fixed):
            return other, True
    return op, False


def _without_limits(op: Limited, types: Types, fixed: frozenset[int]) -> tuple[Op, bool]:
    """What zeros leave unread is not said where positions are read one by one, so that no field changes its shape."""
    masked = _with_mask(op.core, {axis: read for _, axis, read in op.reads})
    if masked is not None and _reads_alike(masked, op, types, fixed):
        return masked, False
    nothing = {place for place, axis, _ in op.reads if axis == NOTHING_READ}
    for place, reach in enumerate(op.core.reach(*types)):
        if place not in fixed and (place in nothing or any(read != SAME for _, read in reach.maps)):
            return op, False
    return op.core, any(place not in fixed for place, _, _ in op.reads)


def _with_mask(op: Op, reads: Mapping[str, AxisMap]) -> Op | None:
    """Return the operation with a mask; None where it takes none, or a spec has no words for that."""
    takes = any(item.name == "mask" for item in fields(op))
    mask = Named({axis: masked_by(read) for axis, read in reads.items()})
    return replace(op, mask=mask) if takes and has_mask_words(mask) else None  # type: ignore[call-arg]


def _candidates(op: Op) -> Iterator[Op]:
    """The same without what no spec can write, and what may stand for it."""
    if not op.unspoken:
        # A sum or product of one value, which in a spec is a slip: it gives what it takes.
        yield Clone()
        return
    usual = {item.name: item.default for item in fields(op) if item.name in op.unspoken}
    mask = getattr(op, "mask", None)
    yield replace(op, **usual, **({} if mask is None or "mask" in usual else {"mask": Named(mask)}))


def _reads_alike(other: Op, op: Op, types: Types, fixed: frozenset[int]) -> bool:
    """Whether another operation takes the same operands and reads as much of them."""
    return _takes(other, types) and _varying(other, types, fixed) == _varying(op, types, fixed)


def _channels_may_differ(other: Op, op: Op, types: Types, fixed: frozenset[int]) -> bool:
    """Whether another operation reads as much, but for some channels, which may read other positions than the rest."""
    return _by_all_channels(other, types, fixed) == _by_all_channels(op, types, fixed)


def _by_all_channels(op: Op, types: Types, fixed: frozenset[int]) -> list[Reach]:
    return [replace(reach, channels=frozenset()) for reach in _varying(op, types, fixed)]


def _costs_alike(other: Op, op: Op, types: Types) -> bool:
    return _takes(other, types) and _facts(other, types) == _facts(op, types)


def _takes(op: Op, types: Types) -> bool:
    try:
        op.infer(*types)
    except ShapeError:
        return False
    return True


def _facts(op: Op, types: Types) -> tuple[object, ...]:
    """What it costs and keeps, whatever the kernel."""
    kept = tuple(op.saved_by(kernel, *types) for kernel in ("math", "upcast", "flash"))
    return op.infer(*types), op.macs(*types), op.elementwise(*types), kept


def _varying(op: Op, types: Types, fixed: frozenset[int]) -> tuple[Reach, ...]:
    """How it reads the operands that inputs have a part in; why something is a bound is left out."""
    return tuple(_plain(reach) for place, reach in enumerate(op.reach(*types)) if place not in fixed)


def _plain(reach: Reach) -> Reach:
    return replace(reach, maps=tuple((axis, _unreasoned(read)) for axis, read in reach.maps))


def _unreasoned(read: AxisMap) -> AxisMap:
    return replace(read, reason="") if isinstance(read, AtMost) else read
