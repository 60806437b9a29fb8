"""The drawings behind the boxes of a figure: what a block is made of, and the same figure with its block closed."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archgraph.errors import ArchgraphError
from archgraph.figures.drawing.diagram import Box, Diagram
from archgraph.figures.facts.facts import Facts
from archgraph.figures.overview.any_graph import graph_diagram
from archgraph.figures.overview.spine import block_diagram, spine_diagram
from archgraph.graph.ir import Repeat
from archgraph.graph.locate import find_member
from archgraph.outline.groups import Group
from archgraph.outline.items import Item

FOLDED = "folded"
_MOST_DRAWINGS, _MOST_NODES, _WIDTH = 16, 400, 486.0


@dataclass(frozen=True)
class Drawing:
    """One drawing of an interactive page.

    Attributes:
        key: the path of the block it opens; nothing for the figure itself.
        outer: the key of the drawing that it folds back into.
        title: what is shown in words.
    """

    key: str
    outer: str
    title: str
    diagram: Diagram


def unfolded(facts: Facts, whole: Diagram) -> list[Drawing]:
    """The figure, the same with its open block closed, and the inside of every block, outer ones first."""
    found = [Drawing("", "", "the whole", whole)]
    if facts.options.style != "boxes":
        return found
    opened = {cluster.name for cluster in whole.clusters} - {box.name for box in whole.boxes}
    closed = spine_diagram(facts, facts.structure, _WIDTH, open_one=False) if opened else None
    if closed is not None:
        found.append(Drawing(FOLDED, "", "blocks closed", closed))
    waiting = deque((box, "") for drawing in found for box in drawing.diagram.boxes)
    seen = {*opened}
    while waiting and len(found) < _MOST_DRAWINGS:
        box, outer = waiting.popleft()
        if box.name in seen or (inside := _inside(facts, box)) is None:
            continue
        seen.add(box.name)
        found.append(Drawing(box.name, outer, box.name, inside))
        waiting.extend((inner, box.name) for inner in inside.boxes)
    return found


def _inside(facts: Facts, box: Box) -> Diagram | None:
    """What a box is made of, if it is one block of several operations that can be drawn."""
    if box.kind == "panel" or not box.laws:
        return None
    try:
        member = find_member(facts.network.graph, box.name)[0]
    except ArchgraphError:
        return None
    if not isinstance(member, Repeat) or not 1 < len(member.body.nodes) <= _MOST_NODES:
        return None
    group = Group((Item(box.name, member, member.inputs, member.outputs),))
    drawn = block_diagram(facts, group, _WIDTH)
    if drawn is None and not member.once:
        try:
            drawn = graph_diagram(facts, facts.inside(group), _WIDTH, "auto")
        except ArchgraphError:
            return None
    return drawn


def within_budget(drawings: Sequence[Drawing], sizes: Sequence[int], budget: int) -> Iterator[Drawing]:
    """The drawings that fit a number of bytes; inner ones only with what they fold back into."""
    kept: set[str] = set()
    for drawing, size in zip(drawings, sizes, strict=True):
        budget -= size
        if drawing.key == "" or (budget >= 0 and drawing.outer in kept):
            kept.add(drawing.key)
            yield drawing
