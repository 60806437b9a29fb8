"""Labels of blocks and steps, and letters of symbols: used alike wherever a figure writes them, and never code."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest

import archgraph as ag

TEXT = """
archgraph: 1
name: Labelled
symbols:
  width: {default: 16, as: C, multiple_of: 4, doc: channels}
  side: {default: 32, as: s}
  depth: {default: 3, as: L}
inputs: {image: {c: 3, h: side, w: side}}
blocks:
  bottle:
    label: Bottleneck
    do:
      - residual:
          - conv_norm_act: {out: x.c, kernel: 1}
          - conv_norm_act: {out: x.c, kernel: 3}
            label: Local mixing
          - conv: {out: x.c, kernel: 1}
network:
  - conv: {out: width, kernel: 3, padding: same}
    label: LABEL
  - bottle:
    repeat: depth
  - do: {end: [{conv: {out: 2 * width, kernel: 1}}, relu]}
    label: Our head
"""
LABELLED = TEXT.replace("LABEL", "Stem of ours")
NAMES = {"width": "C", "side": "s", "depth": "L"}
BY_LETTER = re.sub("|".join(NAMES), lambda match: NAMES[match[0]], re.sub(r"as: [CsL],? ?", "", LABELLED))
HOSTILE = r"</text><script>&\input{x}$_% \u202e\x1b[2J"


def texts(svg: str) -> str:
    """What a drawing says, a line each."""
    root = ElementTree.fromstring(svg)
    return "\n".join("".join(one.itertext()) for one in root.iter() if one.tag.endswith("}text"))


@pytest.fixture(scope="module")
def labelled():
    return ag.loads(LABELLED)


@pytest.mark.parametrize("view", ["overview", "full", "laws", "levels"])
def test_a_letter_is_written_as_a_symbol_of_that_name_would_be(labelled, view):
    figure, other = labelled.draw(view), ag.loads(BY_LETTER).draw(view)
    assert figure.svg == other.svg and figure.html == other.html and figure.tikz == other.tikz


def test_contrast_and_its_table_use_letters(labelled):
    one, other = ag.load("conv_stack"), ag.loads(BY_LETTER)
    panels = ["stages", "laws"]
    assert ag.contrast(labelled, one, panels=panels).svg == ag.contrast(other, one, panels=panels).svg
    assert ag.compare(labelled, one).rows == ag.compare(other, one).rows


def test_names_are_kept_where_values_are_bound(labelled):
    assert set(map(str, labelled.params.free_symbols)) == {"width", "depth"}
    assert labelled.at(width=32).params > labelled.at().params


def test_every_label_is_written(labelled):
    told = texts(labelled.draw().svg)
    assert all(label in told for label in ("Stem of ours", "Bottleneck", "Local mixing", "Our head"))
    assert "Stem of ours (conv)" in labelled.draw().html
    assert "Bottleneck" in texts(ag.contrast(labelled, ag.load("conv_stack"), panels=["stages"]).svg)


def test_labels_and_letters_survive_writing(labelled):
    assert ag.loads(labelled.to_spec()).draw().svg == labelled.draw().svg


def test_equal_steps_of_other_labels_are_boxes_of_their_own():
    text = "archgraph: 1\ninputs: {x: {c: 4, h: 8}}\nnetwork:\n"
    text += "".join(f"  - {{conv: {{out: 4, kernel: 3, padding: same}}, label: Part {i}}}\n" for i in "ab")
    told = texts(ag.loads(text).draw().svg)
    assert "Part a" in told and "Part b" in told


@pytest.mark.parametrize("format", ["svg", "dot", "tikz", "html"])
def test_a_hostile_label_is_text(format):
    figure = ag.loads(TEXT.replace("LABEL", f'"{HOSTILE}"'.replace("\\input", "\\\\input"))).draw()
    written = getattr(figure, format)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", written)
    # In DOT it stands in quotes.
    assert format == "dot" or written.count("<script") == getattr(ag.loads(LABELLED).draw(), format).count("<script")
    assert format != "tikz" or r"\input{x}" not in written
    if format == "svg":
        assert "<script>" in texts(written)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("as: s}", "as: C}", "figures cannot call symbol 'side' 'C': so is symbol 'width'"),
        ("as: s}", "as: depth}", "figures cannot call symbol 'side' 'depth': so is symbol 'depth'"),
        ("as: s}", "as: s-1}", "'s-1' cannot be what figures call symbol side"),
        ("default: 32, as: s", "default: [3], as: s", "symbol 'side' is a list, which stands in no law"),
        ("default: 32, as: s", "derived: 2 * width, as: s", "symbol side is derived and cannot have as"),
        ("LABEL", "[a]", "`label` must be text"),
        ("LABEL", '" "', "`label` is empty"),
        ("LABEL", "word " * 20, "`label` has 99 characters; the limit is 60"),
        ("residual:", "", "a figure has no box for `residual`"),
    ],
)
def test_a_label_that_cannot_be_is_refused(old, new, told):
    assert old in TEXT
    with pytest.raises(ag.SpecError) as caught:
        ag.loads(TEXT.replace(old, new, 1) if old != "residual:" else RESIDUAL)
    assert told in str(caught.value)


RESIDUAL = "archgraph: 1\ninputs: {x: {c: 4}}\nnetwork:\n  - residual: [relu]\n    label: Sum\n"
