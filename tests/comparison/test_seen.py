"""Since which operation the output sees everything: along all axes together, held against every position."""

import re

import pytest

import archgraph as ag
from archgraph.comparison.seen import seen

SIDE = 5


def attention(axis: str, source: str, name: str) -> str:
    step = f"  - scaled_dot_product_attention: {{heads: 1, over: {axis}}}\n"
    return f"{step}    from: [{source}, {source}, {source}]\n    as: {name}\n"


CROSS = attention("h", "x", "a") + attention("w", "x", "b") + "  - add: [a, b]\n    as: s\n"
AGAIN = attention("h", "s", "a2") + attention("w", "s", "b2") + "  - add: [a2, b2]\n    as: s2\n"
CONV = "  - conv: {out: 4, kernel: 3, padding: same}\n"
NETWORKS = {
    "rows and columns": CROSS,
    "rows and columns, and neighbours": CROSS + CONV,
    "rows and columns twice": CROSS + AGAIN,
    "rows, then columns": attention("h", "x", "a") + attention("w", "a", "b"),
    "all at once": attention("[h, w]", "x", "a") + CONV,
    "rows": attention("h", "x", "a") + CONV,
}


def network(steps: str) -> ag.Architecture:
    return ag.loads(f"archgraph: 1\ninputs: {{x: {{c: 4, h: {SIDE}, w: {SIDE}}}}}\nnetwork:\n{steps}")


def first_that_sees_all(g: ag.Architecture) -> str:
    """Look at every position of every operation."""
    for name in g.nodes:
        field = g.receptive_field(name)
        sizes = g.network.graph.nodes[g.nodes.index(name)].outputs[0].type.sizes
        assert len(sizes) == 3
        if all(len(field.probe(h=h, w=w)) == SIDE**2 for h in range(SIDE) for w in range(SIDE)):
            return name
    return ""


@pytest.mark.parametrize("name", NETWORKS)
def test_everything_is_seen_where_every_position_is(name):
    g = network(NETWORKS[name])
    assert seen(g.network).since.everything == first_that_sees_all(g)


def test_text_and_figure_say_that_rows_and_columns_are_not_everything(tmp_path):
    cross, all_ = network(CROSS), network(NETWORKS["rows, then columns"])
    (row,) = (row for row in ag.compare(cross, all_).rows if row[""] == "connectivity")
    assert list(row.values())[1:] == ["global along each axis alone since b", "global since b"]
    ag.contrast(cross, all_).save(tmp_path / "x.svg")
    texts = " ".join(re.findall(r">([^<>]+)<", (tmp_path / "x.svg").read_text()))
    assert "along each axis" in texts


@pytest.mark.parametrize("name", ["rows and columns", "rows and columns, and neighbours"])
def test_a_contrast_of_crosses_says_no_more_than_they_read(name):
    """The square of moves is about one axis, where a cross reads everything by one move."""
    cross = network(NETWORKS[name])
    figure = ag.contrast(cross, cross)
    texts = " ".join(text.string for text in figure.diagram.texts())
    assert "every input position along an axis, by at most one move" in " ".join(texts.split())
    assert texts.count("global along each axis alone") == 2 and "local, wider than the input" not in texts


def test_a_contrast_says_of_a_field_of_everything_that_it_is_global():
    """Rows, then columns: each reads along its own axis, and the second of them reads everything."""
    whole = network(NETWORKS["rows, then columns"])
    texts = " ".join(text.string for text in ag.contrast(whole, whole).diagram.texts())
    assert "global along each axis alone" not in texts
