"""A label says what is inside its box: a block's name gives way where a condition took away what it speaks of."""

from __future__ import annotations

import re

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.architecture.architecture import Architecture
from archgraph.figures.content.wrapping import wrapped
from archgraph.figures.drawing.diagram import Box
from archgraph.gallery import shipped_names
from archgraph.graph.ir import Member, Repeat
from archgraph.graph.locate import find_member
from archgraph.outline.mixing import kinds_of
from archgraph.outline.wording import ABBREVIATIONS
from tests.figures.box_members import leaves, noted, untrue_headings

ATTENDS = """\
archgraph: 1
symbols: {{C: 8, attends: {{default: [{0}]}}, H: {{default: 16, multiple_of: 4}}}}
inputs: {{x: {{c: 3, h: H, w: H}}}}
blocks:
  mixing_attention:
    args: [level]
    do:
      - conv_norm_act: {{out: C * 2**level}}
      - residual: [{{conv_norm_act: {{out: C * 2**level}}}}]
      - residual: [{{attention: {{heads: 1}}}}]
        when: attends(level)
network:
  - for: {{i: 0..2}}
    do:
      - mixing_attention: {{level: i}}
        as: enc(i)
      - max_pool: {{kernel: 2}}
        when: i < 2
  - conv: {{out: 2, kernel: 1}}
"""
ONE_LEFT = """\
archgraph: 1
symbols: {C: 8, N: 16}
inputs: {x: {c: C, n: N}}
blocks:
  small: {do: [{linear: {out: 2 * C}}, gelu, {linear: {out: C}}]}
  small_transformer:
    args: [attends]
    do:
      - small
      - attention: {heads: 1}
        when: attends
network:
  - small_transformer: {attends: true}
    as: first
  - small_transformer: {attends: false}
    as: second
"""


ATTENTION = re.compile("attention|transformer", re.IGNORECASE)


def headings(box: Box) -> str:
    return " ".join(text.string for text in box.texts() if text.runs and text.runs[0].face == "bold")


def attends(member: Member) -> bool:
    if isinstance(member, Repeat):
        return any(map(attends, member.body.nodes))
    return "dynamic" in kinds_of(member)


@pytest.mark.parametrize("flags", ["false, false, false", "false, true, false", "true, false, true"])
def test_attention_is_named_where_it_is(flags):
    boxes = ag.loads(ATTENDS.format(flags)).draw().diagram.boxes
    named = sum("attention" in headings(box).lower() for box in boxes if box.kind == "node")
    assert named == flags.count("true")


def test_a_block_of_one_block_is_called_by_it():
    texts = [headings(box) for box in ag.loads(ONE_LEFT).draw().diagram.boxes if box.kind == "node"]
    assert any("Small transformer" in text for text in texts)
    assert sum("transformer" in text for text in texts) == 1


@pytest.mark.parametrize("name", ["adm", "ddpm", "sd"])
def test_boxes_of_u_nets_that_speak_of_attention_have_it(name):
    g = ag.load(name)
    speaking = [box for box in g.draw().diagram.boxes if box.kind == "node" and ATTENTION.search(headings(box))]
    assert speaking
    for box in speaking:
        assert any(map(attends, members(g, box))), headings(box)


def test_a_heading_that_is_not_true_is_found():
    """The check that figures are held to sees a convolution that is none, and attention that is not there."""
    g = ag.load("ddpm")
    with noted() as members:
        figure = g.draw()
    assert untrue_headings(figure, members, set()) == []
    silent = {
        name: {node for node in leaves(list(inside)) if node.op.kind == "silu"} for name, inside in members.items()
    }
    found = " ".join(untrue_headings(figure, silent, set()))
    assert "attention in" in found and "Conv in" in found and "group norm in" in found and "SiLU in" not in found


def members(g: Architecture, box: Box) -> list[Member]:
    """What a box stands for: its tooltip names the first and the last member."""
    first, *_, last = box.tooltip.split(":")[0].split(" … ") * 2
    names = [member.name for member in g.network.graph.nodes]
    if first in names and last in names:
        return list(g.network.graph.nodes[names.index(first) : names.index(last) + 1])
    return [find_member(g.network.graph, path)[0] for path in (first, last)]


def test_a_place_is_called_by_what_is_in_it():
    """What stands between encoder and decoder has attention in it, and the box says so."""
    (middle,) = (box for box in figure_of("sd").diagram.boxes if box.name.startswith("middle"))
    assert "spatial transformer" in headings(middle) and "middle" not in headings(middle)


NAMED = """\
archgraph: 1
symbols: {{C: 8, N: 16}}
inputs: {{x: {{c: C, n: N}}}}
blocks:
  pair: {{do: [{{linear: {{out: 2 * C}}}}, gelu, {{linear: {{out: C}}}}]}}
  {0}: {{do: [pair]}}
network: [{{{0}: }}, {{{0}: }}, layer_norm]
"""


@pytest.mark.parametrize(
    ("name", "shown"), [("tiny_double_block", "Tiny double block"), ("residual_block", "Pair"), ("stage", "Pair")]
)
def test_a_block_of_one_block_keeps_a_name_that_says_something(name, shown):
    texts = [headings(box) for box in ag.loads(NAMED.format(name)).draw().diagram.boxes if box.kind == "node"]
    assert any(shown in text for text in texts), texts


def test_every_skip_has_a_line():
    """Six long skips of U-ViT, each between boxes of its own, the first into the last."""
    diagram = figure_of("uvit").diagram
    lines = [(edge.source, edge.target) for edge in diagram.edges if edge.style == "dashed"]
    skips = [pair for pair in lines if pair[0].startswith("enc") and pair[1].startswith("dec")]
    assert skips == [(f"enc({index})", f"dec({index})") for index in range(6)]


@pytest.mark.parametrize(("name", "through"), [("efficientnet", "gates"), ("ddpm", "norm statistics")])
def test_the_legend_says_through_what_everything_is_reached(name, through):
    texts = [text.string for text in figure_of(name).diagram.texts()]
    assert f"Square: field in the input; hatched: {through}" in texts


def test_a_law_widens_its_box_rather_than_becoming_a_number():
    texts = [text.string for text in figure_of("flux").diagram.texts() if text.string.startswith("MACs")]
    assert texts and not [text for text in texts if text.endswith((" T", " G"))]


@pytest.mark.parametrize(
    "name", ["swin", "efficientnet", "mobilenet_v2", "nnunet_resenc", "adm", "unetr", "swin_unetr"]
)
def test_a_norm_has_one_name_in_a_figure(name):
    boxes = [text.string for box in figure_of(name).diagram.boxes if box.kind == "node" for text in box.texts()]
    written = " ".join(boxes)
    for long, short in ABBREVIATIONS.items():
        both = [bool(re.search(rf"\b{one}\b", written, re.IGNORECASE)) for one in (long, short)]
        assert not all(both), (long, boxes)


def test_what_an_author_calls_a_box_stays_as_it_is():
    g = ag.load("swin")
    (box,) = (
        box for box in g.draw(labels={"patchify": "A layer norm of ours"}).diagram.boxes if box.name == "patchify"
    )
    assert "A layer norm of ours" in [text.string for text in box.texts()]


@pytest.mark.parametrize("name", shipped_names())
def test_a_count_stands_before_what_it_counts(name):
    """``a, 2× b`` and ``(a, b) ×2``: never ``a, b ×2``, which is either."""
    for box in figure_of(name).diagram.boxes:
        heading = " ".join(text.string for text in box.texts())
        assert not re.search(r", [^()]+ ×(\d|[A-Za-z])", heading) or box.kind == "panel", heading


def test_geometry_stays_with_what_it_is_of():
    broken = wrapped("conv 1×1×1, conv k=1 stride 2, 3× conv 3×3", lambda text: len(text) < 16, 4)
    assert broken == ["conv 1×1×1,", "conv k=1", "stride 2,", "3× conv 3×3"]


DENSE = """\
archgraph: 1
symbols: {C: 8, H: {default: 32, multiple_of: 4}}
inputs: {x: {c: 3, h: H, w: H}}
network:
  - {conv: {out: 2*C, kernel: 3, padding: same}, as: stem}
  - {conv: {out: C, kernel: 3, padding: same}, as: more}
  - {concat: [stem, more]}
  - global_avg_pool
  - linear: {out: 10}
"""


def test_a_box_that_two_arrows_enter_says_how_they_join():
    texts = [text.string for text in ag.loads(DENSE).draw().diagram.texts()]
    assert "Concat, global avg pool" in texts
