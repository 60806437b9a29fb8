"""Arguments in tuples, lists and mappings, as PyTorch walks through them."""

from __future__ import annotations

from typing import Any


def tree_of(torch: Any) -> Any:
    """Return PyTorch's functions on nested arguments.

    >>> import torch
    >>> tree_of(torch).tree_leaves((1, {"a": [2, 3]}))
    [1, 2, 3]
    """
    return torch.utils._pytree
