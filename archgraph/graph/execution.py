"""How a network is run: precision, kernel, what is computed twice, and which nodes run in which order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from sympy import Add, Expr

from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.ops.base import Kernel, Saved, Workspace
from archgraph.ops.sources import Parameter
from archgraph.sizes.types import TensorType

INDEX_BYTES = 8
SINGLE_BYTES = 4
"""Of norm statistics, whatever the values are in."""


@dataclass(frozen=True)
class Execution:
    """How the values of a network are stored and its operations computed.

    Attributes:
        width: bytes of a floating-point value; indices take 8.
        kernel: of attention.
        checkpoint: True for the iterations of all repeats, or the paths of scopes: only their inputs are kept
            for the backward pass, which computes the rest again.
    """

    width: int = SINGLE_BYTES
    kernel: Kernel = "math"
    checkpoint: bool | frozenset[str] = False

    def bytes_of(self, type_: TensorType) -> Expr:
        """Return the bytes of one sample of a value."""
        return type_.numel * (self.width if type_.dtype == "float" else INDEX_BYTES)

    def saved(self, node: Node) -> Saved:
        """Return what autograd keeps of a node."""
        return node.op.saved_by(self.kernel, *node.types)

    def workspace(self, node: Node) -> Workspace:
        """Return what a node needs while it runs."""
        return node.op.workspace(self.kernel, *node.types)

    def fresh(self, saved: Saved, samples: int = 1) -> Expr:
        """Return the bytes of what is made only to be kept, of a batch of some samples."""
        kept = saved.of(samples)
        shared = self._bytes(kept.batch, kept.batch_statistics)
        return samples * self._bytes(kept.fresh, kept.statistics) + shared

    def _bytes(self, copies: tuple[tuple[Expr, int], ...], statistics: Expr) -> Expr:
        sizes = (numel * (self.width if width == SINGLE_BYTES else width) for numel, width in copies)
        return Add(*sizes, SINGLE_BYTES * statistics)

    def drops(self, repeat: Repeat, path: str) -> bool:
        """Say whether only the inputs of a scope, or of each of its iterations, are kept."""
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


def is_weight(node: Node) -> bool:
    """Say whether the value of a node is a weight, whose storage is no activation."""
    return isinstance(node.op, Parameter) and node.op.status != "buffer"


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
