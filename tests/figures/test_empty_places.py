"""What a page has room for is used: no empty half, no box that says nothing, no word alone on a line."""

from __future__ import annotations

from itertools import pairwise

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.figures.drawing.diagram import Diagram
from archgraph.figures.drawing.geometry import faults

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
    drawn = ag.contrast(*networks, style="maps", panels=["stages"]).diagram
    (scale,) = [box for box in drawn.boxes if box.name == "legend"]
    assert scale.x > drawn.width / 2 and faults(drawn) == []
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
