"""What a program reads, by the gradient of a positive program with the same dependence.

Everything is computed in double precision from positive numbers, and what could cancel, vanish or choose is replaced by
something positive that depends on the same: a maximum by a sum, a norm by a sum over what it normalises, a function
by its argument. What a constant mask leaves out stays left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from tests.differential.random_program import Program

Position = tuple[int, ...]
UNSEEN = {
    "-100.0 * 50": "-1e30",
    "1e9": "1e30",
    "torch.no_grad()": "torch.enable_grad()",
    ".detach()": ".clone()",
    ".half().float()": "",
    ".float()": ".double()",
}
"""What hides a dependence from the gradient, or makes it coarse, and what stands for it."""
MASKED = -1e29
"""Scores below this are masked: all others are positive, and none is as large, whatever layers they pass."""


def itself(x: Tensor, *rest: Any, **options: Any) -> Tensor:
    return x * 1.0


def itself_above_zero(x: Tensor, *rest: Any, **options: Any) -> Tensor:
    return x + 1.0


def clamped(x: Tensor, min: Any = None, max: Any = None, **options: Any) -> Tensor:
    """Return what is not zero at zero where the limits leave zero out."""
    return x + 1.0 if (min is not None and min > 0) or (max is not None and max < 0) else itself(x)


def summed(x: Tensor, dims: Sequence[int]) -> Tensor:
    """Return the sum over some dimensions at every place, more of the place itself."""
    return x + x.sum(tuple(dims), keepdim=True)


def added(x: Any, y: Any, **options: Any) -> Any:
    return x + y


def divided(x: Any, y: Any, **options: Any) -> Any:
    """Return a product that is zero where what is divided is, and where it is divided by infinity."""
    below = torch.as_tensor(y)
    return x * torch.where(below.isinf(), 0.0, below.abs() + 1.0)


def mixed(x: Tensor, y: Tensor, share: Tensor) -> Tensor:
    """Return a sum without what has no share."""
    return torch.where(share == 1, 0.0, x) + torch.where(share == 0, 0.0, y) + share


def softmax(x: Tensor, dim: int = -1, **options: Any) -> Tensor:
    seen = (x > MASKED).detach()
    # The share of a single one is 1 whatever its score is.
    shown = torch.where(seen & (seen.sum(dim, keepdim=True) > 1), x, 0.0).abs()
    # Weights are positive also where all scores of a row are zero.
    return torch.where(seen, summed(shown, [dim]) + 1.0, 0.0)


def last_dims(x: Tensor, shape: Sequence[int], *rest: Any, **options: Any) -> Tensor:
    return summed(x, range(-len(shape), 0)) + 1.0


def centred(x: Tensor, shape: Sequence[int], *rest: Any, **options: Any) -> Tensor:
    """Return a norm that takes a mean off: of one value alone nothing is left."""
    return torch.ones_like(x) if torch.Size(shape).numel() == 1 else last_dims(x, shape)


def grouped(x: Tensor, groups: int, *rest: Any, **options: Any) -> Tensor:
    if x[0].numel() == groups:
        return torch.ones_like(x)
    return summed(x.reshape(1, groups, -1), [2]).reshape(x.shape) + 1.0


def along(x: Tensor, *rest: Any, dim: int = 1, **options: Any) -> Tensor:
    return summed(x, [dim])


def most(x: Tensor, dim: int, keepdim: bool = False) -> Any:
    return x.sum(dim, keepdim)


def maxima(x: Tensor, dim: int) -> Any:
    return torch.return_types.max((x.sum(dim), x.sum(dim)))


def attended(q: Tensor, k: Tensor, v: Tensor, attn_mask: Any = None, is_causal: bool = False) -> Tensor:
    scores = q @ k.transpose(-1, -2)
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -inf)
    return softmax(scores) @ v


def above_zero(layer: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return a convolution whose result is positive where it reads padding alone."""
    return lambda *args, **options: layer(*args, **options) + 1.0


def halved(x: Tensor, kernel: int, stride: int, padding: int, *rest: Any, **options: Any) -> Tensor:
    return {3: functional.avg_pool1d, 4: functional.avg_pool2d}[x.ndim](x, kernel, stride, padding)


UNARY = (
    *("relu", "relu_", "gelu", "silu", "tanh", "leaky_relu", "sqrt", "abs", "elu", "hardswish"),
    *("square", "log1p", "neg", "__neg__", "dropout", "__pow__", "pow"),
)
ABOVE_ZERO = ("sigmoid", "sigmoid_", "exp", "softplus", "rsqrt", "reciprocal", "batch_norm")
"""Functions that are not zero at zero, some by their bias."""
CONVOLUTIONS = ("conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d")
STANDINS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(UNARY, itself),
    **dict.fromkeys(ABOVE_ZERO, itself_above_zero),
    **dict.fromkeys(("clamp", "clamp_"), clamped),
    **dict.fromkeys(("sub", "__sub__", "__rsub__", "rsub", "maximum", "minimum"), added),
    **dict.fromkeys(("div", "__truediv__"), divided),
    **dict.fromkeys(("__rtruediv__", "__rdiv__"), lambda x, y: divided(y, x)),
    **dict.fromkeys(("softmax", "log_softmax"), softmax),
    "layer_norm": centred,
    "rms_norm": last_dims,
    **dict.fromkeys(("max_pool1d", "max_pool2d"), halved),
    **{name: above_zero(getattr(functional, name)) for name in CONVOLUTIONS},
    "lerp": mixed,
    "amax": most,
    "max": maxima,
    "group_norm": grouped,
    "normalize": along,
    "scaled_dot_product_attention": attended,
}
"""What stands for a function of PyTorch, by its name."""


class PositiveStructure(TorchFunctionMode):
    """Runs functions by what stands for them."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        standin = STANDINS.get(name)
        live = any(isinstance(x, Tensor) and x.requires_grad for x in args)
        if standin is None or not live:
            return func(*args, **(kwargs or {}))
        options = {key: value for key, value in (kwargs or {}).items() if key not in ("inplace", "training")}
        made = standin(*args, **options)
        return args[0].copy_(made) if name.endswith("_") and not name.startswith("__") else made


class Structure:
    """The outputs of a program that is run by stand-ins."""

    def __init__(self, program: Program) -> None:
        net, x = program.module(UNSEEN)
        self.input = x.double().requires_grad_()
        net.double()
        with PositiveStructure():
            found = net(self.input)
        self.outputs: dict[str, Tensor] = found if isinstance(found, dict) else {"": found}

    def reads(self, output: str, index: Sequence[Sequence[int]]) -> set[Position]:
        """Return the places of the input, without the batch, that places of an output read: some per dimension."""
        out = self.outputs[output]
        if not out.requires_grad:
            return set()
        chosen = out[0][torch.meshgrid(*map(torch.tensor, index), indexing="ij")] if index else out[0]
        (gradient,) = torch.autograd.grad(chosen.sum(), self.input, retain_graph=True, allow_unused=True)
        return set() if gradient is None else {tuple(place) for place in gradient[0].nonzero().tolist()}
