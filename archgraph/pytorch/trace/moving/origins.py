"""Which value others are made of position by position: whatever these read, it is the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archgraph.errors import ShapeError
from archgraph.graph.ir import Value
from archgraph.ops.reach import SAME, Reach
from archgraph.pytorch.trace.builder import Builder, Record, Tracked

MOST_STEPS = 24
"""On the way back: what lies further counts as no common origin, which says less and nothing wrong."""


class CommonOrigins:
    """The origin of every value: the last one on the way back from which no position was moved or mixed.

    Args:
        builder: collects the operations.
    """

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._makers: dict[Value, Record] = {}
        self._origins: dict[Value, Value] = {}
        self._constants: set[Value] = set()
        self._read = [0, 0]

    def alike(self, tensors: Iterable[Tracked]) -> bool:
        """Say whether tensors have one origin, and their last but one dimension is made of the same axes."""
        self._take_in()
        found = set()
        for t in tensors:
            if not isinstance(t.value, Value) or t.value in self._constants:
                return False
            found.add((self._origin(t.value, MOST_STEPS), t.layout[-2]))
        return len(found) == 1

    def _take_in(self) -> None:
        for place, records in enumerate((self._builder.prelude, self._builder.records)):
            for record in records[self._read[place] :]:
                self._makers.update(dict.fromkeys(record.outputs, record))
                if all(value in self._constants for value in record.inputs):
                    self._constants.update(record.outputs)
            self._read[place] = len(records)

    def _origin(self, value: Value, steps: int) -> Value:
        if value not in self._origins:
            record = self._makers.get(value)
            found = set(self._passed(record, value, steps - 1)) if record is not None and steps else set()
            self._origins[value] = found.pop() if len(found) == 1 else value
        return self._origins[value]

    def _passed(self, record: Record, value: Value, steps: int) -> Iterator[Value]:
        """Yield the origins of what is read position by position, and the value itself where more is read."""
        try:
            reaches = record.op.reach(*(operand.type for operand in record.inputs))
        # What cannot say what it reads is an origin itself.
        except ShapeError:
            yield value
            return
        read = [(operand, reach) for operand, reach in zip(record.inputs, reaches, strict=True) if reach.reads]
        if not all(_is_own(reach) for _, reach in read):
            yield value
            return
        for operand, _ in read:
            if operand not in self._constants:
                yield self._origin(operand, steps)


def _is_own(reach: Reach) -> bool:
    whole = reach.position is None and not reach.only and not reach.statistics
    return whole and all(read == SAME for _, read in reach.maps)
