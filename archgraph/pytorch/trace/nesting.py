"""From a flat list of operations with their modules to a hierarchical graph with repeats."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from sympy import Integer

from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.pytorch.trace.builder import Record


def nest(
    records: Sequence[Record], inputs: Sequence[Value], outputs: Sequence[Value], checkpoints: Collection[str] = ()
) -> Graph:
    """Return the graph of all operations: a scope for every module, equal consecutive scopes folded.

    Args:
        records: the operations in order.
        inputs: of the graph.
        outputs: of the graph.
        checkpoints: keys of scopes that are computed again in the backward pass.
    """
    nesting = Nesting(checkpoints)
    members = nesting.members(records, 0, "", set(outputs))
    return Graph(tuple(inputs), tuple(members), tuple(nesting.replaced.get(v, v) for v in outputs))


def ahead(records: Sequence[Record], early: Collection[Value]) -> list[Record]:
    """Return the records with early ones of a scope ahead of that scope in it which reads them first."""
    found: list[Record] = []
    for record in records:
        place, depth = len(found), len(record.stack) + 1
        if record.outputs[0] in early and found and len(found[-1].stack) >= depth:
            inner = found[-1].stack[:depth]
            while place and found[place - 1].stack[:depth] == inner:
                place -= 1
        found.insert(place, record)
    return found


class Nesting:
    """Builds scopes; equal bodies are one object."""

    def __init__(self, checkpoints: Collection[str] = ()) -> None:
        self._checkpoints = checkpoints
        self._bodies: dict[Hashable, Graph] = {}
        self._signatures: dict[int, tuple[Graph, int]] = {}
        self._numbers: dict[Hashable, int] = {}
        self.replaced: dict[Value, Value] = {}
        """Values of the graph made last that its scopes give out under another identity."""

    def members(self, records: Sequence[Record], depth: int, path: str, needed: set[Value]) -> list[Member]:
        """Return the members of one graph, in order; `needed` are the values that are used outside of it."""
        groups = [
            list(group)
            # An operation of the module itself has a key of its own, and stays alone.
            for _, group in groupby(records, key=lambda r: r.stack[depth][0] if len(r.stack) > depth else id(r))
        ]
        read_after = _read_after(groups, needed)
        found: list[Member] = []
        replaced: dict[Value, Value] = {}
        for group, later in zip(groups, read_after, strict=True):
            member = self._member(group, depth, path, later)
            member = replace(member, inputs=tuple(replaced.get(v, v) for v in member.inputs))
            if isinstance(member, Repeat):
                # So far they are values of the body, which several scopes may share; outside they are others.
                fresh = tuple(Value(v.type, member.name) for v in member.outputs)
                replaced.update(zip(member.outputs, fresh, strict=True))
                member = replace(member, outputs=fresh)
            found.append(member)
        folded, renamed = self._fold(found, {replaced.get(v, v) for v in needed})
        self.replaced = {**renamed, **{old: renamed.get(new, new) for old, new in replaced.items()}}
        return _unique([_with_inputs(member, renamed) for member in folded])

    def _member(self, group: list[Record], depth: int, path: str, later: set[Value]) -> Member:
        first = group[0]
        if len(first.stack) <= depth:
            return _node(first.name, first)
        key, own, kind = first.stack[depth]
        name = _scope_name(own, path, kind)
        if key in self._checkpoints:
            return replace(self._scope(group, depth, own, name, kind, later), checkpoint=True)
        if len(group) == 1:
            name = _leaf_name(name, own, first)
            return _node(name, first)
        return self._scope(group, depth, own, name, kind, later)

    def _scope(self, group: list[Record], depth: int, path: str, name: str, kind: str, later: set[Value]) -> Repeat:
        made = {value for record in group for value in record.outputs}
        taken = tuple(dict.fromkeys(v for r in group for v in r.inputs if v not in made))
        # A scope whose results nobody reads gives out the last, so that it has one.
        given = tuple(v for r in group for v in r.outputs if v in later) or group[-1].outputs
        members = self.members(group, depth + 1, path, set(given))
        # Taken at once: the next call overwrites it.
        replaced = self.replaced
        inner = {v: Value(v.type, v.name) for v in taken}
        body = Graph(
            tuple(inner.values()),
            tuple(_with_inputs(member, inner) for member in members),
            tuple(inner.get(v, v) for v in (replaced.get(v, v) for v in given)),
        )
        return Repeat(name, kind, self._shared(body), Integer(1), taken, given)

    def _shared(self, body: Graph) -> Graph:
        """Return the first body that is equal in everything, names too."""
        key = (self.signature(body), tuple(path for path, _ in body.walk()))
        return self._bodies.setdefault(key, body)

    def signature(self, graph: Graph) -> int:
        """Return a number that graphs have in common which compute the same, whatever their names."""
        if id(graph) not in self._signatures:
            key = tuple(self._signed(graph))
            # With the graph itself, which so stays alive: else its id could become that of another one.
            self._signatures[id(graph)] = (graph, self._numbers.setdefault(key, len(self._numbers)))
        return self._signatures[id(graph)][1]

    def _signed(self, graph: Graph) -> Iterator[Hashable]:
        numbers = {value: index for index, value in enumerate(graph.inputs)}
        yield tuple(value.type for value in graph.inputs)
        for member in graph.nodes:
            inputs = tuple(numbers[v] for v in member.inputs)
            for value in member.outputs:
                numbers[value] = len(numbers)
            if isinstance(member, Node):
                yield (member.op, inputs, member.share, member.no_grad, member.lies_in, member.unkept)
            else:
                yield (self.signature(member.body), member.count, inputs, member.share, member.checkpoint)
        yield tuple(numbers[v] for v in graph.outputs)

    # -- repeats -----------------------------------------------------------------------------------------

    def _fold(self, members: list[Member], needed: set[Value]) -> tuple[list[Member], dict[Value, Value]]:
        """Replace runs of equal scopes that hand their outputs on by one repeat; its outputs have new identities."""
        readers: dict[Value, int] = {}
        for member in members:
            for value in set(member.inputs):
                readers[value] = readers.get(value, 0) + 1
        result: list[Member] = []
        renamed: dict[Value, Value] = {}
        start = 0
        while start < len(members):
            run = self._run(members, start, readers, needed)
            if len(run) > 1:
                repeat = self._repeat(run)
                renamed.update(zip(run[-1].outputs, repeat.outputs, strict=True))
                result.append(repeat)
            else:
                result.append(members[start])
            start += max(1, len(run))
        return result, renamed

    def _run(self, members: list[Member], start: int, readers: dict[Value, int], needed: set[Value]) -> list[Repeat]:
        first = members[start]
        if not isinstance(first, Repeat) or not first.once or not first.outputs:
            return []
        run = [first]
        places: tuple[int, ...] | None = None
        for other in members[start + 1 :]:
            if not isinstance(other, Repeat) or not other.once or not self._equal(run[-1], other):
                break
            # What lies between two iterations of a repeat cannot be read from outside.
            if any(readers.get(v, 0) != 1 or v in needed for v in run[-1].outputs):
                break
            handed = _handed(run[-1], other)
            if handed is None or (places is not None and handed != places) or not _invariant(first, other, handed):
                break
            places = handed
            run.append(other)
        return run

    def _equal(self, one: Repeat, other: Repeat) -> bool:
        if one.block != other.block or one.checkpoint != other.checkpoint:
            return False
        return one.body is other.body or self.signature(one.body) == self.signature(other.body)

    def _repeat(self, run: list[Repeat]) -> Repeat:
        first, last = run[0], run[-1]
        places = _handed(run[0], run[1])
        assert places is not None
        # A repeat has its carried inputs first.
        order = [*places, *(place for place in range(len(first.inputs)) if place not in places)]
        body = Graph(tuple(first.body.inputs[p] for p in order), first.body.nodes, first.body.outputs)
        inputs = tuple(first.inputs[p] for p in order)
        name = re.sub(r"\(\d+\)$", "", first.name)
        outputs = tuple(Value(value.type, name) for value in last.outputs)
        count = Integer(len(run))
        return Repeat(name, first.block, body, count, inputs, outputs, checkpoint=first.checkpoint)


def _node(name: str, record: Record) -> Node:
    how = {"no_grad": record.no_grad, "lies_in": record.lies_in, "unkept": record.unkept}
    return Node(name, record.op, record.inputs, record.outputs, weights_in=record.weights_in, **how)


def _read_after(groups: list[list[Record]], needed: set[Value]) -> list[set[Value]]:
    """For every group, the values that are used after it."""
    later = set(needed)
    result: list[set[Value]] = []
    for group in reversed(groups):
        result.append(set(later))
        later.update(value for record in group for value in record.inputs)
    return result[::-1]


def _with_inputs(member: Member, inner: dict[Value, Value]) -> Member:
    return replace(member, inputs=tuple(inner.get(value, value) for value in member.inputs))


def _handed(one: Repeat, other: Repeat) -> tuple[int, ...] | None:
    """Which inputs of a scope are the outputs of the one before it, in order of the outputs."""
    places = []
    for output, inner in zip(one.outputs, other.body.outputs, strict=True):
        found = [place for place, value in enumerate(other.inputs) if value is output]
        if len(found) != 1 or other.inputs[found[0]].type != inner.type:
            return None
        places.append(found[0])
    return tuple(places)


def _invariant(first: Repeat, other: Repeat, places: tuple[int, ...]) -> bool:
    """Whether all other inputs are the same, and the first takes the same types."""
    same = all(a is b for p, (a, b) in enumerate(zip(first.inputs, other.inputs, strict=True)) if p not in places)
    return same and all(a.type == b.type for a, b in zip(first.inputs, other.inputs, strict=True))


def _scope_name(path: str, parent: str, kind: str) -> str:
    """`blocks.3` becomes blocks(3), a bare number the class with it; the parent's path is left out."""
    own = path.removeprefix(f"{parent}.") if parent else path
    parts = own.split(".")
    name = ""
    for part in parts:
        indexed = f"{name or _snake(kind)}({part})"
        name = indexed if part.isdigit() else f"{name}.{part}" if name else part
    return name.replace(".", "_")


def _leaf_name(name: str, path: str, record: Record) -> str:
    """A module that is one operation is named by its place in its parent, unless that is only a number."""
    return record.name if path.rpartition(".")[2].isdigit() and "." not in name and "(" in name else name


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _unique(members: list[Member]) -> list[Member]:
    """Give members of one graph different names."""
    seen: dict[str, int] = {}
    result = []
    for member in members:
        name = member.name
        while name in seen:
            seen[member.name] += 1
            name = f"{member.name}_{seen[member.name]}"
        seen[name] = seen.get(name, 1)
        result.append(member if name == member.name else replace(member, name=name))
    return result
