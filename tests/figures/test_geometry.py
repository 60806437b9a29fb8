"""Bad drawings are recognised, good ones pass."""

import pytest

from archgraph.figures.content.mathtext import words
from archgraph.figures.drawing.diagram import Box, Cluster, Diagram, Edge, Extent, Path, Rect, Text
from archgraph.figures.drawing.geometry import faults, flattened

LONG = words("a long label that needs room", 8)


def page(**parts) -> Diagram:
    return Diagram(width=200, height=100, **parts)


def box(name="a", x=20.0, y=20.0, parts=()) -> Box:
    return Box(name, 60, 20, (Rect(0, 0, 60, 20), *parts), x, y)


@pytest.mark.parametrize(
    ("diagram", "fault"),
    [
        (page(boxes=(box(x=150),)), "box 'a' leaves the page"),
        (page(marks=(Text(LONG, 150, 50),)), "leaves the page"),
        (page(edges=(Edge("a", "b", Path(((0, 0), (0, 101)))),)), "leaves the page"),
        (page(marks=(Text(LONG, 5, 50), Text(LONG, 9, 52))), "overlap"),
        (page(boxes=(box(parts=(Text(LONG, 4, 10),)),)), "leaves the box 'a'"),
        (page(boxes=(box(), box("b", 70, 30))), "boxes 'a' and 'b' overlap"),
        (page(boxes=(box(),), marks=(Text(LONG, 10, 35),)), "lies on the box 'a'"),
        (page(boxes=(box(),), edges=(Edge("x", "y", Path(((0, 30), (190, 30)))),)), "crosses the box 'a'"),
        (page(marks=(Text(LONG, 10, 35),), edges=(Edge("x", "y", Path(((50, 0), (50, 90)))),)), "strikes the text"),
        (page(marks=(Text(words("tiny", 5), 10, 35),)), "is 5 pt"),
        (page(boxes=(box(parts=(Rect(1, 1, 3, 3, thickness=0.2),)),)), "a line of 0.2 pt"),
        (page(clusters=(Cluster("c", Extent(5, 5, 40, 40), (Text(LONG, 8, 30),)),)), "leaves the frame 'c'"),
        (page(clusters=(Cluster("c", Extent(5, 20, 90, 40), (), 2),), marks=(Text(LONG, 10, 19),)), "on the outlines"),
    ],
)
def test_recognised(diagram, fault):
    assert any(fault in found for found in faults(diagram)), faults(diagram)


def test_edges_may_touch_the_boxes_that_they_join():
    boxes = (box("a"), box("b", 20, 60))
    assert faults(page(boxes=boxes, edges=(Edge("a", "b", Path(((50, 40), (50, 60)), arrow=True)),))) == []


def test_a_text_with_its_own_background_may_lie_on_a_line():
    text = Text(LONG, 40, 50, backdrop="#ffffff")
    assert faults(page(marks=(text,), edges=(Edge("a", "b", Path(((0, 47), (190, 47)))),))) == []


def test_splines_are_followed_closely():
    path = Path(((0, 0), (0, 40), (40, 40), (40, 0)), curve="spline")
    assert max(y for _, y in flattened(path)) == pytest.approx(30)
