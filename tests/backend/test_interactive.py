"""The interactive page: what it holds, and what it computes in a real browser."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from sympy import Integer, Max, Symbol, floor, sin

import archgraph as ag
from archgraph.backend.figure import contrast, draw
from archgraph.backend.javascript import javascript
from archgraph.frontend.load import shipped_names

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
browser = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")]
NAMES = ["unet", "dit", "sd", "vit", "gpt2", "nnunet"]


class Numbers(HTMLParser):
    """The cells of the table by row and metric, and the lit boxes."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: dict[tuple[str, str], str] = {}
        self.dim: set[int] = set()
        self.texts: dict[str, str] = {}
        self._row, self._cell, self._id = "", "", ""

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self._row = given.get("data-name", self._row)
        self._cell = given.get("data-metric", "") if tag == "td" else ""
        self._id = given.get("id", "") if tag == "p" else ""
        if "data-box" in given and "dim" in given.get("class", "").split():
            self.dim.add(int(given["data-box"]))

    def handle_endtag(self, tag):
        self._cell = self._id = ""

    def handle_data(self, data):
        if self._cell:
            self.cells[self._row, self._cell] = data
        if self._id:
            self.texts[self._id] = self.texts.get(self._id, "") + data


def opened(path, anchor: str, profile) -> Numbers:
    """What the page says in the browser, which must print no error."""
    assert CHROMIUM is not None
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--no-first-run"]
    command += ["--enable-logging=stderr", "--virtual-time-budget=2000", "--dump-dom", f"{path.as_uri()}#{anchor}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert not [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    numbers = Numbers()
    numbers.feed(done.stdout)
    return numbers


def anchor(**values: int) -> str:
    return "&".join(f"{quote(name)}={value}" for name, value in values.items())


# what the page holds


@pytest.mark.dot
@pytest.mark.parametrize("name", shipped_names())
def test_pages_stand_alone_and_are_small(name):
    text = draw(ag.load(name)).html
    assert len(text.encode()) < 300_000
    links = set(re.findall(r"(?:https?:)?//[^\s\"'<>]+", re.sub(r"^// .*$", "", text, flags=re.M)))
    assert {link for link in links if "." in link} <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(link|img|iframe|script src)", text)


def test_a_contrast_has_no_sliders():
    text = contrast(ag.load("unet"), ag.load("dit")).html
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
    html = draw(ag.loads(text)).html
    assert "<img" not in html and html.count("</script>") == 1


# in the browser


@pytest.mark.parametrize(
    ("name", "values"),
    [
        pytest.param("unet", {}, marks=browser),
        pytest.param("unet", {"C": 48, "H": 700}, marks=browser),
        pytest.param("dit", {"D": 3072, "L": 9007, "S": 128}, marks=browser),
        pytest.param("vit", {"D": 1032, "H": 384, "W": 384}, marks=browser),
    ],
)
def test_sliders_compute_what_python_computes(tmp_path, name, values):
    g = ag.load(name)
    page = draw(g).save(tmp_path / "x.html")
    found = opened(page, anchor(**values), tmp_path / "profile")
    numbers = g.at(**values)
    assert found.cells["all", "params"] == f"{numbers.params:,}"
    assert found.cells["all", "macs"] == f"{numbers.macs:,}"
    boxes = [row for row, _ in found.cells if row in g.scopes or row in g.nodes]
    assert len(boxes) > 3


@pytest.mark.parametrize("name", [pytest.param(name, marks=browser) for name in ("unet", "dit", "sd3")])
def test_boxes_add_up_in_the_browser(tmp_path, name):
    page = draw(ag.load(name)).save(tmp_path / "x.html")
    found = opened(page, "", tmp_path / "profile")
    assert all(re.fullmatch(r"[\d,]+", value) for value in found.cells.values())


@pytest.mark.parametrize("light", [pytest.param("enc(1)", marks=browser), pytest.param("bottleneck", marks=browser)])
def test_light_shows_what_leads_into_a_box(tmp_path, light):
    figure = draw(ag.load("unet"))
    found = opened(figure.save(tmp_path / "x.html"), f"light={quote(light)}", tmp_path / "profile")
    names = [box.name for box in figure.diagram.boxes if box.laws]
    lit = [box.name for index, box in enumerate(figure.diagram.boxes) if index not in found.dim and box.laws]
    assert lit == names[: names.index(light) + 1]
    assert found.texts["reads"].startswith("receptive field")


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        pytest.param("unet", {"H": 44}, "must be a whole positive number", marks=browser),
        pytest.param("unet", {"H": 571}, "H must be a multiple of 16 plus 12", marks=browser),
        pytest.param("vit", {"D": 1024}, "D must be a multiple of 12", marks=browser),
    ],
)
def test_sizes_that_no_network_has(tmp_path, name, values, reason):
    with pytest.raises(ag.ArchgraphError):
        assert ag.load(name).at(**values).macs
    found = opened(draw(ag.load(name)).save(tmp_path / "x.html"), anchor(**values), tmp_path / "profile")
    assert reason in found.texts["wrong"] and found.cells["all", "macs"] == "–"


@pytest.mark.parametrize("name", [pytest.param("<b>&\"'\u202eדגם 模型", marks=browser)])
def test_strange_names_in_the_browser(tmp_path, name):
    text = f"archgraph: 1\nname: {json.dumps(name)}\ninputs: {{x: {{c: 3, n: 16}}}}\nnetwork: [linear: {{out: 4}}]\n"
    page = draw(ag.loads(text)).save(tmp_path / "x.html")
    assert opened(page, "", tmp_path / "profile").cells["all", "params"] == "16"
