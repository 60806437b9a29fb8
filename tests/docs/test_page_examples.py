"""Python on pages runs as a reader would run it: the reference with the lines that it names, each page from its top."""

from __future__ import annotations

import ast
import doctest
import re
from pathlib import Path

import pytest

import archgraph as ag

ROOT = Path(__file__).parents[2]
PRELUDE = "import archgraph as ag\nfrom archgraph import *"
PAGES = [page for page in sorted((ROOT / "docs").glob("*.md")) if page.stem != "models"]
"""All but that of models, whose libraries and files only its reader has."""
NOT_HERE = re.compile(r"\bmodule\b|\.(png|pdf)'")
"""What a statement names that only its reader has, or that a package of another writes."""


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_examples_of_the_reference_run_behind_the_lines_that_it_names(tmp_path, monkeypatch):
    pytest.importorskip("numpy")
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    first, *examples = blocks(ROOT / "docs" / "reference" / "python.md", "pycon")
    assert first.replace(">>> ", "").strip() == PRELUDE
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for number, text in enumerate(examples):
        names: dict[str, object] = {}
        exec(PRELUDE, names)
        runner.run(doctest.DocTestParser().get_doctest(text, names, f"example {number}", "python.md", 0))
    assert runner.tries > 100 and runner.failures == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_on_a_page_runs(page, tmp_path, monkeypatch):
    pytest.importorskip("numpy")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"ag": ag}
    for text in blocks(page, "python"):
        if ">>>" not in text:
            for statement in map(ast.unparse, ast.parse(text).body):
                if not NOT_HERE.search(statement):
                    exec(statement, names)
