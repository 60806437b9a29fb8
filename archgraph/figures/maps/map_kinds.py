"""What wrote a feature map, and its colour: attention is darkest, so that the order holds in grey."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr

from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.ops.convolution import Conv, ConvTranspose
from archgraph.ops.traced.recurrent import Recurrent
from archgraph.ops.traced.values import Convolve
from archgraph.outline.mixing import kinds_of

#: Colours by kind, from the strongest: the strongest one in a closed block counts.
MAP_KINDS: dict[str, str] = {
    "attention": "#75388a",
    "recurrence": "#3a6f60",
    "convolution": "#4680c2",
    "linear": "#e0825a",
    "upsampling": "#7cc5a4",
    "pooling": "#f5c563",
    "concatenation": "#dcdcdc",
    "copied": "#ffffff",
    "embedding": "#c9a28d",
    "input": "#bdbdbd",
}
COPIED = "copied"
_KEEPING = ("flatten", "unflatten", "rename", "slice", "split", "take", "pad", "crop", "crop_like", "broadcast_like")


class MapKinds:
    """Says what kind of map a member writes; every body is visited once.

    Args:
        number: the value of a size.
        learned: what is computed from weights alone, so that a product with it is no attention.
    """

    def __init__(self, number: Callable[[Expr], int], learned: frozenset[Value]) -> None:
        self._number, self._learned = number, learned
        self._known: dict[Graph, str] = {}

    def of(self, member: Member) -> str:
        """The kind, empty if a member neither changes the number of positions nor multiplies matrices."""
        if not isinstance(member, Repeat):
            return self._of_node(member)
        if member.body not in self._known:
            found = {self.of(one) for one in member.body.nodes}
            self._known[member.body] = next((kind for kind in MAP_KINDS if kind in found), "")
        return self._known[member.body]

    def _of_node(self, node: Node) -> str:
        if node.op.kind in ("concat", "embedding"):
            return {"concat": "concatenation"}.get(node.op.kind, node.op.kind)
        if node.op.macs(*node.types) == 0:
            return self._resizing(node)
        core = node.op.op if isinstance(node.op, Convolve) else node.op.core
        if isinstance(core, ConvTranspose):
            return "upsampling"
        if isinstance(core, Conv):
            return "convolution"
        if isinstance(core, Recurrent):
            return "recurrence"
        kinds = kinds_of(node, self._learned)
        return "attention" if "dynamic" in kinds else "convolution" if "static" in kinds else "linear"

    def _resizing(self, node: Node) -> str:
        """Whether there are more or fewer positions afterwards; to hand on or to order some is nothing."""
        if not node.inputs or node.op.kind in _KEEPING or not node.outputs[0].type.has("c"):
            return ""
        before, after = node.inputs[0].type, node.outputs[0].type
        if not before.positions:
            return ""
        first, last = self._number(before.area), self._number(after.area) if after.positions else 1
        return "upsampling" if last > first else "pooling" if last < first else ""
