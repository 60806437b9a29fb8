"""Losses: a function of two values, and its mean or sum."""

from __future__ import annotations

from archgraph.ops.functions import LOSSES
from archgraph.ops.resizing import GlobalAvgPool
from archgraph.ops.traced.values import Function, Reduce
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.axes import reduced
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.handlers.pointwise import arithmetic
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.registry import aten

NONE, MEAN = 0, 1
"""How PyTorch numbers what is done to the losses of all elements; 2 is their sum."""


@aten(*LOSSES)
def loss(i: ProgramInterpreter, a: Arguments) -> Tracked:
    """A loss of every element, and its mean or sum."""
    name = a.node.target._schema.name.removeprefix("aten::")
    strength = next((getattr(a, key) for key in ("delta", "beta") if key in a.nodes), 1.0)
    call = None if strength == 1.0 else (None, None, NONE, float(strength))
    each = arithmetic(i, Function(name, call), [a.self, a.target])
    if a.reduction == NONE:
        return each
    make = GlobalAvgPool if a.reduction == MEAN else _sum
    return reduced(i, each, range(each.rank), make).with_layout([])


def _sum(axes: tuple[str, ...]) -> Reduce:
    return Reduce("sum", axes)
