"""A line from one box to the next stands for a value that is read there, in boxes and in maps."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from box_members import noted
from gallery_pages import figure_of

import archgraph as ag
from archgraph.figures.drawing.diagram import Diagram, Path, Rect
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.facts.facts import Facts
from archgraph.figures.maps.in_a_line import with_loose
from archgraph.outline.forms.form import Chain, Leaf, OutlinePart

EXCHANGE = """\
archgraph: 1
symbols: {C: 8, H: 32}
inputs: {rgb: {c: C, h: H, w: H}, depth: {c: C, h: H, w: H}}
blocks:
  half: {do: [{conv: {out: C, kernel: 3, padding: same}}, {relu: }]}
network:
  - {half: , from: rgb, as: a0}
  - {half: , from: depth, as: b0}
  - {add: [a0, b0], as: a1}
  - {add: [b0, a0], as: b1}
  - {half: , from: a1, as: a2}
  - {half: , from: b1, as: b2}
  - {add: [a2, b2], as: a3}
  - {add: [b2, a2], as: b3}
  - {concat: , from: [a3, b3]}
  - {conv: {out: 2, kernel: 1}}
"""
FORKING = (
    EXCHANGE[: EXCHANGE.index("  - {half: , from: a1")]
    + """\
  - {half: , from: a1, as: c}
  - {half: , from: b1, as: d}
  - {add: [c, d], as: both}
  - {half: , from: both, as: e}
  - {half: , from: both, as: f}
  - {half: , from: both, as: g}
  - {concat: [e, f, g]}
  - {conv: {out: 2, kernel: 1}}
"""
)
ADDED = """\
archgraph: 1
symbols: {C: 8, H: 32}
inputs: {rgb: {c: 3, h: H, w: H}, depth: {c: 1, h: H, w: H}, t: {c: C}}
blocks:
  half: {do: [{conv: {out: C, kernel: 3, padding: same}}, {relu: }]}
network:
  - {linear: {out: C}, from: t, as: time}
  - {half: , from: rgb, as: a0}
  - {half: , from: depth, as: b0}
  - {add: [a0, b0], as: s0}
  - {half: , from: s0, as: a1}
  - {half: , from: b0, as: b1}
  - {add: [a1, b1], as: s1}
  - {half: , from: s1, as: a2}
  - {half: , from: b1, as: b2}
  - {add: [a2, b2], as: s2}
  - {multiply: [s2, time], as: timed}
  - {conv: {out: 2, kernel: 1}, from: timed}
"""
UNTIMED = re.sub(r"  - \{(multiply|linear).*\n", "", ADDED).replace(", t: {c: C}", "").replace("timed", "s2")
UNTIMED = UNTIMED.replace("c: 3", "c: C").replace("c: 1", "c: C")


def test_two_streams_of_equal_positions_stay_two_where_they_exchange_values():
    g = ag.loads(EXCHANGE)
    figure, streams = g.draw(), Facts(g.network).streams
    assert streams is not None and faults(figure.diagram) == []
    assert [(part.takes, part.gives) for part in streams.parts if part.joint] == [((0, 1), (0, 1)), ((0, 1), (2,))]
    boxes = {box.name: box for box in figure.diagram.boxes}
    assert boxes["a2"].extent.right < boxes["b2"].x and abs(boxes["a2"].center[1] - boxes["b2"].center[1]) < 8


@pytest.mark.parametrize("spec", [EXCHANGE, FORKING, ADDED], ids=["exchange", "fork", "added"])
def test_every_line_between_boxes_is_a_value_that_is_read(spec):
    g = ag.loads(spec)
    with noted() as members:
        edges = [edge for edge in g.draw().diagram.edges if edge.source in members and edge.target in members]
    made = {name: {value for one in inside for value in one.outputs} for name, inside in members.items()}
    read = {name: {value for one in inside for value in one.inputs} for name, inside in members.items()}
    assert edges
    assert [(edge.source, edge.target) for edge in edges if made[edge.source].isdisjoint(read[edge.target])] == []


def test_a_second_input_that_joins_position_by_position_is_no_condition():
    """Solid lines and white boxes for the depth, dashed and grey for the time."""
    diagram = ag.loads(ADDED).draw().diagram
    styles = {edge.source: edge.style for edge in diagram.edges if edge.source in ("b0", "b1", "b2", "time", "depth")}
    assert styles == {"b0": "solid", "b1": "solid", "b2": "solid", "depth": "solid", "time": "dashed"}
    fills = {box.name: fill_of(box.parts) for box in diagram.boxes if box.name in ("b1", "time")}
    assert fills["b1"] == "#ffffff" != fills["time"]


def fill_of(parts: tuple[object, ...]) -> str:
    return next(part.fill for part in parts if isinstance(part, Rect | Path) and part.fill != "none")


ROWS = """\
archgraph: 1
symbols: {C: 8, H: {default: 32, multiple_of: 4}}
inputs: {x: {c: 3, h: H, w: H}}
blocks:
  plain: {args: [out], do: [{conv: {out: out, kernel: 3, padding: same}}, relu]}
  past: {do: [{residual: [{plain: {out: x.c}}, {plain: {out: x.c}}]}]}
  lower:
    do:
      - {conv: {out: 2 * C, kernel: 3, stride: 2, padding: 1}, from: x}
      - {plain: {out: 2 * C}, as: body}
      - {conv: {out: 2 * C, kernel: 1, stride: 2}, from: x, as: short}
      - {add: [body, short]}
network:
  - {plain: {out: C}}
  - {past: , as: a}
  - {lower: , as: b}
  - {upsample: {factor: 2}, from: b}
  - {concat: [a, _]}
  - {plain: {out: C}}
"""


def test_a_line_to_another_row_of_maps_leaves_behind_a_join_and_enters_before_a_fork():
    g = ag.loads(ROWS)
    diagram = g.draw(style="maps", depth=2).diagram
    assert faults(diagram) == []
    dots = [mark for mark in diagram.marks if isinstance(mark, Rect) and mark.width == mark.height == 2.6]
    assert len(dots) >= 2
    assert all(any(passes(edge.path, dot) for edge in diagram.edges if edge.path is not None) for dot in dots)


def passes(path: Path, dot: Rect) -> bool:
    """Whether a horizontal piece of a line comes from the left and goes on to the right of a dot."""
    x, y = dot.x + 1.3, dot.y + 1.3
    return any(
        abs(a[1] - y) < 0.1 > abs(b[1] - y) and min(a[0], b[0]) < x - 1 and max(a[0], b[0]) > x + 1
        for a, b in pairwise(path.points)
    )


EXPERTS = """\
archgraph: 1
symbols: {C: 8, N: 16}
inputs: {x: {n: N, c: C}}
blocks:
  expert: {do: [{linear: {out: 2 * C}}, gelu, {linear: {out: C}}]}
  experts:
    do:
      - {linear: {out: C}, as: gate}
      - {expert: , from: x, as: one}
      - {expert: , from: x, as: two}
      - {multiply: [gate, one], as: first}
      - {multiply: [gate, two], as: second}
      - {add: [first, second]}
network:
  - linear: {out: C}
  - experts
  - linear: {out: 3}
"""


def test_a_block_whose_inside_is_no_line_stays_one_map():
    figure = ag.loads(EXPERTS).draw(style="maps", depth=2)
    nodes = [box.name for box in figure.diagram.boxes if box.kind == "node"]
    assert "experts" in nodes and not any(name.startswith("experts.") for name in nodes)


def test_what_reads_nothing_of_the_one_before_it_gets_no_arrow():
    parts = tuple(Leaf(name, None, None) for name in "abcde")
    form = Chain(parts, ((0, 1), (0, 2), (1, 3), (2, 3), (2, 4)))

    def writes(part: OutlinePart) -> bool:
        return part is not parts[3]

    loose = {part.name: found for part, found in with_loose(form, writes) if isinstance(part, Leaf)}
    assert loose == {"a": False, "b": False, "c": True, "d": False, "e": False}


def test_what_joins_at_the_end_of_equal_parts_joins_in_their_stack():
    diagram = ag.loads(UNTIMED).draw(style="maps").diagram
    arrows = [mark for mark in diagram.marks if isinstance(mark, Path) and mark.dash and mark.arrow]
    (stack,) = [cluster for cluster in diagram.clusters if cluster.name.endswith("×")]
    last = max((box for box in diagram.boxes if box.kind == "node"), key=lambda box: box.x)
    assert arrows and all(stack.extent.left - 1 < arrow.points[-1][0] < last.x for arrow in arrows)


def boxes_of(diagram: Diagram) -> dict[str, float]:
    return {box.name: box.x for box in diagram.boxes}


def test_rows_at_the_head_of_a_u_do_not_step_aside():
    diagram = figure_of("hunyuan_dit").diagram
    lefts = boxes_of(diagram)
    (first,) = [box for box in diagram.boxes if any("stride p" in text.string for text in box.texts())]
    (blocks,) = [
        box for box in diagram.boxes if any(text.string.startswith("HunyuanDiT block ×19") for text in box.texts())
    ]
    assert lefts[first.name] == lefts[blocks.name]
    unet = sorted(box.x for box in figure_of("unet").diagram.boxes if box.name.startswith("enc"))
    assert all(after - before >= 5 for before, after in pairwise(unet))
