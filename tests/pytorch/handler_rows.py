"""A row per operator that a trace knows: a function of a value that needs a gradient and of one that does not."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.nn import functional

from archgraph.ops.functions import FUNCTIONS, torch_function
from archgraph.pytorch.trace.handlers.pointwise import RENAMED

aten = torch.ops.aten
Row = Callable[[Any, Any], Any]
"""Takes `h`, which needs a gradient, and `x`, which does not, both of shape (1, 6, 8)."""
IDS = torch.tensor([2, 0, 5])
LABELS = torch.tensor([[[0, 1, 7], [5, 2, 0]]])
PLACES = torch.tensor([[[0, 1, 2, 3, 0, 1, 2, 3]]])
TESTS = frozenset(["where", "masked_fill"])
NUMBERS = {"threshold": (0.5, 0.1), "celu": (1.5,), "hardshrink": (0.5,), "softshrink": (0.3,)}
THREE = frozenset(["addcmul", "addcdiv", "lerp"])


def image(h: Any) -> Any:
    """The same numbers as two channels of 3 x 8."""
    return h.reshape(1, 2, 3, 8)


def heads(h: Any) -> Any:
    """The same numbers as two heads."""
    return h.view(1, 6, 2, 4).transpose(1, 2)


def volume(h: Any) -> Any:
    """The same numbers as two channels of 3 x 2 x 4."""
    return h.reshape(1, 2, 3, 2, 4)


def _pointwise() -> Mapping[str, Row]:
    rows: dict[str, Row] = {}
    for name, row in FUNCTIONS.items():
        if "." not in name and not name.startswith("bitwise") and name not in TESTS:
            rows.update(_pointwise_rows(name, name, torch_function(name), len(row.gradients)))
    for other, name in RENAMED.items():
        if not other.startswith("__"):
            rows.update(_pointwise_rows(other, name, getattr(aten, other), len(FUNCTIONS[name].gradients)))
    return rows


def _pointwise_rows(called: str, name: str, kernel: Any, operands: int) -> Mapping[str, Row]:
    numbers = NUMBERS.get(name, ())
    if operands == 1 or name in NUMBERS:
        return {called: lambda h, x: kernel(h, *numbers)}
    if name in THREE:
        return {called: lambda h, x: kernel(h, x, h), f"{called}: still": lambda h, x: kernel(x, h, x)}
    if name in ("clamp", "prelu", "sigmoid_backward", "polar", "binary_cross_entropy", "complex"):
        return {}
    return {
        called: lambda h, x: kernel(h, x),
        f"{called}: second": lambda h, x: kernel(x, h),
        f"{called}: both": lambda h, x: kernel(h, h.sin()),
    }


ROWS: Mapping[str, Row] = {
    **_pointwise(),
    # pointwise, with numbers, tests, integers
    "mul: number": lambda h, x: h * 0.5,
    "multiply: number": lambda h, x: torch.multiply(h, 0.5),
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
    "repeat_interleave: all": lambda h, x: h.repeat_interleave(2).reshape(1, 12, 8).sin(),
    "repeat_interleave: counts": lambda h, x: h.repeat_interleave(torch.tensor([1, 2, 0, 1, 3, 1]), 1).sin(),
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
    "max: other": lambda h, x: torch.max(h, x),
    "max: other, both": lambda h, x: torch.max(h, h.sin()),
    "min: number": lambda h, x: torch.min(h, torch.tensor(0.3)),
    "argmax": lambda h, x: h * h.argmax(1, keepdim=True),
    "argsort": lambda h, x: h * h.argsort(1),
    "median": lambda h, x: h.median(1).values,
    "median: place": lambda h, x: h.median(1, keepdim=True).values * h.sin().median(1, keepdim=True).indices,
    "median: all": lambda h, x: h.median().reshape(1, 1),
    "nanmedian": lambda h, x: h.nanmedian(1).values,
    "nanmedian: all": lambda h, x: h.nanmedian().reshape(1, 1),
    "mode": lambda h, x: h.mode(-1).values,
    "kthvalue": lambda h, x: h.kthvalue(2, 1).values,
    "nansum": lambda h, x: h.nansum(1),
    "nanmean": lambda h, x: h.nanmean(1),
    "aminmax": lambda h, x: h * torch.aminmax(h, dim=1, keepdim=True).max - torch.aminmax(h, dim=1, keepdim=True).min,
    "aminmax: one": lambda h, x: h * torch.aminmax(h, dim=1, keepdim=True).min,
    "aminmax: all": lambda h, x: (h - torch.aminmax(h).min) / (torch.aminmax(h).max - torch.aminmax(h).min),
    "quantile": lambda h, x: torch.quantile(h, 0.3, dim=1),
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
    "cumsum: double": lambda h, x: h.cumsum(1, dtype=torch.float64).exp(),
    "cumprod: double": lambda h, x: h.cumprod(1, dtype=torch.float64),
    "prod: double": lambda h, x: h.prod(1, dtype=torch.float64).exp(),
    "sum: double": lambda h, x: h.sum(1, dtype=torch.float64).exp(),
    # copies of one row: what is kept is the row
    "amax: copies": lambda h, x: h[:, :1].expand(-1, 5, -1).amax(1),
    "std: copies": lambda h, x: h[:, None].expand(-1, 4, -1, -1).std((1, 2)),
    "prod: copies": lambda h, x: h[:, None].expand(-1, 4, -1, -1).prod(1),
    "linalg_vector_norm: copies": lambda h, x: torch.linalg.vector_norm(h[:, None].expand(-1, 4, -1, -1), dim=1),
    "logsumexp: copies": lambda h, x: h[:, None].expand(-1, 4, -1, -1).logsumexp(1),
    "max: copies": lambda h, x: h[:, None].expand(-1, 4, -1, -1).max(1).values,
    "mean: copies": lambda h, x: h[:, None].expand(-1, 4, -1, -1).mean(1).exp(),
    "cummax": lambda h, x: h.cummax(1).values.sin(),
    "cummin": lambda h, x: h.cummin(1).values.sin(),
    "mv": lambda h, x: torch.mv(h[0], x[0, 0])[None],
    "dot": lambda h, x: h * torch.dot(h[0, 0], x[0, 1]),
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
    "adaptive_max_pool1d": lambda h, x: functional.adaptive_max_pool1d(h, 3),
    "adaptive_max_pool2d": lambda h, x: functional.adaptive_max_pool2d(image(h), 2),
    "adaptive_max_pool3d": lambda h, x: functional.adaptive_max_pool3d(volume(h), 2),
    "max_pool2d: dilation": lambda h, x: functional.max_pool2d(image(h), 2, dilation=2, stride=1),
    "max_pool1d_with_indices": lambda h, x: functional.max_pool1d(h, 2, return_indices=True)[0],
    "max_pool3d_with_indices": lambda h, x: functional.max_pool3d(volume(h), 2, return_indices=True)[0],
    "max_unpool2d": lambda h, x: functional.max_unpool2d(
        *functional.max_pool2d(image(h), 1, 2, return_indices=True), (2, 2), output_size=(4, 8)
    ).sin(),
    "max_unpool3d": lambda h, x: functional.max_unpool3d(
        *functional.max_pool3d(volume(h), 1, 2, return_indices=True), (2, 2, 2), output_size=(4, 2, 4)
    ).sin(),
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
    "addmv": lambda h, x: torch.addmv(x[0, :, 0], h[0], x[0, 0])[None],
    "addbmm": lambda h, x: torch.addbmm(x[0, :, :6], h, x.transpose(1, 2))[None],
    "vdot": lambda h, x: h * torch.vdot(h[0, 0], x[0, 1]),
    "linalg_cross": lambda h, x: torch.linalg.cross(h[..., :3], x[..., 1:4]),
    "linalg_cross: both": lambda h, x: torch.linalg.cross(h[..., :3], h[:, :1, :3].sin()),
    "linalg_cross: along positions": lambda h, x: torch.linalg.cross(x[:, :3], h[:, 3:], dim=1),
    "affine_grid_generator": lambda h, x: functional.affine_grid(
        h[:, :, 0].view(1, 2, 3), (1, 2, 4, 6), align_corners=False
    ).flatten(2),
    "affine_grid_generator: odd": lambda h, x: functional.affine_grid(
        h[:, :, 0].view(1, 2, 3), (1, 2, 3, 5), align_corners=False
    ).flatten(2),
    "affine_grid_generator: space": lambda h, x: functional.affine_grid(
        h.flatten(1)[:, :12].view(1, 3, 4), (1, 2, 4, 6, 2), align_corners=False
    ).flatten(1, 3),
    # losses
    "mse_loss: mean": lambda h, x: functional.mse_loss(h, x)[None],
    "mse_loss": lambda h, x: functional.mse_loss(h, x, reduction="none"),
    "huber_loss": lambda h, x: functional.huber_loss(h, x, delta=0.5, reduction="none"),
    "smooth_l1_loss": lambda h, x: functional.smooth_l1_loss(h, x, reduction="sum")[None],
    "binary_cross_entropy": lambda h, x: functional.binary_cross_entropy(h.sigmoid(), x.sigmoid())[None],
    "binary_cross_entropy: each": lambda h, x: functional.binary_cross_entropy(
        h.sigmoid(), x.sigmoid(), reduction="none"
    ),
    "binary_cross_entropy_with_logits": lambda h, x: functional.binary_cross_entropy_with_logits(h, x)[None],
    "binary_cross_entropy_with_logits: weights": lambda h, x: functional.binary_cross_entropy_with_logits(
        h, x, x[0, 0], pos_weight=x[0, 1], reduction="none"
    ),
    "binary_cross_entropy: target": lambda h, x: functional.binary_cross_entropy(x.sigmoid(), h.sigmoid())[None],
    "nll_loss_forward": lambda h, x: functional.cross_entropy(h[0, :3], IDS.to(h.device))[None],
    "nll_loss_forward: each": lambda h, x: functional.nll_loss(h[0, :3], IDS.to(h.device), reduction="none")[None],
    "nll_loss_forward: one": lambda h, x: functional.nll_loss(h[0, 0], torch.tensor(2))[None],
    "nll_loss_forward: weights": lambda h, x: functional.cross_entropy(h[0, :3], IDS.to(h.device), x[0, 0])[None],
    "nll_loss2d_forward": lambda h, x: functional.cross_entropy(
        h.transpose(1, 2).reshape(1, 8, 2, 3), LABELS.to(h.device), reduction="none"
    ).flatten(1),
    "var_mean": lambda h, x: sum(torch.var_mean(h, 1)),
    "std_mean": lambda h, x: sum(torch.std_mean(h, 1)),
    # made of others
    "tensordot": lambda h, x: torch.tensordot(h, x[0], dims=([2], [1])),  # type: ignore[call-overload]
    "inner": lambda h, x: torch.inner(h, x[0]),
    "l1_loss": lambda h, x: functional.l1_loss(h, x)[None],
    # distances
    "_cdist_forward": lambda h, x: torch.cdist(h, x[:, :4]),
    "_cdist_forward: second": lambda h, x: torch.cdist(x[:, :4], h),
    "_cdist_forward: both": lambda h, x: torch.cdist(h, h.sin(), p=1),
    "_cdist_forward: broadcast": lambda h, x: torch.cdist(heads(h), x[:, None, :3, :4], p=3),
    "_euclidean_dist": lambda h, x: torch.cdist(h, x[:, :4], compute_mode="use_mm_for_euclid_dist"),
    "_euclidean_dist: both": lambda h, x: torch.cdist(h, h.sin(), compute_mode="use_mm_for_euclid_dist"),
    "cosine_similarity": lambda h, x: functional.cosine_similarity(h, x, dim=-1),
    "cosine_similarity: along positions": lambda h, x: functional.cosine_similarity(x, h, dim=1),
    "cosine_similarity: both": lambda h, x: functional.cosine_similarity(h, h.sin(), dim=-1),
    "cosine_similarity: pairs": lambda h, x: functional.cosine_similarity(h[:, :, None], x[:, None, :4], dim=-1),
    "cosine_similarity: pairs of both": lambda h, x: functional.cosine_similarity(
        h[:, :, None], h.sin()[:, None], dim=-1
    ),
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
    "index_reduce": lambda h, x: x.index_reduce(1, IDS.to(h.device), h[:, :3], "amax").sin(),
    "index_copy": lambda h, x: x.index_copy(1, IDS.to(h.device), h[:, :3]).sin(),
    "index_fill": lambda h, x: h.index_fill(1, IDS.to(h.device), 0.5).sin(),
    "index_put": lambda h, x: h.index_put((torch.tensor([0]), IDS), x[0, :3]).sin(),
    "masked_scatter": lambda h, x: h.masked_scatter(x > 0.5, x).sin(),
    "meshgrid": lambda h, x: torch.meshgrid(h[0, 0], x[0, 0], indexing="ij")[0].sin()[None],
    "narrow": lambda h, x: h.narrow(1, 1, 3).sin(),
    "narrow_copy": lambda h, x: torch.narrow_copy(h, 1, 1, 3).sin(),
    "pad: replicate": lambda h, x: functional.pad(image(h), (1, 1, 1, 1), mode="replicate").sin(),
    "take": lambda h, x: h.take(IDS.to(h.device) * 8)[None].sin(),
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
    "take_along_dim: broadcast": lambda h, x: h.take_along_dim(PLACES[..., :2], 2).sin(),
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
    "bitwise_left_shift": lambda h, x: h * torch.bitwise_left_shift((x * 3).long(), 1),
    "bitwise_right_shift": lambda h, x: h * torch.bitwise_right_shift((h * 9).long(), 1),
    "_fft_r2c": lambda h, x: torch.fft.rfft(h, dim=1).abs(),
    "_fft_r2c: both sides": lambda h, x: torch.view_as_real(torch.fft.fft(h, dim=1)).flatten(2),
    "_fft_r2c: channels": lambda h, x: torch.fft.rfft(h, dim=-1).abs(),
    "_fft_r2c: padded": lambda h, x: torch.fft.rfft(h, n=9, dim=1).abs(),
    "_fft_c2c": lambda h, x: torch.fft.fftn(h, dim=(1, 2)).abs(),
    "_fft_c2r": lambda h, x: torch.fft.irfft(torch.complex(h, x), dim=1),
    "complex": lambda h, x: torch.complex(h, x).abs(),
    "complex: second": lambda h, x: torch.complex(x, h).abs(),
    "complex: both": lambda h, x: torch.complex(h, h.sin()).angle(),
    "conj_physical": lambda h, x: torch.complex(h, x).conj_physical().imag,
    "_conj": lambda h, x: (torch.complex(h, x).conj() * torch.complex(x, h)).real,
    "matmul: complex": lambda h, x: (torch.complex(h, x) @ torch.complex(x[0], x[0].sin()).mT).abs(),
    "view_as_complex": lambda h, x: torch.view_as_complex(h.view(1, 6, 4, 2)).abs(),
    "view_as_real": lambda h, x: torch.view_as_real(torch.complex(h, x))[..., 1].sin(),
    "unfold_backward": lambda h, x: aten.unfold_backward(h.view(1, 6, 4, 2), [1, 6, 8], 2, 2, 2).sin(),
    "histc": lambda h, x: h * torch.histc(h.detach()[0, 0], bins=8, min=0, max=1),
    "polar": lambda h, x: torch.polar(h, x).abs(),
    "polar: angle": lambda h, x: torch.polar(x, h).abs(),
    "reflection_pad2d": lambda h, x: aten.reflection_pad2d(image(h), [1, 1, 1, 1]).sin(),
    "replication_pad2d": lambda h, x: aten.replication_pad2d(image(h), [1, 1, 1, 1]).sin(),
    "sigmoid_backward": lambda h, x: aten.sigmoid_backward(h, x.sigmoid()),
    "trapezoid": lambda h, x: torch.trapezoid(h, dim=1),
    "trapezoid: places": lambda h, x: torch.trapezoid(h, x, dim=1),
    "cumulative_trapezoid": lambda h, x: torch.cumulative_trapezoid(h, dim=1),
}


NAMES: Mapping[str, Row] = {
    "_conj_physical": lambda h, x: aten._conj_physical(h).sin(),
    "_convolution": lambda h, x: aten._convolution(
        h, x[0, :, :6].reshape(6, 6, 1), None, [1], [0], [1], False, [0], 1, False, False, False, False
    ),
    "_log_softmax": lambda h, x: aten._log_softmax(h, -1, False),
    "_safe_softmax": lambda h, x: aten._safe_softmax(h, -1),
    "_softmax": lambda h, x: aten._softmax(h, -1, False),
    "_to_copy": lambda h, x: aten._to_copy(h, dtype=torch.float64).sin(),
    "_unsafe_view": lambda h, x: aten._unsafe_view(h, [1, 6, 2, 4]).sin(),
    "_upsample_bicubic2d_aa": lambda h, x: aten._upsample_bicubic2d_aa(image(h), [8, 12], False).sin(),
    "_upsample_bilinear2d_aa": lambda h, x: aten._upsample_bilinear2d_aa(image(h), [8, 12], False).sin(),
    "_upsample_nearest_exact1d": lambda h, x: functional.interpolate(h, size=12, mode="nearest-exact").sin(),
    "_upsample_nearest_exact3d": lambda h, x: functional.interpolate(
        volume(h), scale_factor=2, mode="nearest-exact"
    ).sin(),
    "_upsample_nearest_exact2d": lambda h, x: aten._upsample_nearest_exact2d(image(h), [8, 12]).sin(),
    "__rsub__": lambda h, x: 1 - h,
    "__lshift__": lambda h, x: h * ((x * 3).long() << 1),
    "__rshift__": lambda h, x: h * ((h * 9).long() >> 1),
    "adjoint": lambda h, x: h.adjoint().sin(),
    "alias": lambda h, x: aten.alias(h).sin(),
    "alpha_dropout": lambda h, x: functional.alpha_dropout(h, training=False).sin(),
    "broadcast_to": lambda h, x: h[:, :1].broadcast_to(1, 3, 8).sin(),
    "clip": lambda h, x: h.clip(0.2, 0.8),
    "concat": lambda h, x: torch.concat([h, x], 1).sin(),
    "concatenate": lambda h, x: torch.concatenate([h, x], -1).sin(),
    "constant_pad_nd": lambda h, x: aten.constant_pad_nd(h, [0, 0, 1, 1]).sin(),
    "convolution": lambda h, x: aten.convolution(h, x[0, :, :6].reshape(6, 6, 1), None, [1], [0], [1], False, [0], 1),
    "double": lambda h, x: h.double().sin(),
    "dropout": lambda h, x: functional.dropout(h, training=False).sin(),
    "expand_as": lambda h, x: h[:, :1].expand_as(x).sin(),
    "feature_dropout": lambda h, x: functional.dropout2d(image(h), training=False).sin(),
    "float": lambda h, x: h.double().float().sin(),
    "ger": lambda h, x: torch.ger(h[0, 0], x[0, 0])[None],
    "grid_sampler_2d": lambda h, x: aten.grid_sampler_2d(image(h), x.reshape(1, 4, 6, 2), 0, 0, False),
    "lift_fresh": lambda h, x: aten.lift_fresh(h).sin(),
    "lift_fresh_copy": lambda h, x: aten.lift_fresh_copy(h).sin(),
    "mT": lambda h, x: h.mT.sin(),
    "max_pool2d_with_indices": lambda h, x: aten.max_pool2d_with_indices(image(h), [2, 2])[0],
    "moveaxis": lambda h, x: h.moveaxis(1, 2).sin(),
    "movedim": lambda h, x: h.movedim(1, 2).sin(),
    "multiply": lambda h, x: torch.multiply(h, x),
    "native_dropout": lambda h, x: aten.native_dropout(h, 0.0, False)[0].sin(),
    "native_layer_norm": lambda h, x: aten.native_layer_norm(h, [8], None, None, 1e-5)[0],
    "numpy_T": lambda h, x: aten.numpy_T(h[0])[None].sin(),
    "positive": lambda h, x: (+h).sin(),
    "ravel": lambda h, x: h.ravel()[None].sin(),
    "real": lambda h, x: torch.real(h).sin(),
    "reshape_as": lambda h, x: h.view(1, 6, 2, 4).reshape_as(x).sin(),
    "resolve_conj": lambda h, x: h.resolve_conj().sin(),
    "split_copy": lambda h, x: aten.split_copy(h, 4, -1)[0].sin(),
    "swapaxes": lambda h, x: h.swapaxes(1, 2).sin(),
    "swapdims": lambda h, x: h.swapdims(1, 2).sin(),
    "t": lambda h, x: h[0].t()[None].sin(),
    "tile": lambda h, x: h.tile(1, 2, 1).sin(),
    "to_dense": lambda h, x: h.to_dense().sin(),
    "type_as": lambda h, x: h.type_as(x).sin(),
    "unfold_copy": lambda h, x: aten.unfold_copy(h, 1, 2, 2).sin(),
    "unsafe_chunk": lambda h, x: h.unsafe_chunk(2, -1)[0].sin(),
    "unsafe_split": lambda h, x: h.unsafe_split(4, -1)[0].sin(),
    "unsqueeze": lambda h, x: h.unsqueeze(2).sin(),
    "view_as": lambda h, x: h.view(1, 6, 2, 4).view_as(x).sin(),
    "where: number": lambda h, x: torch.where(x > 0.5, 1.0, h),
}
"""Other names of operators that have a row above."""


def _normalised_weight(norm: Any) -> Any:
    return norm(torch.nn.Linear(8, 8))


class Steps(torch.nn.Module):
    """Recurrent layers one after another, of which the states at the end are not read."""

    def __init__(self, *layers: Any) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(layers)

    def forward(self, h: Any) -> Any:
        for layer in self.layers:
            h = layer(h)[0]
        return h


class FinalStates(Steps):
    """The states at the end of one layer."""

    def forward(self, h: Any) -> Any:
        return self.layers[0](h)[1][0].transpose(0, 1)


class OnItself(torch.nn.Module):
    """A layer of two operands on the same value twice."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, h: Any) -> Any:
        return self.layer(h, h)


class OfTwo(OnItself):
    """A cell of every position and a state that is nothing."""

    def forward(self, h: Any) -> Any:
        return self.layer(h[0])[None]


LAYERS: Mapping[str, Callable[[], Any]] = {
    "batch_norm": lambda: torch.nn.BatchNorm1d(6),
    "batch_norm: frozen": lambda: torch.nn.BatchNorm1d(6).requires_grad_(False),
    "batch_norm: plain": lambda: torch.nn.BatchNorm1d(6, affine=False),
    "layer_norm: layer": lambda: torch.nn.LayerNorm(8),
    "layer_norm: frozen": lambda: torch.nn.LayerNorm(8).requires_grad_(False),
    "rms_norm: layer": lambda: torch.nn.RMSNorm(8),
    "group_norm: layer": lambda: torch.nn.GroupNorm(3, 6),
    "instance_norm: layer": lambda: torch.nn.InstanceNorm1d(6, affine=True),
    "instance_norm: tracked": lambda: torch.nn.InstanceNorm1d(6, affine=True, track_running_stats=True),
    "instance_norm: tracked, plain": lambda: torch.nn.InstanceNorm1d(6, track_running_stats=True),
    "linear: layer": lambda: torch.nn.Linear(8, 4),
    "linear: frozen": lambda: torch.nn.Linear(8, 4).requires_grad_(False),
    "conv1d: layer": lambda: torch.nn.Conv1d(6, 4, 3, stride=2, padding=1),
    "conv1d: depthwise": lambda: torch.nn.Conv1d(6, 6, 3, padding=1, groups=6, bias=False),
    "conv_transpose1d: layer": lambda: torch.nn.ConvTranspose1d(6, 4, 3, stride=2, output_padding=1),
    "_weight_norm": lambda: _normalised_weight(torch.nn.utils.parametrizations.weight_norm),
    "prelu: layer": lambda: torch.nn.PReLU(6),
    "_trilinear": lambda: OnItself(torch.nn.Bilinear(8, 8, 3)),
    "gru": lambda: Steps(torch.nn.GRU(8, 5, 2, batch_first=True, bidirectional=True)),
    "gru: frozen": lambda: Steps(torch.nn.GRU(8, 5, batch_first=True).requires_grad_(False)),
    "gru: tied": lambda: Steps(*[torch.nn.GRU(8, 8, batch_first=True)] * 2),
    "lstm": lambda: Steps(torch.nn.LSTM(8, 5, batch_first=True, bias=False)),
    "lstm: projected": lambda: Steps(torch.nn.LSTM(8, 5, batch_first=True, proj_size=3)),
    "lstm: states": lambda: FinalStates(torch.nn.LSTM(8, 8, 2, batch_first=True)),
    "rnn_tanh": lambda: Steps(torch.nn.RNN(8, 5, 2, batch_first=True)),
    "rnn_relu": lambda: Steps(torch.nn.RNN(8, 5, batch_first=True, nonlinearity="relu")),
    "gru_cell": lambda: OfTwo(torch.nn.GRUCell(8, 8)),
}
"""Rows that are layers with weights of their own, applied to `h`."""
