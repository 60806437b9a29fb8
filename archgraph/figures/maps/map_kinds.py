"""What wrote a feature map, and its colour: attention is darkest, so that the order holds in grey."""

from __future__ import annotations

from functools import lru_cache

from archgraph.graph.ir import Graph, Member, Node, Repeat
from archgraph.ops.convolution import Conv, ConvTranspose
from archgraph.outline.mixing import kinds_of

#: Colours by kind, from the strongest: the strongest one in a closed block counts.
MAP_KINDS: dict[str, str] = {
    "attention": "#75388a",
    "convolution": "#4680c2",
    "linear": "#e0825a",
    "upsampling": "#7cc5a4",
    "pooling": "#f5c563",
    "concatenation": "#ffffff",
    "copied": "#ffffff",
    "embedding": "#c9a28d",
    "input": "#bdbdbd",
}
COPIED = "copied"


def kind_of(member: Member) -> str:
    """The kind of map that a member writes, empty if it changes neither sizes nor multiplies anything."""
    if isinstance(member, Repeat):
        return _kind_inside(member.body)
    return _kind_of_node(member)


@lru_cache(maxsize=4096)
def _kind_inside(body: Graph) -> str:
    found = {kind_of(member) for member in body.nodes}
    return next((kind for kind in MAP_KINDS if kind in found), "")


def _kind_of_node(node: Node) -> str:
    if node.op.kind in ("concat", "embedding"):
        return {"concat": "concatenation"}.get(node.op.kind, node.op.kind)
    if node.op.macs(*node.types) != 0:
        if "dynamic" in kinds_of(node):
            return "attention"
        if isinstance(node.op.core, ConvTranspose):
            return "upsampling"
        return "convolution" if isinstance(node.op.core, Conv) or "static" in kinds_of(node) else "linear"
    return _resizing(node)


def _resizing(node: Node) -> str:
    """Whether there are more or fewer positions afterwards; what only hands on some of them is nothing."""
    if not node.inputs or node.op.kind in ("flatten", "unflatten", "rename", "slice", "split", "take", "pad", "crop"):
        return ""
    before, after = node.inputs[0].type, node.outputs[0].type
    if not before.positions or not after.has("c") or node.op.kind in ("crop_like", "broadcast_like"):
        return ""
    ratio = after.area / before.area
    if not ratio.is_number:
        return "pooling" if not after.positions or node.op.kind.endswith("pool") else ""
    return "upsampling" if ratio > 1 else "pooling" if ratio < 1 else ""
