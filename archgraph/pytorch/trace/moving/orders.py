"""The order in which an operator leaves dimensions, in every spelling that only exchanges them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from archgraph.pytorch.trace.attention_patterns import name_of
from archgraph.pytorch.trace.recording.node import RecordedNode

DimensionOrder: TypeAlias = tuple[int, ...]
SWAPS = {"transpose": ("dim0", "dim1"), "swapdims": ("dim0", "dim1"), "swapaxes": ("axis0", "axis1")}
LAST_TWO = ("t", "mT", "adjoint")
TO_PLACES = ("movedim", "moveaxis")
REORDERING = frozenset(("permute", "numpy_T", *SWAPS, *LAST_TWO, *TO_PLACES))
"""Operators that exchange dimensions and do nothing else."""


def dimension_order(step: RecordedNode, rank: int) -> DimensionOrder | None:
    """Return which dimension of the operand every one of the result is; None of other operators.

    >>> import torch
    >>> from archgraph.pytorch.trace.recording.record import record
    >>> class Turn(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x.movedim(0, -1)
    >>> found = record(Turn(), torch.zeros(2, 3, 4))
    >>> dimension_order(found.nodes[-2], 3)
    (1, 2, 0)
    """
    name = name_of(step)
    if name == "permute":
        return tuple(dim % rank for dim in step.argument("dims"))
    if name == "numpy_T":
        return tuple(reversed(range(rank)))
    if name in TO_PLACES:
        return _moved(as_list(step.argument("source")), as_list(step.argument("destination")), rank)
    if name in SWAPS:
        return _swapped([step.argument(dim) for dim in SWAPS[name]], rank)
    return _swapped([-2, -1], rank) if name in LAST_TWO else None


def _swapped(pair: list[int], rank: int) -> DimensionOrder:
    order = list(range(rank))
    if rank > 1:
        one, other = (dim % rank for dim in pair)
        order[one], order[other] = order[other], order[one]
    return tuple(order)


def _moved(source: list[int], target: list[int], rank: int) -> DimensionOrder:
    source, target = [dim % rank for dim in source], [dim % rank for dim in target]
    rest = iter([dim for dim in range(rank) if dim not in source])
    back = dict(zip(target, source, strict=True))
    return tuple(back[dim] if dim in back else next(rest) for dim in range(rank))


def as_list(value: int | Sequence[int]) -> list[int]:
    """Return one whole number or several as a list."""
    return [value] if isinstance(value, int) else list(value)
