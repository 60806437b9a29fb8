"""Which dimension of an input holds channels: the one that its first layers take so, through views and turns."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

from archgraph.pytorch.trace.attention_patterns import name_of
from archgraph.pytorch.trace.batch.statements import OF_CHANNELS, dimensions_moved_along, first_operand
from archgraph.pytorch.trace.moving.orders import dimension_order
from archgraph.pytorch.trace.recording.node import RecordedNode

MULTIPLIES = ("matmul", "bmm", "mm", "baddbmm", "addbmm", "addmm", "einsum", "tensordot", "inner", "linalg_multi_dot")
RESHAPES = frozenset(("view", "view_as", "_unsafe_view", "reshape", "reshape_as", "flatten", "unflatten"))
REARRANGES = RESHAPES | frozenset(("expand", "rot90", "cdist")) | frozenset(MULTIPLIES)
"""Operators after which a dimension of the same place may be another one."""
MOST_FOLLOWED = 100


@dataclass(frozen=True)
class Followed:
    """A value made of an input.

    Attributes:
        node: the value.
        dims: which dimension of the input each of its own is, None where it is none alone.
        brought: whether its last dimension stood elsewhere on the way.
    """

    node: RecordedNode
    dims: tuple[int | None, ...]
    brought: bool = False


def channel_dimension(node: RecordedNode) -> int | None:
    """Return which dimension of a tensor its first layers take as channels, or None where none says.

    >>> import torch
    >>> from archgraph.pytorch.trace.recording.record import record
    >>> found = record(torch.nn.ConvTranspose1d(4, 8, 4), torch.zeros(1, 4, 12))
    >>> channel_dimension(found.inputs["input"])
    1
    """
    waiting = [Followed(node, tuple(range(len(node.meta["val"].shape))))]
    for value in waiting:
        for user in value.node.users:
            place = _channels_of(user, value) if first_operand(user) is value.node else None
            if place is not None and value.dims[place] is not None:
                return value.dims[place]
            after = _after(user, value)
            if after is not None and len(waiting) < MOST_FOLLOWED:
                waiting.append(after)
    return None


def _channels_of(user: RecordedNode, value: Followed) -> int | None:
    """The dimension of its operand that an operator takes as channels."""
    name, rank = name_of(user), len(value.dims)
    moving = dimensions_moved_along(name)
    if moving:
        return rank - moving - 1
    if (name in OF_CHANNELS or name == "prelu") and rank > 1:
        return 1
    # Of a dimension that was brought to its end, a linear layer mixes positions as likely as channels.
    return rank - 1 if name in ("linear", "layer_norm", "rms_norm") and rank and not value.brought else None


def _after(user: RecordedNode, value: Followed) -> Followed | None:
    """Return the result of an operator that leaves dimensions what they are, or says which they become."""
    result: Any = user.meta.get("val")
    if not hasattr(result, "shape"):
        return None
    if name_of(user) in RESHAPES:
        return Followed(user, _viewed(value, tuple(result.shape)), value.brought)
    if len(result.shape) != len(value.dims) or name_of(user) in REARRANGES:
        return None
    order = dimension_order(user, len(value.dims))
    if order is None:
        return Followed(user, value.dims, value.brought)
    dims = tuple(value.dims[dim] for dim in order)
    return Followed(user, dims, value.brought or (dims[-1] is not None and dims[-1] != value.dims[-1]))


def _viewed(value: Followed, shape: tuple[int, ...]) -> tuple[int | None, ...]:
    """Which dimensions of the input those of a view are: one stays itself where as much stands before and after it."""
    before = tuple(value.node.meta["val"].shape)
    ends = {prod(before[: place + 1]): place for place, size in enumerate(before) if size != 1}
    places = [ends.get(prod(shape[: place + 1])) if size != 1 else None for place, size in enumerate(shape)]
    same = [old is not None and before[old] == size for old, size in zip(places, shape, strict=True)]
    return tuple(value.dims[old] if old is not None and kept else None for old, kept in zip(places, same, strict=True))
