"""What all tests share: golden files, the option to write them anew, and not to run twice what passed elsewhere."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import pytest

NETWORKS = (
    *(
        "torch_modules",
        "real_models",
        "peer_networks",
        "plain_networks",
        "plain_volumes",
        "recorded_modules",
        "masked_attention",
        "onnx_models",
    ),
    *(
        "handler_rows",
        "saved_storage_rows",
        "perturbing",
        "random_program",
        "grammar_state",
        "random_modules",
        "positive_structure",
    ),
    *(
        "steps_attention",
        "steps_layers",
        "steps_moves",
        "steps_shapes",
        "steps_values",
        "steps_vacancies",
        "answers",
        "shrinking",
    ),
    *("outlined_modules", "onnx_rows", "plain_edm2", "sharing_modules", "traces"),
)
"""The helper modules that are networks of PyTorch: without it their examples cannot even be collected."""

MOST_SHARED = 192
"""Networks that the tests of a worker share: those of the gallery with all variants follow each other in many files."""
if find_spec("hypothesis"):
    import hypothesis

    hypothesis.settings.register_profile("no clock", deadline=None)
    hypothesis.settings.load_profile("no clock")

collect_ignore_glob = [] if find_spec("torch") else ["*/corpora/*.py", *(f"*/{name}.py" for name in NETWORKS)]


AGAIN = ("tests/test_import.py",)
"""Files whose tests say that PyTorch is not loaded: only where it is installed do they say much."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--overwrite`, `--passed-to` and `--without`."""
    parser.addoption("--overwrite", action="store_true", help="write golden files anew instead of comparing with them")
    parser.addoption("--passed-to", metavar="FILE", help="write down which tests passed")
    parser.addoption("--without", metavar="FILE", help="leave out the tests that passed elsewhere, as written down")


passed: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note a test that passed; with workers, this runs in the process that they report to."""
    if report.when == "call" and report.passed:
        passed.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write down what passed."""
    file = session.config.getoption("--passed-to")
    if file and not hasattr(session.config, "workerinput"):
        Path(file).write_text("\n".join(passed), encoding="utf-8")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what passed elsewhere."""
    file = config.getoption("--without")
    known = set(Path(file).read_text(encoding="utf-8").splitlines()) if file else set()
    skipped = [item for item in items if item.nodeid in known and not item.nodeid.startswith(AGAIN)]
    if skipped:
        config.hook.pytest_deselected(items=skipped)
        gone = set(skipped)
        items[:] = [item for item in items if item not in gone]


def pytest_collection_finish() -> None:
    """Share what tests make: networks are traced once, and what was imported is not looked through for garbage.

    Expressions are many and hardly ever garbage, of which the search took a tenth of the time.
    """
    from archgraph.spec import source

    source._traced = lru_cache(maxsize=MOST_SHARED)(source._traced.__wrapped__)
    gc.collect()
    gc.freeze()
    gc.set_threshold(500_000)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Keep the tests of one network together where groups are asked for."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from tests.by_network import ByNetwork

    return ByNetwork(config, log)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """A function that compares text with a file literally, or writes the file with `--overwrite`."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--overwrite"):
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"no golden file {path.name}: run pytest --overwrite and read what it writes"
        assert text == path.read_text(encoding="utf-8")

    return compare


def pytest_configure() -> None:
    """Let the interpreters that tests start find this checkout first, installed or not, and all of them hear Ctrl-C."""
    # A shell that runs the tests in the background has them ignore Ctrl-C, and all that they start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    root, others = str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")
    if root not in others.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, others]))
