"""The start of the playground in Chromium: its first answer against Pyodide's own start, in the same page load."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from table import Row

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "generators")]

import build_playground  # noqa: E402

from tests.web.served import served  # noqa: E402

LOADS = 3
PROMISE = 1.6
"""How long the first answer takes at most, as a multiple of Pyodide's own start, by a browser that is new."""


def rows() -> Iterator[Row]:
    """Yield a row for a browser that is new, and one for the same that loads the page again."""
    folder = ROOT / "build" / "playground"
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        print("-- the start of the playground is not measured: there is no Chromium", file=sys.stderr)
        return
    try:
        build_playground.build(folder)
    except build_playground.NotHereError as missing:
        print(f"-- the start of the playground is not measured: {missing}", file=sys.stderr)
        return
    with served(folder) as address:
        loads = [starts(address) for _ in range(LOADS)]
    for kind, promise in (("new", PROMISE), ("warm", None)):
        start, answer = min((load[kind] for load in loads), key=lambda times: times[1] / times[0])
        question, peer = f"playground: first answer, {kind} browser", f"Pyodide's own start: {start:.1f}"
        yield Row(question, "1.35", f"{answer:.1f}", peer, answer / start, promise=promise)


def starts(address: str) -> dict[str, tuple[float, float]]:
    """Return milliseconds until Python runs and until the first answer, of two loads by one new browser."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    with tempfile.TemporaryDirectory() as profile:
        for option in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", f"--user-data-dir={profile}"):
            options.add_argument(option)
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
        driver.set_script_timeout(120)
        try:
            return {kind: _loaded(driver, address) for kind in ("new", "warm")}
        finally:
            driver.quit()


def _loaded(driver: Any, address: str) -> tuple[float, float]:
    driver.get(address)
    times = driver.execute_async_script(
        "const look = (done) => window.times ? done(window.times) : setTimeout(look, 20, done); look(arguments[0]);"
    )
    return times["started"] - times["begin"], times["answered"] - times["begin"]
