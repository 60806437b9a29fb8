"""What PyTorch counts of a call: half of the FLOPs of FlopCounterMode, which is told what it does not know."""

from __future__ import annotations

import time
from collections.abc import Mapping
from importlib.util import find_spec
from math import prod
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

aten = torch.ops.aten
LARGEST = 6e9
"""How many MACs are run on the processor at most where the counter wants values."""


def counted(module: Any, fresh: Any, inputs: Mapping[str, Any]) -> int:
    """Return MACs on the meta device; on the CPU, with the math kernel, where the model asks for values.

    Args:
        module: where the recording left it, perhaps on the meta device.
        fresh: makes the module anew, with values.
        inputs: on the meta device.
    """
    try:
        return _flops(module.to("meta"), {key: on_meta(value) for key, value in inputs.items()}) // 2
    except (RuntimeError, AssertionError, NotImplementedError):
        return _flops(fresh(), {key: with_values(value) for key, value in inputs.items()}) // 2


def pass_seconds(module: Any, inputs: Mapping[str, Any]) -> float:
    """Return the processor seconds of a pass of the counter on shapes; 0 where it wants values."""
    given = {key: on_meta(value) for key, value in inputs.items()}
    start = time.process_time()
    try:
        _flops(module.to("meta"), given)
    except (RuntimeError, AssertionError, NotImplementedError):
        return 0.0
    return time.process_time() - start


def _flops(module: Any, inputs: Mapping[str, Any]) -> int:
    module.requires_grad_(False)  # the counter fails at views of what has a gradient, which it does not need
    counter = FlopCounterMode(display=False, custom_mapping=unknown_to_the_counter())
    with counter, sdpa_kernel(SDPBackend.MATH), torch.no_grad():
        module(**inputs)
    return counter.get_total_flops()


def on_meta(value: Any) -> Any:
    return torch.utils._pytree.tree_map(lambda x: x.to("meta") if isinstance(x, torch.Tensor) else x, value)


def with_values(value: Any) -> Any:
    return torch.utils._pytree.tree_map(_zeros, value)


def _zeros(item: Any) -> Any:
    return torch.zeros(item.shape, dtype=item.dtype) if isinstance(item, torch.Tensor) else item


def unknown_to_the_counter() -> dict[Any, Any]:
    """What PyTorch's counter leaves out: products with a vector, of experts, and inside of distances."""
    found: dict[Any, Any] = {
        aten._euclidean_dist: lambda rows, others, **more: 2 * prod(rows) * others[-2],
        aten._grouped_mm: _grouped,
        aten.mv: lambda matrix, vector, **more: 2 * prod(matrix),
        aten.addmv: lambda bias, matrix, vector, **more: 2 * prod(matrix),
        aten.dot: lambda one, other, **more: 2 * prod(one),
        aten.addbmm: lambda bias, one, other, **more: 2 * prod(one) * other[-1],
    }
    if find_spec("transformers"):
        from transformers.integrations import moe  # noqa: F401  registers it

        found[torch.ops.transformers.grouped_mm_fallback] = _grouped
    return found


def _grouped(rows: Any, matrices: Any, *ends: Any, **more: Any) -> int:
    return 2 * rows[0] * matrices[-2] * matrices[-1]
