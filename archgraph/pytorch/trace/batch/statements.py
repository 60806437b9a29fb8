"""What an operator says about the dimensions of its operand: where samples of a batch can lie, and where not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from archgraph.pytorch.trace.attention_patterns import name_of
from archgraph.pytorch.trace.recording.node import RecordedNode

if TYPE_CHECKING:
    from torch import nn

WINDOWED = re.compile(
    r"(?:mkldnn_|slow_)?(?:conv|conv_transpose|(?:adaptive_|fractional_)?(?:max|avg)_pool|max_unpool|_?upsample_[a-z_]+)"
    r"([123])d(?:_with_indices|_aa)?$"
)
"""Operators that move along the last dimensions; before them stand channels, and before these samples, if any."""
ON_MAPS = frozenset(("im2col", "pixel_shuffle", "pixel_unshuffle"))
"""Those among them that move along the last two, and whose names do not say so."""
OF_CHANNELS = frozenset(("batch_norm", "group_norm", "instance_norm", "channel_shuffle"))
"""Operators that have samples first and channels second."""
RECURRENT = frozenset(("lstm", "gru", "rnn_tanh", "rnn_relu"))
SCANS = ("cumsum", "cumprod", "cummax", "cummin", "logcumsumexp")
MIXES_ALONG = frozenset((*SCANS, "softmax", "_softmax", "log_softmax", "sort", "topk", "flip", "roll", "glu"))
"""Operators whose results along a dimension depend on all of it."""


class Statement(NamedTuple):
    """Which dimensions of an operand can hold samples.

    Attributes:
        possible: those that can; several where the operator only rules some out.
        certain: the operator works on samples, and says where they lie, or that there is one without a dimension.
    """

    possible: frozenset[int]
    certain: bool = False


def statement_on(node: RecordedNode) -> Statement | None:
    """Return what an operator says about its first operand, or None where it says nothing.

    >>> import torch
    >>> from archgraph.pytorch.trace.recording.record import record
    >>> conv, = record(torch.nn.Conv2d(1, 4, 3), torch.zeros(1, 16, 16)).calls
    >>> statement_on(conv)
    Statement(possible=frozenset(), certain=True)
    """
    name, operand = name_of(node), first_operand(node)
    rank = len(operand.meta["val"].shape) if operand is not None else 0
    moving = dimensions_moved_along(name)
    if moving:
        return Statement(frozenset(range(rank - moving - 1)), certain=True)
    if name in OF_CHANNELS and rank > 1:
        return Statement(frozenset((0,)), certain=True)
    if name in RECURRENT:
        first = node.args[-1] if isinstance(node.args[-1], bool) else False
        return Statement(frozenset((0 if first else 1,)), certain=True)
    ruled_out = _mixed(node, name, rank)
    return Statement(frozenset(range(rank)) - ruled_out) if ruled_out else None


def dimensions_moved_along(name: str) -> int:
    """Return along how many of the last dimensions an operator moves, with channels before them; 0 for all others.

    >>> dimensions_moved_along("conv2d"), dimensions_moved_along("upsample_linear1d"), dimensions_moved_along("linear")
    (2, 1, 0)
    """
    windowed = WINDOWED.match(name)
    return int(windowed[1]) if windowed else 2 if name in ON_MAPS else 0


def first_operand(node: RecordedNode) -> RecordedNode | None:
    """Return the tensor that an operator is about: its first argument, where that is one."""
    first = node.args[0] if node.args else None
    return first if isinstance(first, RecordedNode) else None


def _mixed(node: RecordedNode, name: str, rank: int) -> frozenset[int]:
    """The dimensions along which an operator mixes positions."""
    if name == "linear":
        return frozenset((rank - 1,))
    if name in ("layer_norm", "rms_norm"):
        return frozenset(range(rank - len(node.args[1]), rank))
    if name == "scaled_dot_product_attention":
        return frozenset((rank - 2, rank - 1))
    if name in MIXES_ALONG and rank:
        return frozenset(dim % rank for dim in _dims(node))
    return frozenset()


def _dims(node: RecordedNode) -> list[int]:
    """The dimensions that a call names; the last one where it names none, as a call of `sort` may."""
    for place, argument in enumerate(node.target._schema.arguments):
        if argument.name in ("dim", "dims"):
            given = (
                node.args[place] if place < len(node.args) else node.kwargs.get(argument.name, argument.default_value)
            )
            return list(given) if isinstance(given, (list, tuple)) else [-1 if given is None else int(given)]
    return []


def stated_by_module(module: nn.Module, node: RecordedNode, user: RecordedNode) -> Statement | None:
    """Return what a layer of attention or of recurrence says about its input: its `batch_first` names the dimension."""
    shape = node.meta["val"].shape
    for path in ("", *(call.path for call in user.stack)):
        layer: Any = module.get_submodule(path)
        first = getattr(layer, "batch_first", None)
        width = getattr(layer, "embed_dim", None) or getattr(layer, "input_size", None)
        if isinstance(first, bool) and len(shape) in (2, 3) and shape[-1] == width:
            where = frozenset((0 if first else 1,)) if len(shape) == 3 else frozenset[int]()
            return Statement(where, certain=True)
    return None
