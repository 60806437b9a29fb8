"""The network of one rank where channels are split over several: the same graph with narrower operations.

A linear layer whose operand is whole may give every rank some of its outputs (a column split). What is local to a head,
a channel or a pair of parts goes on with these, up to a linear layer that takes them in: its ranks each add up what
their channels contribute (a row split), and the sum over ranks is whole again. Shoeybi et al. 2019, arXiv:1909.08053.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sympy import Expr, Integer, ceiling

from archgraph.cost.parallel.expert_parallel import divisors
from archgraph.errors import QueryError
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
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

Origins = frozenset[Node]
"""The column splits that a value's channels come from; none where it is whole."""
WHOLE: Origins = frozenset()
Exchanged = tuple[tuple[Value, Expr], ...]
"""Values, each with how often it occurs."""


@dataclass(frozen=True)
class RankGraph:
    """What one rank of a tensor-parallel group runs.

    Attributes:
        graph: its network.
        columns: paths of linear layers that give each rank some of their outputs.
        rows: paths of layers whose outputs are summed over the ranks: linear ones, and tables of embeddings.
        whole: paths of linear layers that every rank has whole.
        gathered: operands of column splits, whose gradients are summed over the ranks.
        summed: results of row splits, likewise.
    """

    graph: Graph
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    whole: tuple[str, ...]
    gathered: Exchanged
    summed: Exchanged


class _StuckError(Exception):
    """Channels that are split arrive where they are needed whole."""

    def __init__(self, origins: Origins) -> None:
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
    >>> found.rows
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
        return RankGraph(result, *narrowing.plan(graph))


class _Narrowing:
    """One attempt, with the column splits that were given up before."""

    def __init__(self, ranks: int, measure: Callable[[Expr], int], given_up: Origins) -> None:
        self.ranks, self.measure, self.given_up = ranks, measure, given_up
        self.columns: set[Node] = set()
        self.rows: set[Node] = set()
        self._bodies: dict[tuple[Graph, Types, tuple[Origins, ...]], tuple[Graph, tuple[Origins, ...]]] = {}

    def network(self, graph: Graph, *, split_outputs: bool) -> Graph:
        result, origins = self.graph(graph, tuple(value.type for value in graph.inputs), (WHOLE,) * len(graph.inputs))
        if not split_outputs:
            _must_be_whole(origins)
        return result

    def plan(self, graph: Graph) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], Exchanged, Exchanged]:
        """Return the paths and the exchanged values of `RankGraph`."""
        linear = [(path, node) for path, node in graph.walk() if isinstance(node, Node)]
        path_of = lambda kept: tuple(path for path, node in linear if kept(node))  # noqa: E731
        whole = path_of(lambda node: _is_linear(node.op) and node not in self.columns | self.rows)
        return (
            path_of(self.columns.__contains__),
            path_of(self.rows.__contains__),
            whole,
            tuple(self._operands(graph, Integer(1))),
            tuple(self._results(graph, Integer(1))),
        )

    def _operands(self, graph: Graph, times: Expr) -> Iterator[tuple[Value, Expr]]:
        taken = dict.fromkeys(node.inputs[0] for node in graph.nodes if node in self.columns)
        yield from ((value, times) for value in taken)
        for repeat, again in _inside(graph, times):
            yield from self._operands(repeat.body, again)

    def _results(self, graph: Graph, times: Expr) -> Iterator[tuple[Value, Expr]]:
        yield from ((node.outputs[0], times) for node in graph.nodes if node in self.rows)
        for repeat, again in _inside(graph, times):
            yield from self._results(repeat.body, again)

    def graph(self, graph: Graph, types: Types, given: tuple[Origins, ...]) -> tuple[Graph, tuple[Origins, ...]]:
        """Return the graph of a rank, whose inputs have these types and origins, and the origins of its outputs."""
        key = graph, types, given
        if key not in self._bodies:
            self._bodies[key] = self._narrowed(graph, types, given)
        return self._bodies[key]

    def _narrowed(self, graph: Graph, types: Types, given: tuple[Origins, ...]) -> tuple[Graph, tuple[Origins, ...]]:
        origins = dict(zip(graph.inputs, given, strict=True))
        own = {value: Value(type_, value.name) for value, type_ in zip(graph.inputs, types, strict=True)}
        nodes: list[Member] = []
        for member in graph.nodes:
            inputs = tuple(own[value] for value in member.inputs)
            sources = tuple(origins[value] for value in member.inputs)
            made, found = self._member(member, inputs, sources)
            nodes.append(made)
            own.update(zip(member.outputs, made.outputs, strict=True))
            origins.update(zip(member.outputs, found, strict=True))
        outputs = tuple(own[value] for value in graph.outputs)
        result = Graph(tuple(own[value] for value in graph.inputs), tuple(nodes), outputs)
        return result, tuple(origins[value] for value in graph.outputs)

    def _member(
        self, member: Member, inputs: tuple[Value, ...], sources: tuple[Origins, ...]
    ) -> tuple[Member, tuple[Origins, ...]]:
        if isinstance(member, Repeat):
            return self._repeat(member, inputs, sources)
        op, origins = self._node(member, sources)
        types = op.outputs(*(value.type for value in inputs))
        outputs = tuple(Value(type_, value.name) for type_, value in zip(types, member.outputs, strict=True))
        return replace(member, op=op, inputs=inputs, outputs=outputs), (origins,) * len(outputs)

    def _repeat(
        self, repeat: Repeat, inputs: tuple[Value, ...], sources: tuple[Origins, ...]
    ) -> tuple[Repeat, tuple[Origins, ...]]:
        if not repeat.once:
            _must_be_whole(sources)
        body, origins = self.graph(repeat.body, tuple(value.type for value in inputs), sources)
        if not repeat.once:
            _must_be_whole(origins)
        outputs = tuple(
            Value(inner.type, value.name) for inner, value in zip(body.outputs, repeat.outputs, strict=True)
        )
        return replace(repeat, body=body, inputs=inputs, outputs=outputs), origins

    def _node(self, node: Node, sources: tuple[Origins, ...]) -> tuple[Op, Origins]:
        """Return the operation of one rank, and the origins of its results."""
        op, every = node.op, frozenset[Node]().union(*sources)
        if isinstance(op, Embedding):
            self.rows.add(node)
            return replace(op, count=ceiling(op.count / self.ranks)), WHOLE
        if _is_linear(op):
            return self._linear(node, op, every)  # type: ignore[arg-type]
        if not every:
            return op, WHOLE
        apart = [source or "c" not in value.type.names for source, value in zip(sources, node.inputs, strict=True)]
        local = self._local(op) if all(apart) else None
        if local is None:
            raise _StuckError(every)
        return local, every

    def _linear(self, node: Node, op: Linear, origins: Origins) -> tuple[Op, Origins]:
        if origins:
            self.rows.add(node)
            return op, WHOLE
        if node in self.given_up or self.measure(op.out) < self.ranks:
            return op, WHOLE
        self.columns.add(node)
        return replace(op, out=self._share(op.out)), frozenset({node})

    def _local(self, op: Op) -> Op | None:
        """Return an operation on some of the channels; None where it needs them all."""
        match op:
            case ScaledDotProductAttention():
                kv_heads = None if op.kv_heads is None else self._heads(op.kv_heads)
                return replace(op, heads=self._heads(op.heads), kv_heads=kv_heads)
            case Rotary():
                return replace(op, heads=self._heads(op.heads))
            case RmsNorm() if op.heads != 1:
                return replace(op, heads=self._heads(op.heads))
            case Split(axis="c", sizes=tuple() as sizes):
                return replace(op, sizes=tuple(map(self._share, sizes)))
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


def _inside(graph: Graph, times: Expr) -> Iterator[tuple[Repeat, Expr]]:
    for member in graph.nodes:
        if isinstance(member, Repeat):
            yield member, times * member.count


def _is_linear(op: Op) -> bool:
    return isinstance(op, Linear) and op.axis == "c"


def _must_be_whole(origins: tuple[Origins, ...]) -> None:
    split = frozenset[Node]().union(*origins)
    if split:
        raise _StuckError(split)
