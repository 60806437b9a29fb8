"""Tensors whose shape does not say how many numbers they hold: nested, sparse, quantized, or not made yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.nested import tree_of
from archgraph.pytorch.trace.recording.module_parts import ModuleParts

if TYPE_CHECKING:
    from torch import Tensor

HINTS = {
    "lazy": "call it once on an example, which gives its lazy parameters their shapes",
    "nested": "trace it with samples of one length, padded or one at a time",
    "quantized": "trace the module in floating point",
    "sparse": "give the dense tensor",
}


def refuse_odd_tensors(parts: ModuleParts, inputs: object) -> None:
    """Refuse a module or inputs that hold a tensor of another kind than one of numbers side by side.

    Raises:
        ArchgraphError: there is one; which, and what to do instead.
    """
    for what, tensor in (*_inputs(inputs), *_stored(parts)):
        kind = kind_of(tensor)
        if kind:
            raise ArchgraphError(f"{type(parts.module).__name__}: {what} is {_told(kind)}", hint=HINTS[kind])


def kind_of(tensor: Tensor) -> str:
    """Return the kind of a tensor in a word, the empty one for tensors of numbers side by side.

    >>> import torch
    >>> kind_of(torch.zeros(2)), kind_of(torch.zeros(2).to_sparse())
    ('', 'sparse')
    """
    import torch
    from torch.nn.parameter import is_lazy

    if is_lazy(tensor):
        return "lazy"
    if tensor.is_nested:
        return "nested"
    if tensor.is_quantized:
        return "quantized"
    return "" if tensor.layout == torch.strided else "sparse"


def _told(kind: str) -> str:
    return "lazy: it has no shape yet" if kind == "lazy" else f"a {kind} tensor, whose shape does not say what it holds"


def _inputs(inputs: object) -> Iterator[tuple[str, Tensor]]:
    import torch

    for leaf in tree_of(torch).tree_leaves(inputs):
        if isinstance(leaf, torch.Tensor):
            yield "an input", leaf


def _stored(parts: ModuleParts) -> Iterator[tuple[str, Tensor]]:
    """Yield what the module holds, once: what is none of these at the first recording is none at the others."""
    if not parts.looked_through:
        yield from ((f"{kind} '{path}'", tensor) for kind, path, tensor in parts.stored)
        parts.looked_through = True
