"""Commands on pages that are written by hand: all are ones that the parser takes, and the quick ones run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from archgraph.cli import main
from archgraph.cli.program import COMMANDS, program

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NOT_HERE = re.compile(
    r"\b(timm|torchvision|hf):|plans\.json|model\.(pt2|onnx)|\bmypkg\b|\b(main|HEAD~1):|\.(png|pdf)\b|--watch|\bFILE\b"
)
"""What only its reader has: other libraries, files, revisions; and what never ends."""
LONG = re.compile(r"--(frontier|largest)\b|^archgraph (growth|verify|trace)\b")
"""What searches for a while, or needs PyTorch: tests of its own hold it."""


def commands(page: Path) -> list[str]:
    """The lines of a page's shell blocks that call archgraph, without comments, continued lines joined."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [each for line in lines for each in line.split("&&") if each.strip().startswith("archgraph ")]


SHOWN = list(dict.fromkeys((page.stem, line.strip()) for page in PAGES for line in commands(page)))
QUICK = [pair for pair in SHOWN if not NOT_HERE.search(pair[1]) and not LONG.search(pair[1])]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files that pages tell their readers to save."""
    tiny = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert tiny is not None
    for name in ("tiny.yaml", "mine.yaml"):
        (tmp_path / name).write_text(tiny[1], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_pages_show_commands():
    assert {"README", "figures", "models", "serving", "what-fits"} <= {page for page, _ in SHOWN}
    assert {"README", "figures", "serving"} <= {page for page, _ in QUICK}


@pytest.mark.parametrize(("page", "line"), SHOWN, ids=lambda part: part[:50])
def test_a_command_on_a_page_has_options_that_there_are(page, line):
    program(COMMANDS).parse_args(shlex.split(line, comments=True)[1:])


@pytest.mark.slow
@pytest.mark.parametrize(("page", "line"), QUICK, ids=lambda part: part[:50])
def test_a_command_on_a_page_runs(page, line, folder, capsys):
    pytest.importorskip("numpy")
    if " new mine.yaml" in line:
        (folder / "mine.yaml").unlink()
    status = main(shlex.split(line, comments=True)[1:])
    said = capsys.readouterr()
    # A run that does not fit ends with 1 as well, and its report says so.
    assert status == 0 or (status == 1 and "does not fit" in said.out + said.err), said.err
    assert "Error" not in said.err
