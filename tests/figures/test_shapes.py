"""The shape that a figure shows is that of the graph: of every gallery member and of traced modules."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from gallery_pages import figure_of
from sympy import expand

import archgraph as ag
from archgraph.architecture.architecture import Architecture
from archgraph.figures.drawing.diagram import Box, Diagram, Edge, Extent
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.facts.facts import Facts
from archgraph.gallery import members_of
from archgraph.outline.u_pairs import pairs_together
from archgraph.outline.u_parts import UParts, us_of
from archgraph.spec.load import shipped_names

VARIANTS = [member for name in shipped_names() for member in members_of(name)[1:]]
EXTRA = [f"tests/specs/extra/{name}.yaml" for name in ("hourglass", "segformer")]
US = [
    "unet",
    "unet3d",
    "nnunet",
    "nnunet_resenc",
    "sd",
    "ddpm",
    "adm",
    "edm2",
    "stunet",
    "mednext",
    "uvit",
    "unetr",
    "hunyuan_dit",
    EXTRA[0],
]
STREAMS = ["flux", "sd3"]
FOUR_SKIPS = """\
archgraph: 1
symbols: {C: 8, N: 64}
inputs: {x: {c: C, n: N}}
blocks:
  brought: {do: [{conv_transpose: {out: C, kernel: 2, stride: 2}}]}
  met:
    inputs: [low, high]
    do: [{conv_transpose: {out: C, kernel: 2, stride: 2}, from: low}, {concat: [_, high]}, {linear: {out: C}}]
network:
  - conv: {out: C, kernel: 8, stride: 8}
  - vit_block: {heads: 2}
    as: a
  - vit_block: {heads: 2}
    as: b
  - vit_block: {heads: 2}
    as: c
  - vit_block: {heads: 2}
    as: d
  - brought: {}
    from: c
    as: c1
  - brought: {}
    from: b
    as: b1
  - brought: {}
    as: b2
  - brought: {}
    from: a
    as: a1
  - brought: {}
  - brought: {}
    as: a3
  - met: [d, c1]
  - met: [_, b2]
  - met: [_, a3]
"""


def skip_arrows(diagram: Diagram) -> list[Edge]:
    """The dashed arrows between two boxes that stand on one height."""
    boxes = {box.name: box for box in diagram.boxes}
    return [edge for edge in diagram.edges if edge.style == "dashed" and {edge.source, edge.target} <= boxes.keys()]


def ends_touch(edge: Edge, boxes: dict[str, Box]) -> bool:
    """Whether an arrow begins at the right side of its source and ends at the left of its target."""
    source, target = boxes[edge.source].extent, boxes[edge.target].extent
    assert edge.path is not None
    (x, y), (end, last) = edge.path.points[0], edge.path.points[-1]
    beside = abs(x - source.right) < 0.1 and abs(end - target.left) < 0.1
    return beside and source.top < y < source.bottom and target.top < last < target.bottom


def whole_ways(edges: list[Edge], ways: set[str]) -> Counter[tuple[str, str]]:
    """(from, to) of every skip, with the box of what works on it taken out."""
    after = {edge.source: edge.target for edge in edges if edge.source in ways}
    return Counter((edge.source, after.get(edge.target, edge.target)) for edge in edges if edge.source not in ways)


def expected(us: tuple[UParts, ...]) -> Counter[tuple[str, str]]:
    """Of a few skips between two boxes an arrow each; many are three, whose label counts them."""
    found = Counter((skip.source.name, skip.target.name) for u in us for skip in u.skips)
    return Counter({ends: 3 if count > 8 else count for ends, count in found.items()})


def check_u(g: Architecture) -> None:
    """An arrow for each skip, from the box that holds its source to the box that holds its target."""
    diagram, us = g.draw().diagram, tuple(map(pairs_together, Facts(g.network).us))
    boxes = {box.name: box for box in diagram.boxes}
    edges = skip_arrows(diagram)
    ways = {skip.way[-1].path for u in us for skip in u.skips if skip.works} & boxes.keys()
    assert us and whole_ways(edges, ways) == expected(us)
    assert all(ends_touch(edge, boxes) for edge in edges)
    for u in us:
        for one, other in ((u.encoder, "left"), (u.decoder, "right")):
            column = [boxes[part.name] for part in one]
            outer = [getattr(box.extent, other) for box in column]
            assert outer == sorted(outer, reverse=other == "right") or one is u.decoder
        assert boxes[u.bottom.name].y == max(boxes[part.name].y for part in u.parts)


def no_empty_third(diagram: Diagram) -> bool:
    """Whether each third of the page has boxes or frames beside at least a quarter of the drawing's height.

    That holds from left to right, and no band as wide as a third is empty from top to bottom, margins included.
    """
    drawn = [box.extent for box in diagram.boxes if box.kind == "node"]
    drawn += [cluster.extent for cluster in diagram.clusters]
    drawn.sort(key=lambda one: one.left)
    top, bottom = min(one.top for one in drawn), max(one.bottom for one in drawn)
    third, end = diagram.width / 3, 0.0
    for one in drawn:
        if one.left - end >= third:
            return False
        end = max(end, one.right)
    sides = ([one for one in drawn if one.left < third * (k + 1) and one.right > third * k] for k in range(3))
    return diagram.width - end < third and all(_covered(side) >= (bottom - top) / 4 for side in sides)


def _covered(extents: list[Extent]) -> float:
    """How much of the height some rectangles take together."""
    total, end = 0.0, float("-inf")
    for one in sorted(extents, key=lambda one: one.top):
        total += max(0.0, one.bottom - max(end, one.top))
        end = max(end, one.bottom)
    return total


def test_an_empty_third_is_found():
    full = Box("a", 90, 90)
    assert no_empty_third(Diagram((full,), width=100, height=90))
    assert not no_empty_third(Diagram((Box("a", 60, 90),), width=100, height=90))
    assert not no_empty_third(Diagram((Box("a", 60, 90), Box("b", 30, 10, x=70)), width=100, height=90))


@pytest.mark.parametrize("name", US)
def test_every_skip_is_an_arrow_between_its_ends(name):
    check_u(ag.load(name))


def test_skips_leave_where_they_are_made():
    """Not behind the last of equal blocks: three ways up, and the last block below them."""
    g = ag.loads(FOUR_SKIPS)
    check_u(g)
    (u,) = us_of(g.outline())
    assert [skip.value.name for skip in u.skips] == ["a", "b", "c"]


@pytest.mark.parametrize("name", STREAMS)
def test_two_streams_meet_at_the_joint_attention(name):
    """Text goes down on the right, image on the left; both lead into one box, and out of it again."""
    diagram = figure_of(name).diagram
    boxes = {box.name: box for box in diagram.boxes}
    (joint,) = [box for box in boxes.values() if "Joint attention" in [text.string for text in box.texts()]]
    into = [edge for edge in diagram.edges if edge.target == joint.name]
    out = [edge for edge in diagram.edges if edge.source == joint.name]
    sides = [[boxes[name].center[0] < joint.center[0] for name in (one.source for one in into)],
             [boxes[name].center[0] < joint.center[0] for name in (one.target for one in out)]]  # fmt: skip
    assert sides == [[True, False], [True, False]]
    streams = Facts(ag.load(name).network).streams
    assert streams is not None and [value.name for value in streams.sources] == ["latent", "text"]
    assert all(edge.path is not None and edge.path.curve == "line" for edge in diagram.edges)


def test_both_streams_pass_by_what_they_are_added_to():
    """A line on the outer side of either stream."""
    diagram = figure_of("sd3").diagram
    past = [edge.path.extent for edge in diagram.edges if edge.path is not None and len(edge.path.points) == 4]
    assert len(past) == 2 and past[0].right < past[1].left


MEETING = """archgraph: 1
inputs: {{x: {{n: 8, c: 4}}, y: {{n: 5, c: 4}}}}
outputs: {outputs}
network:
  - {{linear: {{out: 4}}, from: x, as: a}}
  - {{linear: {{out: 4}}, from: y, as: b}}
  - {{concat: {{axis: n}}, from: [a, b], as: both}}
  - {{attention: {{heads: 2}}, from: both, as: joint}}
  - {{linear: {{out: 4}}, from: joint, as: one}}
  - {{linear: {{out: 3}}, from: one, as: other}}
"""
SCALE = """  - {parameter: {shape: {c: 1}}, as: scale}
  - {relu: null, from: scale, as: positive}
"""


@pytest.mark.parametrize("outputs", ["[other, positive]", "[other, one]", "[other]"])
def test_two_streams_end_in_all_that_the_network_gives(outputs):
    """A result of constants alone, as a learned scale, is in no stream; two of one stream are more than its end."""
    g = ag.loads(MEETING.format(outputs=outputs) + (SCALE if "positive" in outputs else ""))
    diagram = g.draw().diagram
    names = {box.name for box in diagram.boxes}
    assert {"other", *outputs.strip("[]").split(", ")} <= names
    assert (Facts(g.network).streams is not None) == (outputs == "[other]")
    assert faults(diagram) == []


def test_a_network_without_a_second_stream_has_none():
    assert [name for name in shipped_names() if Facts(ag.load(name).network).streams is not None] == STREAMS


@pytest.mark.parametrize("name", [*shipped_names(), *EXTRA])
def test_boxes_keep_apart_and_fill_the_picture(name):
    diagram = figure_of(name).diagram
    assert faults(diagram) == []
    nodes = [box for box in diagram.boxes if box.kind == "node"]
    assert not any(one.extent.overlaps(other.extent, 0.6) for one, other in combinations(nodes, 2))
    assert no_empty_third(diagram)


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_of_every_variant(name):
    g = ag.load(name)
    diagram = g.draw().diagram
    assert faults(diagram) == [] and no_empty_third(diagram)
    if Facts(g.network).us:
        check_u(g)


def test_swin_shows_its_windows():
    texts = [text.string for text in figure_of("swin").diagram.texts()]
    assert sum("windows 7×7, shifted by 3" in text for text in texts) == 1
    assert any("windows 7×7" in text and "shifted" not in text for text in texts)


def pairs(count: int, odd: int = -1) -> str:
    """Blocks that hand a copy each to the block across from them, the first with the head; one may be narrower."""
    down = "".join(f"  - wide: {{of: {2 if i == odd else 4}}}\n    as: d{i}\n" for i in range(count))
    up = "".join(f"  - concat: [_, d{i}]\n  - {{linear: {{out: D}}, as: u{i}}}\n" for i in reversed(range(count)))
    blocks = "blocks: {wide: {args: [of], do: [{linear: {out: of * D}}, gelu, {linear: {out: D}}]}}\n"
    head = "archgraph: 1\nsymbols: {D: 8, N: 16}\ninputs: {x: {c: D, n: N}}\n"
    return f"{head}{blocks}network:\n{down}  - linear: {{out: D}}\n  - relu\n{up}"


@pytest.mark.parametrize(("count", "odd", "drawn"), [(6, -1, 6), (12, -1, 1 + 3), (12, 1, 2 + 3)])
def test_many_equal_pairs_are_one_pair_that_says_how_many(count, odd, drawn):
    g = ag.loads(pairs(count, odd))
    diagram = g.draw().diagram
    assert len([edge for edge in diagram.edges if edge.style == "dashed"]) == drawn
    texts = " ".join(text.string for text in diagram.texts())
    assert ("last to first" in texts) == (count > 8)
    held = [dict(box.laws) for box in diagram.boxes if box.laws]
    assert expand(sum(laws.get("macs", 0) for laws in held)) == expand(g.macs)
