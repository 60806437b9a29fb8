"""What a parameter and a byte are used for: MACs per parameter, positions per weight, bytes moved, time at best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Add, Expr, Mul

from archgraph.cost.costs import METRICS, CostRow
from archgraph.data import table
from archgraph.errors import QueryError, not_among
from archgraph.graph.execution import SINGLE_BYTES, Execution, is_weight
from archgraph.graph.ir import Node
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
    layer = row.node.op.layer and row.alive
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
    bias = row.node.op.weights(*row.node.types).get("bias")
    return ZERO if bias is None or row.shared_with else Mul(row.weight_times, bias.numel)


def value_bytes(node: Node, execution: Execution) -> Expr:
    """Return the bytes of the values that a node reads and writes. Views move nothing.

    Without the fused kernel, attention writes its scores twice and reads them twice.
    """
    if is_weight(node) or _is_view(node):
        return ZERO
    reaches = node.op.reach(*node.types)
    read = [execution.bytes_of(x) for x, reach in zip(node.types, reaches, strict=True) if reach != UNREAD]
    written = [execution.bytes_of(value.type) for value in node.outputs]
    return Add(*read, *written, _score_bytes(node, execution))


def _score_bytes(node: Node, execution: Execution) -> Expr:
    if not isinstance(node.op, ScaledDotProductAttention) or execution.kernel == "flash":
        return ZERO
    width = SINGLE_BYTES if execution.kernel == "upcast" else execution.width
    return 4 * width * node.op.scores(*node.types)


def _is_view(node: Node) -> bool:
    aliases = node.op.saved(*node.types).aliases
    return len(aliases) == len(node.outputs) and node.op.elementwise(*node.types) == 0


def weight_bytes(node: Node, execution: Execution) -> Expr:
    """Return the bytes of the weights that a node reads; an embedding looks up as many as it returns."""
    scalars = Add(*(weight.numel for weight in node.op.weights(*node.types).values()))
    if is_weight(node) or scalars == 0:
        return ZERO
    if node.op.macs(*node.types) == 0 and node.op.elementwise(*node.types) == 0:
        scalars = node.outputs[0].type.numel
    return scalars * execution.width


@dataclass(frozen=True)
class Device:
    """Peak rates of a device, in operations and bytes per second.

    Attributes:
        products: of matrix products, by the type of their operands.
        vector: of everything else, in single precision.
        bandwidth: of its memory.
        source: where the maker states them.
        checked: which of them were held against which page that quotes the maker.
    """

    name: str
    products: Mapping[str, float]
    vector: float
    bandwidth: float
    source: str
    checked: str

    def rate(self, dtype: str) -> float:
        """Return the peak rate of matrix products.

        Raises:
            QueryError: the device has none in that type.
        """
        kind = "bf16" if dtype == "mixed" else dtype
        if kind not in self.products:
            raise QueryError(f"{self.name} has no {kind}", hint=f"one of {', '.join(self.products)}")
        return self.products[kind]

    def seconds(self, macs: float, elementwise: float, moved: float, dtype: str) -> tuple[float, float]:
        """Return how long computing and moving take at the peak rates; the longer one bounds the time.

        >>> [round(1e6 * time, 1) for time in device("a100").seconds(1.56e9, 0, 2.039e6, "bf16")]
        [10.0, 1.0]
        """
        return 2 * macs / self.rate(dtype) + elementwise / self.vector, moved / self.bandwidth


def device(name: str) -> Device:
    """Return a device by its name in the table of hardware.

    Raises:
        QueryError: there is none of that name.
    """
    known = table("hardware")
    if name not in known:
        raise not_among("device", name, known)
    found = known[name]
    return Device(found["name"], found["flops"], found["vector"], found["bandwidth"], found["source"], found["checked"])
