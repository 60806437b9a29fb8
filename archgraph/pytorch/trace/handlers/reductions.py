"""Softmax, running sums and reductions along dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sympy import Integer

from archgraph.graph.ir import Value
from archgraph.ops.arithmetic import Multiply
from archgraph.ops.base import Op
from archgraph.ops.pointwise import Softmax
from archgraph.ops.resizing import GlobalAvgPool, GlobalMaxPool
from archgraph.ops.traced.extrema import Extrema
from archgraph.ops.traced.values import Cumulate, Function, Reduce
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.axes import reduced
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.handlers.masked_sums import limited_sum, masked_operand
from archgraph.pytorch.trace.handlers.pointwise import arithmetic, in_single, on_one, operand_of
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.layout import COPIES, Dim
from archgraph.pytorch.trace.registry import HANDLERS, aten


@aten("softmax", "_softmax", "log_softmax", "_log_softmax", "_safe_softmax")
def softmax(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Softmax along one dimension."""
    x = operand_of(a)
    dim, masked = a.dim % x.rank, masked_operand(i, [x]) is not None
    if a.nodes.get("dtype") is not None:
        # It works on a copy in the type that it is told.
        x = i.builder.cast(x, i.program.dtype(a.node.meta["val"]))
    t, (axis,) = i.builder.grouped(i.builder.materialised(x), [(None, (dim,))])
    op = Softmax(axis, "log" in a.node.target._schema.name)
    return on_one(i, limited_sum(i, op, t.layout, dim, {0: axis}) if masked else op, t)


@aten("cumsum", "cumprod", "logcumsumexp")
def cumulated(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """Running sum or product along one dimension."""
    name = a.node.target._schema.name.removeprefix("aten::").rstrip("_")
    t, (axis,) = i.builder.grouped(i.builder.materialised(a.self), [(None, (a.dim % a.self.rank,))])
    return on_one(i, Cumulate(axis, name, _stored(i, a)), t)


REDUCTIONS: dict[str, type[Op] | str | None] = {
    "mean": GlobalAvgPool,
    "amax": GlobalMaxPool,
    "sum": None,
    "amin": None,
    "var": None,
    "std": None,
    "prod": None,
    "linalg_vector_norm": "vector_norm",
    "norm": "vector_norm",
    "logsumexp": None,
    "all": None,
    "any": None,
    "argmax": None,
    "argmin": None,
    "max": "amax",
    "min": "amin",
    "count_nonzero": None,
    "nansum": None,
    "median": "whole_median",
    "nanmedian": "whole_nanmedian",
    "mode": None,
    "kthvalue": None,
}


VARIATIONS = frozenset(("var", "std"))


def _limited(i: ProgramInterpreter, make: Any, x: Tracked, t: Tracked, dims: Sequence[int]) -> Any:
    """Return what makes a reduction of which constants mask some of what it reads along one dimension."""
    if len(dims) != 1 or masked_operand(i, [x]) is None or len(t.layout[dims[0]]) != 1:
        return make

    def limited(axes: tuple[str, ...]) -> Op:
        return limited_sum(i, make(axes), t.layout, dims[0], {0: axes[0]}) if len(axes) == 1 else make(axes)

    return limited


def reduction(i: ProgramInterpreter, a: Arguments) -> Any:
    """A reduction over some dimensions, or all."""
    name = a.node.target._schema.name.removeprefix("aten::")
    x = operand_of(a)
    results = a.node.meta["val"]
    dims = _dims(a, x)
    known = REDUCTIONS[name]
    # Along one dimension an extremum or a median comes with its place, which is kept instead of the operand.
    called: str = known if isinstance(known, str) and not isinstance(results, (list, tuple)) else name
    nth = Integer(a.k) if name == "kthvalue" else None
    make: Any = known if isinstance(known, type) else partial(Reduce, called, dtype=_stored(i, a), nth=nth)
    t = _without_copies(x, dims) if known is GlobalAvgPool or name in ("sum", "all", "any", "nansum") else x
    if len(dims) == 1 and masked_operand(i, [x]) is not None:
        # Which positions are read is said in the axes of the operation: no two of them are digits of one.
        t, _ = i.builder.grouped(t, [(None, (dims[0],))])
    result = reduced(i, t, dims, _limited(i, make, x, t, dims), varies=name in VARIATIONS)
    if not a.keepdim:
        result = Tracked(result.value, tuple(c for d, c in enumerate(result.layout) if d not in dims))
    if not isinstance(results, (list, tuple)):
        return result
    return [result, i.moved(f"arg{name}", [x], results[1])]


@aten("aminmax")
def extrema(i: ProgramInterpreter, a: Arguments) -> list[Tracked]:
    """The least and the largest, which are the same where there is one."""
    x = operand_of(a)
    dims = _dims(a, x)
    t, _ = i.builder.grouped(i.builder.materialised(x), [], touched=[d for d in dims if x.layout[d]])
    axes = tuple(digit.axis for dim in dims for digit in t.layout[dim])
    layout = [() if d in dims else content for d, content in enumerate(t.layout) if a.keepdim or d not in dims]
    assert isinstance(t.value, Value)
    values = i.builder.emit(Extrema(axes), [t.value]) if axes else (t.value, t.value)
    return [Tracked(value, tuple(layout)) for value in values]


@aten("var_mean", "std_mean")
def spread_and_mean(i: ProgramInterpreter, a: Arguments) -> list[Tracked]:
    """Variance or deviation, and the mean beside it."""
    x, name = operand_of(a), a.node.target._schema.name.removeprefix("aten::").removesuffix("_mean")
    dims = _dims(a, x)
    results = [
        reduced(i, x, dims, partial(Reduce, name), varies=True),
        reduced(i, x, dims, GlobalAvgPool),
    ]
    kept = [d for d in range(x.rank) if a.keepdim or d not in dims]
    return [result.with_layout([result.layout[d] for d in kept]) for result in results]


def _stored(i: ProgramInterpreter, a: Arguments) -> str | None:
    """Return the type that the module asks of the result, which the kernel keeps where it keeps a result."""
    return None if a.nodes.get("dtype") is None else i.program.dtype(a.node.meta["val"])


def _dims(a: Arguments, x: Tracked) -> list[int]:
    given = a.nodes.get("dim")
    if given is None or (isinstance(given, (list, tuple)) and not given):
        return list(range(x.rank))
    return [d % x.rank for d in (given if isinstance(given, (list, tuple)) else [given])]


def _without_copies(x: Tracked, dims: Sequence[int]) -> Tracked:
    """Repetitions do not change a mean, and are not reduced."""

    def real(dim: Dim) -> Dim:
        return tuple(digit for digit in dim if digit.axis != COPIES)

    return Tracked(x.value, tuple(real(c) if d in dims else c for d, c in enumerate(x.layout)))


@aten("_weight_norm", "_weight_norm_interface")
def weight_norm(i: ProgramInterpreter, a: Arguments) -> Any:
    """A weight as a direction times a length, in one kernel where lengths stand along the first or last dimension."""
    # Of -1 PyTorch takes one length of the whole.
    side = a.dim or 0
    dims = [d for d in range(a.v.rank) if d != side]
    direction, first = i.builder.settled(a.v), len(i.builder.records)
    fused = side in (0, a.v.rank - 1)
    # The kernel takes lengths in single precision at least.
    measured = in_single(i, direction, a.nodes["v"]) if fused else direction
    norm, kept = reduced(i, measured, dims, lambda axes: Reduce("vector_norm", axes)), len(i.builder.records)
    scale = arithmetic(i, Function("div"), [a.g, norm])
    result = arithmetic(i, Multiply(), [direction, scale])
    if fused:
        i.builder.as_one_kernel(first)
        # Of what it computes it keeps the lengths, whichever of its operands is trained.
        i.builder.as_one_kernel(kept)
    return (result, norm) if isinstance(a.node.meta["val"], (list, tuple)) else result


for _name in REDUCTIONS:
    HANDLERS[_name] = reduction
