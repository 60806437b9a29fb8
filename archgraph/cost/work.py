"""What nodes compute and move: operations, bytes of values and of weights, as laws and summed up at numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass

from sympy import Add, Expr, Mul

from archgraph.cost.costs import METRICS, CostRow, grouping
from archgraph.graph.execution import SINGLE_BYTES, Execution, is_weight
from archgraph.graph.ir import Member, Node
from archgraph.graph.network import Network
from archgraph.graph.weights import weights_of
from archgraph.ops.attention import ScaledDotProductAttention
from archgraph.ops.reach import UNREAD
from archgraph.sizes.symbols import ZERO


@dataclass(frozen=True)
class Work:
    """What one node computes and moves, all its repetitions together, as laws of one sample.

    Attributes:
        macs: multiply-accumulates.
        elementwise: all other operations.
        values: bytes of operands and results, each moved once, as if there were no cache.
        loads: bytes of weights, read once whatever the batch.
        weights: scalars of conv and linear layers that are multiplied, biases left out.
        products: multiply-accumulates with those.
    """

    row: CostRow
    macs: Expr
    elementwise: Expr
    values: Expr
    loads: Expr
    weights: Expr
    products: Expr


def work_of(row: CostRow, execution: Execution) -> Work:
    """Return the work of one cost row.

    >>> from archgraph import load
    >>> g = load("conv_stack")
    >>> work = work_of(g.rows()[0], Execution())
    >>> g.show(work.products / work.weights)
    H*W
    """
    layer = row.node.op.core.layer and row.alive
    macs = row.cost(METRICS["macs"])
    times = row.times if row.alive else ZERO
    sets = row.weight_times if row.weight_times != row.active_times else times
    return Work(
        row,
        macs,
        row.cost(METRICS["elementwise"]),
        Mul(times, value_bytes(row.node, execution)),
        Mul(sets, weight_bytes(row.node, execution)),
        row.cost(METRICS["params"]) - _biases(row) if layer else ZERO,
        macs if layer else ZERO,
    )


def _biases(row: CostRow) -> Expr:
    bias = weights_of(row.node).get("bias")
    return ZERO if bias is None or row.shared_with else Mul(row.weight_times, bias.numel)


def value_bytes(node: Node, execution: Execution) -> Expr:
    """Return the bytes of the values that a node reads and writes. Views move nothing.

    Without the fused kernel, attention writes its scores twice and reads them twice.
    """
    if is_weight(node) or _is_view(node):
        return ZERO
    reaches = node.reach
    read = [execution.bytes_of(x) for x, reach in zip(node.types, reaches, strict=True) if reach != UNREAD]
    written = [execution.bytes_of(value.type) for value in node.outputs]
    return Add(*read, *written, _score_bytes(node, execution))


def _score_bytes(node: Node, execution: Execution) -> Expr:
    attention = node.op.core
    if not isinstance(attention, ScaledDotProductAttention):
        return ZERO
    if execution.kernel == "flash" and attention.written == "no":
        return ZERO
    width = SINGLE_BYTES if execution.kernel == "upcast" else execution.width
    return 4 * width * attention.scores(*node.types)


def _is_view(node: Node) -> bool:
    aliases = node.op.saved(*node.types).aliases
    return len(aliases) == len(node.outputs) and node.op.elementwise(*node.types) == 0


def weight_bytes(node: Node, execution: Execution) -> Expr:
    """Return the bytes of the weights that a node reads; an embedding looks up as many as it returns."""
    scalars = Add(*(weight.numel for weight in weights_of(node).values()))
    if is_weight(node) or scalars == 0:
        return ZERO
    if node.op.macs(*node.types) == 0 and node.op.elementwise(*node.types) == 0:
        scalars = node.outputs[0].type.numel
    return scalars * execution.width


@dataclass(frozen=True)
class WorkTotal:
    """The work of a group of nodes, at numbers."""

    params: int = 0
    macs: int = 0
    elementwise: int = 0
    moved: int = 0
    weights: int = 0
    products: int = 0

    def __add__(self, other: WorkTotal) -> WorkTotal:
        return WorkTotal(*(own + more for own, more in zip(astuple(self), astuple(other), strict=True)))

    @property
    def operations(self) -> int:
        """Floating-point operations."""
        return 2 * self.macs + self.elementwise


def sum_of(work: Work, value: Callable[[Expr], int], batch: int = 1) -> WorkTotal:
    """Return the work of one node at numbers, for so many samples."""
    return WorkTotal(
        value(work.row.cost(METRICS["params"])),
        batch * value(work.macs),
        batch * value(work.elementwise),
        value(work.loads) + batch * value(work.values),
        value(work.weights),
        value(work.products),
    )


def quotient(above: int, below: int) -> str:
    """Return a ratio in five digits, nothing where there is nothing to divide by."""
    return f"{above / below:.5g}" if below else ""


def work_group(g: Network, by: str, row: CostRow) -> str:
    """Return the group of a row; levels have their sizes as numbers.

    A stage is the level of a step of the network, with all that is inside: also what a block computes of the time
    step, which has no positions.
    """
    if by not in ("level", "stage"):
        return grouping(by)(row)
    type_ = row.type if by == "level" else _step(g, row).outputs[0].type
    return " x ".join(str(g.evaluate(type_.size(axis))) for axis in type_.positions) or "embedding"


def _step(g: Network, row: CostRow) -> Member:
    """The step of the network that a node belongs to."""
    return next(node for node in g.graph.nodes if row.path == node.name or row.path.startswith(f"{node.name}."))
