"""PyTorch's dtypes as the table of stored types has them: the one place where a trace translates them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from archgraph.errors import UnsupportedOpError
from archgraph.sizes.dtypes import DTYPES, FLOAT, OWN_TYPES

if TYPE_CHECKING:
    from torch import nn


def torch_name(dtype: object) -> str:
    """Return PyTorch's name of a dtype.

    >>> import torch
    >>> torch_name(torch.half)
    'float16'
    """
    return str(dtype).removeprefix("torch.")


def stored_name(dtype: object, own: str) -> str:
    """Return the stored type of a dtype in a module whose own floating type is `own`.

    Raises:
        UnsupportedOpError: the table has no such type, as of quantised tensors.

    >>> import torch
    >>> stored_name(torch.float32, "float32"), stored_name(torch.float32, "float16"), stored_name(torch.long, "float32")
    ('float', 'float32', 'int')
    """
    name = torch_name(dtype)
    if name == own:
        return FLOAT
    if name == "int64":
        return "int"
    if name not in DTYPES:
        raise UnsupportedOpError(f"values of dtype {name} have no rule", hint=", ".join(DTYPES))
    return name


def own_floating(module: nn.Module, inputs: Iterable[object]) -> str:
    """Return the floating type of a module: that of most of its weights, else of its buffers, else of an input.

    >>> from torch import nn
    >>> own_floating(nn.Linear(3, 4).half(), ())
    'float16'
    """
    for weights in (module.parameters(), module.buffers()):
        found: Counter[str] = Counter()
        for tensor in weights:
            found[torch_name(tensor.dtype)] += tensor.numel()
        if known := [name for name, _ in found.most_common() if name in OWN_TYPES]:
            return known[0]
    given = (torch_name(getattr(tensor, "dtype", None)) for tensor in inputs)
    return next((name for name in given if name in OWN_TYPES), OWN_TYPES[0])
