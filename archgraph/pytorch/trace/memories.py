"""Which values lie in one memory: what a recording saw of storages, as edges of the graph."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from archgraph.graph.ir import Value
from archgraph.ops.pointwise import LeakyRelu
from archgraph.pytorch.trace.builder import Builder, Pending, Record, Tracked
from archgraph.pytorch.trace.layout import COPIES
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.recording.recording import storage_of


@dataclass
class Memories:
    """Holds the memory that values lie in against the storages of a recording.

    An operation says whether its result is a view. What a recording saw decides: a step in place leaves its result
    where its operand was, and what is a view of one shape may be a copy of another.
    """

    builder: Builder
    _roots: dict[Value, Value] = field(default_factory=dict)
    """The value that made the memory which a value lies in."""
    _storages: dict[int, Value] = field(default_factory=dict)
    """The root of every storage of the recording that was met."""
    _claimed: dict[Value, int] = field(default_factory=dict)
    _bound: set[Value] = field(default_factory=set)
    """Values that stand for some step: where they lie is settled."""
    _makers: dict[Value, int] = field(default_factory=dict)
    """The place of the record that made a value."""
    _read: int = 0

    def placed(self, node: RecordedNode, result: object) -> object:
        """Return an input, or a step's result, which lies where the recording saw it: as a copy where that made one."""
        storage = storage_of(node)
        if isinstance(result, Tracked) and isinstance(result.value, Pending):
            return _as_copied(result, result.value, storage)
        if storage < 0 or not isinstance(result, Tracked) or not isinstance(result.value, Value):
            return result
        known = self._storages.get(storage)
        if known is None and _repeats(result):
            # What a step makes anew is dense: of an expanded operand all repetitions stand in it.
            result = self.builder.made_dense(result)
            assert isinstance(result.value, Value)
        self._take_in()
        root = self._root(result.value)
        if known is None and root in self._claimed:
            result = self._apart(result)
            assert isinstance(result.value, Value)
            root = self._root(result.value)
            if root in self._claimed:
                return result
        elif known is not None and known is not root:
            self._inside(result.value, known)
            root = known
        self._storages.setdefault(storage, root)
        self._claimed.setdefault(root, storage)
        self._bound.add(result.value)
        return result

    def _root(self, value: Value) -> Value:
        return self._roots.get(value, value)

    def _take_in(self) -> None:
        """Note where the results of new records lie, as their operations say."""
        records = self.builder.records
        for place in range(self._read, len(records)):
            self._noted(place)
        self._read = len(records)

    def _noted(self, place: int) -> None:
        record = self.builder.records[place]
        for value, operand in zip(record.outputs, lying(record), strict=True):
            self._makers[value] = place
            self._roots[value] = value if operand is None else self._root(record.inputs[operand])

    # -- where the recording knows better ----------------------------------------------------------------

    def _apart(self, t: Tracked) -> Tracked:
        """Return a tensor that the recording made anew, though what stands for it lies in older memory."""
        assert isinstance(t.value, Value)
        if t.value in self._makers and t.value not in self._bound:
            self._moved(t.value, None)
            return t
        return self.builder.copied(t)

    def _inside(self, value: Value, root: Value) -> None:
        """Let a value lie in the memory of an operand, or of an operand's operand."""
        for made, operand in self._way(value, root):
            self._moved(made, operand)

    def _way(self, value: Value, root: Value) -> list[tuple[Value, int]]:
        """The values from one that was made in older memory back to that memory, each with its operand on the way."""
        if value not in self._makers or value in self._bound:
            return []
        operands = self.builder.records[self._makers[value]].inputs
        for index, operand in enumerate(operands):
            if self._root(operand) is root:
                return [(value, index)]
        for index, operand in enumerate(operands):
            if found := self._way(operand, root):
                return [*found, (value, index)]
        return []

    def _moved(self, value: Value, operand: int | None) -> None:
        place = self._makers[value]
        record = self.builder.records[place]
        lies_in = tuple(
            operand if out is value else before for out, before in zip(record.outputs, lying(record), strict=True)
        )
        if isinstance(record.op, LeakyRelu) and lies_in == (0,):
            # It has a word for it, which a spec has too.
            self.builder.records[place] = replace(record, op=replace(record.op, inplace=True), lies_in=None)
        else:
            self.builder.records[place] = replace(record, lies_in=lies_in)
        self._noted(place)


def _as_copied(t: Tracked, parameter: Pending, storage: int) -> Tracked:
    """Return a parameter of which the recording made a copy; it is made when it is read."""
    if -1 in (storage, parameter.storage) or storage == parameter.storage:
        return t
    return Tracked(replace(parameter, storage=storage, copied=True), t.layout)


def _repeats(t: Tracked) -> bool:
    return any(digit.axis == COPIES for dim in t.layout for digit in dim)


def lying(record: Record) -> tuple[int | None, ...]:
    """For every result of a record, the operand whose memory it lies in."""
    if record.lies_in is not None:
        return record.lies_in
    views = dict(record.op.saved(*(value.type for value in record.inputs)).aliases)
    return tuple(views.get(index) for index in range(len(record.outputs)))
