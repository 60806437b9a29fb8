"""Lines that cross: one of them has an arc there, and only there."""

from itertools import pairwise

import pytest
from gallery_pages import figure_of

from archgraph.figures.drawing.bridges import bridged
from archgraph.figures.drawing.diagram import Box, Diagram, Edge, Path, Point
from archgraph.figures.drawing.geometry import faults, flattened

FLAT, STEEP = ((0.0, 10.0), (40.0, 10.0)), ((20.0, 0.0), (20.0, 30.0))


def drawn(*lines: tuple[Point, ...], curve: str = "line") -> list[Path]:
    """The paths of a diagram with those lines; the last one may be a curve."""
    paths = [Path(points) for points in lines[:-1]] + [Path(lines[-1], curve="spline" if curve == "spline" else "line")]
    edges = bridged(Diagram(edges=tuple(Edge(f"a{i}", f"b{i}", path) for i, path in enumerate(paths)))).edges
    return [edge.path for edge in edges if edge.path is not None]


@pytest.mark.parametrize("order", [(FLAT, STEEP), (STEEP, FLAT)])
def test_the_flatter_line_goes_over_the_other_whichever_is_drawn_first(order):
    after = dict(zip(order, drawn(*order), strict=True))
    assert after[STEEP].points == STEEP
    ys = [y for _, y in after[FLAT].points]
    assert ys[0] == ys[1] == ys[4] == ys[5] == 10 and ys[2] == ys[3] < 10
    assert after[FLAT].points[0] == FLAT[0] and after[FLAT].points[-1] == FLAT[-1]
    assert (after[FLAT].points[2][0] + after[FLAT].points[3][0]) / 2 == pytest.approx(20)


@pytest.mark.parametrize(
    "other",
    [
        ((20.0, 10.0), (20.0, 30.0)),  # begins on the line
        ((20.0, 30.0), (20.0, 12.0)),  # ends before it
        ((0.0, 14.0), (40.0, 14.0)),  # beside it
        ((39.0, 0.0), (39.0, 30.0)),  # where the line ends
    ],
)
def test_lines_that_meet_or_stay_apart_have_none(other):
    assert [path.points for path in drawn(FLAT, other)] == [FLAT, other]


def test_an_arc_has_no_room_at_a_corner():
    corner = ((0.0, 10.0), (21.0, 10.0), (21.0, 40.0))
    assert drawn(corner, STEEP)[0].points == corner


@pytest.mark.parametrize("top, arcs", [(7.0, False), (3.0, True)])
def test_an_arc_does_not_run_through_a_box(top, arcs):
    """The arc is 3.8 points high: of a box that ends below it, it would cut a corner off."""
    lines = tuple(Edge(f"a{i}", f"b{i}", Path(points)) for i, points in enumerate((FLAT, STEEP)))
    box = Box("beside", 4.0, 2.0, x=21.0, y=top)
    drawn = bridged(Diagram((box,), lines, width=40, height=30))
    assert (drawn.edges[0].path.points != FLAT) == arcs
    assert not [fault for fault in faults(drawn) if "crosses the box" in fault]


def test_neighbours_share_one_arc():
    beside = ((23.0, 0.0), (23.0, 30.0))
    assert len(drawn(FLAT, STEEP, beside)[0].points) == 6
    far = ((32.0, 0.0), (32.0, 30.0))
    assert len(drawn(FLAT, STEEP, far)[0].points) == 10


def test_a_curve_keeps_its_way_but_for_the_arc():
    curve = ((0.0, 10.0), (12.0, 20.0), (28.0, 20.0), (40.0, 10.0))
    before, after = Path(curve, curve="spline"), drawn(STEEP, curve, curve="spline")[1]
    assert after.curve == "line" and after.radius > 0
    away = [point for point in flattened(before) if abs(point[0] - 20) > 4]
    assert set(away) <= set(after.points) and len(after.points) > len(away)


@pytest.mark.parametrize(
    ("name", "view", "arcs"), [("sana", "blocks", 2), ("mamba", "blocks", 1), ("unet", "overview", 0)]
)
def test_of_the_gallery(name, view, arcs):
    """An arc is the only thing in these drawings that rises by less than a line."""
    edges = figure_of(name, view).diagram.edges
    paths = [path.points for edge in edges if (path := edge.path) is not None]
    small = [a for points in paths for a, b in pairwise(points) if 0 < abs(a[1] - b[1]) < 4]
    assert len(small) == 2 * arcs
