"""How a network is run: precision, kernel, what is computed twice, and which nodes run in which order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from sympy import Add, Expr

from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.ops.base import Kernel, Saved, Workspace
from archgraph.ops.sources import Parameter
from archgraph.sizes.dtypes import FLOAT, stored_type
from archgraph.sizes.symbols import ZERO
from archgraph.sizes.types import TensorType

SINGLE_BYTES = 4
"""Of norm statistics, unless the values are in double precision."""


@dataclass(frozen=True)
class Execution:
    """How the values of a network are stored and its operations computed.

    Attributes:
        width: bytes of the network's own floating type; others are stored as they are.
        kernel: of attention.
        checkpoint: True for the iterations of all repeats, or the paths of scopes: only their inputs are kept
            for the backward pass, which computes the rest again.
    """

    width: int = SINGLE_BYTES
    kernel: Kernel = "math"
    checkpoint: bool | frozenset[str] = False

    def bytes_of(self, type_: TensorType) -> Expr:
        """Return the bytes of one sample of a value."""
        return type_.numel * type_.stored.width(self.width)

    def saved(self, node: Node, flowing: Collection[Value] | None = None) -> Saved:
        """Return what autograd keeps of a node.

        Args:
            node: the node.
            flowing: the values that need a gradient; all that can have one without it.
        """
        able = [index for index, value in enumerate(node.inputs) if value.type.has_gradient]
        needed = frozenset(index for index in able if flowing is None or node.inputs[index] in flowing)
        return _in_type(node.op.saved_for(needed, self.kernel, *node.types), floating_type(node))

    def workspace(self, node: Node) -> Workspace:
        """Return what a node needs while it runs."""
        return node.op.workspace(self.kernel, *node.types)

    def fresh(self, saved: Saved, samples: int = 1) -> Expr:
        """Return the bytes of what is made only to be kept, of a batch of some samples."""
        kept = saved.of(samples)
        shared = self._bytes(kept.batch, kept.batch_statistics)
        return samples * self._bytes(kept.fresh, kept.statistics) + shared

    def _bytes(self, copies: tuple[tuple[Expr, str], ...], statistics: Expr) -> Expr:
        sizes = (numel * stored_type(dtype).width(self.width) for numel, dtype in copies)
        return Add(*sizes, max(SINGLE_BYTES, self.width) * statistics)

    def drops(self, repeat: Repeat, path: str) -> bool:
        """Say whether only the inputs of a scope, or of each of its iterations, are kept."""
        if repeat.checkpoint:
            return True
        if isinstance(self.checkpoint, bool):
            return self.checkpoint and not repeat.once and repeat.experts is None
        return path in self.checkpoint

    def inside(self) -> Execution:
        """Return how a scope is run when it is computed again: with all that it keeps."""
        return replace(self, checkpoint=False)


def execution(
    width: int = SINGLE_BYTES, kernel: Kernel = "math", *, checkpoint: bool | Collection[str] = False
) -> Execution:
    """Return how a network is run; the math kernel computes in single precision whatever the values are in.

    >>> execution(width=2).kernel
    'upcast'
    """
    chosen: Kernel = "upcast" if kernel == "math" and width < SINGLE_BYTES else kernel
    return Execution(width, chosen, checkpoint if isinstance(checkpoint, bool) else frozenset(checkpoint))


def floating_type(node: Node) -> str:
    """Return the floating type that a node computes in: that of its first operand that has one, else of its result."""
    values = (*node.inputs, *node.outputs)
    return next((value.type.dtype for value in values if value.type.stored.kind == "float"), FLOAT)


def _in_type(saved: Saved, dtype: str) -> Saved:
    """Return what is kept by an operation on values of a floating type that is not the network's own."""
    if dtype == FLOAT:
        return saved
    rows = lambda copies: tuple((numel, dtype if row == FLOAT else row) for numel, row in copies)  # noqa: E731
    wide = stored_type(dtype).width(SINGLE_BYTES) > SINGLE_BYTES
    statistics = (saved.statistics, dtype if wide else "float32")
    shared = (saved.batch_statistics, dtype if wide else "float32")
    return replace(
        saved,
        fresh=(*rows(saved.fresh), statistics),
        batch=(*rows(saved.batch), shared),
        statistics=ZERO,
        batch_statistics=ZERO,
        several=None if saved.several is None else _in_type(saved.several, dtype),
    )


def is_weight(node: Node) -> bool:
    """Say whether the value of a node is a weight or a buffer, whose storage is no activation."""
    return isinstance(node.op, Parameter)


def has_trained_weights(node: Node) -> bool:
    """Say whether a node has weights that are trained."""
    return any(weight.kind == "trainable" for weight in node.op.weights(*node.types).values())


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
