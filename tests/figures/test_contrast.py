"""Networks side by side."""

import itertools

import pytest

import archgraph as ag
from archgraph.comparison.knobs import main_knobs
from archgraph.errors import QueryError
from archgraph.figures.charts.steps import steps
from archgraph.figures.drawing.diagram import Rect
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.drawing.style import PANEL
from archgraph.figures.facts.facts import Facts

FIVE = ["unet", "nnunet", "dit", "conv_stack", "transformer"]


def strings(figure) -> list[str]:
    return [text.string for text in figure.diagram.texts()]


@pytest.mark.parametrize("pair", list(itertools.combinations(FIVE, 2)))
def test_all_pairs_have_no_faults(pair):
    figure = ag.contrast(*map(ag.load, pair))
    assert faults(figure.diagram) == []
    assert figure.diagram.width == 486


OTHERS = ["resnet", "vgg", "swin", "vit", "uvit", "gpt2", "bert"]


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_others_against_the_unet(name):
    assert faults(ag.contrast(ag.load("unet"), ag.load(name), venue="neurips").diagram) == []


def test_what_it_says_of_unet_and_dit():
    texts = strings(ag.contrast(ag.load("unet"), ag.load("dit")))
    assert "U-Net – local, 204 of 572 at the end" in texts
    assert "DiT – global from the first attention" in texts
    assert "parameters: 31.0 M" in " ".join(texts) and "parameters: 675 M" in " ".join(texts)
    assert "188–204 of 572 px" in " ".join(texts) and "all 32 × 8 px" in texts
    assert "never" in texts and any("=7574C2" in text for text in texts) and any("=18D2L" in text for text in texts)


def test_what_a_knob_buys():
    """One more level has 4 times the parameters for a quarter more work; one more block has both."""
    unet = {
        (knob.names, knob.change): (knob.params, knob.macs) for knob in main_knobs(ag.load("unet:padded-512").network)
    }
    assert unet[("levels",), "+ 1"] == pytest.approx((4.008, 1.237), abs=1e-3)
    assert unet[("C",), "× 2"] == pytest.approx((4.0, 4.0), abs=1e-2)
    assert unet[("H", "W"), "× 2"] == (1.0, 4.0)
    dit = {knob.names: (knob.params, knob.macs) for knob in main_knobs(ag.load("dit").network)}
    assert dit[("L",)] == pytest.approx((2.0, 2.0), abs=1e-2)
    assert dit[("S",)] == pytest.approx((1.001, 4.422), abs=1e-3)


@pytest.mark.parametrize("venue", ["icml", "neurips"])
@pytest.mark.parametrize("names", [["unet", "uvit", "dit"], ["unet", "bert", "transformer", "dit"]], ids=len)
def test_more_than_two(names, venue):
    figure = ag.contrast(*map(ag.load, names), venue=venue, panels=["laws", "levels", "ladder", "hops", "matrix"])
    assert faults(figure.diagram) == [] and figure.notes == ()
    for name in names:
        assert any(ag.load(name).name in text for text in strings(figure))


@pytest.mark.slow
@pytest.mark.parametrize("venue", ["icml", "nature"])
def test_three_with_their_stages(venue):
    figure = ag.contrast(*map(ag.load, ["unet", "swin", "dit"]), venue=venue)
    assert faults(figure.diagram) == [] and figure.notes == ()


def test_one_network_is_no_contrast():
    with pytest.raises(QueryError, match=r"a contrast is of 2 to 6 networks, and 1 are given"):
        ag.contrast(ag.load("unet"))


@pytest.mark.parametrize("panel", ["stages", "levels", "laws", "ladder", "hops", "matrix"])
def test_every_panel_alone_in_one_column(panel):
    assert faults(ag.contrast(ag.load("unet"), ag.load("dit"), width="column", panels=[panel]).diagram) == []


def test_rows_of_a_repeat_are_first_second_and_last():
    rows = steps(Facts(ag.load("conv_stack").network))
    assert [row.reach.sizes[1] if row.reach else None for row in rows] == [3, 5, 7, 9, None, 21]
    assert [row.gap for row in rows] == [False, False, False, False, True, False]
    assert sum(row.depth for row in rows) == 10


def test_rows_of_a_unet_are_its_stages():
    rows = steps(Facts(ag.load("unet:padded-512").network))
    assert [row.reach.sizes for row in rows if row.reach] == [
        (5, 5), (14, 14), (32, 32), (68, 68), (140, 140), (172, 172), (188, 188), (188, 204), (188, 204),
    ]  # fmt: skip


def test_attention_is_global_from_its_first_block():
    first, *rest = steps(Facts(ag.load("dit").network))
    assert first.reach is not None and not first.reach.everything
    assert all(row.reach.everything for row in rest if row.reach)


def test_a_narrow_page_is_refused():
    with pytest.raises(QueryError, match=r"a contrast needs 3.2 in, and has 3 in"):
        ag.contrast(ag.load("unet"), ag.load("dit"), width="3in")


def test_causal_attention_connects_half_of_the_pairs():
    rows = Facts(ag.load("gpt2").network).connections("logits", 64)
    assert all(low == 0 for low, _, _ in rows)
    assert sum(high - low for low, high, _ in rows) / len(rows) == pytest.approx(0.5, abs=0.01)
    assert "GPT-2 – causal, all before from the first attention" in strings(
        ag.contrast(ag.load("unet"), ag.load("gpt2"))
    )


@pytest.mark.parametrize("venue", ["icml", "nature"])
def test_headings_of_narrow_panels_are_smaller_before_they_are_cut(venue):
    figure = ag.contrast(ag.load("conv_stack"), ag.load("vit"), panels=["stages"], width="column", venue=venue)
    rows = [next(iter(box.texts())) for box in _rows(figure, "b")]
    assert all("…" not in text.string for text in rows)
    assert len({text.size for text in rows}) == 1


def _rows(figure, mark):
    return [box for box in figure.diagram.boxes if box.name.startswith(mark) and box.name[1:].isdigit()]


def test_a_panel_of_maps_that_is_wider_than_a_column_stands_across_the_page():
    figure = ag.contrast(*map(ag.load, ["sd", "dit", "vit"]), panels=["stages"], style="maps")
    assert faults(figure.diagram) == [] and figure.notes == ()
    ends = {mark: [box.extent for box in figure.diagram.boxes if box.name.startswith(f"{mark}: ")] for mark in "abc"}
    assert max(one.right for one in ends["a"]) > 300
    assert max(one.bottom for one in ends["a"]) < min(one.top for mark in "bc" for one in ends[mark])
    assert max(one.right for one in ends["b"]) < min(one.left for one in ends["c"])


def test_maps_that_leave_a_column_empty_stand_below_each_other():
    figure = ag.contrast(ag.load("unet"), ag.load("dit"), panels=["stages"], style="maps")
    unet, dit = ([box.extent for box in figure.diagram.boxes if box.name.startswith(mark)] for mark in ("a: ", "b: "))
    assert faults(figure.diagram) == [] and max(one.bottom for one in unet) < min(one.top for one in dit)
    # Two of one height stay beside each other.
    figure = ag.contrast(ag.load("vit"), ag.load("dit"), panels=["stages"], style="maps")
    vit, dit = ([box.extent for box in figure.diagram.boxes if box.name.startswith(mark)] for mark in ("a: ", "b: "))
    assert max(one.right for one in vit) < min(one.left for one in dit)


@pytest.mark.parametrize("names", [["unet", "dit"], ["unet", "dit", "vit"], ["unet", "dit", "vit", "resnet"]], ids=len)
def test_a_contrast_fits_a_page_and_says_what_had_no_room(names):
    figure = ag.contrast(*map(ag.load, names))
    assert figure.diagram.height <= 9 * 72 and (figure.notes != ()) == (len(names) == 4)
    if len(names) == 4:
        assert figure.notes == ("no room for levels, ladder, hops, matrix: ask for other panels",)
        whole = ag.contrast(*map(ag.load, names), panels=["stages", "levels", "laws", "ladder", "hops", "matrix"])
        assert whole.notes == ("13.5 in tall: ask for fewer panels",)
    else:
        assert figure.diagram.height <= 9 * 72 - 28, "no room for a caption"


def test_below_a_matrix_stands_what_drawings_call_it():
    said = strings(ag.contrast(ag.load("vit"), ag.load("unet"), panels=["matrix"]))
    assert "ViT: layer norm" in said and not any("layer_norm" in text for text in said)


def test_squares_of_fields_keep_clear_of_the_slices():
    """Where a heading takes a line more, rows are higher and squares are not."""
    text = "archgraph: 1\nsymbols: {H: {default: 64, multiple_of: 8}}\ninputs: {x: {c: 8, h: H, w: H}}\nnetwork:\n"
    convs = ", ".join(f"{{conv: {{out: 8, kernel: {size}, padding: same}}}}, relu" for size in (3, 5, 7, 9, 11))
    text += f"  - for: {{i: 0..2}}\n    do: [{convs}, {{max_pool: {{kernel: 2}}}}]\n"
    diagram = ag.contrast(ag.loads(text), ag.load("vit"), panels=["stages"]).diagram
    squares = [mark for mark in diagram.marks if isinstance(mark, Rect) and mark.width == mark.height > 15]
    slices = [mark for mark in diagram.marks if isinstance(mark, Rect) and mark.fill == PANEL and mark.height > 100]
    assert len(squares) > 6 and len(slices) == 2
    rights = [max(one.x + one.width for one in squares if one.x < panel.x) for panel in slices]
    assert all(panel.x - right > 5 for panel, right in zip(slices, rights, strict=True))


@pytest.mark.parametrize("name", ["A block with a name of forty letters, so", "</title><script>alert(1)</script>"])
def test_of_a_long_name_with_a_number_the_name_is_cut(name):
    text = f"archgraph: 1\ninputs: {{x: {{c: 8, h: 32, w: 32}}}}\nblocks:\n  b: {{label: '{name}', do: [{{conv: "
    text += "{out: 8, kernel: 3, padding: same}}, relu]}\nnetwork:\n  - {b: , repeat: 3}\n  - {max_pool: {kernel: 2}}\n"
    figure = ag.contrast(ag.loads(text), ag.load("conv_stack"), panels=["stages"])
    assert faults(figure.diagram) == []
    assert [heading[-3:] for heading in strings(figure) if heading.startswith(name[:8])] == ["… 1", "… 2", "… 3"]
