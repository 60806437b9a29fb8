"""What a page has room for is used: no empty half, no box that says nothing, no word alone on a line."""

from __future__ import annotations

from itertools import pairwise

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.figures.drawing.diagram import Diagram
from archgraph.figures.drawing.geometry import faults
from tests.figures.law_reader import false_laws

LAYERS = """\
archgraph: 1
symbols: {D: 64, N: 16, L: 6}
inputs: {x: {c: D, n: N}}
blocks:
  a_layer_with_quite_a_long_name_of_its_own:
    inputs: [x]
    do:
      - linear: {out: 4 * D}
      - relu
      - linear: {out: D}
      - add: {}
        from: [_, x]
network:
  - repeat: L
    do: [a_layer_with_quite_a_long_name_of_its_own]
"""


def experts(count: int) -> str:
    """A repeat whose block gates several parts that all read the same two values: no line from top to bottom."""
    parts = "".join(
        f"      - linear: {{out: D}}\n        from: n\n        as: e{one}\n"
        f"      - linear: {{out: D}}\n        from: g\n        as: h{one}\n"
        f"      - multiply: {{}}\n        from: [e{one}, h{one}]\n        as: m{one}\n"
        for one in range(count)
    )
    sums = "".join(f"      - add: {{}}\n        from: [_, m{one}]\n" for one in range(count - 1))
    head = LAYERS.split("blocks:")[0]
    block = "blocks:\n  expert_layer:\n    inputs: [x]\n    do:\n"
    block += "      - layer_norm:\n        as: n\n      - linear: {out: D}\n        as: g\n"
    return f"{head}{block}{parts}{sums}network:\n  - repeat: L\n    do: [expert_layer]\n"


def columns(drawn: Diagram) -> list[float]:
    return sorted({round(box.x) for box in drawn.boxes if box.kind == "node"})


def test_a_high_drawing_on_a_wide_page_is_in_two_columns():
    wide = figure_of("vgg", width="text", venue="neurips").diagram
    assert len(columns(wide)) == 2 and faults(wide) == []
    assert wide.height < 0.75 * figure_of("vgg").diagram.height
    assert len(columns(figure_of("vgg").diagram)) == 1
    assert len(columns(figure_of("vgg", width="text", direction="down", height="9in").diagram)) == 1


def test_the_rules_of_maps_stand_in_what_a_lower_network_leaves():
    networks = [ag.load(name) for name in ("unet:padded-512", "dit")]
    # With another panel below, columns stand beside each other even if one is left empty.
    drawn = ag.contrast(*networks, style="maps", panels=["stages", "laws"]).diagram
    (scale,) = [box for box in drawn.boxes if box.name == "legend"]
    assert scale.x > drawn.width / 2 and faults(drawn) == []
    bottom = max(box.extent.bottom for box in drawn.boxes if box.name.startswith("a: "))
    three = ag.contrast(*networks, ag.load("swin"), style="maps", panels=["stages"])
    scale = next(box for box in three.diagram.boxes if box.name == "legend")
    assert faults(three.diagram) == [] and three.notes == ()
    assert three.diagram.height < bottom + 60, "the third network stands below the lower of the others"
    low = ag.contrast(networks[1], networks[1], style="maps", panels=["stages"]).diagram
    assert next(box for box in low.boxes if box.name == "legend").x == 0.0 and faults(low) == []


@pytest.mark.parametrize("name", ["hunyuan_dit", "flux", "sd3", "swin"])
def test_sizes_stand_on_lines_of_about_one_length(name):
    texts = sorted(figure_of(name).diagram.texts(), key=lambda text: text.y)
    (at,) = [index for index, text in enumerate(texts) if text.string.startswith("at ")]
    lines = texts[at:]
    assert len(lines) <= 2
    assert all(after.width > before.width / 2 for before, after in pairwise(lines))


def test_a_stack_of_layers_is_not_a_single_box():
    drawn = ag.loads(LAYERS).draw().diagram
    assert faults(drawn) == []
    assert [text for text in drawn.texts() if text.string.startswith("Linear")]


@pytest.mark.parametrize("name", ["vit", "llama", "mamba", "dit"])
def test_lines_of_a_box_are_one_pitch_apart_where_all_have_room_beside_the_picture(name):
    for box in figure_of(name).diagram.boxes:
        texts = sorted(box.texts(), key=lambda text: text.y)
        lines = [text for text in texts if text.x < box.x + 20]
        gaps = {round(after.y - before.y, 1) for before, after in pairwise(lines)}
        picture = 40.0
        if len(gaps - {0.0}) > 1 and box.kind == "node":
            assert lines[-1].extent.right > box.extent.right - picture, box.name


@pytest.mark.dot
def test_a_repeat_whose_inside_is_no_line_is_opened_by_graphviz_if_it_is_all_there_is():
    g = ag.loads(experts(4))
    figure = g.draw()
    texts = [text.string for text in figure.diagram.texts()]
    assert faults(figure.diagram) == [] and false_laws(figure, g.network) == []
    assert any(text.startswith("Linear") for text in texts)
    assert any(text.replace(" ", "") == "Expertlayer×L" for text in texts)
    closed = [text.string for text in g.draw(depth=0).diagram.texts()]
    assert not any(text.startswith("Linear") for text in closed)
