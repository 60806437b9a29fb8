"""Words for operations: what a box is called and what is written beside an arrow."""

from collections.abc import Callable, Sequence
from functools import singledispatch

from sympy import Expr

from archgraph.backend.items import Item
from archgraph.ir import Member, Node, Repeat
from archgraph.ops.arguments import per_axis
from archgraph.ops.base import Op
from archgraph.ops.convolution import Conv, ConvTranspose
from archgraph.ops.pooling import Pool

_LONGEST = 40
_NAMES = {
    "relu": "ReLU", "leaky_relu": "LeakyReLU", "gelu": "GELU", "silu": "SiLU", "tanh": "tanh", "sigmoid": "sigmoid",
    "scaled_dot_product_attention": "attention", "max_pool": "max-pool", "avg_pool": "avg-pool",
    "conv": "conv", "conv_transpose": "up-conv", "batch_norm": "batch norm", "layer_norm": "layer norm",
    "group_norm": "group norm", "instance_norm": "instance norm", "rms_norm": "RMS norm", "mlp": "MLP",
    "pixel_shuffle": "pixel shuffle", "dit_block": "DiT block", "multiply": "multiply", "adaptive_avg_pool": "avg-pool",
}  # fmt: skip
_SILENT = ("concat", "crop_like", "split", "identity", "dropout", "flatten", "squeeze", "reshape", "permute")


def humanized(name: str) -> str:
    """A name in words.

    >>> humanized("class_embedding"), humanized("conv_norm_act"), humanized("mlp")
    ('class embedding', 'conv norm act', 'MLP')
    """
    return _NAMES.get(name, name.replace("_", " "))


@singledispatch
def appearance(op: Op, node: Node) -> str:
    """How an operation is written; families with a geometry show it."""
    return humanized(op.kind)


@appearance.register(Conv)
@appearance.register(ConvTranspose)
@appearance.register(Pool)
def _windowed(op: Conv | ConvTranspose | Pool, node: Node) -> str:
    positions = node.inputs[0].type.positions
    kernel = list(per_axis(op.kernel, positions, "kernel").values())
    stride = list(per_axis(op.stride if op.stride is not None else op.kernel, positions, "stride").values())
    words = [humanized(op.kind), times(kernel)]
    if isinstance(op, Conv) and op.groups == node.inputs[0].type.channels and op.groups != 1:
        words[0] = "depthwise conv"
    usual = kernel if not isinstance(op, Conv) else [1] * len(stride)
    if stride != usual:
        words.append(f"stride {stride[0] if len(set(stride)) == 1 else times(stride)}")
    dilation = list(per_axis(getattr(op, "dilation", 1), positions, "dilation").values())
    if set(dilation) - {1}:
        words.append(f"dilation {dilation[0] if len(set(dilation)) == 1 else times(dilation)}")
    return " ".join(words)


def times(sizes: Sequence[Expr]) -> str:
    """``3×3``.

    >>> times([1, 3, 3])
    '1×3×3'
    """
    return "×".join(map(str, sizes))


def called(member: Member) -> str:
    """A short phrase for one member: its operation with its geometry, or its block."""
    if isinstance(member, Node):
        return appearance(member.op, member)
    return humanized(member.block)


def phrase(items: Sequence[Item]) -> tuple[str, int]:
    """What a row of items is called, and how many times it is repeated within.

    A block that is a short plain chain is called by what it does: ``conv 3×3, ReLU`` twice.
    """
    members = [item.member for item in items if item.label not in _SILENT] or [item.member for item in items]
    if len(members) == 1 and isinstance(members[0], Repeat) and (inner := _spelled_out(members[0])):
        return inner
    return _folded([called(member) for member in members])


def _spelled_out(block: Repeat) -> tuple[str, int] | None:
    nodes = block.body.nodes
    if len(nodes) > 8 or any(isinstance(node, Repeat) for node in nodes):
        return None
    straight = all(before.outputs[0] in node.inputs for before, node in zip(nodes, nodes[1:], strict=False))
    if not straight or any(len(node.inputs) > 1 for node in nodes) or not any(isinstance(node.op, Conv) for node in nodes):
        return None
    text, count = _folded([called(node) for node in nodes if node.label not in _SILENT])
    return (text, count) if len(text) <= _LONGEST else None


def _folded(words: list[str]) -> tuple[str, int]:
    """Equal halves, thirds … of a list are written once.

    >>> _folded(["conv 3×3", "ReLU"] * 2)
    ('conv 3×3, ReLU', 2)
    """
    for length in range(1, len(words) + 1):
        if len(words) % length == 0 and words[:length] * (len(words) // length) == words:
            return ", ".join(dict.fromkeys(words[:length])), len(words) // length
    return ", ".join(words), 1


def capitalized(text: str) -> str:
    """The first letter as a capital."""
    return text[:1].upper() + text[1:]


def shortened(text: str, fits: Callable[[str], bool]) -> str:
    """The text, or as much of its beginning as fits, with an ellipsis.

    >>> shortened("convolution", lambda text: len(text) <= 6)
    'convo…'
    """
    if fits(text):
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(text[:middle].rstrip(" ,") + "…") else (low, middle - 1)
    return text[:low].rstrip(" ,") + "…"
