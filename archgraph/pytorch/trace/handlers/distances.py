"""Distances of all pairs of vectors, and the cosine between two."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, nsimplify

from archgraph.ops.arithmetic import Multiply
from archgraph.ops.traced.distances import Distances
from archgraph.ops.traced.values import Function, Reduce
from archgraph.pytorch.trace.align import Alignment, Operand
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.axes import reduced
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.handlers.pointwise import arithmetic, on_one
from archgraph.pytorch.trace.handlers.shapes import copies
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.registry import aten


@aten("_cdist_forward", "_euclidean_dist")
def distances(i: ProgramInterpreter, a: Arguments) -> object:
    """Distances of all pairs of rows; euclidean ones of many rows by a matrix product."""
    by_product = a.node.target._schema.name == "aten::_euclidean_dist"
    batch = len(a.shape) - 2
    first, second, vector = batch, batch + 1, batch + 2
    operands = [
        Operand(x, (*range(batch - x.rank + 2, batch), own, vector)) for x, own in ((a.x1, first), (a.x2, second))
    ]
    if not all(operand.content(vector) for operand in operands):
        # Vectors of one number have no axis.
        return NotImplemented
    align = Alignment(i.builder, operands, joined=vector)
    op = Distances(align.joined_name, nsimplify(2 if by_product else a.p), by_product)
    (value,) = i.builder.emit(op, align.values())
    return Tracked(value, tuple(align.digits(dim) for dim in range(vector)))


@aten("cosine_similarity")
def cosine(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """The product of two values, each divided by its length, summed along one dimension."""
    rank = len(a.shape) + 1
    dim = a.dim % rank
    shape = [*a.shape[:dim], a.x1.shape[dim - rank], *a.shape[dim:]]
    directions = [_direction(i, _expanded(i, x, shape), dim, float(a.eps)) for x in (a.x1, a.x2)]
    result = reduced(i, arithmetic(i, Multiply(), directions), [dim], lambda axes: Reduce("sum", axes))
    return result.with_layout([content for d, content in enumerate(result.layout) if d != dim])


def _expanded(i: ProgramInterpreter, x: Tracked, shape: Sequence[int | Expr]) -> Tracked:
    layout = [*[()] * (len(shape) - x.rank), *x.layout]
    sizes = [i.sizes.expression(length) for length in shape]
    return x.with_layout([dim or copies(length) for dim, length in zip(layout, sizes, strict=True)])


def _direction(i: ProgramInterpreter, x: Tracked, dim: int, least: float) -> Tracked:
    x = i.builder.settled(x)
    length = reduced(i, x, [dim], lambda axes: Reduce("vector_norm", axes))
    return arithmetic(i, Function("div"), [x, on_one(i, Function("clamp_min", (None, least)), length)])
