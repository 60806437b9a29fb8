"""Charts of growth and of what fits: what is where on them, for any networks, in both languages."""

import re
from itertools import combinations, product

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.errors import QueryError
from archgraph.figures.charts.chart_words import CHART_WORDS
from archgraph.figures.charts.fits_chart import fits_diagram
from archgraph.figures.charts.growth_chart import ISO, PRICE, growth_diagram, slope
from archgraph.figures.charts.log_axes import Scale
from archgraph.figures.drawing.diagram import Path
from archgraph.report.curves import DataSeries
from archgraph.studies.curves import ceiling, walk

PUBLISHED = [
    {
        "name": "Wide",
        "layers": "convolution",
        "input": "voxels",
        "sizes": {"S": {"params": 2e7, "macs": 1e11}, "L": {"params": 3e8, "macs": 2e12}},
    }
]


@pytest.fixture(scope="module")
def walks():
    vit = ag.load("vit:Ti/16")
    return [
        (vit.growth("D", name="width", heads="D/64"), [384]),
        (vit.growth("H", name="larger pictures", W="H"), [448]),
        (ag.load("conv_stack").growth("C", name="width"), [96, 128]),
    ]


@pytest.fixture(scope="module", params=["en", "zh"])
def growth(request, walks):
    return ag.growth_figure(walks, PUBLISHED, request.param).diagram


def overlapping(diagram):
    texts = [text.extent for text in diagram.texts()]
    return [(a, b) for a, b in combinations(texts, 2) if a.overlaps(b, 0.8)]


def test_labels_cover_neither_each_other_nor_leave_the_page(growth):
    assert overlapping(growth) == []
    assert all(text.extent.left >= 0 and text.extent.right <= growth.width for text in growth.texts())
    assert all(text.size >= 7.0 for text in growth.texts())


def test_names_and_words_are_on_the_chart(growth):
    strings = {text.string for text in growth.texts()}
    assert {"Wide S", "Wide L", "larger pictures"} <= strings
    assert CHART_WORDS["en"]["params"] in strings or CHART_WORDS["zh"]["params"] in strings


def test_equal_prices_lie_at_45_degrees():
    curves = [DataSeries("a", ((1e9, 1e7), (1e12, 1e9)), "attention")]
    diagram = growth_diagram(curves, 486.0, "en")
    thin = [part for box in diagram.boxes for part in box.parts if getattr(part, "stroke", "") == "#9aa7b5"]
    assert thin
    for line in thin:
        (x, y), (u, v) = line.points
        assert u - x == pytest.approx(y - v)


def test_slopes_tell_width_from_resolution(walks):
    found = [slope(walk(path, values)) for path, values in walks]
    assert found[0] == pytest.approx(1, abs=0.1) and abs(found[1]) < 0.1 and found[2] == pytest.approx(1, abs=0.1)


def test_what_fits_is_below_the_ceiling_and_falls_with_the_batch():
    path = ag.load("vit:Ti/16").growth("D", 64, heads="D/64")
    figure = ag.fits_figure({"all": [path], "again": [path]}, "8GB", [4, 32], dtype="bf16-mixed", attention="flash")
    text = " ".join(one.string for one in figure.diagram.texts())
    assert "adamw (foreach), bf16-mixed, flash attention" in text and "0.5 B" in text
    assert ceiling(8 * 10**9, ag.Training(dtype="bf16-mixed")) == 5e8


def test_names_at_the_right_are_spread_and_batches_without_an_answer_left_out():
    flat = [DataSeries(f"network {k}", ((1, 2e9), (8, 1e9 + k)), "both") for k in range(9)]
    diagram = fits_diagram({"a": flat, "b": flat[:1]}, 5e9, "80GB", "note", 486.0, "zh")
    assert overlapping(diagram) == []
    with pytest.raises(QueryError, match="nothing fits"):
        fits_diagram({"a": [DataSeries("n", ())]}, 5e9, "80GB", "note", 486.0, "en")


def test_bars_are_as_long_as_what_they_say():
    networks = [ag.load("vit:Ti/16"), ag.load("dit:S/2")]
    figure = ag.memory_figure(networks, "2GB", batch=4)
    wanted = [g.fits("2GB", batch=4) for g in networks]
    shown = {one.string for one in figure.diagram.texts()}
    assert {f"{fit.bytes / 1e9:.1f}" for fit in wanted} <= shown and overlapping(figure.diagram) == []


def test_commands_write_them(tmp_path, capsys):
    out = str(tmp_path / "x.svg")
    assert main(["growth", "vit:Ti/16", "--along", "D=384,heads=D/64", "-o", out, "--language", "zh"]) == 0
    assert "参数量" in (tmp_path / "x.svg").read_text(encoding="utf-8")
    assert main(["fit", "vit:Ti/16", "--memory", "8GB", "-o", out, "--theme", "dark"]) == 0
    assert main(["growth", "vit:Ti/16", "--along", "D=384,heads=D/64"]) == 0
    assert re.search(r"macs/new param", capsys.readouterr().out)


@pytest.mark.parametrize(
    "words", [["--along", "D"], ["--along", "B=2"], ["--along", "D=x"], ["--along", "L=2", "--along", "L=3"]]
)
def test_paths_that_cannot_be_read(words, capsys):
    assert main(["growth", "vit:Ti/16", *words]) == 1
    assert "--along" in capsys.readouterr().err


ROW = {"name": "a", "layers": "both", "input": "pixels", "sizes": {"S": {"params": 1e6, "macs": 1e9}}}


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({}, "cannot read a published network from '{}'"),
        ("x", "published of growth_figure is a list of a mapping"),
        (ROW | {"sizes": {"S": {}}}, "cannot read a published network from"),
        (ROW | {"sizes": {}}, "cannot read a published network from"),
        (ROW | {"sizes": {"S": {"params": 0, "macs": 1}}}, "all above zero"),
        (ROW | {"sizes": {"S": {"params": "nan", "macs": 1}}}, "all above zero"),
        (ROW | {"layers": "attentions"}, "there is no kind of layers 'attentions'. Did you mean 'attention'?"),
        (ROW | {"input": "text"}, "there is no kind of input 'text'\n  hint  one of pixels, latents"),
    ],
)
def test_published_networks_that_cannot_be_read(broken, told):
    with pytest.raises(QueryError, match=re.escape(told)):
        ag.growth_figure([], [broken])


def test_scales_are_logarithmic():
    scale = Scale(1e3, 1e6, 0.0, 30.0)
    assert scale.place(1e4) == pytest.approx(10.0) and scale.decades() == [1e3, 1e4, 1e5, 1e6]


def test_few_curves_make_no_square_and_their_axes_can_be_read():
    """Two paths filled a page with one number on each axis; lines of a price ran through its number."""
    walks = [(ag.load("dit").growth("L"), [28, 56]), (ag.load("conv_stack").growth("C"), [64, 96])]
    diagram = ag.growth_figure(walks).diagram
    assert diagram.height < 0.75 * diagram.width
    assert sum(text.string in ("1 M", "10 M", "100 M", "1 B") for text in diagram.texts()) >= 3
    lone = ag.growth_figure(walks[:1]).diagram
    assert {"200 G", "500 M"} <= {text.string for text in lone.texts()}


def test_numbers_of_prices_stand_beside_their_lines(growth):
    numbers = [
        text.extent for text in growth.texts() if re.fullmatch(r"[\d,]+( .*)?", text.string) and text.color == PRICE
    ]
    lines = [part.points for box in growth.boxes for part in box.parts if isinstance(part, Path) and part.stroke == ISO]
    assert numbers and lines
    for extent, ((x, y), (u, v)) in product(numbers, lines):
        steps = ((x + (u - x) * step / 400, y + (v - y) * step / 400) for step in range(401))
        assert not any(extent.left < a < extent.right and extent.top < b < extent.bottom for a, b in steps)
