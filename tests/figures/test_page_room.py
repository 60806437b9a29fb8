"""What is higher than its page: pulled together, put into columns, or told."""

from dataclasses import replace
from itertools import pairwise

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.figures.content.mathtext import words
from archgraph.figures.drawing.diagram import Box, Diagram, Edge, Path, Text
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.facts.facts import Facts
from archgraph.figures.layout.closer import closer
from archgraph.figures.layout.columns import in_columns
from archgraph.figures.room import put_on_page

SIXTY = """\
archgraph: 1
symbols: {C: 16, H: 400, W: 400}
inputs: {x: {c: 3, h: H, w: W}}
network:
  - for: {i: 0..59}
    do:
      - conv: {out: C + i, kernel: 3, padding: same}
"""


def chain(count: int, pitch: float = 30.0) -> Diagram:
    boxes = tuple(Box(f"b{i}", 40, 12, y=pitch * i) for i in range(count))
    ways = (Path(((20, a.extent.bottom), (20, b.y)), arrow=True) for a, b in pairwise(boxes))
    edges = tuple(Edge(f"b{i}", f"b{i + 1}", way) for i, way in enumerate(ways))
    return Diagram(boxes, edges, width=40, height=boxes[-1].extent.bottom)


def columns(drawn: Diagram) -> list[float]:
    return sorted({box.x for box in drawn.boxes})


def test_columns_are_even_and_read_from_left_to_right():
    drawn = in_columns(chain(12), 300, 160)
    assert drawn is not None and drawn.height <= 160 and faults(drawn) == []
    lefts = [box.x for box in drawn.boxes]
    assert lefts == sorted(lefts) and [lefts.count(left) for left in sorted(set(lefts))] == [4, 4, 4]
    assert {(edge.source, edge.target) for edge in drawn.edges} == {(f"b{i}", f"b{i + 1}") for i in range(11)}


def test_columns_are_higher_where_the_page_is_narrow():
    drawn = in_columns(chain(12), 110, 160)
    assert drawn is not None and drawn.width <= 110.5 and 160 < drawn.height < chain(12).height
    assert in_columns(chain(12), 60, 160) is None


def test_nothing_is_cut_where_two_lines_go_on():
    whole = chain(6)
    beside = Edge("b0", "b5", Path(((0, 6), (-8, 6), (-8, 156), (0, 156)), arrow=True))
    assert in_columns(Diagram(whole.boxes, (*whole.edges, beside), width=40, height=162), 300, 100) is None


def test_a_column_is_as_wide_as_what_is_written_beside_the_line_that_leaves_it():
    whole = chain(12)
    said = Text(words("depthwise conv 3×3 stride 2, batch norm", 7.5), 24.0, 0.0)
    edges = tuple(
        replace(edge, label=(said.moved(0.0, box.extent.bottom + 7.0),)) if box.name in ("b3", "b7") else edge
        for edge, box in zip(whole.edges, whole.boxes, strict=False)
    )
    drawn = in_columns(replace(whole, edges=edges, width=said.extent.right), 600, 160)
    assert drawn is not None and [len([b for b in drawn.boxes if b.x == x]) for x in columns(drawn)] == [4, 4, 4]
    assert faults(drawn) == []


@pytest.mark.parametrize("name, height", [("resnet", "3in"), ("mobilenet_v2", "3in"), ("vgg", "3in"), ("vgg", "5in")])
def test_no_line_between_columns_runs_through_what_is_written_beside_it(name, height):
    drawn = figure_of(name, height=height).diagram
    for edge in drawn.edges:
        levels = [a[1] for a, b in pairwise(edge.path.points) if a[1] == b[1]] if edge.path else []
        assert not [text for text in edge.label for y in levels if text.extent.top < y < text.extent.bottom]


@pytest.mark.parametrize("height", [1.0, -50.0])
def test_a_page_without_room_ends(height):
    assert in_columns(chain(12), 60, height) is None


def test_gaps_give_way_evenly_and_no_box_changes():
    whole = chain(4)
    low = closer(whole, whole.height - 12)
    assert low is not None and low.height == pytest.approx(whole.height - 12)
    assert [box.y for box in low.boxes] == pytest.approx([0, 26, 52, 78])
    assert {(box.width, box.height) for box in low.boxes} == {(40, 12)} and faults(low) == []
    assert closer(whole, 4 * 12) is None


@pytest.mark.parametrize("name", ["mamba", "hunyuan_dit"])
def test_a_legend_counts_as_height(name):
    figure = figure_of(name)
    assert figure.diagram.height <= 648.5 and figure.notes == () and faults(figure.diagram) == []


def test_a_long_loop_is_in_columns_or_says_what_draws_less():
    g = ag.loads(SIXTY)
    figure = g.draw("full", focus="", width="1500pt")
    lefts = {round(box.x) for box in figure.diagram.boxes if box.kind == "node"}
    assert len(lefts) > 5 and figure.notes == () and faults(figure.diagram) == []
    (note,) = g.draw("full", depth=0).notes
    assert note.endswith("a page has 9 in: view='overview' or focus= on a part draw less")


def test_an_overview_is_not_sent_to_itself():
    figure = figure_of("unet", height="2in")
    assert [note.split(": ")[1] for note in figure.notes] == ["focus= on a part draws less"]
    (note,) = figure_of("unet", "full", depth=0).notes
    assert note.endswith("view='overview' or focus= on a part draw less")


def test_a_column_of_a_few_boxes_is_not_worth_half_of_a_page():
    """A drawing that can be cut near its end only stays one column; cut in the middle it would be two."""
    facts, whole = Facts(ag.load("vgg").network), chain(12)
    beside = Edge("b0", "b10", Path(((0, 6), (-8, 6), (-8, 306), (0, 306)), arrow=True))
    uncut = replace(whole, edges=(*whole.edges, beside))
    assert in_columns(uncut, 300, 148) is not None
    assert put_on_page(facts, uncut, 300, 500) is uncut
    assert len(columns(put_on_page(facts, whole, 300, 500))) > 1
