"""What the dimensions of an input are: samples, channels or positions, and the names of its axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from archgraph.errors import ArchgraphError, ShapeError, did_you_mean
from archgraph.pytorch.trace.arguments import conventional_names
from archgraph.pytorch.trace.attention_patterns import name_of
from archgraph.pytorch.trace.batch.sample import Batch
from archgraph.pytorch.trace.batch.statements import OF_CHANNELS, WINDOWED, first_operand
from archgraph.pytorch.trace.moving.orders import dimension_order
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.spec.spec import NAME

MULTIPLIES = ("matmul", "bmm", "mm", "baddbmm", "addbmm", "addmm", "einsum", "tensordot", "inner", "linalg_multi_dot")
REARRANGES = frozenset(
    ("view", "view_as", "_unsafe_view", "reshape", "reshape_as", "flatten", "unflatten", "expand", "rot90", "cdist")
) | frozenset(MULTIPLIES)
"""Operators after which a dimension of the same place may be another one."""
MOST_FOLLOWED = 100


@dataclass(frozen=True)
class InputRoles:
    """What the user and the module's operators say about the dimensions of inputs.

    Attributes:
        batch: the dimension of every input that counts samples.
        axes: names of axes in the user's words, the batch left out.
    """

    batch: Batch
    axes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, given in self.axes.items():
            if name not in self.batch:
                raise ArchgraphError(
                    f"axes: no input is named '{name}'.{did_you_mean(name, self.batch)}",
                    hint=f"inputs: {', '.join(self.batch)}",
                )
            _check_names(name, given)

    def dimensions(self, node: RecordedNode) -> list[int]:
        """Return the dimensions of an input that are axes: a batch of one is none, laws are per sample."""
        return [dim for dim in range(len(node.meta["val"].shape)) if dim != self.batch.get(node.name)]

    def names(self, node: RecordedNode, dtype: str) -> tuple[str, ...]:
        """Return the names of these axes.

        Raises:
            ShapeError: the user names another number of axes.
        """
        dims = self.dimensions(node)
        given = self.axes.get(node.name)
        if given is None:
            channel = channel_dimension(node)
            return conventional_names(len(dims), dtype, dims.index(channel) if channel in dims else None)
        if len(given) != len(dims):
            raise ShapeError(
                f"input '{node.name}' has {len(dims)} axes besides the batch, not {len(given)}",
                hint="name every dimension but the batch, in order",
            )
        return tuple(given)


def _check_names(name: str, given: Sequence[str]) -> None:
    if isinstance(given, str) or len(set(given)) != len(given) or not all(NAME.match(str(axis)) for axis in given):
        raise ArchgraphError(
            f"axes of '{name}' cannot be {given!r}", hint="different names of letters, digits and _, one an axis"
        )


def channel_dimension(node: RecordedNode) -> int | None:
    """Return which dimension of a tensor its first layers take as channels, or None where none says.

    >>> import torch
    >>> from archgraph.pytorch.trace.recording.record import record
    >>> found = record(torch.nn.ConvTranspose1d(4, 8, 4), torch.zeros(1, 4, 12))
    >>> channel_dimension(found.inputs["input"])
    1
    """
    order = tuple(range(len(node.meta["val"].shape)))
    waiting = [(node, order)]
    for value, dims in waiting:
        for user in value.users:
            place = _channels_of(user, len(dims), moved=dims != order) if first_operand(user) is value else None
            if place is not None:
                return dims[place]
            after = _followed(user, value, dims)
            if after is not None and len(waiting) < MOST_FOLLOWED:
                waiting.append((user, after))
    return None


def _channels_of(user: RecordedNode, rank: int, *, moved: bool) -> int | None:
    """The dimension of its operand that an operator takes as channels."""
    name = name_of(user)
    windowed = WINDOWED.match(name)
    if windowed:
        return rank - int(windowed[1]) - 1
    if (name in OF_CHANNELS or name == "prelu") and rank > 1:
        return 1
    # A linear layer after a transposition mixes positions as likely as channels.
    return rank - 1 if name in ("linear", "layer_norm", "rms_norm") and rank and not moved else None


def _followed(user: RecordedNode, value: RecordedNode, dims: tuple[int, ...]) -> tuple[int, ...] | None:
    """Which dimensions of the input those of a result are, where an operator leaves them what they are."""
    result: Any = user.meta.get("val")
    if not hasattr(result, "shape") or len(result.shape) != len(dims) or name_of(user) in REARRANGES:
        return None
    order = dimension_order(user, len(dims))
    return dims if order is None else tuple(dims[dim] for dim in order)
