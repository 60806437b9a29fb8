"""The network of one rank where channels are split over several: the same graph with narrower operations.

A linear layer whose operand is whole may give every rank some of its outputs (a column split). What is local to a head,
a channel or a pair of parts goes on with these, up to a linear layer that takes them in: its ranks each add up what
their channels contribute (a row split), and the sum over ranks is whole again. Shoeybi et al. 2019, arXiv:1909.08053.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from sympy import Expr, ceiling

from archgraph.cost.parallel.expert_parallel import divisors
from archgraph.errors import QueryError
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.graph.weights import weights_of
from archgraph.ops.activations import Glu
from archgraph.ops.arithmetic import Broadcast
from archgraph.ops.attention import ScaledDotProductAttention
from archgraph.ops.base import Op, Types
from archgraph.ops.linear import Linear
from archgraph.ops.pointwise import Pointwise, Softmax
from archgraph.ops.rearrangement import Concat, Split
from archgraph.ops.rms import RmsNorm
from archgraph.ops.sequence import Rotary
from archgraph.ops.sources import Embedding
from archgraph.ops.traced.stored import SameValues
from archgraph.sizes.symbols import ONE, ZERO

SplitOrigins = frozenset[Node]
"""The column splits that a value's channels come from; none where it is whole."""
UNSPLIT: SplitOrigins = frozenset()


@dataclass(frozen=True)
class RankGraph:
    """What one rank of a tensor-parallel group runs.

    Attributes:
        graph: its network, with the paths of the whole one.
        columns: its linear layers that give each rank some of their outputs.
        rows: its layers whose outputs are summed over the ranks: linear ones, and tables of embeddings.
    """

    graph: Graph
    columns: frozenset[Node]
    rows: frozenset[Node]

    @property
    def whole(self) -> tuple[str, ...]:
        """The paths of linear layers that every rank has whole."""
        split = self.columns | self.rows
        return self.paths(lambda node: _is_linear(node.op) and node not in split)

    def paths(self, chosen: Callable[[Node], bool]) -> tuple[str, ...]:
        """Return the paths of some of its nodes."""
        return tuple(path for path, node in self.graph.walk() if isinstance(node, Node) and chosen(node))

    def exchanged(self, graph: Graph) -> Mapping[Value, Expr]:
        """Return what the ranks sum up in one pass of a part of the network, each with how often it occurs.

        There are the operands of column splits, whose gradients are sums, once for all that read them, and the results
        of row splits.
        """
        return self._exchanged(graph, {})

    def _exchanged(self, graph: Graph, known: dict[Graph, Mapping[Value, Expr]]) -> Mapping[Value, Expr]:
        if graph not in known:
            found: dict[Value, Expr] = {}
            for value, times in self._sums(graph, known):
                found[value] = found.get(value, ZERO) + times
            known[graph] = found
        return known[graph]

    def _sums(self, graph: Graph, known: dict[Graph, Mapping[Value, Expr]]) -> Iterator[tuple[Value, Expr]]:
        read = dict.fromkeys(node.inputs[0] for node in graph.nodes if node in self.columns)
        given = [node.outputs[0] for node in graph.nodes if node in self.rows]
        yield from ((value, ONE) for value in (*read, *given))
        for member in graph.nodes:
            if isinstance(member, Repeat):
                for value, times in self._exchanged(member.body, known).items():
                    yield value, times * member.count


class _StuckError(Exception):
    """Channels that are split arrive where they are needed whole."""

    def __init__(self, origins: SplitOrigins) -> None:
        super().__init__()
        self.origins = origins


def tensor_parallel(graph: Graph, ranks: int, measure: Callable[[Expr], int], *, split_outputs: bool) -> RankGraph:
    """Return the network of one rank.

    Every linear layer is split that can be: it starts as a column split, and is given up where its channels would have
    to be whole before a linear layer takes them in.

    Args:
        graph: the whole network.
        ranks: how many share it.
        measure: the value of a size.
        split_outputs: whether the outputs of the network may stay split, as logits whose loss is computed in parallel.

    Raises:
        QueryError: the ranks do not divide heads.

    >>> from archgraph import load
    >>> g = load("gpt2").network
    >>> found = tensor_parallel(g.graph, 4, g.evaluate, split_outputs=True)
    >>> found.paths(found.rows.__contains__)
    ('tokens', 'blocks.attention.proj', 'blocks.mlp.down')
    """
    given_up: set[Node] = set()
    while True:
        narrowing = _Narrowing(ranks, measure, frozenset(given_up))
        try:
            result = narrowing.network(graph, split_outputs=split_outputs)
        except _StuckError as stuck:
            given_up |= stuck.origins
            continue
        return RankGraph(result, frozenset(narrowing.columns), frozenset(narrowing.rows))


class _Narrowing:
    """One attempt, with the column splits that were given up before."""

    def __init__(self, ranks: int, measure: Callable[[Expr], int], given_up: SplitOrigins) -> None:
        self.ranks, self.measure, self.given_up = ranks, measure, given_up
        self.columns: set[Node] = set()
        self.rows: set[Node] = set()
        self._bodies: dict[tuple[Graph, Types, tuple[SplitOrigins, ...]], tuple[Graph, tuple[SplitOrigins, ...]]] = {}

    def network(self, graph: Graph, *, split_outputs: bool) -> Graph:
        result, origins = self.graph(graph, tuple(value.type for value in graph.inputs), (UNSPLIT,) * len(graph.inputs))
        if not split_outputs:
            _must_be_whole(origins)
        return result

    def graph(
        self, graph: Graph, types: Types, given: tuple[SplitOrigins, ...]
    ) -> tuple[Graph, tuple[SplitOrigins, ...]]:
        """Return the graph of a rank, whose inputs have these types and origins, and the origins of its outputs."""
        key = graph, types, given
        if key not in self._bodies:
            self._bodies[key] = self._narrowed(graph, types, given)
        return self._bodies[key]

    def _narrowed(
        self, graph: Graph, types: Types, given: tuple[SplitOrigins, ...]
    ) -> tuple[Graph, tuple[SplitOrigins, ...]]:
        origins = dict(zip(graph.inputs, given, strict=True))
        own = {value: Value(type_, value.name) for value, type_ in zip(graph.inputs, types, strict=True)}
        nodes: list[Member] = []
        tied: dict[str, list[_Tied]] = {}
        for member in graph.nodes:
            inputs = tuple(own[value] for value in member.inputs)
            sources = tuple(origins[value] for value in member.inputs)
            made, found = self._member(member, inputs, sources)
            nodes.append(made)
            if member.share is not None:
                tied.setdefault(member.share, []).append(_Tied(member, made, _union(sources)))
            own.update(zip(member.outputs, made.outputs, strict=True))
            origins.update(zip(member.outputs, found, strict=True))
        for group in tied.values():
            _must_agree(group)
        outputs = tuple(own[value] for value in graph.outputs)
        result = Graph(tuple(own[value] for value in graph.inputs), tuple(nodes), outputs)
        return result, tuple(origins[value] for value in graph.outputs)

    def _member(
        self, member: Member, inputs: tuple[Value, ...], sources: tuple[SplitOrigins, ...]
    ) -> tuple[Member, tuple[SplitOrigins, ...]]:
        if isinstance(member, Repeat):
            return self._repeat(member, inputs, sources)
        op, origins = self._node(member, sources)
        types = op.outputs(*(value.type for value in inputs))
        outputs = tuple(Value(type_, value.name) for type_, value in zip(types, member.outputs, strict=True))
        made = replace(member, op=op, inputs=inputs, outputs=outputs)
        if origins == {member}:
            self.columns.add(made)
        elif (isinstance(op, Embedding) and op != member.op) or (_is_linear(op) and any(sources)):
            self.rows.add(made)
        return made, (origins,) * len(outputs)

    def _repeat(
        self, repeat: Repeat, inputs: tuple[Value, ...], sources: tuple[SplitOrigins, ...]
    ) -> tuple[Repeat, tuple[SplitOrigins, ...]]:
        if not repeat.once:
            _must_be_whole(sources)
        body, origins = self.graph(repeat.body, tuple(value.type for value in inputs), sources)
        if not repeat.once:
            _must_be_whole(origins)
        outputs = tuple(
            Value(inner.type, value.name) for inner, value in zip(body.outputs, repeat.outputs, strict=True)
        )
        return replace(repeat, body=body, inputs=inputs, outputs=outputs), origins

    def _node(self, node: Node, sources: tuple[SplitOrigins, ...]) -> tuple[Op, SplitOrigins]:
        """Return the operation of one rank, and the origins of its results."""
        op, every = node.op, _union(sources)
        if isinstance(op, Embedding):
            split = node not in self.given_up
            return replace(op, count=ceiling(op.count / self.ranks)) if split else op, UNSPLIT
        if _is_linear(op):
            return self._linear(node, op, every)  # type: ignore[arg-type]
        if not every:
            return op, UNSPLIT
        apart = [source or "c" not in value.type.names for source, value in zip(sources, node.inputs, strict=True)]
        local = self._local(op, node.types) if all(apart) else None
        if local is None:
            raise _StuckError(every)
        return local, every

    def _linear(self, node: Node, op: Linear, origins: SplitOrigins) -> tuple[Op, SplitOrigins]:
        if origins or node in self.given_up or self.measure(op.out) < self.ranks:
            return op, UNSPLIT
        return replace(op, out=self._share(op.out)), frozenset({node})

    def _local(self, op: Op, types: Types) -> Op | None:
        """Return an operation on some of the channels; None where it needs them all."""
        match op:
            case Glu() | Split(axis="c") if self.measure(types[0].channels) % (self.ranks * _parts(op)):
                return None  # every rank has whole parts, or none does
            case ScaledDotProductAttention():
                kv_heads = None if op.kv_heads is None else self._heads(op.kv_heads)
                return replace(op, heads=self._heads(op.heads), kv_heads=kv_heads)
            case Rotary():
                return replace(op, heads=self._heads(op.heads))
            case RmsNorm() if op.heads != 1:
                return replace(op, heads=self._heads(op.heads))
            case Split(axis="c", sizes=tuple() as sizes):
                even = all(self.measure(length) % self.ranks == 0 for length in sizes)
                return replace(op, sizes=tuple(length / self.ranks for length in sizes)) if even else None
            case Split(axis="c", parts=int() as parts):
                return replace(op, parts=None, sizes=(types[0].channels / (self.ranks * parts),) * parts)
            case Softmax(axis="c"):
                return None
            case Concat() | Split() | Glu() | Pointwise() | Broadcast() | SameValues():
                return op
        return None

    def _share(self, channels: Expr) -> Expr:
        """The channels of the first rank, which has one more where they cannot be dealt out evenly."""
        even = self.measure(channels) % self.ranks == 0
        return channels / self.ranks if even else ceiling(channels / self.ranks)

    def _heads(self, heads: Expr) -> Expr:
        count = self.measure(heads)
        if count % self.ranks:
            message = f"tp={self.ranks} does not divide the {count} heads of an attention"
            raise QueryError(message, hint=f"tp: {divisors(count)}")
        return heads / self.ranks


def _is_linear(op: Op) -> bool:
    return isinstance(op, Linear) and op.axis == "c"


def _must_be_whole(origins: tuple[SplitOrigins, ...]) -> None:
    if split := _union(origins):
        raise _StuckError(split)


def _union(origins: tuple[SplitOrigins, ...]) -> SplitOrigins:
    return frozenset[Node]().union(*origins)


def _parts(op: Glu | Split) -> int:
    return op.parts or 1 if isinstance(op, Split) else 2


class _Tied(NamedTuple):
    """A member whose weights others have too: as it is, what it became, and where its operands are split."""

    member: Member
    made: Member
    sources: SplitOrigins


def _must_agree(group: list[_Tied]) -> None:
    """Give up on splitting weights of which one owner needs other parts than another."""
    if len({tuple(_shapes(each.made)) for each in group}) > 1:
        nodes = (node for each in group for node in _nodes(each.member))
        raise _StuckError(frozenset(nodes) | _union(tuple(each.sources for each in group)))


def _shapes(member: Member) -> Iterator[tuple[Expr, ...]]:
    for node in _nodes(member):
        yield from (weight.shape for weight in weights_of(node).values())


def _nodes(member: Member) -> Iterator[Node]:
    if isinstance(member, Node):
        yield member
        return
    yield from (inner for _, inner in member.body.walk() if isinstance(inner, Node))
