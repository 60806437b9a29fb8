"""Packages that only some queries need, which the core does without."""

from __future__ import annotations

from typing import Any

from archgraph.errors import MissingToolError


def import_torch() -> Any:
    """Return the torch package.

    Raises:
        MissingToolError: it is not installed.
    """
    try:
        import torch
        import torch.export
    except ImportError:
        raise MissingToolError("PyTorch is not installed", hint='pip install "archgraph[torch]"') from None
    return torch
