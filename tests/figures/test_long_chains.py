"""A chain of any length fits its page: what has no room is folded, and nothing is lost."""

import re

import pytest
from sympy import Add, expand

import archgraph as ag
from archgraph.figures.drawing.geometry import faults
from archgraph.figures.drawing.style import WIDEST
from archgraph.figures.figure import Figure
from archgraph.figures.room import PAGE_HEIGHT


def _alike(step: int) -> list[str]:
    """Two operations over and over, of many widths."""
    return [f"conv: {{out: {8 + step * 7 % 23}, kernel: 3, padding: same}}", "relu"]


def _mixed(step: int) -> list[str]:
    """Steps without a period."""
    return [_alike(step)[0], "gelu" if step * step % 7 == 2 else "relu", *(["batch_norm"] if step % 5 == 0 else [])]


def _residual(step: int) -> list[str]:
    """A way past every step, so that no two of them are one line."""
    return [f"residual: [conv: {{out: 8, kernel: {1 + 2 * (step % 3)}, padding: same}}]"]


def _spec(kind, length: int) -> str:
    steps = "".join(f"  - {line}\n" for step in range(length) for line in kind(step))
    return f"archgraph: 1\nsymbols: {{H: 64}}\ninputs: {{x: {{c: 8, h: H, w: H}}}}\nnetwork:\n{steps}"


@pytest.mark.parametrize("kind", [_alike, _mixed, _residual])
@pytest.mark.parametrize("length", [60, 200, 1000])
def test_a_chain_fits_a_page_and_keeps_its_totals(kind, length):
    g = ag.loads(_spec(kind, length))
    figure = g.draw()
    assert figure.notes == () and figure.diagram.height <= PAGE_HEIGHT + 0.5
    assert faults(figure.diagram) == []
    _keeps_totals(g, figure)


@pytest.mark.parametrize("length", [20, 300])
def test_a_chain_to_the_right_is_folded_where_no_page_holds_it(length):
    g = ag.loads(_spec(_alike, length))
    figure = g.draw(direction="right")
    assert figure.diagram.width <= WIDEST and (_kinds(figure) == []) == (length == 20)
    _keeps_totals(g, figure)


def _keeps_totals(g: ag.Architecture, figure: Figure) -> None:
    for metric, law in (("params", g.params), ("macs", g.macs)):
        held = (dict(box.laws)[metric] for box in figure.diagram.boxes if box.laws)
        assert expand(Add(*held)) == expand(law)


def _texts(figure: Figure) -> list[str]:
    return [text.string for text in figure.diagram.texts()]


def _kinds(figure: Figure) -> list[str]:
    return [text for text in _texts(figure) if re.fullmatch(r"of \d+ kinds|no two alike", text)]


def test_a_fold_says_what_it_counts_and_of_how_many_kinds():
    # The widths have a period of 23; the first step reads 8 channels, as every 24th does, and is of no kind of its own.
    texts = _texts(ag.loads(_spec(_alike, 200)).draw())
    assert texts[texts.index("(Conv 3×3, ReLU) ×200") + 1] == f"of {23 + 1} kinds"


def _uneven(step: int) -> list[str]:
    """Two convolutions for every activation, no two steps alike."""
    return [f"conv: {{out: {8 + 4 * step}, kernel: 3, padding: same}}"] * 2 + ["gelu"]


def test_what_stands_twice_in_a_fold_is_counted_twice():
    texts = _texts(ag.loads(_spec(_uneven, 30)).draw())
    assert texts[texts.index("(2× conv 3×3, GELU) ×30") + 1] == "no two alike"


def test_a_fold_says_how_many_additions_it_hides():
    texts = _texts(ag.loads(_spec(_residual, 60)).draw())
    assert texts[texts.index("(Conv 1×1, conv 3×3, conv 5×5) ×20") + 1] == "60 additions"
