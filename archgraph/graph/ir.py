"""The traced graph: frozen, hierarchical, in topological order, checked on construction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from sympy import Expr, Integer, Symbol

from archgraph.errors import ArchgraphError, Place, counted
from archgraph.keywords import strict_methods
from archgraph.ops.base import Op
from archgraph.ops.reach import Reach
from archgraph.sizes.symbols import replaced
from archgraph.sizes.types import TensorType

if TYPE_CHECKING:
    import networkx


@dataclass(frozen=True, eq=False)
class Value:
    """One tensor of a graph: an input or an output of a node. Compared by identity."""

    type: TensorType
    name: str

    def __repr__(self) -> str:
        return f"{self.name}: {self.type}"


@dataclass(frozen=True, eq=False)
class Node:
    """One primitive operation on values.

    Attributes:
        name: unique within its graph.
        op: the operation with its arguments.
        inputs, outputs: the operands, and the results, whose types `op.infer` gave.
        place: the line of the spec that made it.
        share: nodes of one graph with the same name here have the same weights, which the first one owns.
        no_grad: its results need no gradient, whatever its operands: it ran without gradients, or detaches.
        lies_in: for every result the operand whose memory it lies in, as a recording saw it; else the operation says.
        unkept: operands of which nothing is kept, by index: they exist inside of one kernel.
        weights_in: the type in which its weights are stored, where that is another than its results have.
        title: what figures call it, where the spec says so.
    """

    name: str
    op: Op
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    place: Place | None = None
    share: str | None = None
    no_grad: bool = False
    lies_in: tuple[int | None, ...] | None = None
    unkept: tuple[int, ...] = ()
    weights_in: str = ""
    title: str = ""

    @cached_property
    def types(self) -> tuple[TensorType, ...]:
        """The operands' types."""
        return tuple(value.type for value in self.inputs)

    @cached_property
    def reach(self) -> tuple[Reach, ...]:
        """What the results read of every operand; found once, for fields, paths and figures all ask for it."""
        return self.op.reach(*self.types)

    @property
    def label(self) -> str:
        """The operation's name."""
        return self.op.kind


@dataclass(frozen=True, eq=False)
class Repeat:
    """A body applied `count` times in a row; a block that is called once has count 1.

    `inputs` match `body.inputs`, `outputs` match `body.outputs`. With another count than 1, the first
    len(outputs) inputs are carried: each iteration takes there what the one before gave; the rest are invariant.
    One body is shared by all calls with equal block, arguments and input types.

    A mixture of experts is a repeat side by side: each position uses `count` of `experts` sets; the results are summed.

    Attributes:
        count: a size, symbolic or not; 0 is the identity.
        title, share: as in `Node`; a repeat that shares has one set of weights for all its iterations.
        experts: how many sets of weights a mixture has; None for iterations one after another.
        checkpoint: of every iteration only the inputs are kept; the backward pass computes the rest again.
    """

    name: str
    block: str
    body: Graph
    count: Expr
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    place: Place | None = None
    share: str | None = None
    experts: Expr | None = None
    checkpoint: bool = False
    title: str = ""

    @cached_property
    def types(self) -> tuple[TensorType, ...]:
        """The operands' types."""
        return tuple(value.type for value in self.inputs)

    @property
    def weight_sets(self) -> Expr:
        """How many sets of the body's weights there are."""
        if self.experts is not None:
            return self.experts
        return Integer(1) if self.share is not None and self.count != 0 else self.count

    @property
    def active_sets(self) -> Expr:
        """How many sets of the body's weights one position uses."""
        return self.count if self.experts is not None else self.weight_sets

    @property
    def iterations(self) -> Expr:
        """How often the body is applied one after another."""
        return Integer(1) if self.experts is not None else self.count

    @property
    def label(self) -> str:
        """The block's name."""
        return self.block

    @property
    def once(self) -> bool:
        """Whether the body is applied exactly once."""
        return self.count == 1 and self.experts is None


Member: TypeAlias = Node | Repeat


@strict_methods
@dataclass(frozen=True, eq=False)
class Graph:
    """Inputs, nodes in topological order, outputs.

    Raises:
        ArchgraphError: on construction, when an invariant is broken: an operand that is not defined before
            its use, a name used twice, a value defined twice, a repeat that does not match its body.
    """

    inputs: tuple[Value, ...]
    nodes: tuple[Member, ...]
    outputs: tuple[Value, ...]
    families: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    """Indexed names of values, such as seg(0) … seg(4), for the selection of outputs."""

    def __repr__(self) -> str:
        parts = (("input", self.inputs), ("node", self.nodes), ("output", self.outputs))
        return f"<graph of {', '.join(counted(len(own), name) for name, own in parts)}>"

    def __post_init__(self) -> None:
        check(self)

    def __str__(self) -> str:
        return "\n".join(_lines(self, ""))

    def walk(self, prefix: str = "") -> Iterator[tuple[str, Member]]:
        """Yield every node once with its dotted path, repeats before their bodies."""
        for node in self.nodes:
            path = f"{prefix}{node.name}"
            yield path, node
            if isinstance(node, Repeat):
                yield from node.body.walk(f"{path}.")

    def live(self, outputs: tuple[Value, ...]) -> frozenset[Member]:
        """Return the nodes of this graph that some of the given outputs depend on."""
        needed, alive = set(outputs), set()
        for node in reversed(self.nodes):  # topological: every reader is met before what it reads
            if needed.intersection(node.outputs):
                alive.add(node)
                needed.update(node.inputs)
        return frozenset(alive)

    def running(self, needed: tuple[Value, ...] | None) -> frozenset[Member]:
        """Return the nodes that run for some needed outputs; with None all that compute something, used or not."""
        if needed is None:
            needed = (*self.outputs, *(value for node in self.nodes if computes(node) for value in node.outputs))
        return self.live(needed)

    def dead(self, prefix: str = "") -> Iterator[str]:
        """Yield the paths of the outermost nodes that compute something which reaches no output."""
        alive = self.live(self.outputs)
        for node in self.nodes:
            if node in alive and isinstance(node, Repeat):
                yield from node.body.dead(f"{prefix}{node.name}.")
            elif node not in alive and computes(node):
                yield f"{prefix}{node.name}"

    def unroll(self, limit: int = 200_000, *, experts: bool = False) -> Graph:
        """Return the flat graph of primitive operations, whose repeat counts must be integers.

        A mixture of experts stays whole, or with `experts` becomes one of them: all read the same positions.

        Raises:
            ArchgraphError: a count is symbolic, or there would be more than `limit` nodes.
        """
        return _Unroller(limit, experts=experts).run(self)

    def substitute(self, values: Mapping[Symbol, int]) -> Graph:
        """Return the same graph with numbers for symbols inside it, in every size, count and argument; others stay."""
        return Substitution(values).graph(self)

    def to_networkx(self) -> networkx.MultiDiGraph[str]:
        """Return the graph with members as vertices (`member`, `label`) and values as edges (`value`).

        Inputs and outputs of the graph are vertices too. Repeats stay whole: unroll first for a flat graph.
        """
        import networkx

        result = networkx.MultiDiGraph()  # a node may take one value as several operands
        maker: dict[Value, str] = {}
        for value in self.inputs:
            maker[value] = f"input {value.name}"
            result.add_node(maker[value], label="input", member=None)
        for node in self.nodes:
            result.add_node(node.name, label=node.label, member=node)
            maker.update(dict.fromkeys(node.outputs, node.name))
            for index, value in enumerate(node.inputs):
                result.add_edge(maker[value], node.name, value=value, operand=index)
        for index, value in enumerate(self.outputs):
            result.add_node(f"output {index}", label="output", member=None)
            result.add_edge(maker[value], f"output {index}", value=value, operand=0)
        return result


def check(graph: Graph) -> None:
    """Raise `ArchgraphError` where an invariant of the graph is broken."""
    defined, names = set(graph.inputs), set()
    for node in graph.nodes:
        if node.name in names:
            raise ArchgraphError(f"two nodes are named '{node.name}'")
        names.add(node.name)
        for value in node.inputs:
            if value not in defined:
                raise ArchgraphError(f"'{node.name}' uses {value!r} before it is defined")
        if isinstance(node, Repeat):
            _check_repeat(node)
        if defined.intersection(node.outputs):
            raise ArchgraphError(f"'{node.name}' defines a value again")
        defined.update(node.outputs)
    for value in graph.outputs:
        if value not in defined:
            raise ArchgraphError(f"output {value!r} is not defined")


def _check_repeat(node: Repeat) -> None:
    pairs = [(node.inputs, node.body.inputs), (node.outputs, node.body.outputs)]
    if any([value.type for value in own] != [value.type for value in body] for own, body in pairs):
        raise ArchgraphError(f"'{node.name}' does not match its body")
    if not node.once and len(node.outputs) > len(node.inputs):
        raise ArchgraphError(f"'{node.name}' carries more values than it takes")


def _lines(graph: Graph, indent: str) -> Iterator[str]:
    signature = ", ".join(map(repr, graph.inputs))
    yield f"{indent}({signature}) -> {', '.join(value.name for value in graph.outputs)}"
    for node in graph.nodes:
        operands = ", ".join(value.name for value in node.inputs)
        types = ", ".join(str(value.type) for value in node.outputs)
        times = "" if not isinstance(node, Repeat) or node.once else f" x {node.count}"
        if isinstance(node, Repeat) and node.experts is not None:
            times += f" of {node.experts} experts"
        call = "" if node.name == node.label else f"{node.label} "
        yield f"{indent}  {node.name} = {call}{_arguments(node)}({operands}){times} -> {types}"
        if isinstance(node, Repeat):
            yield from list(_lines(node.body, indent + "    "))[1:]  # but the signature, which the call repeats


def _arguments(node: Member) -> str:
    if isinstance(node, Repeat) or not node.op.arguments:
        return ""
    return "[" + ", ".join(f"{name}={value}" for name, value in node.op.arguments.items()) + "] "


class _Unroller:
    """Copies nodes into one flat graph, under dotted names; iterations are numbered from 0."""

    def __init__(self, limit: int, *, experts: bool) -> None:
        self.limit = limit
        self.experts = experts
        self.nodes: list[Member] = []

    def run(self, graph: Graph) -> Graph:
        values = {value: value for value in graph.inputs}
        self._copy(graph, values, "", None)
        return Graph(graph.inputs, tuple(self.nodes), tuple(values[value] for value in graph.outputs))

    def _copy(self, graph: Graph, values: dict[Value, Value], prefix: str, share: str | None) -> None:
        for node in graph.nodes:
            inputs = tuple(values[value] for value in node.inputs)
            group = _joined(prefix, share, node)
            # A mixture stays whole: its experts stand side by side, and which of them run depends on the values.
            whole = isinstance(node, Repeat) and node.experts is not None and not self.experts
            if isinstance(node, Repeat) and not whole:
                outputs = self._iterate(node, inputs, f"{prefix}{node.name}", group)
            else:
                outputs = self._add(node, inputs, prefix, group)
            values.update(zip(node.outputs, outputs, strict=True))

    def _add(self, node: Member, inputs: tuple[Value, ...], prefix: str, share: str | None) -> tuple[Value, ...]:
        self._check_room(1)
        outputs = tuple(Value(value.type, prefix + value.name) for value in node.outputs)
        self.nodes.append(replace(node, name=prefix + node.name, inputs=inputs, outputs=outputs, share=share))
        return outputs

    def _check_room(self, more: int) -> None:
        if len(self.nodes) + more > self.limit:
            raise ArchgraphError(f"the unrolled graph has more than {self.limit:,} nodes", hint="bind fewer iterations")

    def _iterate(self, node: Repeat, inputs: tuple[Value, ...], path: str, share: str | None) -> tuple[Value, ...]:
        if not isinstance(node.iterations, Integer):
            raise ArchgraphError(f"cannot unroll '{path}': its count {node.count} is symbolic", hint="bind it")
        carried, once = len(node.outputs), node.once or node.experts is not None
        self._check_room(int(node.iterations))  # at once: iterations of nothing would never reach it
        for index in range(int(node.iterations)):
            values = dict(zip(node.body.inputs, inputs, strict=True))
            prefix = f"{path}." if once else f"{path}.{index}."
            self._copy(node.body, values, prefix, share)
            outputs = tuple(values[value] for value in node.body.outputs)
            inputs = outputs + inputs[carried:] if not once else outputs  # behind what is carried stand the invariants
        return inputs[:carried]


def _joined(prefix: str, share: str | None, node: Member) -> str | None:
    """The flat name of a sharing group: inside a shared scope, nodes are tied by their path in it."""
    if share is not None:
        return f"{share}.{node.name}"
    return None if node.share is None else f"{prefix}{node.share}"


class Substitution:
    """Numbers for symbols throughout a graph; every value and body is made anew once, so that shared ones stay shared.

    Args:
        values: of symbols inside the graph.
    """

    def __init__(self, values: Mapping[Symbol, int]) -> None:
        self._numbers = {free: Integer(value) for free, value in values.items()}
        self._values: dict[Value, Value] = {}
        self._bodies: dict[Graph, Graph] = {}  # calls share a body, by whose identity analyses know what they did
        self._sizes: dict[Expr, Expr] = {}  # few sizes stand in many types, and sympy takes its time

    def graph(self, graph: Graph) -> Graph:
        """Return a graph with numbers."""
        if graph not in self._bodies:
            nodes = tuple(map(self._member, graph.nodes))
            families = {name: self.values(family) for name, family in graph.families.items()}
            self._bodies[graph] = Graph(self.values(graph.inputs), nodes, self.values(graph.outputs), families)
        return self._bodies[graph]

    def values(self, values: Iterable[Value]) -> tuple[Value, ...]:
        """Return what values of the graph have become."""
        return tuple(self._value(value) for value in values)

    def _value(self, value: Value) -> Value:
        if value not in self._values:
            axes = tuple((axis, self._size(length)) for axis, length in value.type.axes)
            self._values[value] = Value(TensorType(axes, value.type.dtype), value.name)
        return self._values[value]

    def _size(self, length: Expr) -> Expr:
        if length not in self._sizes:
            self._sizes[length] = replaced(length, self._numbers)
        return self._sizes[length]

    def _member(self, node: Member) -> Member:
        ends = {"inputs": self.values(node.inputs), "outputs": self.values(node.outputs)}
        if isinstance(node, Node):
            return replace(node, op=self._argument(node.op), **ends)
        experts = None if node.experts is None else self._size(node.experts)
        return replace(node, body=self.graph(node.body), count=self._size(node.count), experts=experts, **ends)

    def _argument(self, item: Any) -> Any:
        """An argument of an operation: a size, or something made of arguments."""
        if isinstance(item, Expr):
            return self._size(item)
        if isinstance(item, tuple):
            return getattr(type(item), "_make", type(item))(map(self._argument, item))  # named tuples take no list
        if is_dataclass(item) and not isinstance(item, type):
            return replace(item, **{one.name: self._argument(getattr(item, one.name)) for one in fields(item)})
        return item


def computes(member: Member) -> bool:
    """Whether a member computes something: a source alone does not, nor does a scope of nothing but sources."""
    return bool(member.inputs) or (isinstance(member, Repeat) and any(map(computes, member.body.nodes)))
