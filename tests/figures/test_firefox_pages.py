"""Interactive pages in a real Firefox: silent console, and numbers as Python has them, also after a slider moved."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

import archgraph as ag
from tests.figures.firefox import FIREFOX, Firefox
from tests.figures.gallery_pages import every_network, figure_of

pytestmark = [pytest.mark.browser, pytest.mark.skipif(FIREFOX is None, reason="needs Firefox")]
NUMBERS = """
const cells = [...document.querySelectorAll('tbody tr')].filter(row => row.offsetParent).flatMap(row =>
  [...row.querySelectorAll('td[data-metric]')].map(cell =>
    [row.dataset.name + ' ' + cell.dataset.metric, cell.textContent]));
arguments[0](Object.fromEntries(cells));
"""
MOVED = """
const slider = [...document.querySelectorAll('#symbols input[type=range]')].find(one =>
  one.getAttribute('aria-label').startsWith(%r));
slider.value = String(+slider.value + +slider.step);
slider.dispatchEvent(new Event('input', {bubbles: true}));
slider.dispatchEvent(new Event('change', {bubbles: true}));
arguments[0](slider.value);
"""


@pytest.fixture(scope="module")
def firefox(tmp_path_factory) -> Iterator[Firefox]:
    opened = Firefox(tmp_path_factory.mktemp("profile"), {})
    yield opened
    opened.quit()


def shown(firefox: Firefox, figure, folder, **values: int) -> dict[str, str]:
    path = figure.save(folder / "x.html")
    anchor = "&".join(f"{quote(name)}={value}" for name, value in values.items())
    firefox.get("about:blank")
    firefox.get(f"{path.as_uri()}#{anchor}")
    return firefox.run(NUMBERS)


@every_network
def test_every_page_is_silent_and_counts_as_python_does(firefox, tmp_path, name):
    g = ag.load(name)
    found = shown(firefox, figure_of(name), tmp_path)
    assert firefox.complaints == []
    assert found["all params"] == f"{g.at().params:,}" and found["all macs"] == f"{g.at().macs:,}"


@pytest.mark.parametrize(("name", "values"), [("unet", {"C": 48, "H": 700}), ("dit", {"D": 3072, "L": 9007})])
def test_values_of_an_address_count_as_python_does(firefox, tmp_path, name, values):
    g = ag.load(name)
    found = shown(firefox, g.draw(), tmp_path, **values)
    assert found["all params"] == f"{g.at(**values).params:,}" and found["all macs"] == f"{g.at(**values).macs:,}"


def test_a_moved_slider_counts_as_python_does(firefox, tmp_path):
    g = ag.load("unet")
    before = shown(firefox, g.draw(), tmp_path)
    firefox.run(MOVED % "C")
    after = firefox.run(NUMBERS)
    assert before["all params"] == f"{g.at().params:,}" and after["all params"] == f"{g.at(C=65).params:,}"


def test_contrasts_are_silent(firefox, tmp_path):
    shown(firefox, ag.contrast(ag.load("unet"), ag.load("dit")), tmp_path)
    assert firefox.complaints == []


def test_what_a_page_complains_of_is_seen(firefox, tmp_path):
    page = tmp_path / "x.html"
    page.write_text("<script>console.error('a complaint'); missing();</script>", encoding="utf-8")
    firefox.get(page.as_uri())
    firefox.run("arguments[0](1)")
    assert len(firefox.complaints) == 2 and firefox.complaints[0] == "a complaint"
