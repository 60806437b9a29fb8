"""Every operation as far as a page has room: else with blocks closed, inner ones first, and a word of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from archgraph.errors import QueryError
from archgraph.figures.drawing.diagram import Diagram
from archgraph.figures.facts.facts import Facts
from archgraph.figures.layout.closer import LEAST_GAP
from archgraph.figures.overview.any_graph import MOST_BOXES, full_diagram, operation_boxes, placed_operations
from archgraph.graph.ir import Graph, Repeat
from archgraph.outline.items import Flow


def full_drawings(facts: Facts, room: float, engine: str) -> Iterator[Diagram]:
    """All operations, then fewer and fewer levels of blocks open; where a depth is asked for, only that.

    Args:
        facts: the network.
        room: an area in square points. What covers more is not placed, since no page would hold it.
        engine: as for `layout_graphviz`.
    """
    if facts.options.depth is not None:
        yield full_diagram(facts, facts.network.graph, facts.selected, engine)
        return
    deepest = block_depth(facts)
    for depth, every, boxes in reversed(list(_small_enough(facts, room))):
        drawn = placed_operations(facts, every, boxes, engine)
        yield drawn if depth == deepest else with_a_word(facts, drawn, "closed", _opened(depth))


def with_a_word(facts: Facts, drawn: Diagram, view: str, instead: str) -> Diagram:
    """A drawing of less than was asked for, which says so, and how to see the rest."""
    deepest = block_depth(facts)
    every = _operations(facts, deepest)
    number = f"more than {MOST_BOXES:,}" if every is None else f"{len(every.items):,}"
    ways = ["focus= on a block opens it"] if deepest and not facts.options.focus else []
    ways += [] if every is None else [f"depth={deepest} draws all of them at any size"]
    asked = facts.options.height
    page = "on a page" if asked is None else f"in {asked / 72:.2g} in"
    note = f"{number} operations have no room {page}: {instead}; {', '.join(ways) or 'hide= leaves some out'}"
    return replace(drawn, view=view, notes=(*drawn.notes, note))


def block_depth(facts: Facts) -> int:
    """How many levels of blocks are open where every operation is seen."""
    return _levels(facts.focused.body if facts.options.focus else facts.network.graph, {})


def _levels(graph: Graph, known: dict[int, int]) -> int:
    """A body is looked at once, however often it is called."""
    if id(graph) not in known:
        bodies = [member.body for member in graph.nodes if isinstance(member, Repeat) and member.once]
        known[id(graph)] = max((1 + _levels(body, known) for body in bodies), default=0)
    return known[id(graph)]


def _small_enough(facts: Facts, room: float) -> Iterator[tuple[int, Flow, Diagram]]:
    """More and more open levels with their boxes, as long as these cover no more than there is room for."""
    for depth in range(block_depth(facts) + 1):
        every = _operations(facts, depth)
        if every is None:
            return
        boxes = operation_boxes(facts, every)
        if sum(box.width * (box.height + LEAST_GAP) for box in boxes.boxes) > room:
            return
        yield depth, every, boxes


def _operations(facts: Facts, depth: int) -> Flow | None:
    """What is drawn with so many levels open; nothing where it is too much for a figure."""
    try:
        every = facts.operations(facts.network.graph, facts.selected, depth)
    except QueryError:
        return None
    return every if len(every.items) <= MOST_BOXES else None


def _opened(depth: int) -> str:
    if depth == 0:
        return "all blocks are closed"
    return f"blocks are opened {depth} level{'s' if depth > 1 else ''} deep"
