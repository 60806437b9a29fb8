"""The pages of the documentation hold: their specs compile, generated pages are current, the tutorial runs."""

import doctest
import json
import re
from pathlib import Path

import generate
import path_tables
import pytest

import archgraph as ag

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def specs(page):
    blocks = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [block for block in blocks if "network:" in block]


@pytest.mark.parametrize("text", [text for page in PAGES for text in specs(page)])
def test_specs_on_pages_compile(text):
    assert ag.loads(text).at().params > 0


def with_examples():
    """Pages with examples behind a prompt, but those where each stands alone: they have a test of their own."""
    others = {ROOT / "docs" / "reference" / name for name in ("python.md", "answers.md")}
    pages = sorted({*(ROOT / "docs").rglob("*.md")} - others)
    return [page for page in pages if "\n>>> " in page.read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", with_examples(), ids=lambda page: page.stem)
def test_examples_on_pages_run(page):
    path = str(page)
    found = doctest.testfile(path, module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE, encoding="utf-8")
    assert found.attempted > 0 and found.failed == 0


def test_tutorial_runs(capsys):
    pytest.importorskip("numpy")
    notebook = json.loads((ROOT / "docs" / "tutorial.ipynb").read_text(encoding="utf-8"))
    names: dict[str, object] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    assert "Did you mean 'conv'?" in capsys.readouterr().out


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return generate.pages()


GENERATED = ("devices.md", "gallery.md", "ops.md", "other-tools.md", "paths.md", "why.md", "why.zh.md")


@pytest.mark.parametrize("page", [f"docs/{page}" for page in GENERATED])
def test_generated_pages_are_current(page, generated):
    assert (ROOT / page).read_text(encoding="utf-8") == generated[page], "run: python docs/generators/generate.py"


def test_longest_paths_are_their_closed_forms():
    for stack, _, _ in path_tables.LAYERS.values():
        for n in path_tables.SIDES:
            steps, closed_form = stack(n)
            matrix = path_tables.line(steps, n).paths().matrix()
            assert max(hops for row in matrix for hops in row) == closed_form


def test_pages_say_backward_pass():
    """Not 'way back', a word of the code that the glossary explains."""
    pages = [
        ROOT / "README.md",
        ROOT / "CHANGELOG.md",
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "docs" / "tutorial.ipynb",
    ]
    told = re.compile(r"\b(on|for|of) the way back\b")
    assert not [path.name for path in pages if told.search(path.read_text(encoding="utf-8"))]
