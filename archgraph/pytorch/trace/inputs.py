"""The inputs that a module is traced with: one sample of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archgraph.errors import ArchgraphError, ShapeError
from archgraph.optional import import_torch


def one_sample(inputs: Any) -> Any:
    """Return inputs that hold one sample: the first of a batch.

    Raises:
        ArchgraphError: no input is a tensor.
        ShapeError: the inputs have different sizes where a batch would be.
    """
    torch = import_torch()
    given = dict(inputs) if isinstance(inputs, Mapping) else inputs
    tree = torch.utils._pytree
    tensors = [x for x in tree.tree_leaves(given) if isinstance(x, torch.Tensor)]
    if not tensors:
        raise ArchgraphError("trace needs at least one input tensor")
    if not _holds_samples(tensors):
        return given
    return tree.tree_map(lambda x: x[:1] if isinstance(x, torch.Tensor) and x.ndim else x, given)


def _holds_samples(tensors: Sequence[Any]) -> bool:
    """Whether the first dimension counts several samples."""
    sizes = {int(x.shape[0]) for x in tensors if x.ndim}
    if 1 in sizes or not sizes:
        return False
    if len(sizes) == 1:
        return True
    shapes = ", ".join(str(tuple(x.shape)) for x in tensors)
    raise ShapeError(f"the inputs have no common batch size: {shapes}", hint="give inputs with a batch of 1")
