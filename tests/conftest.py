"""What all tests share: golden files, and the option to write them anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

NETWORKS = ("torch_modules", "real_models", "peer_networks", "plain_networks", "recorded_modules")
"""The helper modules that are networks of PyTorch: without it their examples cannot even be collected."""

collect_ignore_glob = [] if find_spec("torch") else [f"*/{name}.py" for name in NETWORKS]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--overwrite`."""
    parser.addoption("--overwrite", action="store_true", help="write golden files anew instead of comparing with them")


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
    """Let the interpreters that tests start find this checkout first, installed or not."""
    root, others = str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")
    if root not in others.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, others]))
