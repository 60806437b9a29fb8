"""How a network is run: precision, kernel, what is computed twice, and which nodes run in which order."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import lru_cache

from sympy import Add, Expr

from archgraph.graph.checkpoints import KEEP_ALL, CheckpointPolicy
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.graph.weights import weights_of
from archgraph.ops.base import Kernel, Op, Saved, Workspace
from archgraph.ops.sources import Parameter
from archgraph.sizes.dtypes import FLOAT, stored_type
from archgraph.sizes.symbols import ONE, ZERO
from archgraph.sizes.types import TensorType

SINGLE_BYTES = 4
"""Of norm statistics, unless the values are in double precision."""


@dataclass(frozen=True)
class Execution:
    """How the values of a network are stored and its operations computed.

    Attributes:
        width: bytes of the network's own floating type; others are stored as they are.
        kernel: of attention.
        checkpoint: which scopes and operations keep their inputs alone for the backward pass, which computes the rest
            again.
        samples: of a batch; a symbol stands for two or more, for one sample is no rule for several.
        recorded: memory is as a recording of a module saw it; else as the operations say, which are lowered so.
        as_stored: values are computed with in the types that they are stored in, as on a CPU, whose norms keep their
            statistics in the type of the values; else those of half precision are kept in single.
    """

    width: int = SINGLE_BYTES
    kernel: Kernel = "math"
    checkpoint: CheckpointPolicy = KEEP_ALL
    samples: Expr = ONE
    recorded: bool = True
    as_stored: bool = False

    @property
    def several(self) -> bool:
        """Whether a batch has more than one sample, so that what is a view of one may be a copy."""
        return self.samples != 1

    def bytes_of(self, type_: TensorType) -> Expr:
        """Return the bytes of a batch of a value."""
        return self.samples * type_.numel * type_.stored.width(self.width)

    def saved(
        self, node: Node, flowing: Collection[Value] | None = None, is_part: Callable[[int], bool] | None = None
    ) -> Saved:
        """Return what autograd keeps of a node.

        Args:
            node: the node.
            flowing: the values that need a gradient; all that can have one without it.
            is_part: says of an operand, by index, whether it views a part of a larger tensor.
        """
        able = [index for index, value in enumerate(node.inputs) if value.type.has_gradient]
        needed = frozenset(index for index in able if flowing is None or node.inputs[index] in flowing)
        op = node.op if self.recorded else node.op.as_built
        saved = _saved_for(op, needed, self.kernel, node.types)
        if self.several:
            saved = _apart(saved.of(2), node, is_part)
        saved = _in_type(saved, floating_type(node), _type_of_statistics(node, single=not self.as_stored))
        return _placed(saved, node) if self.recorded else saved

    def workspace(self, node: Node) -> Workspace:
        """Return what a node needs while it runs, of a batch."""
        return _workspace(node.op, self.kernel, node.types).of(self.samples)

    def fresh(self, saved: Saved) -> Expr:
        """Return the bytes of what is made only to be kept, of a batch."""
        shared = self._bytes(saved.batch, saved.batch_statistics)
        return self.samples * self._bytes(saved.fresh, saved.statistics) + shared

    def _bytes(self, copies: tuple[tuple[Expr, str], ...], statistics: Expr) -> Expr:
        sizes = (numel * stored_type(dtype).width(self.width) for numel, dtype in copies)
        width = self.width if self.as_stored else max(SINGLE_BYTES, self.width)
        return Add(*sizes, width * statistics)

    def run(self, repeat: Repeat, path: str) -> Expr | None:
        """Return how many iterations of a scope are computed again together; None where nothing is."""
        chosen = self.checkpoint.run(repeat, path)
        return ONE if chosen is None and repeat.checkpoint else chosen

    def again(self, node: Node) -> bool:
        """Return whether one operation keeps its operands alone."""
        return self.checkpoint.again(node)

    def inside(self) -> Execution:
        """Return how a scope is run when it is computed again: with all that it keeps."""
        return replace(self, checkpoint=KEEP_ALL)


# Nodes of equal operations and types keep the same, and every run of a graph asks each of its nodes twice.
@lru_cache(maxsize=1 << 12)
def _saved_for(op: Op, needed: frozenset[int], kernel: Kernel, types: tuple[TensorType, ...]) -> Saved:
    return op.saved_for(needed, kernel, *types)


@lru_cache(maxsize=1 << 12)
def _workspace(op: Op, kernel: Kernel, types: tuple[TensorType, ...]) -> Workspace:
    return op.workspace(kernel, *types)


def execution(
    width: int = SINGLE_BYTES,
    kernel: Kernel = "math",
    *,
    checkpoint: CheckpointPolicy = KEEP_ALL,
    samples: Expr = ONE,
) -> Execution:
    """Return how a network is run; the math kernel computes in single precision whatever the values are in.

    >>> execution(width=2).kernel
    'upcast'
    """
    chosen: Kernel = "upcast" if kernel == "math" and width < SINGLE_BYTES else kernel
    return Execution(width, chosen, checkpoint, samples)


def floating_type(node: Node) -> str:
    """Return the floating type that a node computes in: that of its first operand that has one, else of its result."""
    values = (*node.inputs, *node.outputs)
    return next((value.type.dtype for value in values if value.type.stored.kind == "float"), FLOAT)


def _placed(saved: Saved, node: Node) -> Saved:
    """Return what is kept where results lie elsewhere than the operation says: of what is written over, a copy."""
    if node.unkept:
        saved = replace(saved, inputs=tuple(index for index in saved.inputs if index not in node.unkept))
    if node.lies_in is None:
        return saved
    places = tuple((index, operand) for index, operand in enumerate(node.lies_in) if operand is not None)
    written = {operand for place in places if place not in saved.aliases for operand in place[1:]}
    if written and node.op.core.keeps_written:
        return replace(saved, inputs=(), outputs=(0,), aliases=places, joined=False)
    copies = tuple((node.inputs[i].type.numel, node.inputs[i].type.dtype) for i in saved.inputs if i in written)
    kept = tuple(index for index in saved.inputs if index not in written)
    return replace(saved, inputs=kept, fresh=(*saved.fresh, *copies), aliases=places, joined=False)


def _apart(saved: Saved, node: Node, is_part: Callable[[int], bool] | None) -> Saved:
    """Return what is kept of several samples: parts of larger tensors, whose samples lie apart, as copies."""
    copied = [index for index in saved.split if is_part is not None and is_part(index)]
    if not copied:
        return saved
    copies = tuple((node.inputs[index].type.numel, FLOAT) for index in copied)
    whole = tuple(index for index in saved.inputs if index not in copied)
    return replace(saved, inputs=whole, fresh=(*saved.fresh, *copies))


def _type_of_statistics(node: Node, *, single: bool) -> str:
    """Return the floating type of statistics: the widest that takes part, and single at least where that is asked."""
    types = (floating_type(node), node.weights_in, "float32" if single else "")
    return max(filter(None, types), key=lambda dtype: stored_type(dtype).width(SINGLE_BYTES))


def _in_type(saved: Saved, dtype: str, of_statistics: str) -> Saved:
    """Return what is kept by an operation on values of a floating type that is not the network's own."""
    if dtype == FLOAT:
        return saved
    rows = lambda copies: tuple((numel, dtype if row == FLOAT else row) for numel, row in copies)  # noqa: E731
    statistics = (saved.statistics, of_statistics)
    shared = (saved.batch_statistics, of_statistics)
    return replace(
        saved,
        fresh=(*rows(saved.fresh), statistics),
        batch=(*rows(saved.batch), shared),
        statistics=ZERO,
        batch_statistics=ZERO,
        several=None if saved.several is None else _in_type(saved.several, dtype, of_statistics),
    )


def is_weight(node: Node) -> bool:
    """Say whether the value of a node is a weight or a buffer, whose storage is no activation."""
    return isinstance(node.op, Parameter)


def has_trained_weights(node: Node) -> bool:
    """Say whether a node has weights that are trained."""
    return any(weight.kind == "trainable" for weight in weights_of(node).values())


def schedule(graph: Graph, needed: tuple[Value, ...]) -> list[tuple[Member, tuple[Value, ...]]]:
    """Return the nodes that some needed output depends on, in order, each with what nobody reads afterwards."""
    alive = graph.live(needed)
    members = [node for node in graph.nodes if node in alive]
    last: dict[Value, int] = {}
    for turn, node in enumerate(members):
        last.update(dict.fromkeys((*node.inputs, *node.outputs), turn))
    held = {*graph.inputs, *graph.outputs, *needed}
    expired: list[list[Value]] = [[] for _ in members]
    for value, turn in last.items():
        if value not in held:
            expired[turn].append(value)
    return [(node, tuple(values)) for node, values in zip(members, expired, strict=True)]


def needed_inside(graph: Graph, needed: tuple[Value, ...], repeat: Repeat) -> tuple[Value, ...]:
    """Return the outputs of a body that something reads; a body that is iterated needs all of them."""
    if not repeat.once:
        return repeat.body.outputs
    alive = graph.live(needed)
    read = {*needed, *(value for node in graph.nodes if node in alive for value in node.inputs)}
    pairs = zip(repeat.body.outputs, repeat.outputs, strict=True)
    return tuple(inner for inner, value in pairs if value in read)
