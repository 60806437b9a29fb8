"""Which value others are made of position by position: whatever these read, it is the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archgraph.errors import ShapeError
from archgraph.graph.ir import Value
from archgraph.ops.reach import SAME, Reach
from archgraph.pytorch.trace.builder import Builder, Record, Tracked


class CommonOrigins:
    """The origin of every value: the last one on the way back from which no position was moved or mixed.

    Args:
        builder: collects the operations.
    """

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._origins: dict[Value, Value] = {}
        self._constants: set[Value] = set()
        self._read = [0, 0]

    def alike(self, tensors: Iterable[Tracked]) -> bool:
        """Say whether tensors have one origin, and their last but one dimension is made of the same axes."""
        self._take_in()
        found = [(self._origin(t.value), t.layout[-2]) for t in tensors if isinstance(t.value, Value)]
        return len(set(found)) == 1 and all(t.value not in self._constants for t in tensors)

    def _take_in(self) -> None:
        lists = (self._builder.prelude, self._builder.records)
        for place, records in enumerate(lists):
            for record in records[self._read[place] :]:
                self._note(record)
            self._read[place] = len(records)

    def _note(self, record: Record) -> None:
        if all(value in self._constants for value in record.inputs):
            self._constants.update(record.outputs)
            return
        found = set(self._passed(record))
        if len(found) == 1:
            (origin,) = found
            self._origins.update(dict.fromkeys(record.outputs, origin))

    def _passed(self, record: Record) -> Iterator[Value]:
        """Yield the origins of what is read position by position, and the result itself where more is read."""
        types = [value.type for value in record.inputs]
        try:
            reaches = record.op.reach(*types)
        # What cannot say what it reads is an origin itself.
        except ShapeError:
            reaches = (Reach((), statistics=("",)),) * len(types)
        for value, reach in zip(record.inputs, reaches, strict=True):
            if value not in self._constants and reach.reads:
                yield self._origin(value) if _is_own(reach) else record.outputs[0]

    def _origin(self, value: Value) -> Value:
        return self._origins.get(value, value)


def _is_own(reach: Reach) -> bool:
    whole = reach.position is None and not reach.only and not reach.statistics
    return whole and all(read == SAME for _, read in reach.maps)
