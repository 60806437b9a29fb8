"""Words for operations: what a box is called and what is written beside an arrow."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Sequence
from functools import singledispatch

from sympy import Add, Expr, Integer

from archgraph.graph.ir import Member, Node, Repeat
from archgraph.graph.network import Network
from archgraph.ops.arguments import per_axis
from archgraph.ops.base import Op
from archgraph.ops.convolution import Conv, ConvTranspose
from archgraph.ops.pooling import Pool
from archgraph.ops.traced.moves import Move
from archgraph.ops.traced.values import Convolve, Function, Reduce
from archgraph.outline.forms.repeats import runs
from archgraph.outline.items import CIRCLES, Item, is_light
from archgraph.outline.promises import boasts
from archgraph.sizes.expansion import expanded

_LONGEST, _DEEPEST = 60, 2
#: What long headings write for norms and activations.
ABBREVIATIONS = {
    "batch norm": "BN",
    "instance norm": "IN",
    "group norm": "GN",
    "layer norm": "LN",
    "LeakyReLU": "LReLU",
}
_NAMES = {
    "scaled_dot_product_attention": "attention", "max_pool": "max-pool", "avg_pool": "avg-pool",
    "conv_transpose": "up-conv",
}  # fmt: skip
_WORDS = {
    "relu": "ReLU", "relu6": "ReLU6", "gelu": "GELU", "silu": "SiLU", "glu": "GLU", "geglu": "GEGLU",
    "swiglu": "SwiGLU", "mlp": "MLP", "dit": "DiT", "mmdit": "MMDiT", "vit": "ViT", "uvit": "U-ViT", "gpt": "GPT",
    "bert": "BERT", "mbconv": "MBConv", "moe": "MoE", "pixart": "PixArt", "flux": "FLUX",
    "rms": "RMS", "adaln": "adaLN", "resnet": "ResNet", "convnext": "ConvNeXt", "unet": "U-Net", "ddpm": "DDPM",
    "adm": "ADM", "qkv": "QKV",
}  # fmt: skip
#: Blocks that are called by what they hold: the second ones even where that is of several kinds.
_VAGUE, _PLACES = ("stage", "level", "repeat"), ("middle", "mid_block")
#: A name of such words alone says less than that of a single block inside.
_GENERAL = ("block", "layer", "unit", "module", "res", "residual")
_SILENT = (
    *("concat", "crop_like", "split", "identity", "dropout", "flatten", "squeeze", "reshape", "permute", "rename"),
    *("unflatten", "rearrange", "cast", "clone", "constant"),
)
_CONVOLUTIONS = [f"Conv{way}{n}d" for way in ("", "Transpose") for n in (1, 2, 3)]
#: Modules of PyTorch whose names say nothing of what they hold, or less than that says itself.
_CONTAINERS = ("Sequential", "ModuleList", "ModuleDict", *_CONVOLUTIONS)


def humanized(name: str) -> str:
    """A name in words.

    >>> humanized("class_embedding"), humanized("conv_norm_act"), humanized("mlp")
    ('class embedding', 'conv norm act', 'MLP')
    """
    # Word by word, so that a block of the user's own gets the usual spelling where it uses the usual words.
    plain = " ".join(_WORDS.get(word, word) for word in name.split("_"))
    return _NAMES.get(name, plain.replace("leaky ReLU", "LeakyReLU"))


ShowSize = Callable[[Expr], object]
"""Writes a size in the user's symbols."""


def brief(network: Network, length: Expr) -> object:
    """A size in the user's symbols if that is short, else its number."""
    # A product of symbols is longer than the box it stands in; its number is not.
    shown = expanded(network.show(expanded(length)))
    return shown if shown.is_Symbol or shown.is_Integer else network.evaluate(length)


@singledispatch
def appearance(op: Op, node: Node, show: ShowSize) -> str:
    """How an operation is written; families with a geometry show it."""
    return humanized(op.kind)


@appearance.register(Function)
@appearance.register(Reduce)
@appearance.register(Move)
def _by_function(op: Function | Reduce | Move, node: Node, show: ShowSize) -> str:
    return humanized(op.function)


@appearance.register(Convolve)
def _by_weights(op: Convolve, node: Node, show: ShowSize) -> str:
    return appearance(op.op, node, show)


@appearance.register(Conv)
@appearance.register(ConvTranspose)
@appearance.register(Pool)
def _windowed(op: Conv | ConvTranspose | Pool, node: Node, show: ShowSize) -> str:
    positions = node.inputs[0].type.positions
    kernel = list(per_axis(op.kernel, positions, "kernel").values())
    stride = list(per_axis(op.stride if op.stride is not None else op.kernel, positions, "stride").values())
    sizes = [show(size) for size in kernel]
    words = [humanized(op.kind), times(sizes) if len(sizes) > 1 else f"k={sizes[0]}"]
    if isinstance(op, Conv) and op.groups == node.inputs[0].type.channels and op.groups != 1:
        words[0] = "depthwise conv"
    # A pool moves by its window unless it says otherwise, a convolution by one: what is usual is not written.
    usual = kernel if not isinstance(op, Conv) else [1] * len(stride)
    if stride != usual:
        words.append(f"stride {same_or_each(stride, show)}")
    dilation = list(per_axis(getattr(op, "dilation", Integer(1)), positions, "dilation").values())
    if set(dilation) - {1}:
        words.append(f"dilation {same_or_each(dilation, show)}")
    return " ".join(words)


def same_or_each(sizes: Sequence[Expr], show: ShowSize) -> str:
    """One size where all are equal, else ``1×2×2``."""
    return str(show(sizes[0])) if len(set(sizes)) == 1 else times([show(size) for size in sizes])


def times(sizes: Sequence[object]) -> str:
    """``3×3``.

    >>> times([1, 3, 3])
    '1×3×3'
    """
    return "×".join(map(str, sizes))


def called(member: Member, show: ShowSize = str) -> str:
    """A short phrase for one member: its operation with its geometry, or its block."""
    if member.title:
        return member.title
    if isinstance(member, Node):
        return appearance(member.op, member, show)
    return block_name(member)


def block_name(block: Repeat) -> str:
    """What a block is called: as its spec says, else in the words of its name."""
    inner = inmost(block)
    if (inner.block in _CONTAINERS or boasts(inner)) and not inner.title:
        return counted(*_listed(_named(_heard(inner.body.nodes), str), str), str)
    return inner.title or humanized(inner.name if inner.block == "repeat" else inner.block)


def inmost(block: Repeat) -> Repeat:
    """The block itself, or where its name says nothing or too much, the single one that it consists of."""
    only = block.body.nodes[0] if len(block.body.nodes) == 1 else None
    return inmost(only) if isinstance(only, Repeat) and only.once and not _speaks(block) else block


def _speaks(block: Repeat) -> bool:
    """Whether a name says something, and nothing that a condition took away."""
    if block.title:
        return True
    general = all(word in _GENERAL for word in block.block.split("_"))
    return not general and block.block not in (*_VAGUE, *_PLACES) and not boasts(block)


def phrase(
    items: Sequence[Item], show: ShowSize = str, *, strides: bool = True, terse: bool = False, joins: bool = False
) -> tuple[str, Expr]:
    """What a row of items is called, and how many times all of that is repeated; see `phrase_in_full`.

    Plain chains of convolutions are called by what they do: ``conv 3×3, ReLU`` twice, or as often as a symbol
    says. Everything else is called by the names of its blocks and operations. A terse phrase writes ``conv 3×3…`` for a
    convolution with its norm and activation among others. Where ``joins`` are named, a concatenation at the beginning
    says how several values come in.
    """
    # A row of silent items alone still has to be called something.
    silent = (*_SILENT, *CIRCLES)
    named = [item for item in items if item.label not in silent or _adds_positions(item.member)]
    if joins and named and items[0] not in named and items[0].label == "concat" and len(set(items[0].inputs)) > 1:
        named = [items[0], *named]
    members = [item.member for item in named]
    # What takes nothing, such as a table of weights, serves the others.
    members = sorted(members or [item.member for item in items], key=lambda member: not member.inputs)
    spelled = [_spelled(member, show) for member in members]
    # Loose operations have names of their own already; spelling is for blocks, whose names are the author's.
    if all(spelled) and any(isinstance(member, Repeat) for member in members):
        words, count = _together([pair for pairs in spelled for pair in pairs], show)
        if words and len(abbreviated(words)) <= _LONGEST:
            return words if strides else unstrided(words), count
    pairs = [(words if strides else unstrided(words), count) for words, count in _named(members, show, terse=terse)]
    light = {called(member, show) for member in named_members(members) if is_light(member)}
    return _listed(pairs, show, light)


def phrase_in_full(items: Sequence[Item], show: ShowSize = str, *, strides: bool = True, terse: bool = False) -> str:
    """What a row of items is called with how often, where there is no place of its own for the count."""
    return counted(*phrase(items, show, strides=strides, terse=terse), show)


def counted(words: str, count: Expr, show: ShowSize = str) -> str:
    """Words with how often they hold before them, so that it is clear what is counted.

    >>> counted("conv 3×3", Integer(2)), counted("conv 3×3, ReLU", Integer(2)), counted("linear", Integer(1))
    ('2× conv 3×3', '2× (conv 3×3, ReLU)', 'linear')
    """
    return words if count == 1 else f"{show(count)}× {bracketed(words)}"


def bracketed(words: str) -> str:
    """The words as one thing that can be counted.

    >>> bracketed("conv 3×3, ReLU"), bracketed("linear")
    ('(conv 3×3, ReLU)', 'linear')
    """
    return f"({words})" if ", " in words else words


def _adds_positions(member: Member) -> bool:
    """Whether a concatenation puts further positions beside those that there are: a token, a context."""
    return isinstance(member, Node) and member.op.kind == "concat" and getattr(member.op, "axis", "c") != "c"


def _named(members: Sequence[Member], show: ShowSize, *, terse: bool = False) -> list[tuple[str, Expr]]:
    """What every member is called, and how often it is applied; equal neighbours are one."""
    out: list[tuple[str, Expr]] = []
    mixed = len({member.label for member in members}) > 1
    for member in named_members(members):
        pair = (_plainly(member, show, terse=terse) if mixed else "") or called(member, show), _count(member)
        # The first block of a stage often has the stride: it is the same block to a reader.
        if out and unstrided(out[-1][0]) == unstrided(pair[0]) and isinstance(member, Repeat):
            out[-1] = out[-1][0], out[-1][1] + pair[1]
        else:
            out.append(pair)
    return out


def named_members(members: Sequence[Member]) -> list[Member]:
    """The members, with blocks whose name says nothing, or what a condition took away, replaced by what they hold."""
    out: list[Member] = []
    for member in members:
        if member.title:
            out.append(member)
            continue
        inner = member.body.nodes if isinstance(member, Repeat) and member.once else ()
        blocks = all(isinstance(node, Repeat) for node in inner)
        name = member.block if isinstance(member, Repeat) else ""
        vague = (name in _VAGUE and len({node.label for node in inner}) == 1) or name in _PLACES
        vague = vague or (len(inner) == 1 and isinstance(member, Repeat) and not _speaks(member))
        opens = (vague and blocks) or boasts(member) or name in _CONTAINERS
        out += named_members(_heard(inner)) if inner and opens else [member]
    return out


def _heard(members: Sequence[Member]) -> Sequence[Member]:
    """The members that a list in words names."""
    return [member for member in members if member.label not in (*_SILENT, *CIRCLES)] or members


def _count(member: Member) -> Expr:
    return member.count if isinstance(member, Repeat) else Integer(1)


def _plainly(member: Member, show: ShowSize, *, terse: bool) -> str:
    """One convolution with its norm and activation is called by these where other blocks follow."""
    if not isinstance(member, Repeat) or not member.once or member.title:
        return ""
    nodes = [node for node in member.body.nodes if isinstance(node, Node)]
    convolutions = [node for node in nodes if isinstance(node.op.core, Conv)]
    if len(nodes) != len(member.body.nodes) or len(convolutions) != 1:
        return ""
    words = ", ".join(counted(words, count, show) for words, count in _spelled(member, show))
    return f"{called(convolutions[0], show)}…" if terse and len(nodes) > 1 and words else words


def _listed(named: Sequence[tuple[str, Expr]], show: ShowSize, light: Collection[str] = ()) -> tuple[str, Expr]:
    """A list in words, written once where it consists of equal parts, with its count; inner counts within."""
    if len(named) == 1:
        return named[0]
    words, count = _folded([counted(*run, show) for run in named])
    if count > 1 or len(abbreviated(words)) <= _LONGEST or len({words for words, _ in named}) == len(named):
        return words, Integer(count)
    # How often is said once, and the order is lost, which a box has no room for; what costs stands first.
    totals: dict[str, Expr] = {}
    for own, times in named:
        totals[own] = totals.get(own, Integer(0)) + times
    ordered = sorted(totals.items(), key=lambda run: run[0] in light)
    return ", ".join(counted(*run, show) for run in ordered), Integer(1)


def _spelled(member: Member, show: ShowSize, depth: int = 0) -> list[tuple[str, Expr]]:
    """A member as (words, how often), if it is a plain chain with a convolution; else nothing."""
    if member.title:
        return []
    if isinstance(member, Node):
        return [(called(member, show), Integer(1))] if member.label not in _SILENT else []
    nodes = member.body.nodes
    straight = all(before.outputs[0] in node.inputs for before, node in itertools.pairwise(nodes))
    # A block with a branch does more than a row of words can say, and its name says more.
    if len(nodes) > 8 or not straight or any(len(node.inputs) > 1 for node in nodes):
        return []
    if all(isinstance(node, Node) for node in nodes):
        if not any(isinstance(node, Node) and isinstance(node.op.core, Conv) for node in nodes):
            return []
        words, count = _folded([called(node, show) for node in nodes if node.label not in _SILENT])
        return [(words, count * member.count)]
    if depth == _DEEPEST:
        return []
    inner = [_spelled(node, show, depth + 1) for node in nodes]
    pairs = [(words, count * member.count) for pairs in inner for words, count in pairs]
    return pairs if all(inner) else []


def _together(pairs: Sequence[tuple[str, Expr]], show: ShowSize) -> tuple[str, Expr]:
    """Equal phrases are counted together, whether the first one has a stride or not."""
    plain = [unstrided(words) for words, _ in pairs]
    if len(set(plain)) == 1:
        return min((words for words, _ in pairs), key=len), Add(*(count for _, count in pairs))
    return ("", Integer(0)) if len(pairs) > 2 else (", ".join(counted(*pair, show) for pair in pairs), Integer(1))


def unstrided(words: str) -> str:
    """The words without a stride.

    >>> unstrided("conv 3×3 stride 2, ReLU")
    'conv 3×3, ReLU'
    >>> unstrided("conv p×p stride p")
    'conv p×p'
    """
    return re.sub(r" stride [^\s,…]+", "", words)


def _folded(words: list[str]) -> tuple[str, int]:
    """What stands several times in a row is written once, and counted.

    >>> _folded(["conv 3×3", "ReLU"] * 2), _folded(["conv 3×3", "conv 3×3", "ReLU"])
    (('conv 3×3, ReLU', 2), ('2× conv 3×3, ReLU', 1))
    >>> _folded(["linear", *["norm", "rotary"] * 2])
    ('linear, 2× (norm, rotary)', 1)
    """
    found = list(runs(words))
    if len(found) == 1:
        _, length, count = found[0]
        return _written(words[:length]) if count > 1 else ", ".join(words), count
    parts = ((words[start : start + length], count) for start, length, count in found)
    return ", ".join(
        counted(_written(part) if count > 1 else ", ".join(part), Integer(count)) for part, count in parts
    ), 1


def _written(words: list[str]) -> str:
    text, count = _folded(words)
    return counted(text, Integer(count))


def abbreviated(text: str) -> str:
    """The usual abbreviations of norms and activations, for long phrases.

    >>> abbreviated("conv 3×3×3, instance norm, LeakyReLU")
    'conv 3×3×3, IN, LReLU'
    """
    for long, short in ABBREVIATIONS.items():
        text = re.sub(rf"\b{long}\b", short, text)
    return text


def capitalized(text: str) -> str:
    """The first letter as a capital."""
    return text[:1].upper() + text[1:]


_LOOSE = " ,:+×"
_COUNT = re.compile(r",? \S*×$")


def shortened(text: str, fits: Callable[[str], bool]) -> str:
    """The text, or as much of its beginning as fits, with an ellipsis; between words where a word is left.

    >>> shortened("convolution", lambda text: len(text) <= 6)
    'convo…'
    >>> shortened("attention, feed forward", lambda text: len(text) <= 16)
    'attention, feed…'
    >>> shortened("conv 1×1, 2× linear", lambda text: len(text) <= 14)
    'conv 1×1…'
    """
    if fits(text):
        return text
    words = text.split(" ")
    for count in range(len(words) - 1, 0, -1):
        # A count without what is counted says nothing.
        whole = _COUNT.sub("", " ".join(words[:count])).rstrip(_LOOSE)
        if whole and fits(f"{whole}…"):
            return f"{whole}…"
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(text[:middle].rstrip(" ,") + "…") else (low, middle - 1)
    return text[:low].rstrip(" ,") + "…"
