"""What every box of a figure stands for, as noted while it is drawn; and whether its heading is true of that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

from archgraph.figures.content import boxes
from archgraph.figures.figure import Figure
from archgraph.graph.ir import Graph, Member, Node, Repeat
from archgraph.outline.items import Item
from archgraph.outline.mixing import kinds_of

Members = Sequence[Member]


@contextmanager
def noted() -> Iterator[dict[str, set[Member]]]:
    """The members by the names of boxes, of all boxes that are described meanwhile, drawn in the end or not."""
    found: dict[str, set[Member]] = {}
    described = boxes._described

    def noting(facts, items: Sequence[Item], **said):
        every = {item.member for item in (*said["beside"], *items)}
        for name in (items[-1].path, items[0].path):
            found.setdefault(name, set()).update(every)
        return described(facts, items, **said)

    with patch.object(boxes, "_described", noting):
        yield found


def leaves(members: Sequence[Member]) -> Iterator[Node]:
    for member in members:
        if isinstance(member, Repeat):
            yield from leaves(member.body.nodes)
        else:
            yield member


def words_of(node: Node) -> str:
    """All names of an operation: its kind, its function, and what it is at its core."""
    op = node.op
    inner = getattr(op, "op", op)
    names = (op.kind, getattr(op, "function", ""), op.core.kind, getattr(inner, "kind", ""), type(op).__name__)
    return " ".join(map(str, names)).lower()


def any_of(*parts: str) -> Callable[[Members], bool]:
    return lambda members: any(part in words_of(node) for node in leaves(members) for part in parts)


def attends(members: Members) -> bool:
    return any("dynamic" in kinds_of(member) for member in members)


MEANINGS: tuple[tuple[str, Callable[[Members], bool]], ...] = (
    (r"attention|transformer", attends),
    (r"conv(olution)?\b", any_of("conv")),
    (r"depthwise", any_of("conv")),
    (r"up-conv", any_of("conv")),
    (r"linear|mlp|swiglu|geglu|projection", any_of("linear", "einsum", "conv", "matmul")),
    (r"layer norm|\bln\b", any_of("layer_norm")),
    (r"batch norm|\bbn\b", any_of("batch_norm")),
    (r"group norm|\bgn\b", any_of("group_norm")),
    (r"instance norm|\bin\b", any_of("instance_norm")),
    (r"rms norm", any_of("rms_norm")),
    (r"max-pool", any_of("max_pool")),
    (r"avg[- ]pool", any_of("avg_pool", "mean")),
    (r"\bgelu\b", any_of("gelu")),
    (r"\bsilu\b", any_of("silu")),
    (r"\b(leaky|l)?relu6?\b", any_of("relu")),
    (r"softmax", any_of("softmax")),
    (r"upsample|resize", any_of("upsample", "resize", "interpolate", "conv_transpose")),
    (r"concat", any_of("concat")),
    (r"rotary", any_of("rotary", "function", "multiply")),
    (r"patch merging", any_of("linear", "conv")),
)
"""What a word in a heading promises of the members of its box."""


def untrue_headings(figure: Figure, members: dict[str, set[Member]], titles: set[str]) -> list[str]:
    """Words in headings that no member of their box is an example of; an author's own titles are theirs."""
    found = []
    for box in figure.diagram.boxes:
        inside = list(members.get(box.name.removesuffix(" inside"), ()))
        heading = " ".join(text.string for text in box.texts() if any(run.face == "bold" for run in text.runs))
        for title in titles:
            heading = heading.replace(title, "")
        for word, holds in MEANINGS if inside and box.kind == "node" else ():
            match = re.search(word, heading, re.IGNORECASE)
            if match and not holds(inside):
                found.append(f"{box.name}: {match[0]} in {heading!r}")
    return found


def titles_of(graph: Graph) -> set[str]:
    """Labels that an author wrote."""
    return {member.title for _, member in graph.walk() if member.title}
