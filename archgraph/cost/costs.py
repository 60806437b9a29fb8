"""Cost laws: params, MACs, FLOPs and activations of nodes, scopes and whole graphs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from sympy import Add, Expr, Mul

from archgraph.errors import not_among
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.graph.operations import check_listable
from archgraph.graph.weights import weights_of
from archgraph.keywords import strict_methods
from archgraph.sizes.dtypes import StoredType, stored_type
from archgraph.sizes.expansion import expanded
from archgraph.sizes.law_text import law_text
from archgraph.sizes.symbols import ONE, ZERO
from archgraph.sizes.types import TensorType

Alive = tuple[int, ...]
"""Which outputs of a body are needed, by index."""
Needed = tuple[Value, ...] | None
"""Values that are needed; None where everything is run, needed or not."""


@dataclass(frozen=True)
class Metric:
    """One quantity that adds up over nodes.

    Attributes:
        of: its value for one node.
        declared: counted for every declared node; otherwise only for ancestors of the selected outputs.
        weights: a sum of weights, which sharing counts once.
        active: of a mixture of experts, counts only the experts that one position uses.
        meaning: the convention, as printed in table headers.
    """

    name: str
    of: Callable[[Node], Expr]
    meaning: str
    declared: bool = False
    active: bool = False

    def sets(self, repeat: Repeat) -> Expr:
        """Return how often a repeat multiplies this metric."""
        if not self.weights:
            return repeat.count
        return repeat.active_sets if self.active else repeat.weight_sets

    @property
    def weights(self) -> bool:
        """Whether sharing counts this metric once: exactly what is counted as declared."""
        return self.declared


def _weights(*kinds: str) -> Callable[[Node], Expr]:
    def count(node: Node) -> Expr:
        weights = weights_of(node).values()
        return Add(*(weight.numel for weight in weights if weight.kind in kinds))

    return count


def _used_weights(node: Node) -> Expr:
    weights = weights_of(node).values()
    return Add(*(w.numel if w.used is None else w.used for w in weights if w.kind != "buffer"))


def stored_weights(graph: Graph, kinds: Collection[str], width: Callable[[StoredType], int]) -> Expr:
    """Return the bytes of all weights of some kinds, shared ones once.

    Args:
        graph: the graph; every declared node counts.
        kinds: `trainable`, `frozen`, `buffer`.
        width: the bytes of one element, by how it is stored.

    >>> from archgraph import load
    >>> g = load("conv_stack").network
    >>> g.show(stored_weights(g.graph, ["trainable"], lambda row: row.width(2)))
    2*C**2*K**2*L + 2*C*L
    """

    def of(node: Node) -> Expr:
        weights = [w for w in weights_of(node).values() if w.kind in kinds]
        return Add(*(weight.numel * width(stored_type(weight.dtype)) for weight in weights))

    return Costs(graph).sum(Metric(f"bytes of {sorted(kinds)}", of, "as stored", True))


def _macs(node: Node) -> Expr:
    return node.op.macs(*node.types)


def _elementwise(node: Node) -> Expr:
    return node.op.elementwise(*node.types)


def _flops(node: Node) -> Expr:
    return expanded(2 * _macs(node) + _elementwise(node))


def _activations(node: Node) -> Expr:
    return Add(*(value.type.numel for value in node.outputs))


def _layer_outputs(node: Node) -> Expr:
    return _activations(node) if node.op.core.layer else ZERO


_ALL = (
    Metric("params", _weights("trainable", "frozen"), "scalars of unique parameters, frozen included", True),
    Metric("params_trainable", _weights("trainable"), "parameters that are trained", True),
    Metric("params_frozen", _weights("frozen"), "parameters that are not trained", True),
    Metric("params_active", _used_weights, "parameters that one position uses", True, True),
    Metric("buffers", _weights("buffer"), "scalars of buffers", True),
    Metric("macs", _macs, "multiply-accumulates of conv, linear and matmul (what vision papers call GFLOPs)"),
    Metric("elementwise", _elementwise, "other scalar operations: norm 5-7, softmax 5, else 1 per element"),
    Metric("flops", _flops, "2 * macs + elementwise"),
    Metric("activations", _activations, "elements of all op outputs"),
    Metric("layer_outputs", _layer_outputs, "elements of conv and linear outputs"),
)
METRICS = {metric.name: metric for metric in _ALL}


def metric_named(name: str) -> Metric:
    """Return a metric.

    Raises:
        QueryError: there is no such metric.
    """
    if name not in METRICS:
        raise not_among("metric", name, METRICS)
    return METRICS[name]


@strict_methods
@dataclass(frozen=True)
class CostRow:
    """The cost of one node, all its repetitions together.

    Attributes:
        path: dotted path in the network.
        blocks: names of the enclosing blocks, outermost first.
        times: how often the node runs.
        alive: whether it runs: a selected output depends on it, or unused steps run as well.
        dead: whether it runs although no selected output depends on it.
        shared_with: path of the node that owns its weights, or an empty string.
    """

    path: str
    node: Node
    blocks: tuple[str, ...]
    times: Expr
    weight_times: Expr
    active_times: Expr
    alive: bool
    dead: bool
    shared_with: str

    @property
    def type(self) -> TensorType:
        """The type of the node's first output."""
        return self.node.outputs[0].type

    def cost(self, metric: Metric) -> Expr:
        """Return a metric for all repetitions."""
        # Weights are there whether or not their node runs, shared ones with their first owner.
        if metric.weights:
            times = self.active_times if metric.active else self.weight_times
            return ZERO if self.shared_with else Mul(times, metric.of(self.node))
        return Mul(self.times, metric.of(self.node)) if self.alive else ZERO


@strict_methods
class Costs:
    """Costs of a graph, for a selection of its outputs. Bodies are visited once, whatever their count.

    With `dead`, work that no output depends on is counted as well.

    >>> from archgraph.graph.ir import Graph, Value
    >>> from archgraph.ops.convolution import Conv
    >>> op, (image,) = Conv.example()
    >>> x, y = Value(image, "x"), Value(op.infer(image)[0], "y")
    >>> costs = Costs(Graph((x,), (Node("conv", op, (x,), (y,)),), (y,)))
    >>> costs.total("params"), costs.total("macs")
    (9*C*M + M, 9*C*H*M*W)
    """

    def __repr__(self) -> str:
        return f"<costs of {self.graph!r}>"

    def __init__(self, graph: Graph, selected: tuple[Value, ...] | None = None, *, dead: bool = False) -> None:
        self.graph = graph
        self.selected: tuple[Value, ...] = graph.outputs if selected is None else selected
        self.dead = dead
        self._totals: dict[tuple[Graph, Alive | None, str], Expr] = {}

    def total(self, metric: str) -> Expr:
        """Return the law of a metric for the whole graph."""
        if metric == "flops":
            return expanded(2 * self.total("macs") + self.total("elementwise"))
        return self.sum(metric_named(metric))

    def sum(self, metric: Metric) -> Expr:
        """Return the law of any quantity that adds up over nodes."""
        return self._total(self.graph, None if self.dead else self.selected, metric)

    def member(self, node: Member, metric: str, unread: tuple[Value, ...] = ()) -> Expr:
        """Return the law of one member of some graph in the hierarchy, without what encloses it.

        Args:
            unread: results of the member that nothing is computed from.
        """
        needed = None if self.dead else tuple(value for value in node.outputs if value not in unread)
        return self._member(node, needed, metric_named(metric))

    def _total(self, graph: Graph, needed: Needed, metric: Metric) -> Expr:
        alive = None if metric.declared else graph.running(needed)
        owners: set[str] = set()
        terms = []
        for node in graph.nodes:
            if alive is not None and node not in alive:
                continue
            if metric.weights and node.share is not None and not _is_absent(node):
                if node.share in owners:
                    continue
                owners.add(node.share)
            terms.append(self._member(node, _needed(node, graph, needed, alive), metric))
        return expanded(Add(*terms))

    def _member(self, node: Member, needed: Needed, metric: Metric) -> Expr:
        if isinstance(node, Node):
            return metric.of(node)
        indices = None if needed is None else _places(node, needed)
        # By what is read of it too: where an output is not, what leads to it alone does not run.
        key = (node.body, indices, metric.name)
        if key not in self._totals:
            outputs = None if indices is None else tuple(node.body.outputs[index] for index in indices)
            self._totals[key] = self._total(node.body, outputs, metric)
        return expanded(Mul(metric.sets(node), self._totals[key]))

    def rows(self) -> list[CostRow]:
        """Return a row per primitive node, in order.

        Raises:
            QueryError: there are too many.
        """
        check_listable(self.graph)
        return list(self._rows(self.graph, self.selected, _Place("", (), ONE, ONE, ONE, True, "")))

    def _rows(self, graph: Graph, needed: tuple[Value, ...], at: _Place) -> Iterator[CostRow]:
        living, running = graph.live(needed), graph.running(None)
        owners: dict[str, str] = {}
        for node in graph.nodes:
            path = f"{at.prefix}{node.name}"
            owner = path if node.share is None or _is_absent(node) else owners.setdefault(node.share, path)
            tied = at.shared_with or (owner if owner != path else "")
            alive = at.alive and node in living
            if isinstance(node, Node):
                dead = self.dead and not alive and node in running
                times = (at.times, at.weight_times, at.active_times)
                yield CostRow(path, node, at.blocks, *times, alive or dead, dead, tied)
                continue
            wanted = _needed(node, graph, needed, living) or ()
            pairs = zip(node.body.outputs, node.outputs, strict=True)
            outputs = tuple(out for out, value in pairs if value in wanted or not node.once)
            yield from self._rows(node.body, outputs, at.inside(node, path, tied, alive=alive))


@dataclass(frozen=True)
class _Place:
    """Where a body stands: what multiplies the costs of its nodes."""

    prefix: str
    blocks: tuple[str, ...]
    times: Expr
    weight_times: Expr
    active_times: Expr
    alive: bool
    shared_with: str

    def inside(self, node: Repeat, path: str, shared_with: str, *, alive: bool) -> _Place:
        return _Place(
            f"{path}.",
            (*self.blocks, node.block),
            self.times * node.count,
            self.weight_times * node.weight_sets,
            self.active_times * node.active_sets,
            alive,
            shared_with,
        )


def _is_absent(node: Member) -> bool:
    """Say whether a member is a repeat of no iteration: it cannot own weights that others share."""
    return isinstance(node, Repeat) and node.count == 0


def _places(node: Repeat, needed: tuple[Value, ...]) -> Alive:
    """Return which outputs of a body are needed; an iterated body needs all of them."""
    return tuple(index for index, value in enumerate(node.outputs) if value in needed or not node.once)


def _needed(node: Member, graph: Graph, needed: Needed, alive: frozenset[Member] | None) -> Needed:
    """Return the outputs of a member that something alive reads."""
    if needed is None:
        return None
    if isinstance(node, Node) or len(node.outputs) == 1:
        return node.outputs
    read = set(needed)
    for other in graph.nodes:
        if alive is None or other in alive:
            read.update(other.inputs)
    return tuple(value for value in node.outputs if value in read)


def level_of(type_: TensorType) -> str:
    """Return the resolution level of a type: its position sizes, or `embedding` where it has none."""
    return " x ".join(law_text(type_.size(axis)) for axis in type_.positions) or "embedding"


GROUPS: dict[str, Callable[[CostRow], str]] = {
    "node": lambda row: row.path,
    "scope": lambda row: row.path.split(".")[0],
    "op": lambda row: row.node.label,
    "level": lambda row: level_of(row.type),
    "block": lambda row: row.blocks[-1] if row.blocks else "network",
}


def grouping(by: str) -> Callable[[CostRow], str]:
    """Return the key function of a grouping.

    Raises:
        QueryError: there is no such grouping.
    """
    if by not in GROUPS:
        raise not_among("grouping", by, GROUPS)
    return GROUPS[by]
