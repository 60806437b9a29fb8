"""Every render in Chromium and Firefox, with the fonts of the machine and without any like ours: no text is moved.

What is counted: texts that leave their box or the page, texts that collide, and runs that run into the next one.
"""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from gallery_pages import figure_of

from archgraph.gallery import members_of
from archgraph.spec.load import shipped_names
from tests.figures.firefox import FIREFOX, Firefox

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.browser
RENDERS = sorted((Path(__file__).parents[2] / "renders").rglob("*.svg"))
ALIKE = (
    "Liberation*",
    "Arimo",
    "Tinos",
    "Helvetica*",
    "Arial",
    "Nimbus*",
    "TeX Gyre*",
    "Times*",
    "FreeSans",
    "FreeSerif",
)
OTHER_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include><cachedir>{folder}/cache</cachedir>
<selectfont><rejectfont>{rejected}</rejectfont></selectfont></fontconfig>"""
FAULTS = """
const done = arguments[0], slack = 0.6, found = [];
const leaves = (a, b) => a.left < b.left - slack || a.right > b.right + slack || a.top < b.top - slack ||
  a.bottom > b.bottom + slack;
const overlap = (a, b) => a.left < b.right - slack && b.left < a.right - slack && a.top < b.bottom - slack &&
  b.top < a.bottom - slack;
const around = boxes => ({
  left: Math.min(...boxes.map(b => b.x)), right: Math.max(...boxes.map(b => b.x + b.width)),
  top: Math.min(...boxes.map(b => b.y)), bottom: Math.max(...boxes.map(b => b.y + b.height))});
const measured = (text, say) => {
  const runs = [...text.children], sizes = runs.map(run => +run.getAttribute('font-size'));
  const starts = runs.map(run => +run.getAttribute('x'));
  const ends = runs.map((run, i) => starts[i] + run.getComputedTextLength());
  if (starts.slice(1).some((start, i) => ends[i] > start + 0.3)) say('runs collide in ' + text.textContent);
  const y = +text.getAttribute('y'), size = Math.max(...sizes);
  return {text, words: text.textContent, left: starts[0], right: Math.max(...ends), top: y - 0.72 * size,
    bottom: y + 0.15 * size};
};
const check = svg => {
  const say = fault => found.push(svg.querySelector('title').textContent + ': ' + fault);
  const page = around([svg.viewBox.baseVal]);
  const lines = [...svg.querySelectorAll('text')].map(text => measured(text, say));
  lines.forEach((one, i) => {
    if (leaves(one, page)) say('cut: ' + one.words);
    const holder = one.text.parentNode, rects = [...holder.querySelectorAll(':scope > rect')];
    if (holder.querySelector(':scope > title') && holder !== svg && rects.length &&
      leaves(one, around(rects.map(rect => rect.getBBox())))) say('leaves its box: ' + one.words);
    lines.slice(i + 1).filter(other => overlap(one, other)).forEach(other =>
      say('collide: ' + one.words + ' | ' + other.words));
  });
};
document.fonts.ready.then(() => { document.querySelectorAll('svg').forEach(check); done(found); });
"""


def chromium(profile: Path, environment: dict[str, str]):
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("needs Chromium and chromedriver")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    switches = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
    for switch in (*switches, "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={profile}"):
        options.add_argument(switch)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER, env=os.environ | environment))


def firefox(profile: Path, environment: dict[str, str]):
    if FIREFOX is None:
        pytest.skip("needs Firefox")
    return Firefox(profile, environment)


def none_alike(folder: Path) -> dict[str, str]:
    """The environment of a machine that has no font like ours."""
    rejected = "".join(
        f'<pattern><patelt name="family"><string>{name}</string></patelt></pattern>' for name in ALIKE
    ) + "".join(f"<glob>*/{name.replace(' ', '')}*</glob>" for name in ("Liberation", "Nimbus", "Arimo", "Tinos"))
    path = folder / "fonts.conf"
    path.write_text(OTHER_FONTS.format(folder=folder, rejected=rejected), encoding="utf-8")
    return {"FONTCONFIG_FILE": str(path)}


@pytest.fixture(scope="module")
def poor_machine(tmp_path_factory) -> dict[str, str]:
    return none_alike(tmp_path_factory.mktemp("fonts"))  # once: its cache takes long to fill


@pytest.fixture(scope="module", params=["own fonts", "none alike"])
def fonts(request) -> str:
    return request.param


@pytest.fixture(scope="module", params=[chromium, firefox], ids=lambda start: start.__name__)
def driver(request, fonts, poor_machine, tmp_path_factory) -> Iterator:
    opened = request.param(tmp_path_factory.mktemp("profile"), poor_machine if fonts == "none alike" else {})
    yield opened
    opened.quit()


def wrong_texts(driver, folder: Path, figures: list[str]) -> list[str]:
    """The faults of figures that stand on one page, each with letters of its own."""
    page = folder / "page.html"
    page.write_text(f'<!DOCTYPE html><meta charset="utf-8"><body>{"".join(figures)}</body>', encoding="utf-8")
    driver.get(page.as_uri())
    return driver.execute_async_script(FAULTS)


def test_no_text_of_a_render_leaves_its_place(driver, tmp_path):
    assert len(RENDERS) > 25
    assert wrong_texts(driver, tmp_path, [path.read_text(encoding="utf-8") for path in RENDERS]) == []


@pytest.fixture(scope="module")
def more_figures() -> list[str]:
    """An overview of every variant of the gallery, and of modules where PyTorch is installed, drawn once."""
    names = [variant for network in shipped_names() for variant in members_of(network)[1:]]
    assert len(names) > 60
    figures = [figure_of(name).svg for name in names]
    if importlib.util.find_spec("torch") is not None:
        from tests.figures.test_traced_figures import TRACED, drawn

        figures += [drawn(name).svg for name in TRACED]
    return figures


def test_no_text_of_a_variant_or_of_a_module_leaves_its_place(driver, more_figures, tmp_path):
    assert wrong_texts(driver, tmp_path, more_figures) == []


def test_without_our_fonts_texts_would_run_into_each_other(driver, fonts, tmp_path):
    """The check sees what it is for: where no font is like ours, and none is embedded."""
    if fonts == "own fonts":
        pytest.skip("this machine may have fonts like ours")
    assert wrong_texts(driver, tmp_path, [figure_of("conv_stack", fonts="system").svg])
