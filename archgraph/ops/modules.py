"""Small modules that several lowerings share; torch is imported inside the functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, cast

from archgraph.errors import UnsupportedOpError
from archgraph.sizes.dtypes import FLOAT

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


def torch_dtype(name: str) -> torch.dtype:
    """Return PyTorch's dtype of a stored type; of `float` PyTorch's default.

    >>> torch_dtype("bool"), torch_dtype("int")
    (torch.bool, torch.int64)
    """
    import torch

    usual = {FLOAT: torch.get_default_dtype(), "int": torch.int64}
    return usual.get(name) or getattr(torch, name)


def functional(function: Callable[..., Tensor | tuple[Tensor, ...]]) -> nn.Module:
    """Return a module without weights that calls `function(*tensors)`."""
    return _functional_class()(function)


def named(module: Any, kind: str, arguments: Mapping[str, object]) -> nn.Module:
    """Return the module; one without a name of its own prints as the operation that it computes."""
    if isinstance(module, _functional_class()):
        module.kind = kind
        module.arguments = ", ".join(f"{name}={value}" for name, value in arguments.items())
    return module


@cache
def _functional_class() -> Any:
    from torch import nn

    class Functional(nn.Module):
        kind = "functional"
        arguments = ""

        def __init__(self, function: Callable[..., Tensor | tuple[Tensor, ...]]) -> None:
            super().__init__()
            self.function = function

        def _get_name(self) -> str:
            return self.kind

        def extra_repr(self) -> str:
            return self.arguments

        def forward(self, *tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
            return self.function(*tensors)

    return Functional


def recomputed(function: Callable[..., Tensor], *operands: Tensor) -> Tensor:
    """Return `function(*operands)`; autograd keeps the operands alone, as fused kernels do, and computes it again."""
    return _recompute()(function, *operands)


class BackwardContext(Protocol):
    """What PyTorch hands from the forward to the backward pass of a function."""

    function: Callable[..., Tensor]
    saved_tensors: tuple[Tensor, ...]
    needs_input_grad: tuple[bool, ...]

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Keep the tensors."""


@cache
def _recompute() -> Callable[..., Tensor]:
    import torch

    class Recomputed(torch.autograd.Function):
        @staticmethod
        def forward(ctx: BackwardContext, function: Callable[..., Tensor], *operands: Tensor) -> Tensor:
            ctx.function = function
            ctx.save_for_backward(*operands)
            return function(*operands)

        @staticmethod
        def backward(ctx: BackwardContext, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
            needed = ctx.needs_input_grad[1:]
            leaves = [kept.detach().requires_grad_(need) for kept, need in zip(ctx.saved_tensors, needed, strict=True)]
            with torch.enable_grad():
                again = ctx.function(*leaves)
            gradients = iter(torch.autograd.grad(again, [leaf for leaf in leaves if leaf.requires_grad], grad_outputs))
            return None, *(next(gradients) if need else None for need in needed)

    return cast("Callable[..., Tensor]", Recomputed.apply)


def around(
    layer: nn.Module,
    before: Callable[..., object] | None = None,
    after: Callable[[Any], Tensor] | None = None,
) -> nn.Module:
    """Return the layer itself, with its input changed by `before` and its output by `after`.

    The layer keeps its class and the names of its weights. Later calls wrap around earlier ones.
    """

    def enter(module: nn.Module, tensors: tuple[object, ...]) -> object:
        return tensors if before is None else before(*tensors)

    def leave(module: nn.Module, tensors: object, result: Any) -> object:
        return result if after is None else after(result)

    layer.register_forward_pre_hook(enter, prepend=True)
    layer.register_forward_hook(leave)
    return layer


def on_last_axis(layer: nn.Module, axis: int) -> nn.Module:
    """Return the layer applied along `axis` (batch not counted) instead of along the last one."""
    return around(layer, lambda x: x.movedim(axis + 1, -1), lambda y: y.movedim(-1, axis + 1))


def in_order(layer: nn.Module, names: Sequence[str], order: Sequence[str]) -> nn.Module:
    """Return the layer applied to axes in another order (batch not counted)."""
    if tuple(names) == tuple(order):
        return layer
    there = [0, *(names.index(name) + 1 for name in order)]
    back = [0, *(order.index(name) + 1 for name in names)]
    return around(layer, lambda x: x.permute(there), lambda y: y.permute(back))


def joined_to_batch(layer: nn.Module, names: Sequence[str], order: Sequence[str], count: int) -> nn.Module:
    """Return the layer applied to axes in another order, of which the first `count` are taken as samples."""

    class Sizes:
        batch: Sequence[int] = ()

    def enter(x: Tensor) -> Tensor:
        Sizes.batch = x.shape[: count + 1]
        return x.flatten(0, count)

    joined = around(layer, enter, lambda y: y.unflatten(0, Sizes.batch))
    return in_order(joined, names, order)


def linear_on_first_axis(length: int, out: int, *, bias: bool) -> nn.Module:
    """Return a linear layer along the first axis, as a pointwise convolution: it copies no operand."""
    return _first_axis_class()(length, out, bias=bias)


@cache
def _first_axis_class() -> Any:
    from torch import nn
    from torch.nn.functional import conv1d

    class Linear(nn.Linear):
        def forward(self, input: Tensor) -> Tensor:
            mapped = conv1d(input.flatten(2), self.weight.unsqueeze(-1), self.bias)
            return mapped.unflatten(2, input.shape[2:])

    return Linear


def channel_first(layer: nn.Module, axis: int) -> nn.Module:
    """Return the layer applied with the channel, which stands at `axis`, moved to the front."""
    if axis == 0:
        return layer
    return around(layer, lambda x: x.movedim(axis + 1, 1), lambda y: y.movedim(1, axis + 1))


def padded(layer: nn.Module, sides: Sequence[tuple[int, int]], value: float = 0.0) -> nn.Module:
    """Return the layer behind a padding of (before, after) elements per position axis."""
    from torch.nn.functional import pad

    widths = [width for pair in reversed(sides) for width in pair]
    return around(layer, lambda x: pad(x, widths, value=value))


def cropped(layer: nn.Module, sides: Sequence[tuple[int, int]]) -> nn.Module:
    """Return the layer followed by a crop of (before, after) elements per position axis."""

    def crop(y: Tensor) -> Tensor:
        cuts = [slice(before, y.shape[axis + 2] - after) for axis, (before, after) in enumerate(sides)]
        return y[(slice(None), slice(None), *cuts)]

    return around(layer, after=crop)


def of_rank(name: str, rank: int) -> Callable[..., nn.Module]:
    """Return torch's class of that name for so many position axes: `Conv2d` for `Conv` and 2.

    Raises:
        UnsupportedOpError: torch has none.
    """
    from torch import nn

    make = getattr(nn, f"{name}{rank}d", None)
    if make is None:
        raise UnsupportedOpError(f"torch has no {name} over {rank} position axes", hint="it has 1 to 3")
    return make


class Convolution(Protocol):
    """What a convolution of PyTorch is made of."""

    weight: Tensor
    bias: Tensor | None
    forward: Callable[[Tensor], Tensor]

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor: ...


def standardised(layer: nn.Module) -> None:
    """Make a convolution bring the weight of every output channel to mean 0 and variance 1 before it is used."""
    from torch.nn.functional import batch_norm

    conv = cast("Convolution", layer)
    compute = conv._conv_forward  # pyright: ignore[reportPrivateUsage]  # what a convolution does with another weight

    def forward(x: Tensor) -> Tensor:
        flat = conv.weight.reshape(1, conv.weight.shape[0], -1)
        weight = batch_norm(flat, None, None, training=True, momentum=0.0, eps=1e-6).reshape_as(conv.weight)
        return compute(x, weight, conv.bias)

    conv.forward = forward
