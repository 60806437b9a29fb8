"""Python on pages runs as a reader would run it: the reference with the lines that it names, each page from its top."""

from __future__ import annotations

import doctest
import inspect
import re
import sys
from pathlib import Path

import pytest
from example_imports import PRELUDE

import archgraph as ag
from tests.docs.readers_files import write_files

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
REFERENCE = ("python", "answers")
"""Pages whose every example stands alone, behind the imports that the page names."""
NEEDS = {r"\bhf:": "transformers", r"\.(png|pdf)\"": "typst", r"\b(import torch|module)\b": "torch"}
"""What a page needs besides numpy, by what it says; the gate has these libraries in other lanes."""


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def script(page: Path) -> str:
    return "\n".join(text for text in blocks(page, "python") if ">>>" not in text)


def needed(text: str) -> list[str]:
    return [package for pattern, package in NEEDS.items() if re.search(pattern, text)]


def marked(page: Path):
    needs = needed(script(page))
    marks = [pytest.mark.models] if "transformers" in needs else [pytest.mark.slow] if needs else []
    return pytest.param(page, marks=marks, id=page.stem)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "mypkg"]:
        del sys.modules[name]


@pytest.mark.parametrize("name", REFERENCE)
def test_examples_of_the_reference_run_behind_the_lines_that_it_names(name, folder):
    pytest.importorskip("numpy")
    pytest.importorskip("torch")
    pytest.importorskip("pandas")
    first, *examples = blocks(ROOT / "docs" / "reference" / f"{name}.md", "pycon")
    assert first.replace(">>> ", "").strip() == PRELUDE
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for number, text in enumerate(examples):
        names: dict[str, object] = {}
        exec(PRELUDE, names)
        runner.run(doctest.DocTestParser().get_doctest(text, names, f"example {number}", f"{name}.md", 0))
    assert runner.tries > 60 and runner.failures == 0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("page", [marked(page) for page in PAGES if script(page)])
def test_python_on_a_page_runs(page, folder):
    text = script(page)
    for package in ("numpy", *needed(text)):
        pytest.importorskip(package)
    write_files(text, folder)
    names = {"ag": ag, **own_module(text)}
    exec(text, names)
    tests = [call for name, call in names.items() if name.startswith("test_") and inspect.isfunction(call)]
    for call in tests:
        call()
    assert bool(tests) == ("def test_" in text)


def own_module(text: str) -> dict[str, object]:
    """The module of its reader, where a page speaks of one, and an input of it."""
    if not re.search(r"\bmodule\b", text):
        return {}
    import torch

    return {"module": torch.nn.Conv2d(1, 1, 3, padding=1), "example": torch.zeros(1, 1, 8, 8)}
