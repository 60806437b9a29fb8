"""Ladder, hop staircase and matrix: what they draw, against the numbers of the published formulation."""

from itertools import pairwise

import pytest
from gallery_pages import figure_of

import archgraph as ag
from archgraph.errors import QueryError
from archgraph.figures.charts.hop_chart import stairs
from archgraph.figures.charts.ladder import curve
from archgraph.figures.charts.matrix import CLASSES, _outlines, _runs
from archgraph.figures.charts.steps import steps
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.drawing.style import luminance
from archgraph.figures.facts.facts import Facts

VIEWS = ["ladder", "hops", "matrix"]


def strings(figure) -> str:
    return "\n".join(text.string for text in figure.diagram.texts())


def conv_stack(kernel: int, layers: int, n: int) -> ag.Architecture:
    return ag.loads(
        f"{{archgraph: 1, inputs: {{x: {{c: 1, n: {n}}}}}, "
        f"network: [{', '.join([f'conv: {{out: 1, kernel: {kernel}, padding: same}}'] * layers)}]}}"
    )


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", ["unet", "dit", "sd", "vit", "gpt2", "mixtral", "bert"])
@pytest.mark.parametrize("width", ["column", "text"])
def test_charts_have_no_faults(name, view, width):
    figure = figure_of(name, view, width=width)
    assert faults(figure.diagram) == [] and figure.notes == ()


def test_moves_of_a_stack_of_convolutions():
    """d positions are ⌈2d/(k-1)⌉ layers of k side_inputs away: 3 layers of 7 reach 9 positions."""
    found = stairs(Facts(conv_stack(7, 3, 64).network), "#000000")
    assert found is not None and found.ends
    assert found.points == tuple((distance, -(-distance // 3)) for distance in range(1, 10))


def test_moves_of_the_unet():
    """In the middle of 512 px: 1, 2, 5 and 10 moves to 8, 32, 64 and 90 px, and 13 at most, at 94."""
    found = stairs(Facts(ag.load("unet:padded-512").network), "#000000")
    assert found is not None and found.ends
    moves = dict(found.points)
    # Points stand where the moves change: those of a distance are those of the last point before it.
    passed = [max(point for point in moves if point <= distance) for distance in (8, 32, 64, 90)]
    assert [moves[point] for point in passed] == [1, 2, 5, 10]
    assert max(moves) == 94 and max(moves.values()) == 13


def test_attention_is_one_move_away_everywhere():
    found = stairs(Facts(ag.load("dit").network), "#000000")
    assert found is not None and not found.ends
    assert found.points[0][0] == 8 and {moves for _, moves in found.points} == {1}


def test_connected_pairs_are_counted_exactly():
    """3 layers of 3 side_inputs on 16 positions connect |i - j| <= 3: 16 + 2 (15 + 14 + 13) pairs of 256."""
    hops = Facts(conv_stack(3, 3, 16).network).hops("conv_3")
    assert hops is not None and hops.exact and hops.share == (16 + 2 * (15 + 14 + 13)) / 256
    assert hops.rows[8] == tuple(((8 - far, 9 + far),) for far in range(4))


def test_a_long_sequence_is_sampled_and_says_so():
    text = strings(figure_of("llama", "matrix"))
    assert "≈ 50 % of pairs" in text


def test_bands_and_combs_as_polygons():
    """A comb falls apart into stretches, a band is one polygon."""
    comb = (((0, 1),), ((0, 1), (2, 3), (4, 5)))
    assert _runs(comb, 1) == ((0, 1), (2, 3), (4, 5)) and _runs(comb, 0) == ((0, 1),)
    assert list(_outlines([((0, 2),), ((1, 3),)])) == [[(0, 0), (0, 1), (1, 1), (1, 2), (3, 2), (3, 1), (2, 1), (2, 0)]]
    assert len(list(_outlines([((0, 1), (2, 3)), ((0, 3),)]))) == 3


def test_few_moves_are_darker_in_grey():
    levels = [luminance(color) for _, _, color in CLASSES]
    assert levels == sorted(levels) and all(b - a > 0.04 for a, b in pairwise(levels))


def test_the_ladder_of_the_unet():
    facts = Facts(ag.load("unet:padded-512").network)
    found = curve(facts, steps(facts), "#000000")
    assert [round(512 * point.largest) for point in found.points[1:]] == [5, 14, 32, 68, 140, 172, 188, 204, 204]
    assert found.everywhere is None and found.statistics is None
    assert all(point.effective is not None and point.effective <= point.largest for point in found.points[1:])


def test_what_is_global_and_what_only_statistics_are():
    dit, nnunet = (Facts(ag.load(name).network) for name in ("dit", "nnunet:inference"))
    attention = curve(dit, steps(dit), "#000000")
    assert attention.everywhere == attention.points[2].depth and attention.statistics is None
    norms = curve(nnunet, steps(nnunet), "#000000")
    assert norms.everywhere is None and norms.statistics == norms.points[1].depth
    assert max(point.largest for point in norms.points) * 128 == 319


def test_no_positions_no_charts():
    with pytest.raises(QueryError, match="has no input with positions"):
        ag.loads("{archgraph: 1, inputs: {x: {c: 3}}, network: [linear: {out: 5}]}").draw("hops")


def test_a_chart_without_moves_says_why():
    """Places that depend on several axes are refused: an empty frame alone would say that nothing moves."""
    flattened = ag.loads("""
archgraph: 1
name: flattened
inputs: {x: {c: 4, h: 8, w: 8}}
network:
  - flatten: {axes: [h, w], into: n}
  - conv: {out: 4, kernel: 3, padding: same}
  - unflatten: {axis: n, into: {h: 8, w: 8}}
""")
    for figure in (flattened.draw("hops"), ag.contrast(flattened, ag.load("conv_stack"))):
        told = " ".join(text.string for text in figure.diagram.texts())
        assert "moves of flattened are not counted: where 'unflatten' lies along h depends on several axes" in told


def test_a_network_in_which_nothing_moves_has_a_staircase_of_one_step():
    g = ag.loads(
        "{archgraph: 1, symbols: {H: 32}, inputs: {x: {c: 3, h: H, w: H}}, network: [{conv: {out: 4, kernel: 1}}]}"
    )
    assert g.draw("hops").svg.startswith("<svg")


def test_no_square_of_a_matrix_is_blank():
    """Behind a pooling of everything no output has a position: a line says so, and no empty square."""
    diagram = ag.load("swin").draw(view="matrix").diagram
    said = [text.string for text in diagram.texts()]
    assert "positions are lost" not in said and any(text.startswith("Positions are lost after Block") for text in said)
    squares = sum(text.endswith("of pairs") for text in said)
    assert sum("lock" in text or text.startswith("Conv") for text in said) == squares + 1
