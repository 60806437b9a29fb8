"""The SVG that we write: valid XML whatever the names, scoped styles, one text per label."""

import xml.etree.ElementTree as ElementTree

import pytest

import archgraph as ag
from archgraph.figures.content.mathtext import math, words
from archgraph.figures.drawing.diagram import Box, Cluster, Diagram, Edge, Extent, Live, Path, Rect, Run, Text
from archgraph.figures.drawing.metrics import text_width
from archgraph.figures.write.letters import Letters
from archgraph.figures.write.svg import to_svg
from archgraph.sizes.symbols import symbol

SVG = "{http://www.w3.org/2000/svg}"
ATTACKS = [
    "<script>alert(1)</script>",
    '"/><script>alert(1)</script>',
    "]]><script/>",
    "--><svg onload='x'/>",
    "&lt;&amp;&#x3c;",
    "</style><script/>",
    "</title></svg><script/>",
    "a\x00b\x08c\ufffe\ud800",
    "}*{display:none}",
]


def sample(name: str = "a") -> Diagram:
    parts = (Rect(0, 0, 60, 20), Text(words(name, 8), 4, 12))
    box = Box(name, 60, 20, parts, 10, 10, tooltip=f"{name} is a box")
    edge = Edge(name, name, Path(((10, 20), (2, 20), (2, 40)), radius=3, arrow=True, dash=(2, 1)))
    cluster = Cluster(name, Extent(5, 5, 75, 35), (Text(words(name, 8), 8, 33),), 2, name)
    return Diagram((box,), (edge,), (cluster,), (Text(math(symbol("C") ** 2, 8), 60, 45),), 90, 50, name, name)


def test_is_valid_and_has_its_true_size():
    root = ElementTree.fromstring(to_svg(sample()))
    assert root.get("width") == "90pt" and root.get("viewBox") == "0 0 90 50"
    assert root.get("role") == "img"


def test_title_and_description_name_the_figure():
    root = ElementTree.fromstring(to_svg(sample("U-Net")))
    ids = (root.get("aria-labelledby") or "").split()
    assert [root.findtext(f"./*[@id='{name}']") for name in ids] == ["U-Net", "U-Net"]


def test_every_box_has_a_tooltip():
    root = ElementTree.fromstring(to_svg(sample()))
    assert "a is a box" in [title.text for title in root.iter(f"{SVG}title")]


@pytest.mark.parametrize("attack", ATTACKS)
def test_names_cannot_break_out(attack):
    root = ElementTree.fromstring(to_svg(sample(attack)))
    allowed = {"svg", "title", "desc", "style", "g", "rect", "path", "text", "tspan"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= allowed
    assert not [key for element in root.iter() for key in element.attrib if key.startswith("on")]
    style = root.findtext(f"{SVG}style") or ""
    assert "display" not in style


def test_two_figures_do_not_share_ids_or_styles():
    first, second = (ElementTree.fromstring(to_svg(sample(name))) for name in "ab")
    ids = [{element.get("id") for element in root.iter() if element.get("id")} for root in (first, second)]
    assert not ids[0] & ids[1]
    for root in (first, second):
        name = root.get("id")
        rules = [rule for rule in (root.findtext(f"{SVG}style") or "").split("}") if rule]
        assert all(rule.startswith((f"#{name} ", f"@font-face{{font-family:'{name}-")) for rule in rules)


def test_same_diagram_same_text():
    assert to_svg(sample()) == to_svg(sample())


def test_one_text_per_label_and_a_place_for_every_run():
    root = ElementTree.fromstring(to_svg(Diagram(marks=(Text(math(9 * symbol("C") ** 2, 8), 5, 10),))))
    (label,) = root.iter(f"{SVG}text")
    assert "".join(label.itertext()) == "9C2"
    starts = [float(span.get("x") or 0) for span in label]
    assert starts[0] == 5 and starts[1] >= 5 + text_width("9", "serif", 8) and starts[2] > starts[1]
    assert [span.get("dy") for span in label][:2] == [None, None] and float(label[2].get("dy") or 0) < 0
    assert not [key for one in label for key in one.attrib if key in ("textLength", "dx", "y")]


def test_raised_runs_come_back_to_the_baseline():
    runs = (Run("a"), Run("2", rise=3.0), Run("b"))
    root = ElementTree.fromstring(to_svg(Diagram(marks=(Text(runs),))))
    assert [span.get("dy") for span in root.iter(f"{SVG}tspan")] == [None, "-3", "3"]


def test_runs_that_a_page_may_empty_stand_by_themselves():
    """A run without letters would move nothing, and what follows it would be raised for ever."""
    runs = (Run("a"), Run("2", rise=3.0, live=Live("nothing")), Run("b"))
    spans = "".join(Letters("system", lambda live: " data-live" if live else "").written(Text(runs)))
    assert "dy=" not in spans and 'y="-3"' in spans and 'y="0"' in spans


def test_no_gradients_filters_or_references():
    text = to_svg(sample()).replace("url(data:font/ttf;base64,", "")
    assert not any(word in text for word in ("Gradient", "filter", "href", "url(", "<image", "script"))


def test_spaces_that_hide_nothing_stay_as_they_are():
    text = "archgraph: 1\nname: 'wide\u00a0net\u3000x'\ninputs: {x: {c: 3, n: 16}}\nnetwork: [linear: {out: 4}]\n"
    assert "wide\u00a0net\u3000x" in ag.loads(text).draw().svg
