"""Small modules that several lowerings share; torch is imported inside the functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


def functional(function: Callable[..., Tensor | tuple[Tensor, ...]], *children: nn.Module) -> nn.Module:
    """Return a module that calls `function(*tensors, *children)`."""
    from torch import nn

    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for index, child in enumerate(children):
                self.add_module(str(index), child)

        def forward(self, *tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
            return function(*tensors, *self.children())

    return Functional()


def on_last_axis(layer: nn.Module, axis: int) -> nn.Module:
    """Return the layer applied along `axis` (batch not counted) instead of along the last one."""

    def moved(x: Tensor, inner: nn.Module) -> Tensor:
        return inner(x.movedim(axis + 1, -1)).movedim(-1, axis + 1)

    return functional(moved, layer)


def channel_first(layer: nn.Module, axis: int) -> nn.Module:
    """Return the layer applied with the channel, which stands at `axis`, moved to the front."""
    if axis == 0:
        return layer

    def moved(x: Tensor, inner: nn.Module) -> Tensor:
        return inner(x.movedim(axis + 1, 1)).movedim(1, axis + 1)

    return functional(moved, layer)
