"""The interactive page: what it holds; `test_browser` has what it does."""

import re

import pytest
from gallery_pages import figure_of
from sympy import Integer, Max, Symbol, floor, sin

import archgraph as ag
from archgraph.figures.facts.facts import Facts
from archgraph.figures.write.javascript import javascript
from archgraph.spec.load import shipped_names


@pytest.mark.dot
@pytest.mark.parametrize("name", shipped_names())
def test_pages_stand_alone_and_are_small(name):
    text = figure_of(name).html
    assert len(text.encode()) < 300_000
    links = set(re.findall(r"(?:https?:)?//[^\s\"'<>]+", re.sub(r"^// .*$", "", text, flags=re.M)))
    assert {link for link in links if "." in link} <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(link|img|iframe|script src)", text)


def test_a_contrast_has_the_sliders_of_each_network():
    text = ag.contrast(ag.load("unet"), ag.load("dit")).html
    assert '<div id="symbols">' in text and len(text.encode()) < 300_000
    assert [one in text for one in ('"name": "U-Net"', '"name": "DiT"')] == [True, True]


def test_colours_at_other_sizes_are_of_the_palette_of_the_author():
    colors = ["#ffffff", "#ff0000", "#220000"]
    text = figure_of("conv_stack", palette=colors).html
    scale = re.search(r'"scale": \["(.*?)", .*?"(#\w+)"\]', text)
    assert scale is not None and scale.groups() == (colors[0], colors[-1])


@pytest.mark.parametrize(
    ("name", "values"),
    [("unet", {"H": 700, "W": 700}), ("resnet", {"H": 256}), ("conv_stack", {"K": 5, "L": 7}), ("dit", {"S": 64})],
)
def test_laws_of_fields_hold_at_other_sizes(name, values):
    """What a page says a box reads, against the network at these values."""
    facts, other = Facts(ag.load(name).network), Facts(ag.load(name).at(**values).symbolic().network)
    numbers = {**facts.values, **other.values}
    told = 0
    for group in facts.structure.chain:
        path = group.items[-1].path
        law, reach = facts.field_laws.at(path), other.reach(path)
        if law is None:
            continue
        told += 1
        sizes = [[int(size.xreplace(numbers)) for size in axis] for axis in law.axes]
        assert reach is not None and (law.everything, law.causal) == (reach.everything, reach.causal)
        assert tuple(sorted(sizes, key=lambda one: -one[1] / one[2])[0][:2]) == reach.sizes
    assert told


def test_laws_as_javascript():
    x = Symbol("a</script>")
    assert "</script" not in javascript(x)
    assert javascript(floor(x / 2) + Max(x, 3)).startswith("add(max(q(3n),v[")
    assert javascript(Integer(2) ** -1 * x) == 'mul(q(1n,2n),v["a\\u003c/script>"])'
    with pytest.raises(ValueError, match="sin has no exact form"):
        javascript(sin(x))


def test_nothing_in_a_name_gets_out_of_the_page():
    name = "</script><img src=x onerror=alert(1)>"
    text = f"archgraph: 1\nname: '{name}'\ninputs: {{x: {{c: 3, n: 16}}}}\nnetwork:\n  - linear: {{out: 4}}\n"
    html = ag.loads(text).draw().html
    assert "<img" not in html and html.count("</script>") == 1


@pytest.mark.parametrize(("color", "stays"), [("locality", False), ("level", True)])
def test_a_page_says_what_stays_as_it_was_drawn(color, stays):
    """Levels are places among those of the drawn sizes: their colours do not follow the sliders."""
    page = figure_of("resnet", color=color).html
    assert f'"fixed":{str(stays).lower()}' in page.replace(" ", "")
