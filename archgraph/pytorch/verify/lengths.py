"""What a kernel of PyTorch keeps in another type than its stand-in on shapes says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch._ops import OpOverload


def lengths_in_single() -> AbstractContextManager[object]:
    """Return a mode in which the lengths of a weight norm are in single precision at least, as its kernels have them.

    >>> import torch
    >>> with lengths_in_single():
    ...     torch.ops.aten._weight_norm_interface(torch.ones(2, 3).half(), torch.ones(2, 1).half())[1].dtype
    torch.float32
    """
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Lengths(TorchDispatchMode):
        def __torch_dispatch__(
            self,
            func: OpOverload,
            types: object,
            args: Sequence[object] = (),
            kwargs: Mapping[str, object] | None = None,
        ) -> object:
            found = func(*args, **(kwargs or {}))
            if func.overloadpacket is not torch.ops.aten._weight_norm_interface:
                return found
            weight, lengths = found
            return weight, lengths.to(torch.promote_types(lengths.dtype, torch.float32))

    return Lengths()
