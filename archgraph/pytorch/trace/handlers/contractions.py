"""Products of matrices and einsum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archgraph.graph.ir import Value
from archgraph.ops.arithmetic import Add, Multiply
from archgraph.ops.base import Op
from archgraph.ops.einsum import Einsum
from archgraph.ops.traced.crossed import Cross
from archgraph.ops.traced.values import Constant, Reduce
from archgraph.pytorch.trace.align import Alignment, DimensionKey, Operand, broadcast_dimensions
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.axes import reduced
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.handlers.equations import labelled
from archgraph.pytorch.trace.handlers.masked_sums import limited_sum, masked_operand
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.layout import Dim, whole_axis
from archgraph.pytorch.trace.recording.copied_operands import copied_operands
from archgraph.pytorch.trace.registry import aten
from archgraph.sizes.types import CHANNEL

Labels = Sequence[int]


def contract(
    i: ProgramInterpreter, x: Tracked, y: Tracked, left: Labels, right: Labels, out: Labels, *, unit: bool = False
) -> Tracked:
    """Return a product of two tensors, summed over the labels that the result does not have, or over a `unit`."""
    operands = [Operand(x, tuple(left)), Operand(y, tuple(right))]
    both = set(left) & set(right)
    summed = (set(left) | set(right)) - set(out)
    if not summed & both:
        return _outer(i, operands, out, summed, unit=unit)
    align = Alignment(i.builder, operands, own=sorted({*left, *right}), summed=sorted(summed))
    masked = masked_operand(i, [operand.tracked for operand in operands])
    if masked is not None:
        _as_positions(align, summed & both)
    over = tuple(dict.fromkeys(align.names[key] for key in align.names if key[0] in summed))
    op = Einsum(over) if masked is None else _limited(i, Einsum(over), operands[masked], align, summed & both)
    (value,) = i.builder.emit(op, align.values())
    return Tracked(value, tuple(align.digits(label) for label in out))


def _is_channel(align: Alignment, key: DimensionKey) -> bool:
    return any(key in part and part[key].axis == CHANNEL for part in align.parts)


def _as_positions(align: Alignment, labels: set[int]) -> None:
    """Name what labels stand for as positions: of channels nothing could be said one by one."""
    taken = set(align.names.values())
    free = next(name for name in (f"a{number}" for number in range(len(taken) + 1)) if name not in taken)
    for key, name in align.names.items():
        if key[0] in labels and name == CHANNEL and CHANNEL not in align.kept:
            align.names[key] = free


def _limited(i: ProgramInterpreter, op: Op, masked: Operand, align: Alignment, summed: set[int]) -> Op:
    """Return a product of which constants mask some of what it sums over."""
    if len(summed) != 1:
        return op
    (label,) = summed
    dims = [align.digits(own) for own in masked.labels]
    summing = masked.labels.index(label)
    axes = dict.fromkeys(range(2), dims[summing][0].axis) if dims[summing] else {}
    return limited_sum(i, op, dims, summing, axes)


def _outer(i: ProgramInterpreter, operands: list[Operand], out: Labels, summed: set[int], *, unit: bool) -> Tracked:
    """Without a common label that is summed, PyTorch multiplies element by element."""
    align = Alignment(i.builder, operands, summed=sorted(summed))
    # A product of positions is none of channels, however many are summed: its factors would be taken for gates.
    _as_positions(align, {key[0] for key in align.names if not _is_channel(align, key)})
    (value,) = i.builder.emit(Multiply(summed=unit), align.values())
    axes = tuple(dict.fromkeys(align.names[key] for key in align.names if key[0] in summed))
    if axes:
        (value,) = i.builder.emit(Reduce("sum", axes), [value])
    return Tracked(value, tuple(align.digits(label) for label in out))


def linear_product(i: ProgramInterpreter, x: Tracked, weight: Tracked) -> Tracked:
    """Return x W^T for a weight [out, in] that is a value."""
    labels = list(range(x.rank))
    return contract(i, x, weight, labels, [100, labels[-1]], [*labels[:-1], 100])


def product_of(i: ProgramInterpreter, x: Tracked, y: Tracked) -> Tracked:
    """Return the product of stacks of matrices, as torch broadcasts them."""
    if x.rank < 2 or y.rank < 2:
        return _vector_product(i, x, y)
    stack = list(range(10, 8 + max(x.rank, y.rank)))
    left = [*stack[len(stack) - (x.rank - 2) :], 1, 2]
    right = [*stack[len(stack) - (y.rank - 2) :], 2, 3]
    return contract(i, x, y, left, right, [*stack, 1, 3])


def _vector_product(i: ProgramInterpreter, x: Tracked, y: Tracked) -> Tracked:
    """A product with a vector, or of two."""
    left, right = [*range(10, 9 + x.rank), 2], [*range(50, 48 + y.rank), 2, 3][-y.rank :]
    right = [2] if y.rank == 1 else right
    return contract(i, x, y, left, right, [label for label in (*left, *right) if label != 2])


@aten("matmul", "bmm", "mm", "mv", "dot", "vdot")
def matmul(i: ProgramInterpreter, a: Arguments) -> Any:
    """A product of matrices, or vectors."""
    second = next(name for name in ("other", "mat2", "vec", "tensor") if name in a.nodes)
    result = product_of(i, *i.read(a, "self", second))
    rank = len(a.shape)
    return result.with_layout(_of_rank(result.layout, rank)) if result.rank != rank else result


def _of_rank(layout: Sequence[Dim], rank: int) -> list[Dim]:
    """Drop dimensions of size 1 until the rank fits."""
    dims = list(layout)
    while len(dims) > rank:
        dims.remove(())
    return dims


@aten("addmm", "baddbmm", "addmv")
def addmm(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """A product of matrices plus a value."""
    names = next(pair for pair in (("mat1", "mat2"), ("batch1", "batch2"), ("mat", "vec")) if pair[0] in a.nodes)
    return _plus(i, a, product_of(i, *i.read(a, *names)))


@aten("addbmm")
def addbmm(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """The sum of a stack of products of matrices plus a value."""
    x, y = i.read(a, "batch1", "batch2")
    return _plus(i, a, contract(i, x, y, [0, 1, 2], [0, 2, 3], [1, 3]))


@aten("_trilinear")
def trilinear(i: ProgramInterpreter, a: Arguments) -> Any:
    """Three tensors multiplied over dimensions that they share, as a bilinear layer does: the first two before."""
    rank = len(a.expand1) + a.i1.rank
    labels = [[d for d in range(rank) if d not in getattr(a, f"expand{place}")] for place in (1, 2, 3)]
    tensors, first = [i.builder.settled(t) for t in (a.i1, a.i2, a.i3)], len(i.builder.records)
    result = _einsum(i, tensors, labels, [d for d in range(rank) if d not in a.sumdim])
    i.builder.as_one_kernel(first)
    return result


def _plus(i: ProgramInterpreter, a: Arguments, result: Tracked) -> Tracked:
    if a.nodes.get("beta") == 0:
        return result
    values, layout = broadcast_dimensions(i.builder, [result, a.self])
    return Tracked(i.builder.emit(Add(), values)[0], layout)


@aten("einsum")
def einsum(i: ProgramInterpreter, a: Arguments) -> Any:
    """Products summed over letters, two operands at a time."""
    made, given = copied_operands(a.node, i.sizes.number), zip(a.tensors, a.nodes["tensors"], strict=True)
    tensors = [i.builder.copied(t) if node in made and isinstance(t.value, Value) else t for t, node in given]
    labels, result_labels = labelled(a.equation, [t.rank for t in tensors])
    if any(len(set(term)) < len(term) for term in labels):
        return NotImplemented
    shown, kept = _without_units(tensors, labels, result_labels)
    return _einsum(
        i, shown, kept, result_labels, units=[len(k) < len(term) for k, term in zip(kept, labels, strict=True)]
    )


def _without_units(
    tensors: list[Tracked], labels: list[list[int]], out: list[int]
) -> tuple[list[Tracked], list[list[int]]]:
    """Leave out dimensions of size 1 that are summed: over them PyTorch multiplies element by element."""
    kept = [
        [d for d, label in enumerate(term) if t.layout[d] or label in out]
        for t, term in zip(tensors, labels, strict=True)
    ]
    shown = [t.with_layout([t.layout[d] for d in dims]) for t, dims in zip(tensors, kept, strict=True)]
    return shown, [[term[d] for d in dims] for term, dims in zip(labels, kept, strict=True)]


def _einsum(
    i: ProgramInterpreter, tensors: list[Tracked], labels: list[list[int]], out: list[int], units: Sequence[bool] = ()
) -> Tracked:
    """Contract two at a time; `units` says which of them are summed over dimensions of one element too."""
    result, left = tensors[0], labels[0]
    for index, (t, right) in enumerate(zip(tensors[1:], labels[1:], strict=True), 1):
        later = {label for term in labels[index + 1 :] for label in term} | set(out)
        kept = [label for label in dict.fromkeys([*left, *right]) if label in later]
        unit = any(units[index - 1 : index + 1] if index == 1 else units[index : index + 1])
        result, left = contract(i, result, t, left, right, kept, unit=unit), kept
    return _einsum_one(i, result, left, out)


def _einsum_one(i: ProgramInterpreter, t: Tracked, labels: list[int], out: list[int]) -> Tracked:
    lost = [dim for dim, label in enumerate(labels) if label not in out]
    if lost:
        t = reduced(i, t, lost, lambda axes: Reduce("sum", axes))
    return t.with_layout([t.layout[labels.index(label)] for label in out])


@aten("linalg_cross")
def cross(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """A cross product along one dimension."""
    rank = len(a.shape)
    dim = a.dim % rank
    operands = [Operand(t, tuple(range(rank - t.rank, rank))) for t in (a.self, a.other)]
    align = Alignment(i.builder, operands, joined=dim)
    (value,) = i.builder.emit(Cross(align.joined_name), align.values())
    joined = whole_axis(align.joined_name, value.type.size(align.joined_name))
    return Tracked(value, tuple(joined if label == dim else align.digits(label) for label in range(rank)))


@aten("affine_grid_generator")
def affine_grid(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Where every position of a grid comes from: the product of an affine map and the grid, which is made anew."""
    first = len(i.builder.records)
    *sides, length = a.shape[1:]
    grid = i.pending((*sides, int(length) + 1), Constant, "constant")
    positions = list(range(10, 10 + len(sides)))
    if not all(i.sizes.expression(side).is_even for side in sides):
        i.builder.limit = "the middle of a grid is a zero, which is not read"
    result = contract(i, grid, a.theta, [*positions, 2], [0, 1, 2], [0, *positions, 1])
    i.builder.as_one_kernel(first)
    return result
