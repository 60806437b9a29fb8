"""The lowering of attention: how positions become the token axis of torch's fused operator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from sympy import Expr

from archgraph.ops.arguments import Axes, PerAxis
from archgraph.ops.attending.masks import KeyMaps, pairs_of_mask
from archgraph.ops.base import Weight
from archgraph.sizes.types import TensorType

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


Streams = list[tuple[TensorType, TensorType, TensorType]]


class AttentionFacts(Protocol):
    """What the lowering needs to know of an operation that attends."""

    @property
    def mask(self) -> KeyMaps | None: ...
    @property
    def is_stated(self) -> bool: ...
    @property
    def shift(self) -> PerAxis | None: ...
    @property
    def heads(self) -> Expr: ...
    @property
    def key_heads(self) -> Expr: ...
    @property
    def causal(self) -> bool: ...
    @property
    def span(self) -> Expr | None: ...
    @property
    def over(self) -> Axes | None: ...
    @property
    def window(self) -> PerAxis | None: ...
    @property
    def relative_bias(self) -> bool: ...
    @property
    def written(self) -> str: ...
    @property
    def masked(self) -> Expr: ...
    @property
    def factors(self) -> Expr: ...

    def streams(self, inputs: tuple[TensorType, ...]) -> Streams: ...
    def axes(self, q: TensorType) -> tuple[str, ...]: ...
    def windows(self, q: TensorType) -> dict[str, Expr]: ...
    def shifts(self, q: TensorType) -> dict[str, Expr]: ...
    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]: ...


def attention_module(op: AttentionFacts, inputs: tuple[TensorType, ...]) -> nn.Module:
    """Return a module on the operands of an attention operation."""
    if op.window is not None:
        return _windowed(op, inputs)
    if op.over is not None:
        return _axial(op, inputs)
    return _full(op, inputs)


def _full(op: AttentionFacts, inputs: tuple[TensorType, ...]) -> nn.Module:
    import torch
    from torch import nn

    streams = op.streams(inputs)
    lengths = [int(q.area) for q, _, _ in streams]

    class Attention(nn.Module):
        def forward(self, *tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
            tokens = [_tokens(x, type_) for x, type_ in zip(tensors, inputs, strict=True)]
            joined = [tokens[i::3] for i in range(3)]
            q, k, v = (parts[0] if len(parts) == 1 else torch.cat(parts, dim=1) for parts in joined)
            mixed = attend(op, q, k, v, tests=_stated(op, *streams[0][:2], q.device)).split(lengths, dim=1)
            outputs = [_positions(y, q_type) for y, (q_type, _, _) in zip(mixed, streams, strict=True)]
            return outputs[0] if len(outputs) == 1 else tuple(outputs)

    return Attention()


def _stated(op: AttentionFacts, q: TensorType, k: TensorType, device: torch.device) -> Tensor | None:
    """Return which keys a mask that a spec states leaves, as a matrix of queries and keys."""
    if op.mask is None:
        return None
    chosen = None if op.over is None else op.axes(q)
    ours, theirs = ({name: int(x.size(name)) for name in chosen or x.positions} for x in (q, k))
    return pairs_of_mask(op.mask, ours, theirs, device)


def attend(
    op: AttentionFacts, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None, tests: Tensor | None = None
) -> Tensor:
    """Attend among tokens (batch, n, c); where there are tests, to the keys for which they hold."""
    from torch.nn.functional import scaled_dot_product_attention

    heads, groups = int(op.heads), int(op.heads / op.key_heads)

    def split(x: Tensor, count: int) -> Tensor:
        return x.unflatten(-1, (count, -1)).transpose(1, 2)

    queries, keys, values = split(q, heads), split(k, heads // groups), split(v, heads // groups)
    if op.written == "no":
        mask = _near(op, q, k, tests) if bias is None else bias
        # Fused kernels read grouped keys and values as they are: repeating them first would keep them for all heads.
        causal = op.causal and mask is None
        mixed = scaled_dot_product_attention(queries, keys, values, mask, is_causal=causal, enable_gqa=groups > 1)
    else:
        if groups > 1:
            keys, values = keys.repeat_interleave(groups, dim=1), values.repeat_interleave(groups, dim=1)
        mixed = _written_out(op, queries, keys, values, bias, tests)
    return mixed.transpose(1, 2).flatten(2)


def _within(span: Expr, q: Tensor, k: Tensor) -> Tensor:
    """Return which keys are read: the last `span` up to the query's own position."""
    import torch

    near = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool, device=q.device)
    return near.tril().triu(1 - int(span))


def _near(op: AttentionFacts, q: Tensor, k: Tensor, tests: Tensor | None) -> Tensor | None:
    """Return which keys are read, unless that is all of them, or all up to the query's own position."""
    if tests is not None:
        return tests
    return None if op.span is None else _within(op.span, q, k)


def _written_out(
    op: AttentionFacts, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, tests: Tensor | None
) -> Tensor:
    """Attend by two products and a softmax."""
    import torch

    scale = q.shape[-1] ** -0.5
    scaled_q, scaled_k = op.written in ("queries", "both"), op.written in ("keys", "both")
    part = scale**0.5 if op.written == "both" else scale
    scores = (q * part if scaled_q else q) @ (k * part if scaled_k else k).transpose(-2, -1)
    if op.written == "plain":
        scores = scores * scale
    if op.factors:
        scores = scores * torch.ones(int(op.factors), dtype=q.dtype, device=q.device)
    rows, columns = scores.shape[-2:]
    near = _near(op, q, k, tests)
    later = torch.ones(rows, columns, dtype=torch.bool, device=q.device).triu(1) if near is None else ~near
    hides = op.causal or tests is not None
    if op.masked:
        hidden = later if hides else torch.zeros(int(op.masked), dtype=torch.bool, device=q.device)
        whole = hidden.numel() == rows * columns
        scores = scores.masked_fill(hidden.view(rows, columns) if whole else hidden, float("-inf"))
    elif hides:
        scores = scores + torch.where(later, float("-inf"), 0.0).to(q.dtype)
    return (scores if bias is None else scores + bias).softmax(-1) @ v


def _tokens(x: Tensor, type_: TensorType) -> Tensor:
    """Bring (batch, *axes) to (batch, n, c)."""
    x = x.movedim(type_.names.index("c") + 1, -1)
    return x.flatten(1, -2) if x.ndim > 2 else x.unsqueeze(1)


def _positions(tokens: Tensor, type_: TensorType) -> Tensor:
    """Bring (batch, n, c) back to (batch, *axes)."""
    sizes = [int(length) for name, length in type_.axes if name != "c"]
    x = tokens.unflatten(1, sizes) if sizes else tokens.squeeze(1)
    return x.movedim(-1, type_.names.index("c") + 1)


def _axial(op: AttentionFacts, inputs: tuple[TensorType, ...]) -> nn.Module:
    """The axes that do not take part join the batch."""
    from torch import nn

    q_type = inputs[0]
    chosen = op.axes(q_type)
    others = [axis for axis in q_type.positions if axis not in chosen]

    class AxialAttention(nn.Module):
        def forward(self, *tensors: Tensor) -> Tensor:
            grouped = [self._grouped(x, type_) for x, type_ in zip(tensors, inputs, strict=True)]
            sizes = [int(q_type.size(axis)) for axis in (*others, *chosen)]
            mixed = attend(op, *grouped, tests=_stated(op, q_type, inputs[1], tensors[0].device))
            mixed = mixed.unflatten(0, (tensors[0].shape[0], -1)).flatten(1, 2).unflatten(1, sizes)
            names = [*others, *chosen, "c"]
            return mixed.permute(0, *(names.index(name) + 1 for name in q_type.names))

        def _grouped(self, x: Tensor, type_: TensorType) -> Tensor:
            x = x.permute(0, *(type_.names.index(name) + 1 for name in (*others, *chosen, "c")))
            return x.flatten(1 + len(others), -2).flatten(0, len(others))

    return AxialAttention()


def _windowed(op: AttentionFacts, inputs: tuple[TensorType, ...]) -> nn.Module:
    """Roll, cut into windows, attend with bias and mask, and go back."""
    import torch
    from torch import nn

    q_type = inputs[0]
    axes = q_type.positions
    windows = [int(length) for length in op.windows(q_type).values()]
    shifts = [int(shift) for shift in op.shifts(q_type).values()]
    sizes = [int(q_type.size(axis)) for axis in axes]
    rank, count = len(axes), 1
    for window in windows:
        count *= window
    order = [*(1 + 2 * a for a in range(rank)), *(2 + 2 * a for a in range(rank))]
    back = [0, *(place for a in range(rank) for place in (1 + a, 1 + rank + a)), 1 + 2 * rank]

    class WindowAttention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            if op.relative_bias:
                (table,) = op.weights(*inputs).values()
                self.relative_position_bias_table = nn.Parameter(torch.zeros(*map(int, table.shape)))

        def forward(self, *tensors: Tensor) -> Tensor:
            batch = tensors[0].shape[0]
            cut = [self._cut(x, type_) for x, type_ in zip(tensors, inputs, strict=True)]
            mixed = attend(op, *cut, bias=self._bias(batch, tensors[0]))
            grid = [size // window for size, window in zip(sizes, windows, strict=True)]
            merged = mixed.unflatten(1, windows).unflatten(0, (batch, *grid)).permute(back)
            for axis in range(rank):
                merged = merged.flatten(1 + axis, 2 + axis)
            rolled = merged.roll(shifts, list(range(1, rank + 1))) if any(shifts) else merged
            return rolled.movedim(-1, q_type.names.index("c") + 1)

        def _cut(self, x: Tensor, type_: TensorType) -> Tensor:
            x = x.permute(0, *(type_.names.index(name) + 1 for name in (*axes, "c")))
            if any(shifts):
                x = x.roll([-shift for shift in shifts], list(range(1, rank + 1)))
            for axis, window in enumerate(windows):
                x = x.unflatten(1 + 2 * axis, (-1, window))
            x = x.permute(0, *order, 1 + 2 * rank).flatten(rank + 1, 2 * rank).flatten(0, rank)
            return x.clone() if windows == sizes else x  # a single window would be a view, several are a copy

        def _bias(self, batch: int, like: Tensor) -> Tensor | None:
            bias = None
            if op.relative_bias:
                index = relative_index(windows).to(like.device)
                bias = self.relative_position_bias_table[index].permute(2, 0, 1).unsqueeze(0)
            if any(shifts):
                blocked = shift_mask(sizes, windows, shifts).to(like.device).repeat(batch, 1, 1).unsqueeze(1)
                mask = torch.zeros(blocked.shape, dtype=like.dtype, device=like.device)
                mask = mask.masked_fill(blocked, float("-inf"))
                bias = mask if bias is None else bias + mask
            return bias

    return WindowAttention()


def relative_index(windows: list[int]) -> Tensor:
    """Return, for every pair of positions of a window, the row of its offset in the table."""
    import torch

    grid = torch.meshgrid(*(torch.arange(window) for window in windows), indexing="ij")
    places = torch.stack([axis.flatten() for axis in grid])
    offsets = places[:, :, None] - places[:, None, :]
    index = torch.zeros_like(offsets[0])
    for axis, window in enumerate(windows):
        index = index * (2 * window - 1) + offsets[axis] + window - 1
    return index


def shift_mask(sizes: list[int], windows: list[int], shifts: list[int]) -> Tensor:
    """Return, per window, which pairs are neighbours only because the roll wrapped around."""
    import torch

    regions = torch.zeros(sizes, dtype=torch.long)
    for axis, (size, window, shift) in enumerate(zip(sizes, windows, shifts, strict=True)):
        place = torch.arange(size)
        part = (place >= size - window).long() + (place >= size - shift).long() if shift else torch.zeros_like(place)
        shape = [1] * len(sizes)
        shape[axis] = size
        regions = regions * 3 + part.view(shape)
    for axis, window in enumerate(windows):
        regions = regions.unflatten(2 * axis, (-1, window))
    rank = len(sizes)
    order = [*(2 * a for a in range(rank)), *(2 * a + 1 for a in range(rank))]
    flat = regions.permute(order).flatten(rank).flatten(0, rank - 1)
    return flat[:, :, None] != flat[:, None, :]
