"""Copies that nothing depends on: of a value that nobody else reads or keeps, so that the copy may be the value."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from archgraph.graph.ir import Value
from archgraph.ops.rearrangement import Rearrangement
from archgraph.ops.sources import Parameter
from archgraph.ops.traced.stored import Detach
from archgraph.pytorch.trace.builder import Record
from archgraph.pytorch.trace.memories import lying


def without_idle_copies(
    records: Sequence[Record], copies: Collection[Value], dense: Collection[Value], outputs: Collection[Value]
) -> tuple[list[Record], Mapping[Value, Value]]:
    """Return the records without copies that PyTorch makes on its way and that change no number but a moment's peak.

    Args:
        records: in order.
        copies: the values that such copies made.
        dense: the values of repetitions in memory, which an operation may have read as what they repeat.
        outputs: of the module.

    Returns:
        The records, and what stands for copies that are gone.
    """
    records = _without_unread(records, dense, outputs)
    busy = _busy(records)
    gone: dict[Value, Value] = {}
    kept: list[Record] = []
    for record in records:
        inputs = tuple(gone.get(value, value) for value in record.inputs)
        if record.outputs[0] in copies and inputs[0] not in busy:
            gone[record.outputs[0]] = inputs[0]
            # Whoever reads the copy now reads the value, and may keep it: a second copy stays one.
            busy.add(inputs[0])
        else:
            kept.append(record if inputs == record.inputs else replace(record, inputs=inputs))
    return kept, gone


def _without_unread(records: Sequence[Record], dense: Collection[Value], outputs: Collection[Value]) -> list[Record]:
    """Return the records without those that made what nobody reads after all: views too, which are no work."""
    read, kept = set(outputs), []
    for record in reversed(records):
        idle = record.outputs[0] in dense or _is_view(record)
        if not idle or not read.isdisjoint(record.outputs):
            read.update(record.inputs)
            kept.append(record)
    return kept[::-1]


def _is_view(record: Record) -> bool:
    """Whether a record says in another shape what lies in its operand's memory."""
    viewed = {place for place, _ in record.op.saved(*(value.type for value in record.inputs)).aliases}
    return isinstance(record.op, (Rearrangement, Detach)) and viewed == set(range(len(record.outputs)))


def _busy(records: Sequence[Record]) -> set[Value]:
    """Values that are kept as they are, or that share their memory with others."""
    found = set()
    for record in records:
        saved, lies_in = record.op.saved(*(value.type for value in record.inputs)), lying(record)
        found.update(record.inputs[index] for index in saved.inputs)
        found.update(record.inputs[operand] for operand in lies_in if operand is not None)
        if isinstance(record.op, Parameter) or saved.joined:
            found.update(record.outputs)
        found.update(record.outputs[index] for index in saved.outputs)
        found.update(value for value, operand in zip(record.outputs, lies_in, strict=True) if operand is not None)
    return found
