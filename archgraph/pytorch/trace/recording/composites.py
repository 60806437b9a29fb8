"""Operators that PyTorch makes of others: those without a rule are recorded as what they are made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from archgraph.pytorch.trace.recording.deciding import DECIDING
from archgraph.pytorch.trace.recording.operators import operator_of

if TYPE_CHECKING:
    from torch._ops import OpOverload

IsWhole = Callable[[str], bool]
"""Whether an operator of this name is recorded as one step."""

OF_TWO = frozenset(("max", "min"))
"""Reductions that are called as an operator of two values is, which alone PyTorch makes of another."""


def every_one(name: str) -> bool:
    """Record every operator as one step, as the module called it."""
    return True


def falls_apart(function: OpOverload, is_whole: IsWhole) -> bool:
    """Whether an operator is recorded as the operators that PyTorch makes it of.

    A loss, a distance or a contraction of named dimensions then costs, keeps and reads what its parts do, and needs no
    rule of its own. What decides on values, and what gives none, stays one step.

    >>> import torch
    >>> falls_apart(torch.ops.aten.tensordot.default, lambda name: name == "matmul")
    True
    >>> falls_apart(torch.ops.aten.matmul.default, lambda name: name == "matmul")
    False
    >>> whole = lambda name: name == "max"
    >>> falls_apart(torch.ops.aten.max.other, whole), falls_apart(torch.ops.aten.max.dim, whole)
    (True, False)
    >>> falls_apart(torch.ops.aten.mm.default, lambda name: name == "matmul")
    False
    """
    name = operator_of(function).name
    return _is_composite(function) and (name in OF_TWO or not is_whole(name))


@cache
def _is_composite(function: OpOverload) -> bool:
    import torch

    operator = operator_of(function)
    if not operator.gives_tensors or operator.about_shapes or operator.of_shapes or operator.dynamic:
        return False
    if operator.name in DECIDING or "::" in operator.name:
        return False
    return torch._C._dispatch_has_kernel_for_dispatch_key(function.name(), "CompositeImplicitAutograd")
