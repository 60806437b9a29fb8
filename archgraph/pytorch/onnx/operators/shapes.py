"""Views, cuts, joins and look-ups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from archgraph.errors import UnsupportedOpError
from archgraph.pytorch.onnx.operators.padding import border
from archgraph.pytorch.onnx.operators.table import Results, from_start, numbers, operator
from archgraph.pytorch.onnx.stored import torch_type

if TYPE_CHECKING:
    from torch import Tensor

PADDING = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
_END = 2**31
"""From here on, the end of a slice means the end of a dimension."""


@operator("Shape")
def _shape(x: Tensor, *, start: int = 0, end: int | None = None) -> Results:
    return torch.tensor(list(x.shape)[start:end], dtype=torch.int64)


@operator("Size")
def _size(x: Tensor) -> Results:
    return torch.tensor(x.numel())


@operator("Reshape")
def _reshape(x: Tensor, given: Tensor | None = None, *, shape: Sequence[int] = (), allowzero: int = 0) -> Results:
    wanted = numbers(given) if given is not None else list(shape)
    return x.reshape([x.shape[d] if n == 0 and not allowzero else n for d, n in enumerate(wanted)])


@operator("Flatten")
def _flatten(x: Tensor, *, axis: int = 1) -> Results:
    first = axis if axis >= 0 else axis + x.ndim
    return x.reshape(1, -1) if first == 0 else x.flatten(first).flatten(0, first - 1)


@operator("Transpose")
def _transpose(x: Tensor, *, perm: Sequence[int] = ()) -> Results:
    return x.permute(list(perm) or list(range(x.ndim))[::-1])


@operator("Squeeze")
def _squeeze(x: Tensor, given: Tensor | None = None, *, axes: Sequence[int] = ()) -> Results:
    dims = numbers(given) or list(axes)
    return x.squeeze(tuple(dims)) if dims else x.squeeze()


@operator("Unsqueeze")
def _unsqueeze(x: Tensor, given: Tensor | None = None, *, axes: Sequence[int] = ()) -> Results:
    dims = numbers(given) or list(axes)
    for dim in sorted(d % (x.ndim + len(dims)) for d in dims):
        x = x.unsqueeze(dim)
    return x


@operator("Concat")
def _concat(*values: Tensor, axis: int) -> Results:
    return torch.cat(values, axis)


@operator("Split", several=True)
def _split(
    x: Tensor, given: Tensor | None = None, *, axis: int = 0, split: Sequence[int] = (), num_outputs: int = 0,
    outputs: int = 1,
) -> Results:  # fmt: skip
    sizes = numbers(given) or list(split)
    return x.split(sizes or -(-x.shape[axis] // (num_outputs or outputs)), axis)


@operator("Slice")
def _slice(
    x: Tensor, first: Tensor | None = None, last: Tensor | None = None, dims: Tensor | None = None,
    step: Tensor | None = None, *, starts: Sequence[int] = (), ends: Sequence[int] = (), axes: Sequence[int] = (),
) -> Results:  # fmt: skip
    begin, end = numbers(first) or list(starts), numbers(last) or list(ends)
    along, steps = numbers(dims) or list(axes) or list(range(len(begin))), numbers(step) or [1] * len(begin)
    for dim, low, high, by in zip(along, begin, end, steps, strict=True):
        x = _cut(x, dim % x.ndim, low, high, by)
    return x


def _cut(x: Tensor, dim: int, low: int, high: int, by: int) -> Tensor:
    length = x.shape[dim]
    if by > 0:
        return x[(slice(None),) * dim + (slice(low, None if high >= _END else high, by),)]
    # PyTorch has no steps back: the elements in their own order, turned round.
    places = list(range(length))[slice(low, None if high <= -_END or high < -length else high, by)]
    kept = x[(slice(None),) * dim + (slice(places[-1], places[0] + 1, -by),)]
    return kept.flip(dim)


@operator("Gather")
def _gather(x: Tensor, places: Tensor, *, axis: int = 0) -> Results:
    if places.ndim == 0:
        return x.select(axis, int(places.item()))
    dim = axis % x.ndim
    places = from_start(places, x.shape[dim])
    if dim == 0 and x.ndim == 2 and isinstance(x, torch.nn.Parameter):
        return functional.embedding(places, x)
    found = x.index_select(dim, places.reshape(-1))
    return found.reshape([*x.shape[:dim], *places.shape, *x.shape[dim + 1 :]])


@operator("GatherElements")
def _gather_elements(x: Tensor, places: Tensor, *, axis: int = 0) -> Results:
    return x.gather(axis, from_start(places, x.shape[axis]))


@operator("GatherND")
def _gather_nd(x: Tensor, places: Tensor, *, batch_dims: int = 0) -> Results:
    if not batch_dims:
        return x[tuple(places.unbind(-1))]
    if batch_dims != 1:
        raise UnsupportedOpError("GatherND with several batch_dims has no rule", hint="export it with one")
    return torch.stack([one[tuple(own.unbind(-1))] for one, own in zip(x.unbind(0), places.unbind(0), strict=True)])


@operator("ScatterElements", "Scatter")
def _scatter(x: Tensor, places: Tensor, values: Tensor, *, axis: int = 0, reduction: str = "none") -> Results:
    places = from_start(places, x.shape[axis])
    if reduction == "none":
        return x.scatter(axis, places, values)
    named = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}[reduction]
    return x.scatter_reduce(axis, places, values, named)


@operator("ScatterND")
def _scatter_nd(x: Tensor, places: Tensor, values: Tensor, *, reduction: str = "none") -> Results:
    if reduction not in ("none", "add"):
        raise UnsupportedOpError(f"ScatterND by {reduction} has no rule", hint="export it without")
    return x.index_put(tuple(places.unbind(-1)), values, accumulate=reduction == "add")


@operator("Expand")
def _expand(x: Tensor, shape: Tensor) -> Results:
    return x.expand(torch.broadcast_shapes(x.shape, tuple(numbers(shape))))


@operator("Tile")
def _tile(x: Tensor, repeats: Tensor) -> Results:
    return x.repeat(numbers(repeats))


@operator("Pad")
def _pad(
    x: Tensor, given: Tensor | None = None, filled: Tensor | None = None, dims: Tensor | None = None, *,
    mode: str = "constant", pads: Sequence[int] = (), value: float = 0.0,
) -> Results:  # fmt: skip
    sides, number = numbers(given) or list(pads), value if filled is None else filled.item()
    half = len(sides) // 2
    along = [d % x.ndim for d in (numbers(dims) or range(half))]
    every = [0] * 2 * x.ndim
    for place, dim in enumerate(along):
        every[dim], every[x.ndim + dim] = sides[place], sides[half + place]
    kept = next((d for d in range(x.ndim) if every[d] or every[x.ndim + d]), x.ndim)
    first = 0 if mode == "constant" else min(kept, 2)
    return border(x, [*every[first : x.ndim], *every[x.ndim + first :]], number, PADDING[mode])


@operator("DepthToSpace")
def _depth_to_space(x: Tensor, *, blocksize: int, mode: str = "DCR") -> Results:
    if mode == "CRD":
        return functional.pixel_shuffle(x, blocksize)
    n, c, h, w = x.shape
    parts = x.reshape(n, blocksize, blocksize, c // blocksize**2, h, w).permute(0, 3, 4, 1, 5, 2)
    return parts.reshape(n, c // blocksize**2, h * blocksize, w * blocksize)


@operator("SpaceToDepth")
def _space_to_depth(x: Tensor, *, blocksize: int) -> Results:
    n, c, h, w = x.shape
    parts = x.reshape(n, c, h // blocksize, blocksize, w // blocksize, blocksize).permute(0, 3, 5, 1, 2, 4)
    return parts.reshape(n, c * blocksize**2, h // blocksize, w // blocksize)


@operator("ConstantOfShape")
def _constant_of_shape(shape: Tensor, *, value: Tensor | None = None) -> Results:
    kind = torch.float32 if value is None else value.dtype
    return torch.full(numbers(shape), 0 if value is None else value.item(), dtype=kind)


@operator("Range")
def _range(start: Tensor, limit: Tensor, delta: Tensor) -> Results:
    return torch.arange(start.item(), limit.item(), delta.item(), dtype=start.dtype)


@operator("NonZero")
def _nonzero(x: Tensor) -> Results:
    return x.nonzero().transpose(0, 1)


@operator("OneHot")
def _one_hot(places: Tensor, depth: Tensor, values: Tensor, *, axis: int = -1) -> Results:
    off, on = values.unbind(0)
    found = functional.one_hot(places.long(), int(depth.item())).to(values.dtype)
    return (found * (on - off) + off).movedim(-1, axis)


@operator("Trilu")
def _triangle(x: Tensor, diagonal: Tensor | None = None, *, upper: int = 1) -> Results:
    k = 0 if diagonal is None else int(diagonal.item())
    return x.triu(k) if upper else x.tril(k)


@operator("EyeLike")
def _eye_like(x: Tensor, *, dtype: int | None = None, k: int = 0) -> Results:
    ones = torch.ones(x.shape, dtype=x.dtype if dtype is None else torch_type(dtype))
    return ones.triu(k).tril(k)


@operator("CenterCropPad")
def _centred(x: Tensor, shape: Tensor, *, axes: Sequence[int] = ()) -> Results:
    along = [axis % x.ndim for axis in axes] or list(range(x.ndim))
    for dim, wanted in zip(along, numbers(shape), strict=True):
        more = wanted - x.shape[dim]
        if more < 0:
            x = x.narrow(dim, -more // 2, wanted)
        elif more > 0:
            x = functional.pad(x, [0, 0] * (x.ndim - 1 - dim) + [more // 2, more - more // 2])
    return x


@operator("Col2Im")
def _from_columns(
    x: Tensor, size: Tensor, block: Tensor, *, dilations: Sequence[int] = (), pads: Sequence[int] = (),
    strides: Sequence[int] = (),
) -> Results:  # fmt: skip
    rank = len(numbers(size))
    cut = list(pads or [0] * 2 * rank)
    if rank != 2 or cut[:rank] != cut[rank:]:
        raise UnsupportedOpError("Col2Im beyond images with even borders has no rule", hint="export it with fold")
    steps, gaps = list(strides or [1] * rank), list(dilations or [1] * rank)
    taken = (numbers(size), numbers(block), gaps, cut[:rank], steps)
    return functional.fold(x, *((each[0], each[1]) for each in taken))


@operator("ReverseSequence")
def _reversed(x: Tensor, lengths: Tensor, *, batch_axis: int = 1, time_axis: int = 0) -> Results:
    steps = torch.arange(x.shape[time_axis], device=x.device)
    ends = lengths.unsqueeze(-1)
    places = torch.where(steps < ends, ends - 1 - steps, steps)
    places = places if batch_axis < time_axis else places.transpose(0, 1)
    shape = [x.shape[dim] if dim in (batch_axis, time_axis) else 1 for dim in range(x.ndim)]
    return x.gather(time_axis, places.reshape(shape).expand(x.shape))


@operator("AffineGrid")
def _affine_grid(theta: Tensor, size: Tensor, *, align_corners: int = 0) -> Results:
    return functional.affine_grid(theta, numbers(size), align_corners=bool(align_corners))
