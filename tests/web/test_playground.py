"""The playground in a real Chromium, from a folder that a plain server serves and nothing else."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import build_playground
import pytest

import archgraph as ag
from archgraph.spec.shipped import shipped_names
from tests.web.served import served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None or DRIVER is None, reason="needs Chromium and chromedriver"),
]
PATIENCE = 120
"""Seconds within which a page must answer: a limit for what hangs, no measurement."""
LONG = "archgraph: 1\ninputs:\n  x: {c: 3, n: 8}\nnetwork:\n  - for: {i: 0..99999999}\n    do:\n      - relu\n"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    try:
        build_playground.build(ROOT / "build" / "playground")
    except build_playground.NotHereError as missing:
        pytest.skip(f"the playground cannot be built here: {missing}")
    with served(ROOT / "build" / "playground") as page:
        yield page


@pytest.fixture(scope="module")
def driver(tmp_path_factory) -> Iterator:
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,900")
    alone = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"  # nothing can come from elsewhere
    for option in (*flags, alone, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield found
    found.quit()


def until(driver, script, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = driver.execute_script(f"return {script}")
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: {driver.execute_script('return document.body.innerText')[:500]}")


def until_python_runs(driver):
    until(driver, "document.querySelectorAll('#gallery option').length > 1", "the words of the language")
    until(driver, "document.querySelector('tr[data-metric=params]')", "laws")


def write(driver, text):
    driver.execute_script(
        "const s = document.getElementById('spec'); s.value = arguments[0]; s.dispatchEvent(new Event('input'));"
        "document.getElementById('answer').replaceChildren();",
        text,
    )


def tab(driver, name):
    driver.execute_script("document.getElementById('answer').replaceChildren()")
    driver.find_element("css selector", f"[data-tab='{name}']").click()


def test_a_spec_a_typo_a_contrast_and_a_link(driver, address):
    driver.get(f"{address}?patience={1000 * PATIENCE}")
    row = until(driver, "document.querySelector('tr[data-metric=params]')?.innerText", "laws before Python runs")
    begun = ag.loads((ROOT / "docs" / "playground" / "start.yaml").read_text(encoding="utf-8"))
    assert str(begun.params) in row
    assert driver.execute_script("return document.getElementById('status').innerText").startswith("Loading")
    until_python_runs(driver)

    unet = (ROOT / "specs" / "unet.yaml").read_text(encoding="utf-8")
    write(driver, unet)
    row = until(driver, "document.querySelector('tr[data-metric=params]')?.innerText", "laws of a U-Net")
    g = ag.load("unet")
    assert str(g.params) in row and f"{g.at().params:,}" in row

    write(driver, unet.replace("max_pool", "maxpool", 1))
    message = until(
        driver, "!document.getElementById('error').hidden && document.getElementById('error').innerText", "the mistake"
    )
    assert "Did you mean 'max_pool'?" in message
    assert driver.execute_script("return document.querySelector('#marks mark').textContent") == "maxpool"

    write(driver, unet)
    until(
        driver,
        "document.getElementById('error').hidden && document.querySelector('tr[data-metric]')",
        "the repaired spec",
    )
    tab(driver, "figure")
    drawn = until(driver, "document.querySelector('#answer svg')?.outerHTML", "the figure")
    assert drawn.count("<text") == g.draw().svg.count("<text")
    view = "const v = document.getElementById('view'); v.value = arguments[0]; v.onchange({target: v});"
    driver.execute_script("document.getElementById('answer').replaceChildren();" + view, "full")
    drawn = until(driver, "document.querySelector('#answer svg')?.outerHTML", "the figure that Graphviz lays out")
    assert drawn.count("<text") == g.draw(view="full").svg.count("<text")
    driver.execute_script(view, "overview")
    tab(driver, "fits")
    sentence = until(driver, "document.querySelector('#answer caption')?.innerText", "what fits")
    assert g.fits("h100", batch=32).sentence in sentence
    driver.execute_script(
        "const i = document.querySelector('[data-run=batch]'); i.value = 4096; i.dispatchEvent(new Event('input'));"
        "document.getElementById('answer').replaceChildren()"
    )
    sentence = until(driver, "document.querySelector('#answer caption')?.innerText", "what does not fit")
    assert g.fits("h100", batch=4096).sentence in sentence
    tab(driver, "contrast")
    until(driver, "document.querySelector('#answer svg')", "the contrast with a DiT")
    tab(driver, "fields")
    until(driver, "document.querySelector('#answer table')", "the table of fields")
    tab(driver, "what_if")
    until(driver, "document.querySelectorAll('#sliders input').length === 3", "a slider per symbol")
    driver.execute_script(
        "const i = document.querySelector('#sliders [data-name=C] input'); i.value = 32; i.oninput();"
    )
    until(
        driver,
        f"document.getElementById('answer').innerText.includes('{g.at(C=32).params:,}')",
        "the law at the slider",
    )
    tab(driver, "export")
    until(driver, "document.querySelector('#answer pre')?.innerText.startsWith('node,')", "the table to save")

    tab(driver, "fields")
    until(driver, "location.hash.startsWith('#tab=fields')", "the address")
    link = driver.current_url
    driver.get("about:blank")
    driver.get(link)
    until(driver, "document.querySelector('#answer table')", "the same tab from the link")
    assert driver.execute_script("return document.getElementById('spec').value") == unet


def test_an_entry_of_the_gallery_opens(driver, address):
    driver.get("about:blank")
    driver.get(f"{address}#gallery=vgg")
    until(driver, "document.getElementById('gallery').value === 'vgg'", "the gallery")
    assert driver.execute_script("return document.getElementById('spec').value") == (
        ROOT / "specs" / "vgg.yaml"
    ).read_text(encoding="utf-8")
    law = json.dumps(str(ag.load("vgg").params))
    until(driver, f"document.querySelector('tr[data-metric=params]')?.innerText.includes({law})", "its laws")


def test_completion_offers_operations(driver, address):
    driver.get(address)
    until_python_runs(driver)
    write(driver, "archgraph: 1\ninputs:\n  x: {c: 8, n: 8}\nnetwork:\n  - group")
    box = driver.find_element("id", "spec")
    driver.execute_script("arguments[0].setSelectionRange(9999, 9999)", box)
    box.send_keys("_")
    offered = until(driver, "[...document.querySelectorAll('#words li')].map((each) => each.textContent)", "words")
    assert "group_norm" in offered


def test_nothing_stands_beside_the_screen_of_a_phone(driver, address):
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        driver.get(address)
        until(driver, "document.querySelector('tr[data-metric=params]')", "laws")
        assert driver.execute_script("return document.documentElement.scrollWidth") == 390
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_runaway_spec_is_stopped_and_the_next_one_answered(driver, address):
    driver.get(f"{address}?patience=20000")
    until_python_runs(driver)
    write(driver, LONG)
    until(driver, "!document.getElementById('error').hidden", "an answer to a spec that never ends")
    until(driver, "/Stopped|mistake/.test(document.getElementById('status').innerText)", "Python again")
    driver.execute_script("history.replaceState(null, '', location.pathname)")
    write(driver, "archgraph: 1\ninputs:\n  x: {c: 3, n: 8}\nnetwork:\n  - linear: {out: 5}\n")
    row = until(driver, "document.querySelector('tr[data-metric=params]')?.innerText", "the next answer")
    assert "20" in row


def test_nothing_came_from_elsewhere_and_the_console_is_silent(driver, address):
    driver.get(address)
    until_python_runs(driver)
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    origin = address.rsplit("/", 1)[0]
    assert asked and [url for url in asked if url.startswith(("http", "ws", "//")) and not url.startswith(origin)] == []
    assert driver.get_log("browser") == []


@pytest.mark.usefixtures("address")
def test_its_later_python_writes_every_render_byte_by_byte():
    """Figures do not depend on the Python: that of the page is three versions ahead of the oldest one supported."""
    pyodide = build_playground.package(build_playground.PYODIDE)
    playground = ROOT / "build" / "playground"
    options = ROOT / "docs" / "generators" / "figure_options.py"
    command = ["node", str(Path(__file__).with_name("draw.mjs")), *map(str, (pyodide, playground, options))]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert tuple(map(int, found["python"].split(".")[:2])) >= (3, 14)
    pictures = {f"options/{path.stem}" for path in (ROOT / "renders" / "options").glob("*.svg")}
    assert set(found["drawn"]) == {*shipped_names(), "unet-vs-dit", *pictures}
    renders = {name: (ROOT / "renders" / f"{name}.svg").read_text(encoding="utf-8") for name in found["drawn"]}
    assert [name for name in renders if renders[name] != found["drawn"][name]] == []
