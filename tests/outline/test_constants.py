"""Constants that several items read: counted with the first, and no box of their own unless they are only added."""

from __future__ import annotations

import pytest

import archgraph as ag
from archgraph.figures.drawing.diagram import Diagram
from archgraph.figures.drawing.geometry import faults
from archgraph.outline.items import flow_of
from archgraph.outline.structure import Structure, structure

HEAD = """\
archgraph: 1
symbols: {C: 8, N: 16, L: 3}
inputs: {x: {c: C, n: N}}
blocks:
  mix: {inputs: [x, p], do: [{linear: {out: C}}, {add: [_, p]}]}
network:
"""
TABLE = "  - {parameter: x, as: table}\n"
MIXED = "  - {mix: [_, table], as: NAME}\n"
ADDED = "  - {linear: {out: C}, from: FROM}\n  - add: [_, TABLE]\n"


def found(text: str) -> Structure:
    return structure(flow_of(ag.loads(HEAD + text).graph))


def mixed(*names: str) -> str:
    first, *others = (MIXED.replace("NAME", name) for name in names)
    # With something between, or equal neighbours would be one group.
    return TABLE + first.replace("[_,", "[x,") + "".join("  - {linear: {out: C}}\n" + other for other in others)


def added(*tables: str) -> str:
    made = "".join(f"  - {{parameter: x, as: {name}}}\n" for name in tables)
    lines = [ADDED.replace("FROM", "x" if not index else "_").replace("TABLE", name) for index, name in
             enumerate(name for name in tables for _ in range(2))]  # fmt: skip
    return made + "".join(lines)


def texts(diagram: Diagram) -> list[str]:
    return [text.string for text in diagram.texts()]


def test_weights_of_several_stand_with_the_first():
    one = found(mixed("a", "b"))
    assert not one.sides and not one.links
    first, _, second = one.chain
    assert [item.path for item in first.absorbed] == ["table"] and not first.shared
    assert [item.path for item in second.shared] == ["table"] and not second.absorbed


def test_what_is_made_of_them_stands_with_its_first_reader():
    text = mixed("a", "b") + "  - {linear: {out: C}, from: table, as: more}\n  - mix: [b, more]\n"
    *_, last = found(text).chain
    assert [item.path for item in last.absorbed] == ["more"]
    assert [item.path for item in last.shared] == ["table"]


def test_what_is_only_added_has_a_box():
    one = found(added("table"))
    (side,) = one.sides
    assert side.name == "table" and len(one.links) == 2 and not any(group.shared for group in one.chain)


def test_equal_neighbours_that_share_one_are_one_group():
    (group,) = found(TABLE + MIXED.replace("NAME", "a").replace("_", "x") + MIXED.replace("NAME", "b")).chain
    assert group.times == 2 and [item.path for item in group.absorbed] == ["table"] and not group.shared


def test_many_that_are_added_have_none():
    one = found(added("p", "q", "r"))
    assert not one.sides and not one.links
    assert [item.path for group in one.chain for item in (*group.absorbed, *group.shared)] == list("pqr")


def test_an_addition_of_what_stands_elsewhere_is_no_circle():
    """A circle that one line enters would say that nothing is added."""
    one = found(added("p", "q", "r"))
    assert not any(group.circle for group in one.chain)


def test_a_constant_that_is_a_result_is_drawn():
    one = found(TABLE + "  - {mix: [x, table], as: a}\noutputs: [a, table]\n")
    (side,) = one.sides
    assert [item.path for item in side.items] == ["table"]


def test_a_box_says_that_its_weights_are_counted_in_another():
    g = ag.loads(HEAD + mixed("a", "b") + "  - gelu\n  - mix: [_, table]\n    repeat: L\n")
    drawn = g.draw().diagram
    assert texts(drawn).count("weights of an earlier box") == 1 and faults(drawn) == []
    assert "for all iterations" not in texts(drawn)
    assert "of an earlier box" in texts(drawn)
    assert not any("weights of" in text for text in texts(g.draw(show=["macs"]).diagram))


def test_laws_of_the_boxes_add_up_to_the_whole():
    g = ag.loads(HEAD + mixed("a", "b") + "  - linear: {out: C}\n  - mix: [_, table]\n    repeat: L\n")
    drawn = g.draw(depth=0).diagram
    told = sum(int(g.network.evaluate(law)) for box in drawn.boxes for metric, law in box.laws if metric == "params")
    assert told == g.at().params


@pytest.mark.parametrize("view", ["overview", "blocks"])
def test_a_repeat_that_takes_one_shows_it_inside(view):
    g = ag.loads(HEAD + TABLE + "  - mix: [x, table]\n    repeat: L\n")
    drawn = g.draw(view).diagram
    (box,) = (box for box in drawn.boxes if "for all iterations" in [text.string for text in box.texts()])
    assert g.network.evaluate(dict(box.laws)["params"]) == 8 * 16 and faults(drawn) == []
    # Nothing enters the frame but the main line.
    assert [edge for edge in drawn.edges if edge.style == "dashed" and edge.source != box.name] == []
