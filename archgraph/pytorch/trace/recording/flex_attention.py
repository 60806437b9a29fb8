"""`flex_attention` on tensors without values: attention under the mask and with the scores that its functions make."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from archgraph.errors import ArchgraphError

if TYPE_CHECKING:
    from torch import Tensor, device

FLEXIBLE = "torch.nn.attention.flex_attention"


def flexible_attention() -> Iterator[tuple[object, str, object]]:
    """Yield what stands for the parts of `flex_attention` that need a device: owner, name and replacement.

    PyTorch's own checks of its arguments stay. Where nobody uses it, it is not imported.
    """
    flex = sys.modules.get(FLEXIBLE)
    if flex is None:
        return
    yield flex, "_validate_device", lambda *tensors: None
    yield flex, "_FLEX_ATTENTION_DISABLE_COMPILE_DEBUG", True
    yield _indexing(), "mod_index", _index
    asked: list[_Asked] = []
    yield flex, "_apply_kernel_options", _noting(flex._apply_kernel_options, asked)
    yield flex, "flex_attention_hop", _attention(flex, asked)
    yield flex.BlockMask, BLOCKS, property(_without_values, _keep)


BLOCKS = "kv_num_blocks"
"""The attribute of a mask whose device PyTorch compares with that of the queries."""


def _without_values(mask: object) -> Tensor:
    """How many blocks there are, on the device of what is recorded: a mask may have been made before, on another."""
    import torch
    from torch.utils._python_dispatch import _disable_current_modes

    counts: Tensor = vars(mask)[BLOCKS]
    if counts.is_meta:
        return counts
    with _disable_current_modes():
        return torch.empty_like(counts, device="meta")


def _keep(mask: object, counts: object) -> None:
    vars(mask)[BLOCKS] = counts


def _indexing() -> ModuleType:
    """Where PyTorch says what an index is inside the functions of scores and masks."""
    import torch._dynamo._trace_wrapped_higher_order_op as wrapped

    return wrapped


def _index(table: Tensor, places: list[Tensor]) -> Tensor:
    """The same without a backward pass of its own, which would keep places that are known; tables may be learned."""
    import torch

    return torch.ops.aten.index(table, places)


_OfPlaces = Callable[..., "Tensor"]
"""A function of a sample, a head, a query and a key; one of scores has these first."""
_BlockMask = tuple[Any, ...]
_Attended = tuple["Tensor", "Tensor | None", "Tensor | None"]
"""The result, the logarithms of the sums of its weights, and the largest scores."""


class _Asked(NamedTuple):
    """What is returned beside the result."""

    logarithms: bool
    largest: bool


def _noting(original: Callable[..., object], asked: list[_Asked]) -> Callable[..., object]:
    """The options tell what kernels write; what the caller wants of it is among the arguments only."""

    where = inspect.signature(original)

    def noted(*args: object, **kwargs: object) -> object:
        given = where.bind(*args, **kwargs).arguments
        beside = given.get("return_aux")
        asked.append(
            _Asked(bool(given["return_lse"]), largest=False)
            if beside is None
            else _Asked(bool(beside.lse), bool(beside.max_scores))
        )
        return original(*args, **kwargs)

    return noted


def _attention(flex: ModuleType, asked: list[_Asked]) -> Callable[..., _Attended]:
    def attention(
        query: Tensor,
        key: Tensor,
        value: Tensor,
        score_mod: _OfPlaces,
        block_mask: _BlockMask,
        scale: float,
        *_: object,
    ) -> _Attended:
        import torch

        wanted = asked.pop()
        key, value = (_of_every_head(tensor, query) for tensor in (key, value))
        sizes = (*query.shape[:3], key.shape[2])
        mask = _mask(flex, block_mask, sizes, query.device)
        if score_mod is flex._identity and not any(wanted):
            fused = torch.nn.functional.scaled_dot_product_attention
            return fused(query, key, value, attn_mask=mask, scale=scale), None, None
        scores = (query @ key.transpose(-2, -1)) * scale
        if score_mod is not flex._identity:
            scores = _mapped(flex, score_mod, (0,), sizes, query.device, scores)
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        # The caller multiplies both by the natural logarithm of 2, for kernels count in powers of it.
        logarithms = scores.logsumexp(-1) / math.log(2) if wanted.logarithms else None
        largest = scores.amax(-1) / math.log(2) if wanted.largest else None
        return scores.softmax(-1).to(value.dtype) @ value, logarithms, largest

    return attention


def _of_every_head(tensor: Tensor, query: Tensor) -> Tensor:
    """Repeat keys or values for the queries that share them, and for every sample."""
    heads = query.shape[1] // tensor.shape[1]
    repeated = tensor.repeat_interleave(heads, 1) if heads > 1 else tensor
    return repeated.expand(query.shape[0], *repeated.shape[1:]) if len(tensor) < len(query) else repeated


def _mask(flex: ModuleType, block_mask: _BlockMask, sizes: tuple[int, ...], at: device) -> Tensor | None:
    """The mask as values; None where everything is read.

    Raises:
        ArchgraphError: blocks are listed without the function that says what they leave out.
    """
    mask_mod = block_mask[-1]
    if mask_mod is not flex.noop_mask:
        return _mapped(flex, mask_mod, (), sizes, at)
    if block_mask[-2] < flex._LARGE_SPARSE_BLOCK_SIZE:
        raise ArchgraphError(
            "flex_attention is given blocks without a mask_mod: only a kernel knows what they leave out",
            hint="make the mask with create_block_mask(mask_mod, ...)",
        )
    return None


def _mapped(
    flex: ModuleType, function: _OfPlaces, prefix: tuple[int, ...], sizes: tuple[int, ...], at: device, *scores: Tensor
) -> Tensor:
    """Call a function of scores and places for all samples, heads, queries and keys."""
    import torch
    from torch._dynamo._trace_wrapped_higher_order_op import TransformGetItemToIndex

    places = [torch.arange(size, device=at) for size in sizes]
    with TransformGetItemToIndex():
        return flex._vmap_for_bhqkv(function, prefix=prefix)(*scores, *places)
