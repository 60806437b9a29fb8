"""The inputs that a module is traced with: one sample of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archgraph.errors import ArchgraphError
from archgraph.optional import import_torch
from archgraph.pytorch.trace.nested import tree_of

Batch = Mapping[str, int | None]
"""The dimension of every input that counts samples, by the input's name; None where it has none."""


def plain_inputs(inputs: Any) -> Any:
    """Return inputs as arguments or a mapping of them.

    Raises:
        ArchgraphError: no input is a tensor.
    """
    torch = import_torch()
    given = dict(inputs) if isinstance(inputs, Mapping) else inputs
    if not any(isinstance(x, torch.Tensor) for x in tree_of(torch).tree_leaves(given)):
        raise ArchgraphError("trace needs at least one input tensor")
    return given


def one_sample(inputs: Any, batch: Batch) -> Any:
    """Return inputs that hold the first sample of a batch.

    Args:
        batch: by name, in the order of the tensors among the inputs.

    >>> import torch
    >>> one_sample({"x": torch.zeros(9, 2, 4)}, {"x": 1})["x"].shape
    torch.Size([9, 1, 4])
    """
    torch = import_torch()
    dims = iter(batch.values())

    def first(leaf: Any) -> Any:
        if not isinstance(leaf, torch.Tensor):
            return leaf
        dim = next(dims)
        return leaf if dim is None else leaf.narrow(dim, 0, 1)

    return tree_of(torch).tree_map(first, inputs)
