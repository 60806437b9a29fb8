"""A row per operator that a trace knows: a function of a value that needs a gradient and of one that does not."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.nn import functional

from archgraph.ops.functions import FUNCTIONS, torch_function

aten = torch.ops.aten
Row = Callable[[Any, Any], Any]
"""Takes `h`, which needs a gradient, and `x`, which does not, both of shape (1, 6, 8)."""
IDS = torch.tensor([2, 0, 5])
PLACES = torch.tensor([[[0, 1, 2, 3, 0, 1, 2, 3]]])
TESTS = frozenset(["where", "masked_fill"])
NUMBERS = {"threshold": (0.5, 0.1), "celu": (1.5,), "hardshrink": (0.5,), "softshrink": (0.3,)}
THREE = frozenset(["addcmul", "addcdiv", "lerp"])


def image(h: Any) -> Any:
    """The same numbers as two channels of 4 x 6."""
    return h.reshape(1, 2, 4, 6)


def heads(h: Any) -> Any:
    """The same numbers as two heads."""
    return h.view(1, 6, 2, 4).transpose(1, 2)


def volume(h: Any) -> Any:
    """The same numbers as two channels of 2 x 3 x 4."""
    return h.reshape(1, 2, 2, 3, 4)


def _pointwise() -> Mapping[str, Row]:
    rows: dict[str, Row] = {}
    for name, row in FUNCTIONS.items():
        kernel, numbers = torch_function(name.partition(".")[0]), NUMBERS.get(name, ())
        if name in TESTS or "." in name or name.startswith("bitwise"):
            continue
        if len(row.gradients) == 1 or name in NUMBERS:
            rows[name] = lambda h, x, k=kernel, n=numbers: k(h, *n)
        elif name in THREE:
            rows[name] = lambda h, x, k=kernel: k(h, x, h)
            rows[f"{name}: still"] = lambda h, x, k=kernel: k(x, h, x)
        elif name not in ("clamp", "prelu", "sigmoid_backward", "polar"):
            rows[name] = lambda h, x, k=kernel: k(h, x)
            rows[f"{name}: second"] = lambda h, x, k=kernel: k(x, h)
            rows[f"{name}: both"] = lambda h, x, k=kernel: k(h, h.sin())
    return rows


ROWS: Mapping[str, Row] = {
    **_pointwise(),
    # pointwise, with numbers, tests, integers
    "mul: number": lambda h, x: h * 0.5,
    "div: number": lambda h, x: h / 3,
    "div: by a value": lambda h, x: 2 / h,
    "div: rounding": lambda h, x: torch.div(h, x, rounding_mode="floor") * h,
    "pow: number": lambda h, x: h**2.5,
    "pow: square": lambda h, x: h**2,
    "add: alpha": lambda h, x: torch.add(h, x, alpha=2),
    "clamp": lambda h, x: h.clamp(0.2, 0.8),
    "clamp: tensors": lambda h, x: torch.clamp(h, x, x + 1),
    "where": lambda h, x: torch.where(x > 0.5, h, x),
    "where: test of a value": lambda h, x: torch.where(h > 0.5, h, 0.0),
    "masked_fill": lambda h, x: h.masked_fill(x > 0.5, 0.0),
    "product with a test": lambda h, x: h * (h > 0.5),
    "prelu": lambda h, x: functional.prelu(h, x[0, 0, :1]),
    "glu": lambda h, x: functional.glu(h, -1),
    "gelu: tanh": lambda h, x: functional.gelu(h, approximate="tanh"),
    "hardtanh: relu6": lambda h, x: functional.relu6(h),
    "__and__": lambda h, x: h * ((h > 0.2) & (x > 0.2)),
    "__or__": lambda h, x: h * ((h > 0.2) | (x > 0.2)),
    "__xor__": lambda h, x: h * ((h > 0.2) ^ (x > 0.2)),
    "bitwise_not": lambda h, x: h * ~(x > 0.2),
    "broadcast": lambda h, x: h * x[:, :1],
    "broadcast: still": lambda h, x: x * h[:, :1],
    "broadcast: expand": lambda h, x: h[:, :1].expand(1, 6, 8) * h,
    # casts and regions
    "to": lambda h, x: h.to(torch.float64).sin().to(torch.float32),
    "half": lambda h, x: h.half().sin().float(),
    "detach": lambda h, x: h * h.sin().detach(),
    "contiguous": lambda h, x: h.transpose(1, 2).contiguous().sin(),
    "clone": lambda h, x: h.clone().sin(),
    # views
    "view": lambda h, x: h.view(1, 6, 2, 4).sin(),
    "reshape: copy": lambda h, x: h.transpose(1, 2).reshape(1, 48).sin(),
    "permute": lambda h, x: h.permute(0, 2, 1).sin() * h.permute(0, 2, 1),
    "transpose": lambda h, x: h.transpose(1, 2).sin() + h.sin().transpose(1, 2),
    "slice": lambda h, x: h[:, 1:4].sin() * h[:, 2:5],
    "slice: step": lambda h, x: h[:, ::2].sin(),
    "select": lambda h, x: h[:, 2].sin(),
    "chunk": lambda h, x: h.chunk(2, -1)[0] * h.chunk(2, -1)[1],
    "unbind": lambda h, x: h.unbind(1)[0].sin(),
    "expand": lambda h, x: h[:, :1].expand(1, 6, 8).sin(),
    "repeat": lambda h, x: h.repeat(1, 2, 1).sin(),
    "repeat_interleave": lambda h, x: h.repeat_interleave(2, 1).sin(),
    "unflatten": lambda h, x: h.unflatten(-1, (2, 4)).sin(),
    "flatten": lambda h, x: h.flatten(1).sin(),
    "squeeze": lambda h, x: h.squeeze(0).unsqueeze(0).sin(),
    "movedim": lambda h, x: h.movedim(1, 2).sin(),
    "pixel_shuffle": lambda h, x: functional.pixel_shuffle(h.reshape(1, 4, 4, 3), 2).sin(),
    "pixel_unshuffle": lambda h, x: functional.pixel_unshuffle(h.reshape(1, 2, 4, 6), 2).sin(),
    # joins and moves
    "cat": lambda h, x: torch.cat([h, x], 1).sin(),
    "stack": lambda h, x: torch.stack([h, x], 1).sin(),
    "roll": lambda h, x: h.roll(2, 1).sin(),
    "flip": lambda h, x: h.flip(1).sin(),
    "pad": lambda h, x: functional.pad(h, (0, 0, 1, 1)).sin(),
    "pad: reflect": lambda h, x: functional.pad(image(h), (1, 1, 1, 1), mode="reflect").sin(),
    "index_select": lambda h, x: h.index_select(1, IDS.to(h.device)).sin(),
    "index": lambda h, x: h[:, IDS].sin(),
    "gather": lambda h, x: h.gather(1, PLACES.to(h.device)).sin(),
    "sort": lambda h, x: h.sort(1).values.sin(),
    "topk": lambda h, x: h.topk(2, 1).values.sin(),
    "tril": lambda h, x: h.tril().sin(),
    "diagonal": lambda h, x: h.diagonal(dim1=1, dim2=2).sin(),
    # contractions
    "matmul": lambda h, x: h @ h.transpose(1, 2),
    "matmul: still": lambda h, x: h @ x.transpose(1, 2),
    "matmul: second": lambda h, x: x.transpose(1, 2) @ h,
    "matmul: heads": lambda h, x: h.view(1, 6, 2, 4).transpose(1, 2) @ h.view(1, 6, 2, 4).permute(0, 2, 3, 1),
    "einsum": lambda h, x: torch.einsum("bnc,bmc->bnm", h, x),
    "einsum: both": lambda h, x: torch.einsum("bnc,bmc->bnm", h, h.sin()),
    "linear": lambda h, x: functional.linear(h, x[0]),
    "linear: still": lambda h, x: functional.linear(x, h[0]),
    "conv1d": lambda h, x: functional.conv1d(h, x[0, :, :6].reshape(6, 6, 1)),
    "conv1d: still": lambda h, x: functional.conv1d(x, h[0, :, :6].reshape(6, 6, 1)),
    "scaled_dot_product_attention": lambda h, x: functional.scaled_dot_product_attention(
        *[h.view(1, 6, 2, 4).transpose(1, 2)] * 3
    ),
    # reductions and norms
    "sum": lambda h, x: h.sum(1),
    "mean": lambda h, x: h.mean(1),
    "amax": lambda h, x: h.amax(1),
    "amin": lambda h, x: h.amin(1),
    "max": lambda h, x: h.max(1).values,
    "max: all": lambda h, x: h.max().reshape(1, 1),
    "min": lambda h, x: h.min(1).values,
    "argmax": lambda h, x: h * h.argmax(1, keepdim=True),
    "argsort": lambda h, x: h * h.argsort(1),
    "var": lambda h, x: h.var(1),
    "std": lambda h, x: h.std(1),
    "prod": lambda h, x: h.prod(1),
    "linalg_vector_norm": lambda h, x: torch.linalg.vector_norm(h, dim=1),
    "norm": lambda h, x: h.norm(dim=1),
    "logsumexp": lambda h, x: h.logsumexp(1),
    "any": lambda h, x: h * (h > 0.5).any(1, keepdim=True),
    "all": lambda h, x: h * (h > 0.5).all(1, keepdim=True),
    "count_nonzero": lambda h, x: h * h.count_nonzero(1).unsqueeze(1),
    "cumsum": lambda h, x: h.cumsum(1).sin(),
    "cumprod": lambda h, x: h.cumprod(1),
    "logcumsumexp": lambda h, x: h.logcumsumexp(1),
    "softmax": lambda h, x: h.softmax(-1),
    "log_softmax": lambda h, x: h.log_softmax(-1),
    "layer_norm": lambda h, x: functional.layer_norm(h, (8,)),
    "layer_norm: weights": lambda h, x: functional.layer_norm(h, (8,), x[0, 0], x[0, 1]),
    "rms_norm": lambda h, x: functional.rms_norm(h, (8,)),
    "group_norm": lambda h, x: functional.group_norm(h, 2),
    "group_norm: channels last": lambda h, x: functional.group_norm(h.transpose(1, 2), 2),
    "instance_norm": lambda h, x: functional.instance_norm(h),
    # pools and sizes
    "avg_pool1d": lambda h, x: functional.avg_pool1d(h, 2),
    "avg_pool2d": lambda h, x: functional.avg_pool2d(image(h), 2),
    "avg_pool3d": lambda h, x: functional.avg_pool3d(volume(h), 2),
    "max_pool1d": lambda h, x: functional.max_pool1d(h, 2),
    "max_pool2d": lambda h, x: functional.max_pool2d(image(h), 2),
    "max_pool3d": lambda h, x: functional.max_pool3d(volume(h), 2),
    "adaptive_avg_pool1d": lambda h, x: functional.adaptive_avg_pool1d(h, 2),
    "adaptive_avg_pool2d": lambda h, x: functional.adaptive_avg_pool2d(image(h), 2),
    "upsample_nearest1d": lambda h, x: functional.interpolate(h, scale_factor=2).sin(),
    "upsample_nearest2d": lambda h, x: functional.interpolate(image(h), scale_factor=2).sin(),
    "upsample_bilinear2d": lambda h, x: functional.interpolate(image(h), scale_factor=2, mode="bilinear").sin(),
    "upsample_bicubic2d": lambda h, x: functional.interpolate(image(h), scale_factor=2, mode="bicubic").sin(),
    "im2col": lambda h, x: functional.unfold(image(h), 2).sin(),
    "unfold": lambda h, x: h.unfold(1, 2, 2).sin(),
    # in place
    "relu_": lambda h, x: (h + 1).relu_().sin(),
    "add_": lambda h, x: (h * 2).add_(x).sin(),
    "mul_": lambda h, x: (h + 1).mul_(x),
    # further contractions
    "addmm": lambda h, x: torch.addmm(x[0], h[0], x[0].T @ x[0])[None],
    "baddbmm": lambda h, x: torch.baddbmm(x[:, :, :6], h, x.transpose(1, 2)),
    "bmm": lambda h, x: torch.bmm(h, x.transpose(1, 2)),
    "mm": lambda h, x: torch.mm(h[0], x[0].T)[None],
    "outer": lambda h, x: torch.outer(h[0, 0], x[0, 0])[None],
    "conv2d": lambda h, x: functional.conv2d(image(h), x[0, :2, :6].reshape(6, 2, 1, 1)),
    "conv3d": lambda h, x: functional.conv3d(volume(h), x[0, :2, :6].reshape(6, 2, 1, 1, 1)),
    "conv_transpose1d": lambda h, x: functional.conv_transpose1d(h, x[0, :, :6].reshape(6, 6, 1)),
    "conv_transpose2d": lambda h, x: functional.conv_transpose2d(image(h), x[0, :2, :6].reshape(2, 6, 1, 1)),
    "conv_transpose3d": lambda h, x: functional.conv_transpose3d(volume(h), x[0, :2, :6].reshape(2, 6, 1, 1, 1)),
    # further moves
    "as_strided": lambda h, x: h.as_strided((1, 3, 8), (48, 16, 1)).sin(),
    "channel_shuffle": lambda h, x: functional.channel_shuffle(image(h), 2).sin(),
    "col2im": lambda h, x: functional.fold(h.reshape(1, 8, 6), (3, 4), 2).sin(),
    "copy": lambda h, x: x.clone().copy_(h).sin(),
    "diag_embed": lambda h, x: h[:, 0].diag_embed().sin(),
    "diagonal_scatter": lambda h, x: h.diagonal_scatter(x[:, 0, :6], dim1=1, dim2=2).sin(),
    "embedding": lambda h, x: functional.embedding(IDS.to(h.device), h[0])[None].sin(),
    "fill": lambda h, x: (h + 1).fill_(0.5) * h,
    "grid_sampler": lambda h, x: functional.grid_sample(image(h), x.reshape(1, 4, 6, 2), align_corners=False),
    "index_add": lambda h, x: x.index_add(1, IDS.to(h.device), h[:, :3]).sin(),
    "index_copy": lambda h, x: x.index_copy(1, IDS.to(h.device), h[:, :3]).sin(),
    "index_fill": lambda h, x: h.index_fill(1, IDS.to(h.device), 0.5).sin(),
    "index_put": lambda h, x: h.index_put((torch.tensor([0]), IDS), x[0, :3]).sin(),
    "masked_scatter": lambda h, x: h.masked_scatter(x > 0.5, x).sin(),
    "meshgrid": lambda h, x: torch.meshgrid(h[0, 0], x[0, 0], indexing="ij")[0].sin()[None],
    "narrow": lambda h, x: h.narrow(1, 1, 3).sin(),
    "pad: replicate": lambda h, x: functional.pad(image(h), (1, 1, 1, 1), mode="replicate").sin(),
    "put": lambda h, x: h.put(IDS, x[0, 0, :3]).sin(),
    "rot90": lambda h, x: h.rot90(1, (1, 2)).sin(),
    "scatter": lambda h, x: h.scatter(1, PLACES, x[:, :1]).sin(),
    "scatter_add": lambda h, x: h.scatter_add(1, PLACES, x[:, :1]).sin(),
    "scatter_reduce": lambda h, x: h.scatter_reduce(1, PLACES, x[:, :1], "sum").sin(),
    "select_scatter": lambda h, x: h.select_scatter(x[:, 0], 1, 2).sin(),
    "slice_scatter": lambda h, x: h.slice_scatter(x[:, :2], 1, 0, 2).sin(),
    "split": lambda h, x: h.split(4, -1)[0].sin(),
    "split_with_sizes": lambda h, x: h.split([2, 6], -1)[1].sin(),
    "take_along_dim": lambda h, x: h.take_along_dim(PLACES, 1).sin(),
    "tensor_split": lambda h, x: h.tensor_split(2, -1)[1].sin(),
    "triu": lambda h, x: h.triu().sin(),
    "zero": lambda h, x: (h + 1).zero_() + h.sin(),
    # further functions
    "argmin": lambda h, x: h * h.argmin(1, keepdim=True),
    "adaptive_avg_pool3d": lambda h, x: functional.adaptive_avg_pool3d(volume(h), 1),
    "reflection_pad1d": lambda h, x: functional.pad(h, (1, 1), mode="reflect").sin(),
    "replication_pad1d": lambda h, x: functional.pad(h, (1, 1), mode="replicate").sin(),
    "upsample_linear1d": lambda h, x: functional.interpolate(h, scale_factor=2, mode="linear").sin(),
    "upsample_nearest3d": lambda h, x: functional.interpolate(volume(h), scale_factor=2).sin(),
    "upsample_trilinear3d": lambda h, x: functional.interpolate(volume(h), scale_factor=2, mode="trilinear").sin(),
    "bitwise_and": lambda h, x: h * torch.bitwise_and(h > 0.2, x > 0.2),
    "bitwise_or": lambda h, x: h * torch.bitwise_or(h > 0.2, x > 0.2),
    "bitwise_xor": lambda h, x: h * torch.bitwise_xor(h > 0.2, x > 0.2),
}
