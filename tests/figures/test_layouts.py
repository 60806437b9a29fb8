"""Our own layouts on boxes made by hand."""

import pytest

from archgraph.figures.content.mathtext import words
from archgraph.figures.drawing.diagram import Box, Rect
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.layout.spine import framed, layout_spine
from archgraph.figures.layout.spine_plan import Plan, SideBox, SideInput, Slot
from archgraph.figures.layout.u import Skip, UShape, fits, layout_u


def box(name: str, width: float = 110.0, height: float = 30.0) -> Box:
    return Box(name, width, height, (Rect(0, 0, width, height),))


def circle(name: str) -> Box:
    return Box(name, 14, 14, (Rect(0, 0, 14, 14, radius=7),))


def u(levels: int, label: str = "copy") -> UShape:
    down, up = [f"e{i}" for i in range(levels)], [f"d{i}" for i in reversed(range(levels))]
    return UShape(
        tuple(map(box, down)),
        box("bottom"),
        tuple(map(box, up)),
        tuple(Skip(f"e{i}", f"d{i}", words(label, 7.5)) for i in range(levels)),
        {name: (words("pool", 7.5),) for name in (*down[1:], "bottom", *up)},
        words("image", 7.5),
        words("logits", 7.5),
        {f"d{i}": words("out", 7) for i in range(1, levels)},
    )


@pytest.mark.parametrize("levels", range(1, 9))
def test_u_has_no_faults(levels):
    assert fits(u(levels), 486)
    assert faults(layout_u(u(levels), 486)) == []


@pytest.mark.parametrize("levels", [1, 4, 7])
def test_skips_are_straight_and_horizontal(levels):
    drawn = layout_u(u(levels), 486)
    skips = [edge for edge in drawn.edges if edge.style == "dashed"]
    assert len(skips) == levels
    for edge in skips:
        assert edge.path is not None
        (_, start), (_, end) = edge.path.points
        assert start == end


def test_u_keeps_its_width_and_symmetry():
    drawn = layout_u(UShape(*(getattr(u(3), name) for name in ("encoder", "bottom", "decoder", "skips"))), 486)
    assert drawn.width == 486
    boxes = {box.name: box for box in drawn.boxes}
    assert boxes["e1"].x - boxes["e0"].x == pytest.approx(boxes["d0"].x - boxes["d1"].x)
    assert boxes["bottom"].center[0] == pytest.approx(243)


def test_a_narrow_page_is_refused_not_squeezed():
    assert not fits(u(4, "a long label"), 234)
    with pytest.raises(ValueError, match="does not fit into 234 pt"):
        layout_u(u(4, "a long label"), 234)


def block() -> Plan:
    slots = [box("norm"), box("attention"), circle("gate"), circle("plus"), box("mlp"), circle("plus 2")]
    return Plan(
        tuple(Slot(one) for one in slots),
        {("", "plus"): 1, ("plus", "plus 2"): 1},
        (SideBox(box("ada", 60), ("cond",)),),
        (SideInput("ada", "norm", words("shift, scale", 7)), SideInput("ada", "gate", words("gate", 7))),
        {"cond": words("cond", 7.5)},
        words("x", 7.5),
        words("y", 7.5),
    )


def test_the_main_line_is_straight():
    spine = layout_spine(block())
    assert faults(spine.drawing) == [] and spine.undrawn == ()
    names = {slot.name for slot in block().slots}
    assert {round(box.center[0], 6) for box in spine.drawing.boxes if box.name in names} == {round(spine.axis, 6)}


def test_residuals_run_on_the_left_and_conditioning_on_the_right():
    spine = layout_spine(block())
    boxes = {box.name: box for box in spine.drawing.boxes}
    residuals = [edge for edge in spine.drawing.edges if edge.target.startswith("plus") and edge.source in ("", "plus")]
    assert len(residuals) == 2
    assert all(edge.path and edge.path.extent.left < boxes["norm"].x for edge in residuals)
    assert boxes["ada"].x > boxes["attention"].extent.right


def test_a_deck_is_opened_in_place():
    inner = framed(layout_spine(block(), deck=True), "blocks", (words("block × L", 9),), 2)
    deck = Slot(Box("blocks", inner.width, inner.height), inner)
    plan = Plan(
        (Slot(box("patchify")), deck, Slot(box("final"))),
        {},
        (SideBox(box("embedding", 60), ("t",)),),
        (SideInput("embedding", "blocks", (), "cond"),),
        {"t": words("t", 7.5)},
    )
    spine = layout_spine(plan)
    assert faults(spine.drawing) == [] and spine.undrawn == ()
    assert {"patchify", "attention", "final"} <= {box.name for box in spine.drawing.boxes}
    assert [cluster.copies for cluster in spine.drawing.clusters] == [2]


def test_nested_residuals_take_lanes_of_their_own():
    plan = Plan(tuple(Slot(box(name)) for name in "abcde"), {("a", "d"): 1, ("b", "e"): 1, ("", "e"): 1})
    spine = layout_spine(plan)
    lanes = {edge.path.extent.left for edge in spine.drawing.edges if edge.path and len(edge.path.points) == 4}
    assert len(lanes) == 3 and faults(spine.drawing) == []


def test_what_cannot_be_drawn_is_said():
    deck = Slot(box("deck"), framed(layout_spine(Plan((Slot(box("inner")),)), deck=True), "deck", (), 2))
    plan = Plan((deck,), {}, (SideBox(box("s", 60), ("x",)),), (SideInput("x", "deck"),), {"x": words("x", 7.5)})
    assert layout_spine(plan).undrawn == ("x to deck",)


def test_what_is_made_within_a_box_leaves_its_side():
    """Not from the line behind the box, which carries what its last layer makes."""
    plan = Plan(
        tuple(Slot(box(name)) for name in "abcd"), {("a", "c"): 1, ("b", "d"): 1}, within=frozenset({("b", "d")})
    )
    spine = layout_spine(plan)
    boxes = {box.name: box for box in spine.drawing.boxes}
    starts = {(edge.source, edge.target): edge.path.points[0] for edge in spine.drawing.edges if edge.path}
    assert starts["b", "d"][0] == boxes["b"].x and boxes["b"].y < starts["b", "d"][1] < boxes["b"].extent.bottom
    assert starts["a", "c"][0] == pytest.approx(spine.axis) and starts["a", "c"][1] > boxes["a"].extent.bottom
    assert faults(spine.drawing) == []
