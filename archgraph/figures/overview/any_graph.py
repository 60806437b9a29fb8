"""Any other graph: one box per group, per operation, or per unrolled operation, placed by Graphviz."""

from dataclasses import replace

from archgraph.errors import QueryError
from archgraph.figures.content.boxes import NARROW, WIDE, boxed, circle, content, end_box
from archgraph.figures.content.labels import count_label, value_label
from archgraph.figures.content.mathtext import line_of, result_shape, words
from archgraph.figures.content.wrapping import fitted
from archgraph.figures.drawing.box_look import with_look
from archgraph.figures.drawing.diagram import Box, Diagram, Edge
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.figures.layout.graphviz import layout_graphviz, layouts
from archgraph.figures.overview.spine import closed_decks, group_content
from archgraph.figures.overview.spine_links import repeat_of
from archgraph.graph.ir import Graph, Value
from archgraph.outline.groups import Group
from archgraph.outline.items import Flow
from archgraph.outline.structure import Structure
from archgraph.outline.wording import bracketed, called, capitalized, shortened

MOST_BOXES = 1500


def graph_diagram(facts: Facts, found: Structure, width: float, engine: str = "auto") -> Diagram:
    """Every group as a box; the widest boxes with which the drawing fits the page, or the narrowest ones."""
    rooms = (WIDE, NARROW)
    drawings = layouts([_groups(facts, found, room) for room in rooms], engine, direction=facts.options.direction)
    placed = [trimmed(replace(drawn, clusters=closed_decks((*found.chain, *found.sides), drawn))) for drawn in drawings]
    return next((drawn for drawn in placed if drawn.width <= width), placed[-1])


def _groups(facts: Facts, found: Structure, room: float) -> Diagram:
    groups = (*found.chain, *found.sides)
    boxes = {group: _group_box(facts, group, room, side=group in found.sides) for group in groups}
    edges = [Edge(boxes[a].name, boxes[b].name) for a, b in zip(found.chain, found.chain[1:], strict=False)]
    ends = {value: end_box(f"input {value.name}", value_label(facts, value)) for value in found.flow.inputs}
    if found.entry is not None and found.chain:
        edges.insert(0, Edge(ends[found.entry].name, boxes[found.chain[0]].name))
    for source, target, _ in found.links:
        start = ends[source].name if isinstance(source, Value) else boxes[source].name
        beside = target in found.sides or source in found.sides or isinstance(source, Value)
        edges.append(Edge(start, boxes[target].name, style="dashed" if beside else "solid"))
    results = []
    for index, (group, value) in enumerate(found.outputs):
        results.append(end_box(f"output {index}", result_shape(facts.sizes(value), SIZES.body)))
        edges.append(Edge(boxes[group].name, results[-1].name))
    return Diagram((*ends.values(), *boxes.values(), *results), tuple(edges))


def _group_box(facts: Facts, group: Group, room: float, *, side: bool) -> Box:
    if group.circle:
        return with_look(circle(group.name, group.circle), facts.author.look(group.items))
    return replace(boxed(group_content(facts, group, room, own=False, side=side)), name=group.name)


def full_diagram(facts: Facts, graph: Graph, selected: tuple[Value, ...], engine: str = "auto") -> Diagram:
    """Every operation as a box; blocks are opened, repeats stay closed.

    Raises:
        QueryError: there are too many operations for a figure.
    """
    every = facts.operations(graph, selected)
    if len(every.items) > MOST_BOXES:
        less = "draw view='overview', depth=0, or focus= on a part"
        if graph is not facts.network.graph:
            less = "draw view='overview' or view='full', which keep repeats collapsed"
        raise QueryError(
            f"{len(every.items)} operations are too many for a figure (at most {MOST_BOXES}).",
            hint=less,
        )
    return placed_operations(facts, every, operation_boxes(facts, every), engine)


def operation_boxes(facts: Facts, every: Flow) -> Diagram:
    """A box for every item, for what comes in and for what goes out, not placed yet."""
    boxes: list[Box] = []
    edges: list[Edge] = []
    maker: dict[Value, str] = {}
    for value in every.inputs:
        maker[value] = f"input {value.name}"
        boxes.append(end_box(maker[value], value_label(facts, value)))
    for item in every.items:
        boxes.append(_small_box(facts, Group((item,))))
        edges += [Edge(maker[value], item.path) for value in dict.fromkeys(item.inputs)]
        maker |= dict.fromkeys(item.outputs, item.path)
    for index, value in enumerate(every.outputs):
        boxes.append(end_box(f"output {index}", result_shape(facts.sizes(value), SIZES.body)))
        edges.append(Edge(maker[value], boxes[-1].name))
    return Diagram(tuple(boxes), tuple(edges))


def placed_operations(facts: Facts, every: Flow, boxes: Diagram, engine: str) -> Diagram:
    """The boxes of items where Graphviz places them."""
    placed = trimmed(layout_graphviz(boxes, engine, direction=facts.options.direction))
    return replace(placed, clusters=closed_decks([Group((item,)) for item in every.items], placed))


def _small_box(facts: Facts, group: Group) -> Box:
    """One operation: its name, and its laws if it has any."""
    item = group.items[0]
    if group.circle:
        return with_look(circle(item.path, group.circle), facts.author.look(group.items))
    found = content(facts, group.items, room=110.0)
    named = facts.author.label(group.items)
    repeat, words_of = repeat_of(group), capitalized(called(item.member, facts.brief))
    text = named or shortened(words_of if repeat is None else bracketed(words_of), lambda shown: len(shown) <= 30)
    heading = fitted(words(text, SIZES.body, "sans" if item.light else "bold"), WIDE)
    if repeat is not None:
        heading = line_of(heading, count_label(facts, repeat), gap=2.2)
    lines = (heading, *(found.lines[len(found.lines) - found.laws :] if found.laws else ()))
    bare = replace(found, lines=lines, picture=False, side=found.reach is None)
    return replace(boxed(bare), name=item.path)


def trimmed(drawn: Diagram) -> Diagram:
    """The same on a page that just holds it."""
    extent = drawn.extent
    moved = drawn.moved(1 - extent.left, 1 - extent.top)
    return replace(moved, width=extent.right - extent.left + 2, height=extent.bottom - extent.top + 2)
