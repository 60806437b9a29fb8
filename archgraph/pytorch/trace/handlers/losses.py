"""Losses: a function of two values, and its mean or sum."""

from __future__ import annotations

from archgraph.ops.arithmetic import Multiply
from archgraph.ops.functions import LOSSES
from archgraph.ops.resizing import GlobalAvgPool
from archgraph.ops.traced.picked import NegativeLogLikelihood
from archgraph.ops.traced.values import Function, Reduce
from archgraph.pytorch.trace.align import Alignment, Operand
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.axes import reduced
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.handlers.indexing import look_up
from archgraph.pytorch.trace.handlers.pointwise import arithmetic
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.registry import aten

_NONE, MEAN = 0, 1
"""How PyTorch numbers what is done to the losses of all elements; 2 is their sum."""


@aten(*LOSSES)
def loss(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """A loss of every element, and its mean or sum."""
    name = a.node.target._schema.name.removeprefix("aten::")
    strength = next((getattr(a, key) for key in ("delta", "beta") if key in a.nodes), 1.0)
    call = None if strength == 1.0 else (None, None, _NONE, float(strength))
    factors = [factor for key in ("weight", "pos_weight") if isinstance(factor := getattr(a, key), Tracked)]
    if not factors:
        return _together(i, a, arithmetic(i, Function(name, call), [a.self, a.target]))
    values = [i.builder.settled(t) for t in (a.self, a.target, *factors)]
    first = len(i.builder.records)
    each = arithmetic(i, Function(name, call), values[:2])
    for factor in values[2:]:
        each = arithmetic(i, Multiply(), [each, factor])
    i.builder.as_one_kernel(first)
    return _together(i, a, each)


@aten("nll_loss_forward", "nll_loss2d_forward")
def likelihood(i: ProgramInterpreter, a: Arguments) -> list[Tracked]:
    """The number of the class that a label names, of every label; their sum beside it is of no operand."""
    x, labels = a.self, a.target
    if isinstance(a.weight, Tracked):
        weight, labels = i.builder.settled(a.weight), i.builder.settled(labels)
        first = len(i.builder.records)
        each = arithmetic(i, Multiply(), [_likelihood(i, x, labels), look_up(i, weight, 0, labels)])
        i.builder.as_one_kernel(first)
    else:
        each = _likelihood(i, x, labels)
    return [_together(i, a, each), i.source_of(a.node.meta["val"][1])]


def _likelihood(i: ProgramInterpreter, x: Tracked, labels: Tracked) -> Tracked:
    dims = list(range(x.rank))
    classes = dims.pop(1 if x.rank > 1 else 0)
    align = Alignment(i.builder, [Operand(x, tuple(range(x.rank))), Operand(labels, tuple(dims))], joined=classes)
    values = align.values()
    op = NegativeLogLikelihood(align.joined_name)
    return Tracked(i.builder.emit(op, values)[0], tuple(align.digits(dim) for dim in dims))


def _together(i: ProgramInterpreter, a: Arguments, each: Tracked) -> Tracked:
    """Return the losses of all elements, their mean or their sum."""
    if a.reduction == _NONE:
        return each
    make = GlobalAvgPool if a.reduction == MEAN else _sum
    return reduced(i, each, range(each.rank), make).with_layout([])


def _sum(axes: tuple[str, ...]) -> Reduce:
    return Reduce("sum", axes)
