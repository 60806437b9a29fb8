"""Two streams: parts of their own, and parts that both go through.

Two inputs go on side by side. A member that reads both of them is joint; behind it there are two streams again if what
it makes has the positions of either, else one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from archgraph.graph.ir import Repeat, Value
from archgraph.outline.constants import Claims
from archgraph.outline.forms.form import leaves_of
from archgraph.outline.forms.network_outline import NetworkOutline
from archgraph.outline.items import Item

BOTH = 2
"""The number of the one stream that two have become."""


@dataclass(frozen=True, eq=False)
class StreamPart:
    """What is one box.

    Attributes:
        items: in order.
        takes: the streams that it reads: 0, 1 or `BOTH`.
        gives: those that go on behind it.
        beside: constants that count for its laws; ``shared`` are those that count for another's.
    """

    items: tuple[Item, ...]
    takes: tuple[int, ...]
    gives: tuple[int, ...]
    beside: tuple[Item, ...] = ()
    shared: tuple[Item, ...] = ()

    @property
    def joint(self) -> bool:
        """Whether both streams go through it."""
        return self.takes == (0, 1)

    @property
    def only(self) -> Item | None:
        """The one item that it is, if it is one."""
        return self.items[0] if len(self.items) == 1 else None

    @property
    def repeat(self) -> Repeat | None:
        """The repeat that it is, if it is one that is applied more than once."""
        member = self.only.member if self.only is not None else None
        return member if isinstance(member, Repeat) and not member.once else None


@dataclass(frozen=True, eq=False)
class StreamSide:
    """What enters from beside: what makes it, from which inputs, and the parts that take it."""

    made: tuple[Item, ...]
    inputs: tuple[str, ...]
    taken: tuple[StreamPart, ...]


@dataclass(frozen=True, eq=False)
class TwoStreams:
    """Two streams from top to bottom.

    Attributes:
        sources: the inputs that they begin with.
        parts: in the order of the data.
        jumps: (from, to, stream): values that pass a part by; from nothing is from the source.
        sides: what enters from beside.
        outputs: the value that each stream ends in, by its number.
    """

    sources: tuple[Value, ...]
    parts: tuple[StreamPart, ...]
    jumps: tuple[tuple[StreamPart | None, StreamPart, int], ...]
    sides: tuple[StreamSide, ...]
    outputs: Mapping[int, Value]


def streams_of(outline: NetworkOutline) -> TwoStreams | None:
    """The two streams of an outline; nothing if there are more or fewer, or they never meet."""
    if len(outline.sources) != 2 or any(leaf.value is None for leaf in outline.sources):
        return None
    beside = {leaf.item for side in outline.sides for leaf in leaves_of(side.part)}
    beside |= {leaf.item for leaf in outline.constants}
    items = [item for item in outline.flow.items if item not in beside]
    sources = tuple(leaf.value for leaf in outline.sources if leaf.value is not None)
    # Twice, for what a joint item makes may fit one stream by chance, as where the other's positions are summed up.
    # Only at heights at which both streams come out again did they part; elsewhere they have become one.
    first = _Sorting(sources, None)
    first.sort(items)
    second = _Sorting(sources, frozenset(height for height, found in first.parted.items() if len(found) > 1))
    second.sort(items)
    second.end_in_one(items, outline.flow.outputs)
    if not any(one == (0, 1) for one in second.takes.values()):
        return None
    return _Joining(outline, items, second).streams()


@dataclass
class _Sorting:
    """Gives every item the streams that it reads, and a height: even in a stream of its own, odd in a joint part."""

    sources: tuple[Value, ...]
    allowed: frozenset[int] | None
    stream: dict[Value, int] = field(default_factory=dict)
    height: dict[Value, int] = field(default_factory=dict)
    takes: dict[Item, tuple[int, ...]] = field(default_factory=dict)
    at: dict[Item, int] = field(default_factory=dict)
    parted: dict[int, set[int]] = field(default_factory=dict)

    def sort(self, items: Sequence[Item]) -> None:
        self.stream = {value: index for index, value in enumerate(self.sources)}
        self.height = dict.fromkeys(self.sources, 0)
        shapes = [value.type.positions and _positions(value) for value in self.sources]
        for item in items:
            read = [value for value in item.inputs if value in self.stream]
            takes = tuple(sorted({self.stream[value] for value in read}))
            # What reads neither goes where its positions say, as what reads both does.
            odd = len(takes) != 1 or takes == (BOTH,)
            height = max((self._next(self.height[value], odd=odd) for value in read), default=0)
            self.takes[item], self.at[item] = takes, height
            for value in item.outputs:
                self.height[value] = height
                self.stream[value] = self._stream(item, value, shapes) if odd else takes[0]
                if not odd:
                    # A stream keeps its last shape past what has no positions, such as a pooled vector.
                    shapes[takes[0]] = _positions(value) or shapes[takes[0]]

    def end_in_one(self, items: Sequence[Item], outputs: Sequence[Value]) -> None:
        """Behind the last joint item there is one stream, unless both go on."""
        last = max((index for index, item in enumerate(items) if self.takes[item] == (0, 1)), default=len(items))
        tail = items[last + 1 :]
        alive = {stream for item in tail for stream in self.takes[item]}
        alive |= {self.stream[value] for value in outputs if value in self.stream}
        if {0, 1} <= alive:
            return
        self.takes.update(dict.fromkeys(tail, (BOTH,)))
        self.stream.update(dict.fromkeys((value for item in items[last:] for value in item.outputs), BOTH))

    def _next(self, height: int, *, odd: bool) -> int:
        return height if height % 2 == odd else height + 1

    def _stream(self, item: Item, value: Value, shapes: Sequence[object]) -> int:
        """Of what a joint item makes: the stream whose positions it has, of two alike that of the first operand."""
        found = [index for index, one in enumerate(shapes) if one and one == _positions(value)]
        if len(found) > 1:
            found = [stream for one in item.inputs if (stream := self.stream.get(one)) in found]
        if not found:
            return BOTH
        height = self.height[value]
        self.parted.setdefault(height, set()).add(found[0])
        return found[0] if self.allowed is None or height in self.allowed else BOTH


def _positions(value: Value) -> tuple[object, ...]:
    return tuple((axis, value.type.size(axis)) for axis in value.type.positions)


@dataclass
class _Joining:
    """Makes parts of items, and finds what passes by."""

    outline: NetworkOutline
    items: Sequence[Item]
    sorting: _Sorting
    owner: dict[Item, StreamPart] = field(default_factory=dict)

    def streams(self) -> TwoStreams | None:
        """The two streams; nothing where a part or a result has no place in them."""
        parts = [self._part(items) for items in self._boxes()]
        maker, flow, stream = self.outline.flow.maker, self.outline.flow, self.sorting.stream
        results = [value for value in flow.outputs if value in maker]
        ends = {stream[value]: value for value in results if value in stream}
        # Made of constants alone, such as a learned scale that is given out, or one of two results of a stream.
        if len(ends) < len(results) or not all(part.takes for part in parts):
            return None
        for part in parts:
            self.owner.update(dict.fromkeys((*part.beside, *part.items), part))
        if not all(self._reads(part, before) for part, before in _above(parts)):
            return None
        sides = tuple(self._side(index) for index in range(len(self.outline.sides)))
        return TwoStreams(self.sorting.sources, tuple(parts), tuple(self._jumps(parts)), sides, ends)

    def _boxes(self) -> Iterator[list[Item]]:
        """Items that are one box, in the order of heights; light ones go with what they prepare."""
        rows: dict[tuple[int, tuple[int, ...]], list[Item]] = {}
        for item in self.items:
            height, takes = self.sorting.at[item], self.sorting.takes[item]
            # What is joint and what follows it in one stream are one row.
            rows.setdefault((height, takes if height % 2 == 0 else ()), []).append(item)
        for row in sorted(rows):
            current: list[Item] = []
            for item in rows[row]:
                heavy = any(not one.light for one in current)
                if current and ((heavy and not item.light) or _alone(item) or _alone(current[-1])):
                    yield current
                    current = []
                current.append(item)
            yield current

    def _part(self, items: Sequence[Item]) -> StreamPart:
        own = {value for item in items for value in item.outputs}
        read = {value for item in items for value in item.inputs if value in self.sorting.stream} - own
        users = self.outline.flow.users
        left = [
            value
            for item in items
            for value in item.outputs
            if value in self.outline.flow.outputs or any(user not in items for user in users.get(value, ()))
        ]
        takes = tuple(sorted({self.sorting.stream[value] for value in read}))
        gives = tuple(sorted({self.sorting.stream[value] for value in left}))
        return StreamPart(tuple(items), takes, gives, *self._claims.of(items))

    @cached_property
    def _claims(self) -> Claims:
        return Claims([leaf.item for leaf in self.outline.constants if leaf.item is not None])

    def _jumps(self, parts: Sequence[StreamPart]) -> Iterator[tuple[StreamPart | None, StreamPart, int]]:
        """Values that are read again behind the next part of their stream."""
        last: dict[int, StreamPart | None] = {0: None, 1: None, BOTH: None}
        seen: set[tuple[StreamPart | None, StreamPart, int]] = set()
        for part in parts:
            for item in part.items:
                for value in item.inputs:
                    stream = self.sorting.stream.get(value)
                    source = self._maker(value)
                    jump = (source, part, stream if stream is not None else BOTH)
                    if stream is not None and source not in (part, last[stream]) and jump not in seen:
                        seen.add(jump)
                        yield jump
            last.update(dict.fromkeys((*part.takes, *part.gives), part))

    def _reads(self, part: StreamPart, before: Mapping[int, StreamPart | None]) -> bool:
        """Whether a part reads what stands above it in each of its streams, to which a line will tie it."""
        read = {(self.sorting.stream.get(value), self._maker(value)) for item in part.items for value in item.inputs}
        return read.issuperset(before.items())

    def _maker(self, value: Value) -> StreamPart | None:
        item = self.outline.flow.maker.get(value)
        return self.owner.get(item) if item is not None else None

    def _side(self, index: int) -> StreamSide:
        side = self.outline.sides[index]
        leaves = list(leaves_of(side.part))
        made = [leaf.item for leaf in leaves if leaf.item is not None]
        values = {value for item in made for value in item.outputs}
        values |= {leaf.value for leaf in leaves if leaf.value is not None}
        readers = [item for item in self.items if values.intersection(item.inputs)]
        taken = dict.fromkeys(self.owner[item] for item in readers)
        names = tuple(leaf.name for leaf in leaves if leaf.item is None)
        own, _ = self._claims.of(made)
        return StreamSide((*own, *made), names, tuple(taken))


def _above(parts: Sequence[StreamPart]) -> Iterator[tuple[StreamPart, dict[int, StreamPart | None]]]:
    """Every part with the last one above it in each stream that it takes; nothing is the source."""
    last: dict[int, StreamPart | None] = {}
    for part in parts:
        yield part, {stream: last.get(stream) for stream in part.takes}
        last.update(dict.fromkeys((*part.takes, *part.gives), part))


def _alone(item: Item) -> bool:
    return isinstance(item.member, Repeat) and not item.member.once
