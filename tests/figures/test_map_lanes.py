"""Lanes of feature maps: each begins at what it reads, and ends at what reads it."""

from __future__ import annotations

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.figures.drawing.diagram import Diagram, Path
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.figure import Figure
from tests.figures.law_reader import false_laws

BETWEEN = """\
archgraph: 1
symbols: {C: 16, H: {default: 32, multiple_of: 4}}
inputs: {a: {c: 3, h: H, w: H}, b: {c: 3, h: H, w: H}}
network:
  - {conv: {out: C, kernel: 3, padding: same}, from: a, as: a0}
  - {conv: {out: C, kernel: 3, padding: same}, from: b, as: b0}
  - {conv: {out: C, kernel: 1}, from: b0, as: to_a}
  - {conv: {out: C, kernel: 1}, from: a0, as: to_b}
  - {add: , from: [a0, to_a], as: a1}
  - {add: , from: [b0, to_b], as: b1}
  - {conv: {out: 2*C, kernel: 3, padding: same}, from: a1, as: a2}
  - {conv: {out: 2*C, kernel: 3, padding: same}, from: b1, as: b2}
  - {conv: {out: 2*C, kernel: 1}, from: b2, as: again_to_a}
  - {conv: {out: 2*C, kernel: 1}, from: a2, as: again_to_b}
  - {add: , from: [a2, again_to_a], as: a3}
  - {add: , from: [b2, again_to_b], as: b3}
  - {concat: , from: [a3, b3], as: both}
  - {conv: {out: 5, kernel: 1}, as: head}
"""


def ends(diagram: Diagram) -> list[tuple[tuple[float, float], tuple[float, float], bool]]:
    """Of every line its ends, and whether it is dashed."""
    paths = [edge.path for edge in diagram.edges if edge.path is not None]
    paths += [mark for mark in diagram.marks if isinstance(mark, Path)]
    return [(path.points[0], path.points[-1], bool(path.dash)) for path in paths]


def into(figure: Figure, name: str) -> list[bool]:
    """Of the lines that end at the left side of a map, whether they are dashed."""
    (box,) = (box for box in figure.diagram.boxes if box.name == name)
    return [
        dashed for _, (x, y), dashed in ends(figure.diagram) if abs(x - box.x) < 0.6 and box.y < y < box.y + box.height
    ]


def at_height(figure: Figure, name: str) -> float:
    (box,) = (box for box in figure.diagram.boxes if box.name == name)
    return round(box.y + box.height / 2, 6)


@pytest.mark.parametrize("name", ["sd3", "flux"])
def test_the_joint_attention_stands_behind_both_streams(name):
    """It reads both, and so does no linear map behind it."""
    figure = figure_of(name, style="maps")
    first = min(
        (box for box in figure.diagram.boxes if box.name.endswith("scaled_dot_product_attention")),
        key=lambda box: box.x,
    )
    streams = [box for box in figure.diagram.boxes if "qkv" in box.name and box.x < first.x]
    assert len(streams) == 2
    heights = sorted(at_height(figure, box.name) for box in streams)
    assert heights[0] < at_height(figure, first.name) < heights[1]
    assert [into(figure, box.name) for box in streams] == [[False], [False]]


def test_keys_and_values_of_another_source_begin_with_a_dashed_line():
    """One map of each is drawn, below that of the queries; of self-attention all three read one value."""
    figure = figure_of("hunyuan_dit", style="maps", height="40in")
    lines = ends(figure.diagram)
    (cross,) = (box for box in figure.diagram.boxes if box.name == "enc(1).turned_attention_2.v")
    (own,) = (box for box in figure.diagram.boxes if box.name == "enc(1).turned_attention.v")
    given = [(start, end) for start, end, dashed in lines if dashed and start[0] < end[0]]
    assert faults(figure.diagram) == []
    assert [end for _, end in given if 0 < cross.x - end[0] < 20 and abs(end[1] - cross.y) < 20]
    assert not [end for _, end in given if 0 < own.x - end[0] < 20 and abs(end[1] - own.y) < 20]


def test_maps_of_what_no_page_holds_have_closed_blocks():
    figure = figure_of("hunyuan_dit", style="maps")
    assert figure.notes == () and figure.diagram.height < 648
    tall = figure_of("hunyuan_dit", style="maps", height="20in")
    assert len(tall.diagram.boxes) > len(figure.diagram.boxes)


def test_streams_that_exchange_values_have_lines_only_where_a_map_is_read():
    g = ag.loads(BETWEEN)
    figure = g.draw(style="maps")
    assert faults(figure.diagram) == [] and false_laws(figure, g.network) == []
    # Both read what the first one wrote: the second one as a sum.
    assert into(figure, "a0") == into(figure, "to_b") == into(figure, "a2") == [False]
    assert at_height(figure, "a2") < at_height(figure, "b0")
    # It reads sums that lie in the maps a2 and b2, from which lines would run past others.
    boxes = {box.name: box for box in figure.diagram.boxes}
    right = boxes["again_to_b"].x + boxes["again_to_b"].width
    assert not [start for start, _, _ in ends(figure.diagram) if right - 0.1 < start[0] < boxes["both"].x]
    assert any("what 2 streams exchange" in text.string for text in figure.diagram.texts())


def test_a_stretch_that_goes_on_from_a_sum_has_no_arrow_from_another_map():
    """The first line of blocks ends in what goes to the other stream; both operands of the sum lead to it."""
    figure = ag.loads(BETWEEN.replace("2*C, kernel: 3, padding: same", "2*C, kernel: 3, stride: 2, padding: 1")).draw(
        style="maps"
    )
    assert at_height(figure, "a0") == at_height(figure, "a2") < at_height(figure, "b0") == at_height(figure, "b2")
    assert into(figure, "to_b") == [False] and into(figure, "both") == []
    assert sum(edge.target == "a2" for edge in figure.diagram.edges) == 2 and into(figure, "a2") == [False, False]


CONDITIONED = """\
archgraph: 1
symbols: {C: 16, H: {default: 32, multiple_of: 4}}
inputs: {image: {c: 3, h: H, w: H}, t: {}}
blocks:
  shifted:
    inputs: [x, t]
    args: [out]
    do:
      - {conv: {out: out, kernel: 3, padding: same}, from: x, as: a}
      - {linear: {out: out}, from: t, as: shift}
      - {add: , from: [a, shift]}
network:
  - {sinusoid: {out: C}, from: t, as: time}
  - {conv: {out: C, kernel: 1}, from: image}
  - for: {i: 0..1}
    do:
      - {shifted: {out: C * 2**i}, from: [_, time], as: enc(i)}
      - {max_pool: {kernel: 2}}
  - {shifted: {out: 4*C}, from: [_, time]}
  - for: {i: 1..0 by -1}
    do:
      - {conv_transpose: {out: C * 2**i, kernel: 2, stride: 2}}
      - {concat: , from: [_, enc(i)]}
      - {shifted: {out: C * 2**i}, from: [_, time], as: dec(i)}
  - {conv: {out: 3, kernel: 1}, as: noise}
"""


@pytest.mark.parametrize("options", [{}, {"depth": 0}, {"style": "perspective", "depth": 0}], ids=str)
def test_no_line_to_the_row_below_runs_through_the_name_of_a_condition(options):
    g = ag.loads(CONDITIONED)
    diagram = g.draw(**{"style": "maps", **options}).diagram
    names = [text for text in diagram.texts() if text.string == "t"]
    assert len(names) >= 5 and faults(diagram) == []
    for start, end, _ in ends(diagram):
        low, high = sorted((start[1], end[1]))
        crossed = [one for one in names if one.extent.left < start[0] < one.extent.right and start[0] == end[0]]
        assert not [one for one in crossed if low < one.extent.top and one.extent.bottom < high]


STREAMS = """\
archgraph: 1
symbols: {C: 8, H: {default: 32, multiple_of: 8}}
inputs: {a: {c: 3, h: H, w: H}, b: {c: 3, h: H, w: H}}
network:
  - {conv: {out: C, kernel: 3, stride: 2, padding: 1}, from: a, as: a0}
  - {conv: {out: C, kernel: 3, stride: 2, padding: 1}, from: b, as: b0}
  - {conv: {out: C, kernel: 1}, from: a0, as: to_b}
  - {conv: {out: C, kernel: 1}, from: b0, as: to_a}
  - {add: , from: [a0, to_a], as: sum_a}
  - {add: , from: [b0, to_b], as: sum_b}
  - {conv: {out: 2*C, kernel: 3, stride: 2, padding: 1}, from: sum_a, as: a1}
  - {conv: {out: 2*C, kernel: 3, stride: 2, padding: 1}, from: sum_b, as: b1}
  - {conv: {out: 2*C, kernel: 1}, from: a1, as: again_to_b}
  - {conv: {out: 2*C, kernel: 1}, from: b1, as: again_to_a}
  - {add: , from: [a1, again_to_a], as: end_a}
  - {add: , from: [b1, again_to_b], as: end_b}
  - {conv: {out: 2*C, kernel: 3, stride: 2, padding: 1}, from: end_a, as: a2}
  - {conv: {out: 2*C, kernel: 3, stride: 2, padding: 1}, from: end_b, as: b2}
  - {concat: , from: [a2, b2], as: both}
  - {conv: {out: 5, kernel: 1}, as: head}
"""


@pytest.mark.parametrize("style", ["maps", "perspective"])
def test_lines_lead_to_what_reads_the_other_stream(style):
    """To a map from each that it reads as a sum: past the one between in its own row, and through the gap."""
    g = ag.loads(STREAMS)
    figure = g.draw(style=style)
    assert faults(figure.diagram) == [] and false_laws(figure, g.network) == []
    lines = {(edge.source, edge.target) for edge in figure.diagram.edges}
    assert {
        ("a0", "a1"),
        ("to_a", "a1"),
        ("b0", "b1"),
        ("to_b", "b1"),
        ("again_to_a", "a2"),
        ("again_to_b", "b2"),
    } <= lines
    assert not {("to_b", "a1"), ("to_a", "b1")} & lines
    assert not any("exchange" in text.string for text in figure.diagram.texts())
