"""Attention and what stands around it, as operators of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from archgraph.errors import UnsupportedOpError
from archgraph.pytorch.onnx.operators.table import Results, operator

if TYPE_CHECKING:
    from torch import Tensor


@operator("Attention", several=True)
def _attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, past_k: Tensor | None = None,
    past_v: Tensor | None = None, lengths: Tensor | None = None, *, is_causal: int = 0, kv_num_heads: int = 0,
    q_num_heads: int = 0, qk_matmul_output_mode: int = 0, scale: float | None = None, softcap: float = 0.0,
    softmax_precision: int | None = None, left_window_size: int = -1, right_window_size: int = -1, outputs: int = 1,
) -> Results:  # fmt: skip
    unusual = {
        "nonpad_kv_seqlen": lengths is not None, "softcap": softcap, "its scores as a result": outputs > 3,
    }  # fmt: skip
    if told := [name for name, value in unusual.items() if value]:
        raise UnsupportedOpError(f"Attention with {', '.join(told)} has no rule", hint="export it without")
    joined = q.ndim == 3
    if joined:
        q, k, v = _in_heads(q, q_num_heads), _in_heads(k, kv_num_heads), _in_heads(v, kv_num_heads)
    past = 0 if past_k is None else past_k.shape[2]
    k = k if past_k is None else torch.cat([past_k, k], 2)
    v = v if past_v is None else torch.cat([past_v, v], 2)
    behind, ahead = left_window_size, 0 if is_causal else right_window_size
    plain = bool(is_causal) and mask is None and not past and behind < 0
    everything = behind < 0 and ahead < 0
    allowed = mask if plain or everything else _within(mask, q, k, past, behind, ahead)
    grouped = q.shape[1] != k.shape[1]
    mixed = functional.scaled_dot_product_attention(
        q, k, v, _padded(allowed, k), is_causal=plain, scale=scale, enable_gqa=grouped
    )
    return mixed.transpose(1, 2).flatten(2) if joined else mixed, k, v


def _in_heads(x: Tensor, heads: int) -> Tensor:
    return x.unflatten(-1, (heads, x.shape[-1] // heads)).transpose(1, 2)


def _within(mask: Tensor | None, q: Tensor, k: Tensor, past: int, behind: int, ahead: int) -> Tensor:
    """Return a mask together with a window: so many keys back and ahead of a query; all where it is negative."""
    read = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device)
    read = read if ahead < 0 else read.tril(past + ahead)
    read = read if behind < 0 else read.triu(past - behind)
    mask = _padded(mask, k)
    if mask is None:
        return read
    return mask & read if mask.dtype == torch.bool else mask.masked_fill(~read, float("-inf"))


def _padded(mask: Tensor | None, k: Tensor) -> Tensor | None:
    """Return a mask for all keys: those that it leaves out are not read."""
    missing = 0 if mask is None else k.shape[2] - mask.shape[-1]
    if mask is None or missing <= 0:
        return mask
    return functional.pad(mask, (0, missing), value=False if mask.dtype == torch.bool else float("-inf"))


@operator("RotaryEmbedding")
def _rotary(
    x: Tensor, cos: Tensor, sin: Tensor, places: Tensor | None = None, *, interleaved: int = 0, num_heads: int = 0,
    rotary_embedding_dim: int = 0,
) -> Results:  # fmt: skip
    heads = _in_heads(x, num_heads) if x.ndim == 3 else x
    width = rotary_embedding_dim or heads.shape[-1]
    turned, rest = heads[..., :width], heads[..., width:]
    along, across = (table if places is None else functional.embedding(places, table) for table in (cos, sin))
    along, across = along.unsqueeze(1), across.unsqueeze(1)
    first, second = (turned[..., ::2], turned[..., 1::2]) if interleaved else turned.chunk(2, -1)
    pair = first * along - second * across, first * across + second * along
    made = torch.stack(pair, -1).flatten(-2) if interleaved else torch.cat(pair, -1)
    made = made if rest.shape[-1] == 0 else torch.cat([made, rest], -1)
    return made.transpose(1, 2).flatten(2) if x.ndim == 3 else made


@operator("SwiGLU")
def _swiglu(x: Tensor, y: Tensor, *, alpha: float = 1.0) -> Results:
    return (functional.silu(x) if alpha == 1.0 else x * torch.sigmoid(alpha * x)) * y
