"""Steps that take only some elements of an operand: what their operations read is cut down to these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from sympy import Expr

from archgraph.graph.ir import Value
from archgraph.ops.arithmetic import Add
from archgraph.ops.base import Op
from archgraph.ops.position_sets import PositionSets
from archgraph.ops.reach import SAME, All, Along, AtMost, AxisMap, Blocks, Causal, Listed, Window, Within
from archgraph.ops.reshaping import Rename
from archgraph.ops.traced.limited import NOTHING_READ, Limited
from archgraph.ops.traced.moves import Rearrange
from archgraph.pytorch.trace.builder import Builder, Record, Tracked
from archgraph.pytorch.trace.layout import RECORDED
from archgraph.pytorch.trace.masking.forms import Recorded, kept_map, mask_of
from archgraph.pytorch.trace.masking.listings import proved
from archgraph.pytorch.trace.masking.seen import RecordedMasks
from archgraph.pytorch.trace.masking.taken import TakenAnywhere, operands_of, taken_of
from archgraph.pytorch.trace.moving.rerun import SizeNumber
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.sizes.symbols import ONE, ZERO, evaluate
from archgraph.sizes.types import CHANNEL

Boundable: TypeAlias = Window | All | Causal | Blocks | Listed | Along
"""Maps that may be said to be a bound."""
SOME = "constants mask single elements"
SOMEWHERE = Listed(PositionSets([0], 1), alike=True, given=((ZERO, 1),))
"""That some positions of the result read an operand which has none, nobody knows which: it is known at no sizes."""


def cut_down(builder: Builder, step: RecordedNode, result: object, masks: RecordedMasks, number: SizeNumber) -> None:
    """Say of the operation that a step has become which positions it takes, or that it takes some of them."""
    if not isinstance(result, Tracked):
        return
    if masks.is_vague(step):
        _say_vague(builder, result)
        return
    found = taken_of(step, masks, number)
    if not found or not builder.records:
        return
    if masks.sides(step):
        _say_sides(builder, step, result, found)
        return
    record = builder.records[-1]
    if result.value not in record.outputs or isinstance(record.op, Limited):
        return
    reads = tuple(read for taken in found for read in _reads(record, step, result, taken))
    if reads:
        builder.records[-1] = replace(record, op=Limited(record.op, "", reads))


def _say_sides(builder: Builder, step: RecordedNode, result: Tracked, found: Sequence[TakenAnywhere]) -> None:
    """Say of a product at which places of its result it reads anything, beside what it says of its sum."""
    index = _maker(builder, result.value)
    if index is not None and isinstance(builder.records[index].op.core, Add):
        # What is added to a product is read all the same.
        index = next(_products(builder, builder.records[index]), None)
    record = None if index is None else builder.records[index]
    if index is None or record is None or len(record.inputs) != 2:
        _say_vague(builder, result)
        return
    core, known = (record.op.op, record.op.reads) if isinstance(record.op, Limited) else (record.op, ())
    reads = (read for taken in found for read in _reads(record, step, result, taken))
    more = tuple(read for read in reads if read[:2] not in [each[:2] for each in known])
    builder.records[index] = replace(record, op=Limited(core, "", known + more))


def said_in_part(builder: Builder, value: Value) -> Value:
    """Return a value that is no more than what it is, and of which some elements read less than others in their row."""
    if not value.type.positions:
        return value
    same = Rearrange(tuple((axis, ((axis, ONE, size),)) for axis, size in value.type.axes), view=True)
    reads = ((0, value.type.positions[0], AtMost(SAME, SOME)),)
    return builder.emit(Limited(same, "", reads), [value])[0]


def say_lost(builder: Builder, first: int, result: object) -> None:
    """Say it of what a step only views, where no operation of the step itself can say that it reads some of it alone.

    Args:
        first: the number of records before the step.
    """
    views = all(isinstance(record.op, (Rearrange, Rename)) for record in builder.records[first:])
    maker = _maker(builder, result.value) if views and isinstance(result, Tracked) else None
    # What is limited already says of every element what it is.
    if maker is not None and not isinstance(builder.records[maker].op, Limited):
        _say_at(builder, maker)


def _say_vague(builder: Builder, result: Tracked) -> None:
    """Say of the product that a result comes from, behind views of it, that it takes some of its operands only."""
    maker = _maker(builder, result.value)
    if maker is not None:
        _say_at(builder, maker)


def _say_at(builder: Builder, index: int) -> None:
    """Say it of an operation; where it has no positions any more, of those that gathered what it takes."""
    left, met = [index], {index}
    while left:
        one = left.pop()
        if not _is_said(builder, one):
            makers = [_maker(builder, value) for value in builder.records[one].inputs]
            left += [maker for maker in makers if maker is not None and maker not in met]
            met.update(left)


def _is_said(builder: Builder, index: int) -> bool:
    record = builder.records[index]
    known = record.op.reads if isinstance(record.op, Limited) else ()
    core = record.op.op if isinstance(record.op, Limited) else record.op
    more = tuple(read for read in _some(core, record) if read[:2] not in [each[:2] for each in known])
    if known or more:
        builder.records[index] = replace(record, op=Limited(core, "", known + more))
    return bool(known or more)


def _products(builder: Builder, sum_: Record) -> Iterator[int]:
    """Yield the records of two operands that a sum adds."""
    for value in sum_.inputs:
        index = _maker(builder, value)
        if index is not None and len(builder.records[index].inputs) == 2:
            yield index


def _maker(builder: Builder, value: object) -> int | None:
    """Return which record a value comes from, behind views of it."""
    for index in range(len(builder.records) - 1, -1, -1):
        record = builder.records[index]
        if value not in record.outputs:
            continue
        if not isinstance(record.op, (Rearrange, Rename)):
            return index
        value = record.inputs[0]
    return None


def _some(op: Op, record: Record) -> Iterator[tuple[int, str, AxisMap]]:
    """At most what an operation reads, said of an axis of every operand: one that the result has, where there is."""
    types = [value.type for value in record.inputs]
    for place, reach in enumerate(op.reach(*types)):
        axes, own = types[place].positions, dict(reach.maps)
        kept = [axis for axis in axes if record.outputs[0].type.has(axis)]
        if not axes:
            yield from _somewhere(record, place)
        for axis in (kept or axes)[:1]:
            read = own.get(axis, SAME if kept else All())
            if not isinstance(read, AtMost):
                yield place, axis, AtMost(read if isinstance(read, Boundable) else All(), SOME)


def _reads(
    record: Record, step: RecordedNode, result: Tracked, taken: TakenAnywhere
) -> Iterator[tuple[int, str, AxisMap]]:
    place, *again = _places(record, step, taken.operand)
    axes = record.inputs[place].type.positions
    for twice in again:
        # What is said of one of two equal operands is not known of the other, which lies along other axes.
        yield from ((twice, axis, AtMost(SAME, SOME)) for axis in record.inputs[twice].type.positions[:1])
    if taken.nothing:
        yield place, NOTHING_READ, Within(ZERO, ZERO)
        return
    if taken.tests and not taken.dim and axes:
        yield place, axes[0], _all_or_nothing(taken, record.inputs[place].type.size(axes[0]))
        return
    content = result.layout[taken.dim] if taken.dim else ()
    if len(content) == 1 and content[0].axis == CHANNEL and result.is_whole(content[0]):
        # Which position a channel of it reads may differ.
        yield place, CHANNEL, SAME
        return
    if len(content) == 1 and result.is_whole(content[0]):
        axis = content[0].axis
        read = _kept(taken, content[0].size, alike=axis not in axes)
        yield from () if read is None else [(place, axis, read)]
        return
    if not axes:
        yield from _somewhere(record, place)
    yield from ((place, axis, AtMost(SAME, SOME)) for axis in axes[:1])


def _somewhere(record: Record, place: int) -> Iterator[tuple[int, str, AxisMap]]:
    return ((place, axis, SOMEWHERE) for axis in record.outputs[0].type.positions[:1])


def _all_or_nothing(taken: TakenAnywhere, size: Expr) -> AxisMap:
    """Return which positions of an axis are taken: in every recording all of them, or none."""
    values = RECORDED.get()
    if len(values) != len(taken.tests):
        return AtMost(SAME, SOME)
    tests = [Recorded(one.expand(n := evaluate(size, at)), (n,)) for one, at in zip(taken.tests, values, strict=True)]
    return kept_map(tests, (size,)) or SAME


def _kept(taken: TakenAnywhere, size: Expr, *, alike: bool) -> AxisMap | None:
    """Return which positions of an axis are taken; `alike` if it is one for all of them, of which only some read it."""
    if not alike:
        return kept_map([Recorded(tests, (len(tests),)) for tests in taken.tests], (size,))
    first = taken.tests[0]
    found = Listed(PositionSets([mask_of(first)], len(first)), alike=True)
    return proved(found) if all(tests.equal(first) for tests in taken.tests) else found


def _places(record: Record, step: RecordedNode, operand: RecordedNode) -> Sequence[int]:
    """Return which operands of an operation stand for one of a step: several where it is read along other axes too."""
    tensors = [arg for arg in operands_of(step) if isinstance(arg, RecordedNode)]
    if len(tensors) == len(record.inputs):
        first, *more = [place for place, tensor in enumerate(tensors) if tensor is operand]
        return first, *(place for place in more if record.inputs[place] is not record.inputs[first])
    large = [arg for arg in tensors if step.known_operand(arg) is None or step.known_operand(arg).numel() > 1]
    return (large.index(operand),) if len(large) == len(record.inputs) else (0,)
