"""Positive linear stand-ins of aten operations: the same dependence, and a gradient that nothing cancels.

Activations become the identity, products and differences sums, weights positive constants, norms the identity or
the identity plus the mean. Whatever depends on the input then has a positive gradient, and nothing else has one.
Every function takes the arguments of the operation behind its `AtenCall`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from math import prod
from operator import add
from typing import TYPE_CHECKING, Any

from archgraph.errors import UnsupportedOpError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class AtenCall:
    """One operation that is replaced.

    Attributes:
        name: the name in aten.
        target: the operation itself.
        shape: the shape of its first result.
        kind: content, gate or stat.
        channel: the axis of the channels, batch counted, where a product is concerned.
    """

    name: str
    target: Callable[..., Any]
    shape: tuple[int, ...]
    kind: str
    channel: int | None


def live(value: object) -> bool:
    """Return whether a value depends on the input."""
    return bool(getattr(value, "requires_grad", False))


def unit(value: Tensor) -> Tensor:
    """Bring a value to 1 where it is positive, and its gradient to 1 where it is not zero.

    So neither grows or vanishes however deep the network is.
    """
    import torch

    if not live(value):
        return value
    scaled = torch.where(value > 0, value / value.detach().clamp(min=1e-30), value)
    scaled.register_hook(lambda gradient: (gradient != 0).to(gradient.dtype))
    return scaled


def thin(x: Tensor, *axes: int) -> Tensor:
    """Return a tensor with one copy of what was expanded, along all axes or the given ones.

    Most values have equal channels, which are not computed one by one.
    """
    chosen = axes or tuple(range(x.ndim))
    narrow = getattr(x, "narrow_one", None)
    if narrow is not None and all(a == b or axis in chosen for axis, (a, b) in enumerate(_sizes(narrow, x))):
        return thin(narrow, *axes)
    for axis in chosen:
        if x.stride(axis) == 0 and x.shape[axis] > 1:
            x = x.narrow(axis, 0, 1)
    return x


def wide(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Expand a tensor; it keeps the one that it was, so that gradients need not pass by all the copies."""
    expanded = x.expand(shape)
    if x.ndim == len(shape) and x.shape != shape:
        expanded.narrow_one = x  # type: ignore[attr-defined]
    return expanded


def _sizes(x: Tensor, y: Tensor) -> list[tuple[int, int]]:
    return list(zip(x.shape, y.shape, strict=True))


@dataclass(frozen=True)
class Joined:
    """Values with equal channels, put together along the channels, which are not computed one by one either."""

    parts: tuple[Tensor, ...]
    axis: int
    lengths: tuple[int, ...]

    requires_grad = True

    def whole(self) -> Tensor:
        """Return them as a tensor."""
        import torch

        pairs = zip(self.parts, self.lengths, strict=True)
        return torch.cat([part.expand(_long(part, self.axis, length)) for part, length in pairs], self.axis)

    def mean(self) -> Tensor:
        """Return their sum, as one channel."""
        return reduce(add, self.parts)


def _long(part: Tensor, axis: int, length: int) -> list[int]:
    return [length if index == axis else -1 for index in range(part.ndim)]


def joined(call: AtenCall, tensors: Any, dim: int = 0) -> Any:
    """Put values together; those with equal channels stay apart until somebody asks."""
    axis = dim % len(call.shape)
    values = list(tensors)
    if axis and all(live(x) and x.shape[axis] and (x.stride(axis) == 0 or x.shape[axis] == 1) for x in values):
        return Joined(tuple(thin(x, axis) for x in values), axis, tuple(x.shape[axis] for x in values))
    return call.target(values, dim)


def as_it_is(call: AtenCall, *args: Any, **options: Any) -> Any:
    """Run an operation that moves, adds or averages elements."""
    return call.target(*args, **options)


def turned(call: AtenCall, x: Any, *args: Any, **options: Any) -> Any:
    """Run an operation that keeps all elements, or reorders axes, on one copy of what was expanded."""
    narrow = getattr(x, "narrow_one", x)
    return wide(call.target(narrow, *args, **options), call.shape)


def cut(call: AtenCall, x: Any, *args: Any, **options: Any) -> Any:
    """Run an operation that keeps the axes, on one copy of the channels where it leaves those alone."""
    narrow = getattr(x, "narrow_one", None)
    if narrow is None or len(call.shape) != x.ndim or call.shape[1] != x.shape[1]:
        return call.target(x, *args, **options)
    if any(a != b for axis, (a, b) in enumerate(_sizes(narrow, x)) if axis != 1):
        return call.target(x, *args, **options)
    return wide(call.target(narrow, *args, **options), call.shape)


def padded(call: AtenCall, x: Tensor, widths: Any, mode: Any = "constant", *args: Any, **options: Any) -> Tensor:
    """Pad with zeros whatever the value, or as the mode says."""
    from torch.nn import functional

    kept = mode if isinstance(mode, str) else "constant"
    return cut(replace(call, target=functional.pad), x, list(widths), kept)


def gathered(call: AtenCall, *args: Any, **options: Any) -> Tensor:
    """Run an operation that averages or interpolates elements, in double precision so that weights of 0 are 0."""
    x, *rest = args
    exact = thin(x, 1).double()
    exact.register_hook(lambda gradient: gradient * (gradient.abs() > 1e-9))
    return wide(unit(call.target(exact, *rest, **options).float()), call.shape)


def summed(call: AtenCall, *args: Any, **options: Any) -> Tensor:
    """Run a sum or mean over axes."""
    return unit(call.target(*args, **options))


def same(call: AtenCall, x: Tensor, *args: Any, **options: Any) -> Tensor:
    """Replace a function of one element by the identity."""
    return x


def added(call: AtenCall, *args: Any, **options: Any) -> Tensor:
    """Replace a function of two elements by their sum; hugely negative constants stay, for they mask scores."""
    import torch

    total = torch.zeros((1,) * len(call.shape), dtype=torch.float32)
    for value in args[:2]:
        if live(value):
            total = total + thin(value)
        elif isinstance(value, torch.Tensor) and value.dtype.is_floating_point:
            total = total + torch.where(value < -20, value, value.clamp(min=0))
    return wide(total, call.shape)


def multiplied(call: AtenCall, left: Any, right: Any, *args: Any, **options: Any) -> Tensor:
    """Replace a product by a sum; zeros of a constant stay zeros, and gates are held fixed where they are."""
    if live(left) and live(right):
        if call.kind == "content":
            left, right = (None if _gates(call, x, y) else x for x, y in ((left, right), (right, left)))
        kept = [thin(x) for x in (left, right) if x is not None]
        return wide(reduce(add, kept), call.shape)
    value, constant = (left, right) if live(left) else (right, left)
    pattern = thin(constant != 0).to(value.dtype) if hasattr(constant, "dtype") else 1.0
    return wide((thin(value) * pattern), call.shape)


def _gates(call: AtenCall, factor: Tensor, other: Tensor) -> bool:
    """Say whether a factor is broadcast over positions of the other one."""
    shape = (1,) * (len(call.shape) - factor.ndim) + tuple(factor.shape)
    full = tuple(other.shape) == call.shape
    axes = (axis for axis in range(1, len(shape)) if axis != call.channel)
    return full and any(shape[axis] == 1 < call.shape[axis] for axis in axes)


def convolved(call: AtenCall, x: Tensor, weight: Tensor, bias: Any = None, *args: Any, **options: Any) -> Tensor:
    """Convolve with equal weights: the mean over the channels of a group, spread over its outputs."""
    return _grouped(call, x, weight, args, transposed=False)


def spread(call: AtenCall, x: Tensor, weight: Tensor, bias: Any = None, *args: Any, **options: Any) -> Tensor:
    """Convolve with equal weights, transposed."""
    return _grouped(call, x, weight, args, transposed=True)


def _grouped(call: AtenCall, x: Tensor, weight: Tensor, args: tuple[Any, ...], transposed: bool) -> Tensor:
    import torch

    given = list(args)
    place = 3 if transposed else 4 - 1
    groups = given[place] if len(given) > place else 1
    if groups == 1:
        means = x.mean() if isinstance(x, Joined) else thin(x, 1).mean(1, keepdim=True)
    else:
        means = x.unflatten(1, (groups, -1)).mean(2)
    ones = torch.ones((groups, 1, *weight.shape[2:]), dtype=means.dtype) / weight[0, 0].numel()
    if len(given) > place:
        given[place] = groups
    result = call.target(means, ones, None, *given)
    result = unit(result + 1)
    return wide(result, call.shape) if groups == 1 else result.repeat_interleave(call.shape[1] // groups, 1)


def pooled(
    call: AtenCall, x: Tensor, kernel: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil: bool = False
) -> Tensor:
    """Replace a maximum over windows by a sum over the same windows."""
    import torch
    from torch.nn import functional

    rank = x.ndim - 2
    sizes, dilations, pads = (_each(value, rank) for value in (kernel, dilation, padding))
    strides = _each(stride, rank) if stride not in (None, [], ()) else sizes
    room = zip(call.shape[2:], strides, sizes, dilations, pads, x.shape[2:], strict=True)
    after = [max(0, (out - 1) * s + d * (k - 1) + 1 - p - n) for out, s, k, d, p, n in room]
    widths = [width for p, a in zip(reversed(pads), reversed(after), strict=True) for width in (p, a)]
    one = thin(x, 1)
    padded = functional.pad(one.flatten(0, 1).unsqueeze(1), widths)
    make = (functional.conv1d, functional.conv2d, functional.conv3d)[rank - 1]
    ones = torch.ones((1, 1, *sizes), dtype=x.dtype)
    result = make(padded, ones, None, strides, 0, dilations)
    cut = tuple(slice(0, length) for length in call.shape[2:])
    result = result[(slice(None), slice(None), *cut)]
    return wide(unit(result.reshape(*one.shape[:2], *result.shape[2:])), call.shape)


def _each(value: Any, rank: int) -> list[int]:
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    return values * rank if len(values) == 1 else values


def averaged(call: AtenCall, x: Tensor, dim: Any = None, keepdim: bool = False, *args: Any, **options: Any) -> Tensor:
    """Replace a maximum, a norm or a median along axes by the mean."""
    axes = list(range(x.ndim)) if dim is None else dim
    return unit(x.mean(axes, keepdim=keepdim))


def normalised(axes: Callable[..., tuple[int, ...]], *, centred: bool = True) -> Callable[..., Tensor]:
    """Replace a norm by the identity, and the mean over its axes where statistics count.

    Args:
        axes: gives these of a rank and of the arguments behind the operand.
        centred: whether it takes the mean off, so that of one value alone nothing is left.
    """

    def norm(call: AtenCall, x: Tensor, *args: Any, **options: Any) -> Tensor:
        over = axes(len(call.shape), *args)
        if centred and prod(call.shape[axis] for axis in over) == 1:
            return constant(call)
        if call.kind != "stat":
            return x
        value = thin(x)
        return wide(unit(value + value.mean(over, keepdim=True)), call.shape)

    return norm


def constant(call: AtenCall) -> Tensor:
    """Return what depends on nothing."""
    import torch

    return torch.ones((1,) * len(call.shape)).expand(call.shape)


def grouped_norm(call: AtenCall, x: Tensor, groups: int, *args: Any, **options: Any) -> Tensor:
    """Replace a group norm."""
    if prod(call.shape[1:]) == groups:
        return constant(call)
    if call.kind != "stat":
        return x
    parts = x.unflatten(1, (groups, -1))
    return unit(parts + parts.mean(tuple(range(2, parts.ndim)), keepdim=True)).flatten(1, 2)


def looked_up(call: AtenCall, weight: Tensor, index: Tensor, *args: Any, **options: Any) -> Tensor:
    """Replace a look-up in a table by copies of the index."""
    if live(index):
        return index.unsqueeze(-1).expand(*index.shape, weight.shape[-1])
    return call.target(weight, index, *args, **options)


def linear(call: AtenCall, x: Tensor, weight: Tensor, *args: Any) -> Tensor:
    """Replace a linear map by the mean over its inputs."""
    mean = x.mean() if isinstance(x, Joined) else thin(x, -1).mean(-1, keepdim=True)
    return wide(unit(mean + 1), call.shape)


def unknown(call: AtenCall, *args: Any, **options: Any) -> Any:
    """Refuse an operation without a stand-in.

    Raises:
        UnsupportedOpError: always.
    """
    raise UnsupportedOpError(
        f"no positive stand-in for aten.{call.name}: its dependence cannot be measured",
        hint="replace the operation, or measure the modules before and after it",
    )
