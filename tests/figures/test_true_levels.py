"""Levels are told by sizes that are true of them: of rows, of parts across from each other, of bars."""

from __future__ import annotations

import archgraph as ag
from archgraph.figures.charts.levels import levels
from archgraph.figures.charts.steps import steps
from archgraph.figures.facts.facts import Facts
from tests.figures.number_reader import told_numbers

COARSE_STEM = """\
archgraph: 1
symbols: {C: 8, H: {default: 64, multiple_of: 16}}
inputs: {x: {c: 3, h: H, w: H}}
blocks:
  down: {args: [out], do: [{conv: {out: out, kernel: 4, stride: 4}}, relu]}
  up: {inputs: [x, copy], do: [{upsample: {factor: 4}}, {add: [_, copy]}, {conv: {out: 2 * C, kernel: 1}}]}
network:
  - down: {out: 2 * C}
    as: a
  - down: {out: 2 * C}
    as: b
  - up: {}
    from: [b, a]
"""
TWO_TEXTS = """\
archgraph: 1
inputs: {target: {c: 8, n: 12}, source: {c: 8, n: 14}}
network:
  - linear: {out: 8}
    from: source
    as: memory
  - linear: {out: 8}
    from: target
    as: seen
  - scaled_dot_product_attention: {heads: 2}
    from: [seen, memory, memory]
"""
TABLE = """\
archgraph: 1
inputs: {x: {c: 8, n: 16}}
network:
  - parameter: {shape: {c: 8, o: 9}}
    as: weights
  - einsum: {over: c}
    from: [x, weights]
"""


def labels(spec: str) -> list[str]:
    return ["".join(run.text for run in level.label) for level in levels(Facts(ag.loads(spec).network))]


def test_parts_across_from_each_other_have_one_number():
    """The input alone is as fine as itself: nothing on the way up is."""
    rows = {"".join(run.text for run in step.title): step for step in steps(Facts(ag.loads(COARSE_STEM).network))}
    assert {"Encoder 1", "Bottom", "Decoder 1"} == set(rows)
    assert rows["Encoder 1"].value.type == rows["Decoder 1"].value.type


def test_a_row_of_maps_is_told_by_what_is_computed_in_it():
    texts = [text.string for text in ag.loads(COARSE_STEM).draw(style="maps").diagram.texts()]
    assert any(text.startswith("H/4×H/4") for text in texts) and not any(text.startswith("H×H") for text in texts)


def test_two_lengths_of_one_axis_are_both_told():
    assert labels(TWO_TEXTS) == ["12–14"]


def test_a_table_of_weights_is_no_level():
    assert labels(TABLE) == ["16×9", "no positions"]


def test_only_exact_quotients_have_the_sign_of_equality():
    told = list(told_numbers(ag.contrast(ag.load("unet:padded-512"), ag.loads(TWO_TEXTS))))
    assert "192 G / 31.0 M ≈ 6,200" in told and any(line.endswith("≈ 30.2") for line in told)
