"""The interactive page: what it holds; `test_browser` has what it does."""

import re

import pytest
from sympy import Integer, Max, Symbol, floor, sin

import archgraph as ag
from archgraph.figures.write.javascript import javascript
from archgraph.spec.load import shipped_names


@pytest.mark.dot
@pytest.mark.parametrize("name", shipped_names())
def test_pages_stand_alone_and_are_small(name):
    text = ag.load(name).draw().html
    assert len(text.encode()) < 300_000
    links = set(re.findall(r"(?:https?:)?//[^\s\"'<>]+", re.sub(r"^// .*$", "", text, flags=re.M)))
    assert {link for link in links if "." in link} <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(link|img|iframe|script src)", text)


def test_a_contrast_has_no_sliders():
    text = ag.contrast(ag.load("unet"), ag.load("dit")).html
    assert '<div id="symbols" hidden>' in text


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
