"""PyTorch's own state and that of random numbers, as they were before a module ran."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def global_state() -> Iterator[None]:
    """Put back types, generators of random numbers and switches that a module may set; switch fused encoders off."""
    import torch
    from torch.utils import _device

    numpy = sys.modules.get("numpy")
    drawn = (random.getstate(), torch.get_rng_state(), numpy.random.get_state() if numpy else None)
    device = _device.CURRENT_DEVICE
    dtype, fast = torch.get_default_dtype(), torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with (
            _eager(torch),
            _trusting_distributions(),
            torch.autocast("cpu", enabled=False),
            torch.autocast("cuda", enabled=False),
        ):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        torch.set_default_dtype(dtype)
        if device != _device.CURRENT_DEVICE:
            torch.set_default_device(device)
        random.setstate(drawn[0])
        torch.set_rng_state(drawn[1])
        if numpy:
            numpy.random.set_state(drawn[2])


@contextmanager
def _eager(torch: Any) -> Iterator[None]:
    """Run compiled functions as they were written; where nothing was compiled, torch's compiler stays unloaded."""
    if "torch._dynamo" not in sys.modules:
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield


@contextmanager
def _trusting_distributions() -> Iterator[None]:
    """Keep distributions from looking at the values of their parameters, of which there are none."""
    distribution = sys.modules.get("torch.distributions.distribution")
    if distribution is None:
        yield
        return
    looks = distribution.Distribution._validate_args
    distribution.Distribution._validate_args = False
    try:
        yield
    finally:
        distribution.Distribution._validate_args = looks
