"""Random zeros, which a module may ask for in evaluation mode too: products with noise that autograd keeps."""

from __future__ import annotations

from functools import partial

from sympy import Integer

from archgraph.ops.arithmetic import Add, Multiply
from archgraph.ops.traced.values import Constant
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.builder import Pending, Tracked
from archgraph.pytorch.trace.handlers.pointwise import arithmetic, operand_of
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.layout import whole_axis
from archgraph.pytorch.trace.registry import aten

LEADING = 2
"""Dimensions along which noise of whole features differs: samples and channels."""


@aten("dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout")
def dropout(i: ProgramInterpreter, a: Arguments) -> object:
    """What it is given, times noise where it is switched on; what keeps its variance adds to that."""
    t = operand_of(a)
    if not a.train or not a.p:
        return t
    if a.p == 1:
        # Nothing is read of what is given.
        return NotImplemented
    name = a.node.target._schema.name
    whole = LEADING if "feature" in name else t.rank
    dropped = with_noise(t, i, whole)
    return arithmetic(i, Add(), [dropped, noise_of(t, whole)]) if "alpha" in name else dropped


def with_noise(t: Tracked, i: ProgramInterpreter, whole: int) -> Tracked:
    """Return a tensor times noise, which is one number for all positions of the dimensions from `whole` on."""
    return arithmetic(i, Multiply(), [t, noise_of(t, whole)])


def noise_of(t: Tracked, whole: int) -> Tracked:
    """Return noise for a tensor."""
    sizes = tuple(length if dim < whole else Integer(1) for dim, length in enumerate(t.shape))
    layout = tuple(whole_axis(f"?{dim}", length) for dim, length in enumerate(sizes))
    dtype = t.value.type.dtype
    return Tracked(Pending(partial(Constant, dtype=dtype), sizes, "constant", dtype), layout)
