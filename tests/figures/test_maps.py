"""Feature maps: in true proportion to the graph, with laws that add up to the whole, and nothing on top of another."""

from __future__ import annotations

from math import isclose, prod, sin

import pytest
from gallery_pages import figure_of
from hypothesis import given
from hypothesis import strategies as st
from sympy import Add, expand

import archgraph as ag
from archgraph.errors import ArchgraphError, QueryError
from archgraph.figures.drawing.diagram import Box, Path, Rect, Text
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.facts.facts import Facts
from archgraph.figures.figure import Figure
from archgraph.figures.maps.drawn_map import MapScale
from archgraph.figures.maps.feature_map import MapRow, MapScene
from archgraph.figures.maps.trials import Outcome, TrialSearch, trials_of
from archgraph.graph.locate import find_member
from archgraph.graph.network import Network
from archgraph.spec.load import shipped_names
from tests.figures.law_reader import false_laws

QUICK = ("dit", "resnet", "vgg", "flux", "convnext", "vit", "mixtral", "gpt2")
NARROWEST, LOWEST = 1.6, 4.2
STEPS = """\
archgraph: 1
symbols: {C: 8, H: {default: 32, multiple_of: 4}, n: 3, m: 1}
inputs: {x: {c: 3, h: H, w: H}}
network:
"""


def fronts(figure: Figure, network: Network) -> list[tuple[float, float, float, int]]:
    """Width and height of every front, with the positions along a side and the channels that the graph has there."""
    found = []
    for box in figure.diagram.boxes:
        if box.kind == "node" and isinstance(box.parts[0], Rect):
            try:
                type_ = find_member(network.graph, box.name.rstrip("′"))[0].outputs[0].type
            except ArchgraphError:
                continue
            area = prod(int(network.evaluate(type_.size(axis))) for axis in type_.positions) if type_.positions else 0
            channels = int(network.evaluate(type_.channels)) if type_.has("c") else 0
            found.append((box.parts[0].width, box.parts[0].height, area, channels))
    return found


def _good(figure: Figure, network: Network) -> None:
    assert faults(figure.diagram) == []
    assert false_laws(figure, network) == []
    assert figure.notes == ()


@pytest.mark.parametrize(
    ("name", "style"), [*((name, "maps") for name in QUICK), ("dit", "perspective"), ("vgg", "perspective")]
)
def test_nothing_overlaps_and_every_law_is_true(name, style):
    g = ag.load(name)
    _good(g.draw(style=style), g.network)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(shipped_names()) - set(QUICK)))
def test_every_shipped_network_fits_a_page(name):
    g = ag.load(name)
    _good(g.draw(style="maps"), g.network)


@pytest.mark.parametrize("style", ["maps", "perspective"])
@pytest.mark.parametrize("name", ["resnet", "vgg", "dit"])
def test_maps_are_in_true_proportion(name, style):
    """Against the types of the graph: one factor for all heights, one for all widths."""
    g = ag.load(name)
    found = fronts(g.draw(style=style), g.network)
    heights = [high / area**0.25 for _, high, area, _ in found if area and high > LOWEST]
    widths = [wide / channels**0.5 for wide, _, _, channels in found if channels and wide > NARROWEST]
    assert len(heights) > 3 and len(widths) > 5
    assert all(isclose(one, heights[0], rel_tol=1e-6) for one in heights)
    assert all(isclose(one, widths[0], rel_tol=1e-6) for one in widths)


@pytest.mark.parametrize("name", ["dit", "conv_stack", "sd3", "vit"])
def test_the_levels_hold_every_parameter_and_product(name):
    """Each operation is in one level: their laws add up to that of the network, symbol by symbol."""
    figure = figure_of(name, style="maps")
    cards = [box for box in figure.diagram.boxes if box.name.startswith("level ")]
    for metric in ("params", "macs"):
        laws = [law for card in cards for name, law in card.laws if name == metric]
        assert expand(Add(*laws) - Facts(ag.load(name).network).total(metric)) == 0


def test_a_u_stands_in_rows_with_its_copies():
    figure = figure_of("conv_stack", style="maps")
    assert not [frame for frame in figure.diagram.clusters if frame.name.startswith("row ")]
    small = _u().draw(style="maps")
    assert len([frame for frame in small.diagram.clusters if frame.name.startswith("row ")]) == 3
    copies = [edge for edge in small.diagram.edges if edge.style == "dashed"]
    assert [edge.label[0].string.replace(" ", "") for edge in copies] == ["copy2C", "copyC"]
    assert all(edge.path.points[0][1] == edge.path.points[-1][1] for edge in copies)
    _good(small, _u().network)


def _u() -> ag.Architecture:
    return ag.loads(
        STEPS
        + """\
  - conv: {out: C, kernel: 3, padding: same}
    as: a
  - max_pool: {kernel: 2}
  - conv: {out: 2 * C, kernel: 3, padding: same}
    as: b
  - max_pool: {kernel: 2}
  - conv: {out: 4 * C, kernel: 3, padding: same}
  - conv_transpose: {out: 2 * C, kernel: 2, stride: 2}
  - concat: [b, _]
  - conv: {out: 2 * C, kernel: 3, padding: same}
  - conv_transpose: {out: C, kernel: 2, stride: 2}
  - concat: [a, _]
  - conv: {out: 2, kernel: 1}
"""
    )


def test_a_concatenation_is_cut_by_the_shares_of_its_operands():
    box = next(box for box in _u().draw(style="maps").diagram.boxes if box.name.startswith("concat"))
    front, *rest = box.parts
    shares = [part for part in rest if isinstance(part, Rect)]
    assert isclose(sum(part.width for part in shares), front.width)
    assert [isclose(part.width, front.width / 2) for part in shares] == [True, True]
    assert [part.fill for part in shares] == ["#ffffff", "#7cc5a4"]  # copied, then what came from below


def test_to_the_right_has_no_rows():
    figure = _u().draw(style="maps", direction="right")
    assert not [frame for frame in figure.diagram.clusters if frame.name.startswith("row ")]
    assert any("copy" in text.string for text in figure.diagram.texts())
    _good(figure, _u().network)


def _boxes(g: ag.Architecture, **options) -> list[Box]:
    return [box for box in g.draw(style="maps", **options).diagram.boxes if box.kind == "node"]


def test_repeats_are_stacks_and_what_is_applied_never_is_not_drawn():
    conv = "  - conv: {out: 3, kernel: 3, padding: same}\n"
    steps = f"{conv}    repeat: n\n{conv}    repeat: m - 1\n"
    figure = ag.loads(STEPS + steps).draw(style="maps")
    assert len([box for box in figure.diagram.boxes if box.kind == "node"]) == 2  # the input, and a stack
    assert [text.string.replace(" ", "") for text in figure.diagram.texts() if text.string[0] == "×"] == ["×n"]


def test_what_the_author_says():
    g = _u()
    assert len(_boxes(g, hide=["max_pool"])) == len(_boxes(g)) - 2
    assert "Edges" in [
        text.string.split(" ")[0] for text in g.draw(style="maps", labels={"a": "Edges"}).diagram.texts()
    ]
    box = next(box for box in _boxes(g, node_style={"a": {"fill": "#123456"}}) if box.name == "a")
    assert isinstance(box.parts[0], Rect) and box.parts[0].fill == "#123456"
    assert g.draw(style="maps", show=["shape"]).diagram.height < g.draw(style="maps").diagram.height
    inside = figure_of("dit", style="maps", focus="blocks")
    assert all(box.name.startswith("blocks") or box.name == "x" or box.kind == "panel" for box in inside.diagram.boxes)


@pytest.mark.parametrize("color", ["locality", "macs"])
def test_colours_of_fields_and_of_operations_never_meet(color):
    g = ag.load("resnet")
    figure = g.draw(style="maps", color=color)
    fills = {getattr(part, "fill", "") for box in figure.diagram.boxes for part in box.parts}
    assert not fills & {"#4680c2", "#e0825a", "#75388a"}
    _good(figure, g.network)


def test_a_contrast_of_maps():
    networks = [ag.load("conv_stack"), ag.load("dit")]
    figure = ag.contrast(*networks, style="maps", panels=["stages", "laws"])
    assert faults(figure.diagram) == [] and false_laws(figure, *(g.network for g in networks)) == []
    assert {box.name[:2] for box in figure.diagram.boxes if box.kind == "node"} == {"a:", "b:"}


def test_what_is_larger_than_its_proportion_is_said():
    """Vectors have no height of their own; the same in other words where every map has positions."""
    said = "What has no or few positions is 4.2 pt high"
    assert any(said in text.string for text in figure_of("vgg", style="maps").diagram.texts())
    assert not any(said in text.string for text in _u().draw(style="maps").diagram.texts())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"style": "map"}, "no style 'map'"),
        ({"style": "maps", "view": "hops"}, "the view hops has no maps"),
        ({"style": "maps", "direction": "down"}, "maps stand from left to right, or in a U"),
    ],
)
def test_what_cannot_be_drawn(options, told):
    with pytest.raises(QueryError, match=told):
        figure_of("dit", **options)


def test_every_format():
    g = ag.load("conv_stack")
    figure = g.draw(style="perspective")
    assert 'fixedsize="true"' in figure.dot or "fixedsize=true" in figure.dot
    labels = [mark for mark in figure.diagram.marks if isinstance(mark, Text)]
    assert all(f"text{index} [" in figure.dot for index in range(len(labels)))
    assert "\\node" in figure.tikz and "<svg" in figure.html and "feature maps" in figure.caption()


def test_a_section_of_a_spec_asks_for_maps():
    g = ag.loads(STEPS + "  - conv: {out: C, kernel: 3, padding: same}\nfigure: {style: maps}\n")
    assert any(box.name.startswith("level ") for box in g.draw().diagram.boxes)


@given(st.lists(st.tuples(st.floats(1, 400), st.floats(0, 300), st.booleans()), min_size=1, max_size=6))
def test_the_search_finds_what_trying_all_finds(scenes):
    """Widths that grow with the share and the gap, as those of a U do, and any widths of lines."""

    def lay_out(trial):
        slope, least, u = scenes[trial.index]
        swing = 1.0 if u else sin(40 * trial.share) ** 2
        wide = least + slope * trial.share * swing + 9 * trial.scale.gap
        return Outcome(max(0.0, wide - 300), max(0.0, 240 - wide) * 0.004)

    made = [
        list(trials_of(MapScene((MapRow(0, ()),) * (2 if u else 1)), index, _scale))
        for index, (_, _, u) in enumerate(scenes)
    ]
    every = [trial for of_scene in made for trial in of_scene]
    best = TrialSearch(made, lay_out).best()
    assert best == min(every, key=lambda trial: trial.price + lay_out(trial).cost)


def _scale(share: float, gap: float) -> MapScale:
    return MapScale(1.0, share, gap=gap)


def test_few_trials_of_a_long_u_are_laid_out():
    asked = []
    trials = list(trials_of(MapScene((MapRow(0, ()), MapRow(1, ()))), 0, _scale))
    TrialSearch([trials], lambda trial: asked.append(trial) or Outcome(max(0.0, trial.share - 0.4), 0.0)).best()
    assert len(asked) < len(trials) / 2


@pytest.mark.parametrize("name", ["unet", "stunet"])
def test_a_page_that_is_too_narrow_is_told_a_width_that_holds_the_maps(name):
    g = ag.load(name)
    (note,) = g.draw(style="maps", width="column").notes
    width = note.partition("width='")[2].partition("'")[0]
    assert g.draw(style="maps", width=width).notes == ()


def _joining(diagram) -> list[tuple[tuple[float, float], str]]:
    """The tips of all dashed arrows that come from below, and what is written at their other ends."""
    texts = [mark for mark in diagram.marks if isinstance(mark, Text)]
    arrows = [mark for mark in diagram.marks if isinstance(mark, Path) and mark.dash and mark.arrow]
    found = []
    for (x, y), tip in (arrow.points for arrow in arrows):
        (text,) = [one for one in texts if abs(one.x + one.width / 2 - x) < 1 and 0 < one.y - y < 10]
        found.append((tip, text.string))
    return found


def test_what_conditions_an_open_block_leads_to_it():
    """A dashed arrow to its frame, or to a bracket under what is applied once, with the names of the inputs."""
    diagram = figure_of("dit", style="maps", labels={"t": "noise level"}).diagram
    (frame,) = [one for one in diagram.clusters if one.copies]
    ((x, tip), into_blocks), ((further, low), into_last) = _joining(diagram)
    assert frame.extent.left < x < frame.extent.right and abs(tip - frame.extent.bottom) < 1
    (last,) = [box for box in diagram.boxes if box.extent.left < further < box.extent.right and box.y < low]
    assert 0 < low - last.extent.bottom < 6
    assert into_blocks == into_last == "noise level, y"


def test_every_place_that_a_condition_joins_is_marked_where_places_are_few():
    assert [text for _, text in _joining(figure_of("sd3", style="maps").diagram)] == ["pooled, t"] * 3
    assert _joining(figure_of("ddpm", style="maps").diagram) == []
    assert _joining(figure_of("sd3", style="maps", hide=["pooled", "t"]).diagram) == []


BRANCHES = """
archgraph: 1
symbols: {C: 16, H: {default: 64, multiple_of: 8}}
inputs: {rgb: {c: 3, h: H, w: H}, depth: {c: 1, h: H, w: H}}
blocks:
  branch: {do: [{conv_norm_act: {out: C, kernel: 3}}, {max_pool: {kernel: 2}}, {conv_norm_act: {out: 2*C, kernel: 3}}]}
network:
  - branch:
    from: rgb
    as: a
  - branch:
    from: depth
    as: b
  - concat: [a, b]
  - conv: {out: 10, kernel: 1}
"""


def test_a_block_of_several_resolutions_is_told_with_each():
    """Its first convolution is computed on all pixels, its second one on a quarter of them."""
    g = ag.loads(BRANCHES)
    cards = {
        box.texts()[0].string: dict(box.laws)
        for box in g.draw(style="maps").diagram.boxes
        if box.laws and box.kind == "panel"
    }
    named = {str(symbol): symbol for symbol in g.macs.free_symbols}
    assert cards["H×H 64×64"]["macs"] == 9 * (3 + 1) * named["C"] * named["H"] ** 2
    assert expand(sum(card["macs"] for card in cards.values())) == expand(g.macs)


def test_the_legend_has_no_colour_that_is_not_seen():
    """A concatenation is drawn in the colours of its parts."""
    texts = [text.string for text in ag.loads(BRANCHES).draw(style="maps").diagram.texts()]
    assert "convolution" in texts and "concatenation" not in texts
