"""What PyTorch calls each operation and block; a test runs every operation and sees it call one of its names."""

from __future__ import annotations

from collections.abc import Mapping

OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "adaptive_avg_pool": ("torch.nn.AdaptiveAvgPool2d",),
    "adaptive_max_pool": ("torch.nn.AdaptiveMaxPool2d",),
    "add": ("torch.add",),
    "avg_pool": ("torch.nn.AvgPool2d",),
    "batch_norm": ("torch.nn.BatchNorm2d",),
    "broadcast_like": ("torch.Tensor.expand",),
    "cast": ("torch.Tensor.to",),
    "clone": ("torch.clone",),
    "concat": ("torch.cat",),
    "constant": ("torch.zeros",),
    "conv": ("torch.nn.Conv2d",),
    "conv_transpose": ("torch.nn.ConvTranspose2d",),
    "crop": ("torch.Tensor.__getitem__",),
    "crop_like": ("torch.Tensor.__getitem__",),
    "cumulate": ("torch.cumsum", "torch.cumprod", "torch.logcumsumexp"),
    "detach": ("torch.Tensor.detach",),
    "divide": ("torch.div",),
    "drop_path": (),
    "dropout": ("torch.nn.Dropout",),
    "einsum": ("torch.einsum",),
    "elu": ("torch.nn.ELU",),
    "embedding": ("torch.nn.Embedding",),
    "expert_weight": (),
    "final_state": (),
    "flatten": ("torch.reshape", "torch.flatten"),
    "function": ("torch.sin",),
    "gated_linear_unit": ("torch.nn.GLU",),
    "gather": ("torch.Tensor.__getitem__",),
    "gelu": ("torch.nn.GELU",),
    "global_avg_pool": ("torch.mean",),
    "global_max_pool": ("torch.amax",),
    "global_response_norm": (),
    "group_norm": ("torch.nn.GroupNorm",),
    "grouped_linear": (),
    "hard_sigmoid": ("torch.nn.Hardsigmoid",),
    "hard_swish": ("torch.nn.Hardswish",),
    "instance_norm": ("torch.nn.InstanceNorm2d",),
    "layer_norm": ("torch.nn.LayerNorm",),
    "leaky_relu": ("torch.nn.LeakyReLU",),
    "linear": ("torch.nn.Linear",),
    "max_pool": ("torch.nn.MaxPool2d",),
    "move": ("torch.flip",),
    "multiply": ("torch.mul",),
    "pad": ("torch.nn.functional.pad",),
    "parameter": ("torch.nn.Parameter",),
    "pixel_shuffle": ("torch.nn.PixelShuffle",),
    "pixel_unshuffle": ("torch.nn.PixelUnshuffle",),
    "rearrange": ("torch.permute", "torch.reshape"),
    "recurrent": ("torch.nn.GRU", "torch.nn.LSTM", "torch.nn.RNN"),
    "reduce": ("torch.sum",),
    "relu": ("torch.nn.ReLU",),
    "relu6": ("torch.nn.ReLU6",),
    "rename": (),
    "resize": ("torch.nn.functional.interpolate",),
    "rms_norm": ("torch.nn.RMSNorm", "torch.nn.functional.rms_norm"),
    "roll": ("torch.roll",),
    "rotary": (),
    "scaled_dot_product_attention": ("torch.nn.functional.scaled_dot_product_attention",),
    "selective_scan": (),
    "sigmoid": ("torch.nn.Sigmoid",),
    "silu": ("torch.nn.SiLU",),
    "sinusoid": (),
    "slice": ("torch.narrow",),
    "softmax": ("torch.nn.Softmax",),
    "softplus": ("torch.nn.Softplus",),
    "split": ("torch.split",),
    "subsample": ("torch.Tensor.__getitem__",),
    "take": ("torch.select",),
    "tanh": ("torch.nn.Tanh",),
    "unflatten": ("torch.unflatten",),
    "upsample": ("torch.nn.Upsample",),
}
"""By operation; empty where PyTorch has no call of its own for it, but several."""
FAMILIES: Mapping[str, str] = {"function": "name", "move": "function", "reduce": "function"}
"""Operations that stand for a family of functions, with the argument that is one of PyTorch's names."""
BLOCKS: Mapping[str, str] = {
    "attention": "torch.nn.MultiheadAttention(D, heads)",
    "bert_block": "torch.nn.TransformerEncoderLayer(D, heads, 4 * D, activation='gelu')",
    "cross_attention": "torch.nn.MultiheadAttention(D, heads)",
    "vit_block": "torch.nn.TransformerEncoderLayer(D, heads, 4 * D, activation='gelu', norm_first=True)",
}
"""Blocks of which torch.nn has a module with the same weights."""


REMARKS: Mapping[str, str] = {
    "drop_path": "no function of its own; `torchvision.ops.StochasticDepth` is one",
    "rename": "nothing to call, since axes have no names there",
}
"""What is said of an operation without a name, other than that several calls compute it."""


def of_operation(kind: str) -> str:
    """Return what PyTorch calls an operation, as a line of its entry."""
    names = [f"`{name}`".replace("torch.Tensor.__getitem__", "x[...]") for name in OPERATIONS[kind]]
    if kind in FAMILIES:
        return f"PyTorch: the function that `{FAMILIES[kind]}` names, such as {names[0]}."
    told = ", ".join(names) or REMARKS.get(kind, "no function of its own; several calls compute it")
    return f"PyTorch: {told}{', or its `1d` or `3d` form' if '2d' in told else ''}."


def of_block(name: str) -> str:
    """Return the module of PyTorch with the weights of a block, or that it has none."""
    return f"PyTorch: `{BLOCKS[name]}`." if name in BLOCKS else "PyTorch: no module of its own."
