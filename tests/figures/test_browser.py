"""The interactive page in a real Chromium without a network: numbers against Python, folding, lit paths, no error."""

import json
import re
import shutil
from collections.abc import Iterator
from urllib.parse import quote

import pytest

import archgraph as ag
from archgraph.errors import printable
from tests.figures.gallery_pages import every_network, figure_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None or DRIVER is None, reason="needs Chromium and chromedriver"),
]
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,900",
           "--host-resolver-rules=MAP * ~NOTFOUND")  # fmt: skip

CELLS = """
return [...document.querySelectorAll(arguments[0])].filter(row => row.checkVisibility()).flatMap(row =>
  [...row.querySelectorAll('td[data-metric]')].map(cell => [row.dataset.name, cell.dataset.metric, cell.innerText]));
"""


@pytest.fixture(scope="session")
def chromium(tmp_path_factory) -> Iterator:
    """One browser for all tests; no name resolves, so that nothing can come from elsewhere."""
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def page(chromium, tmp_path) -> Iterator:
    """Opens a figure; at the end the console must be silent and no request may leave the machine."""

    def opened(figure, anchor: str = ""):
        path = figure.save(tmp_path / "x.html")
        chromium.get("about:blank")
        chromium.get_log("performance")
        chromium.get(f"{path.as_uri()}#{anchor}")
        return chromium

    yield opened
    assert chromium.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in chromium.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert asked and not [url for url in asked if url.startswith(("http", "ws", "//"))]


def find(driver, css: str):
    return driver.find_elements("css selector", css)


def cells(driver, body: str = "tbody") -> dict[tuple[str, str], str]:
    """The visible numbers of the table by row and metric."""
    shown = driver.execute_script(CELLS, f"{body} tr")
    return {(row, metric): text for row, metric, text in shown}


def press(driver, css: str, keys: str) -> None:
    find(driver, css)[0].send_keys(keys)


def box(driver, name: str):
    """The box of that name that is shown."""
    quoted = json.dumps(name)
    return next(one for one in find(driver, f"[aria-label={quoted}][data-box]") if one.is_displayed())


def double_click(driver, element) -> None:
    from selenium.webdriver import ActionChains

    ActionChains(driver).double_click(element).perform()


def anchor(**values: int) -> str:
    return "&".join(f"{quote(name)}={value}" for name, value in values.items())


CASES = [
    ("unet", {}),
    ("unet", {"C": 48, "H": 700}),
    ("dit", {"D": 3072, "L": 9007, "S": 128}),
    ("vit", {"D": 1032, "H": 384, "W": 384}),
    ("sd", {"C": 128}),
]


@pytest.mark.parametrize(("name", "values"), CASES)
def test_numbers_are_those_of_python(page, name, values):
    g = ag.load(name)
    found = cells(page(g.draw(), anchor(**values)))
    numbers = g.at(**values)
    assert found["all", "params"] == f"{numbers.params:,}" and found["all", "macs"] == f"{numbers.macs:,}"
    for stage in ("enc(0)", "bottleneck", "dec(2)") if name == "unet" else ():
        assert found[stage, "params"] == f"{numbers[stage].params:,}"
        assert found[stage, "macs"] == f"{numbers[stage].macs:,}"
    assert len(found) > 6


def test_a_slider_is_moved_by_hand(page):
    """One step of C with the arrow key, then typing: both give what Python computes."""
    g = ag.load("unet")
    driver = page(g.draw())
    slider = next(
        one for one in find(driver, "#symbols input[type=range]") if one.get_attribute("aria-label")[0] == "C"
    )
    slider.send_keys("\ue014")  # arrow right
    assert cells(driver)["all", "params"] == f"{g.at(C=65).params:,}"
    assert slider.get_attribute("aria-valuetext") == "65"
    assert f"params {g.at(C=65).params:,}, macs " in find(driver, "#told")[0].get_attribute("textContent")
    number = next(one for one in find(driver, "#symbols input[type=number]") if one.get_attribute("aria-label") == "C")
    number.clear()
    number.send_keys("32")
    assert cells(driver)["all", "macs"] == f"{g.at(C=32).macs:,}"
    assert not find(driver, "#fixed")[0].is_displayed()
    find(driver, "#reset")[0].click()
    assert cells(driver)["all", "params"] == f"{g.at().params:,}"


def test_boxes_of_a_block_are_its_parts(page):
    """The attention of one DiT block has 4D² + 4D parameters whatever D is."""
    found = cells(page(figure_of("dit"), anchor(D=768)))
    assert found["blocks.attention", "params"] == f"{4 * 768**2 + 4 * 768:,}"


def test_hovering_shows_the_law_and_its_value(page):
    from selenium.webdriver import ActionChains

    driver = page(figure_of("unet"))
    ActionChains(driver).move_to_element(box(driver, "enc(1)")).perform()
    hint = find(driver, "#hint")[0]
    assert hint.is_displayed() and "params = 54·C^2 + 4·C = 221,440" in hint.text and "receptive field" in hint.text


@pytest.mark.parametrize("light", ["enc(1)", "bottleneck"])
def test_a_click_lights_the_path_into_a_box(page, light):
    figure = figure_of("unet")
    driver = page(figure)
    box(driver, light).click()
    names = [one.name for one in figure.diagram.boxes if one.laws]
    dim = {int(one.get_attribute("data-box")) for one in find(driver, ".drawing:not([hidden]) [data-box].dim")}
    lit = [one.name for index, one in enumerate(figure.diagram.boxes) if index not in dim and one.laws]
    assert lit == names[: names.index(light) + 1]
    assert find(driver, "#reads")[0].text.startswith("receptive field")


def test_blocks_fold_and_unfold(page):
    driver = page(figure_of("dit"))
    before = cells(driver)
    assert "blocks.attention" in {row for row, _ in before}
    find(driver, "#fold")[0].click()
    rows = {row for row, _ in cells(driver)}
    assert "blocks" in rows and "blocks.attention" not in rows
    assert cells(driver)["blocks", "params"].replace(",", "") == str(ag.load("dit").at()["blocks"].params)
    double_click(driver, box(driver, "blocks"))
    assert cells(driver) == before
    double_click(driver, box(driver, "blocks.attention"))
    inner = cells(driver)
    assert "Shown: blocks.attention" in find(driver, "#where")[0].text
    parts = [int(text.replace(",", "")) for (row, metric), text in inner.items() if metric == "params" and row != "all"]
    assert sum(parts) == 4 * 1152**2 + 4 * 1152
    find(driver, "#fold")[0].click()
    assert cells(driver) == before


def test_what_is_open_can_be_shared(page):
    driver = page(figure_of("unet"), "open=enc(1)")
    assert {row for row, _ in cells(driver)} >= {"enc(1).conv", "enc(1).conv_2"}


def test_keys_zoom_pan_and_fold(page):
    driver = page(figure_of("dit"))
    svg = ".drawing:not([hidden]) svg"
    before = find(driver, svg)[0].get_dom_attribute("viewBox")
    for key in ("+", "\ue014"):
        press(driver, "body", key)
        assert find(driver, svg)[0].get_dom_attribute("viewBox") != before
    press(driver, "body", "0")
    assert find(driver, svg)[0].get_dom_attribute("viewBox") == before
    press(driver, "body", "f")
    assert find(driver, ".drawing:not([hidden])")[0].get_attribute("data-key") == "folded"


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("unet", {"H": 44}, "must be a whole positive number"),
        ("unet", {"H": 571}, "H must be a multiple of 16 plus 12"),
        ("vit", {"D": 1024}, "D must be a multiple of 12"),
    ],
)
def test_sizes_that_no_network_has(page, name, values, reason):
    with pytest.raises(ag.ArchgraphError):
        assert ag.load(name).at(**values).macs
    driver = page(figure_of(name), anchor(**values))
    assert reason in find(driver, "#wrong")[0].text and cells(driver)["all", "macs"] == "–"


def test_strange_names(page):
    name = "<b>&\"'\u202eדגם 模型"
    text = f"archgraph: 1\nname: {json.dumps(name)}\ninputs: {{x: {{c: 3, n: 16}}}}\nnetwork: [linear: {{out: 4}}]\n"
    driver = page(ag.loads(text).draw())
    assert cells(driver)["all", "params"] == "16" and find(driver, "h1")[0].text == printable(name)


def test_a_contrast_can_be_looked_at(page):
    driver = page(ag.contrast(ag.load("unet"), ag.load("dit"), panels=["stages"]))
    assert find(driver, "#network-1")[0].is_displayed() and find(driver, ".drawing svg")[0].is_displayed()


def drawn(driver) -> list[str]:
    """The texts of the drawing that is shown, run by run."""
    script = """return [...document.querySelectorAll('.drawing:not([hidden]) svg text')].map(text =>
      [...text.children].map(run => run.textContent).join(''))"""
    return driver.execute_script(script)


def written(figure) -> list[str]:
    return ["".join(run.text for run in text.runs) for text in figure.diagram.texts() if text.runs]


@pytest.mark.parametrize(
    ("name", "values"), [("unet", {"C": 48, "H": 700, "W": 700}), ("resnet", {"H": 256, "W": 256})]
)
def test_the_drawing_follows_the_sizes(page, name, values):
    """Numbers, shapes, fields, totals and ticks are those of a figure that Python draws at these values."""
    driver = page(figure_of(name, values=True, width="text"), anchor(**values))
    expected = written(ag.load(name).at(**values).symbolic().draw(values=True, width="text"))
    assert sorted(drawn(driver)) == sorted(expected)
    driver.execute_script("location.hash = ''")
    find(driver, "#reset")[0].click()
    assert sorted(drawn(driver)) == sorted(written(figure_of(name, values=True, width="text")))


def test_a_contrast_follows_the_sizes_of_each_network(page):
    networks = ag.load("conv_stack"), ag.load("vit")
    driver = page(ag.contrast(*networks, panels=["laws"]), "1.C=32&2.D=384")
    found = cells(driver)
    assert found["all of 0", "params"] == f"{networks[0].at(C=32).params:,}"
    assert found["all of 1", "params"] == f"{networks[1].at(D=384).params:,}"
    assert find(driver, "#fixed")[0].is_displayed()


def test_a_page_is_printed_on_one_sheet_and_read_on_a_phone(page):
    from base64 import b64decode

    driver = page(figure_of("dit"))
    sheet = driver.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69})
    assert len(re.findall(rb"/Type\s*/Page\b", b64decode(sheet["data"]))) == 1
    driver.set_window_size(400, 800)
    smallest = driver.execute_script(
        """const svg = document.querySelector('.drawing svg');
        return 7 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;"""
    )
    driver.set_window_size(1400, 900)
    assert smallest >= 10


@every_network
def test_every_page_of_the_gallery(page, name):
    """Opens every drawing of every page: numbers everywhere, and never an error."""
    g = ag.load(name)
    driver = page(figure_of(name))
    for key in [one.get_attribute("data-key") for one in find(driver, ".drawing")]:
        driver.execute_script("location.hash = arguments[0]", f"open={quote(key)}")
        found = cells(driver)
        assert found["all", "params"] == f"{g.at().params:,}"
        assert all(re.fullmatch(r"[\d,]+", text) for text in found.values())
