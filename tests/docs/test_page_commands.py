"""Commands on pages that are written by hand: all are ones that the parser takes, and all run.

Those of tutorials, how-tos and the reference run where these pages are generated.
"""

from __future__ import annotations

import csv
import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import memory_table
import pytest

from archgraph.cli import main
from archgraph.cli.program import COMMANDS, program
from tests.docs.readers_files import the_llama_of_the_page, write_files

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LIBRARIES = {
    "hf:": "transformers",
    "plans.json": "dynamic_network_architectures",
    "timm:": "timm",
    "torchvision:": "torchvision",
}
"""What a library of models is named by. The gate has the first alone: the others need torchvision."""
PACKAGES = {r"\.(png|pdf)\b": "typst", r"\b(mypkg|model\.pt2)\b|^archgraph (verify|trace)\b": "torch", "": "numpy"}
"""What else a command needs."""


def sections(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)
    return [re.sub(r" *\\\n *", " ", block) for block in blocks]


def commands(page: Path) -> Iterator[str]:
    """The lines of a page's shell blocks that call archgraph, without comments, continued lines joined."""
    for line in "\n".join(sections(page, "sh")).splitlines():
        for each in line.split("&&"):
            words = shlex.split(each, comments=True)
            if words and words[0] == "archgraph":
                yield shlex.join(words)


def dialogues(page: Path) -> Iterator[tuple[str, list[str]]]:
    """The commands of a page behind a prompt, each with the lines that the page shows of its output."""
    for block in sections(page, "console"):
        for command, output in re.findall(r"^\$ (archgraph .*)\n((?:(?!\$ ).*\n)*)", block, flags=re.MULTILINE):
            yield command, [line for line in output.splitlines() if line != "…"]


SHOWN = sorted({line for page in PAGES for line in commands(page)})
TALKS = [talk for page in PAGES for talk in dialogues(page)]
LONGEST = shlex.join(shlex.split(memory_table.command()))
"""The command of the answer, over all of its networks."""


def marked(line: str, *rest: object):
    library = any(name in line for name in LIBRARIES)
    return pytest.param(line, *rest, marks=pytest.mark.models if library else pytest.mark.slow, id=line[:60])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "mypkg"]:
        del sys.modules[name]


def skip_without_libraries(line: str) -> None:
    for name, library in LIBRARIES.items():
        if name in line:
            pytest.importorskip(library, exc_type=ImportError)
    for pattern, package in PACKAGES.items():
        if re.search(pattern, line):
            pytest.importorskip(package)


def run(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command and return what it printed."""
    skip_without_libraries(line)
    status = main(shlex.split(line)[1:])
    said = capsys.readouterr()
    # A run that does not fit, and a limit that is broken, end with 1 as well, and the report says so.
    told = ("does not fit", "limit broken")
    assert status == 0 or (status == 1 and any(each in said.out + said.err for each in told)), said.err
    assert "Error" not in said.err
    return said.out + said.err


def test_the_pages_show_commands():
    assert len(SHOWN) > 35 and len(TALKS) == 2 and LONGEST in SHOWN
    assert all(any(name in line for line in SHOWN) for name in LIBRARIES)


@pytest.mark.parametrize("line", SHOWN, ids=lambda line: line[:60])
def test_a_command_on_a_page_has_options_that_there_are(line):
    program(COMMANDS).parse_args(shlex.split(line)[1:])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("line", [marked(line) for line in SHOWN if line != LONGEST])
def test_a_command_on_a_page_runs(line, folder, capsys):
    if not line.startswith("archgraph new "):
        skip_without_libraries(line)
        write_files(line, folder)
    run(line, capsys)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("line", "shown"), [marked(*talk) for talk in TALKS])
def test_a_command_behind_a_prompt_prints_what_the_page_shows(line, shown, folder, capsys):
    (folder / "llama.json").write_text(the_llama_of_the_page(), encoding="utf-8")
    printed = run(line, capsys).splitlines()
    assert shown and [text for text in shown if text not in printed] == []


def at_one_point(line: str) -> str:
    """A command that looks at one point of its grid: the last value of each setting."""
    start, over, grid = line.partition(" --over ")
    return start + over + re.sub(r"=[^ ]*,", "=", grid)


@pytest.mark.slow
def test_the_command_of_the_answer_prints_rows_of_the_table_that_the_answer_reads(folder, capsys):
    """At one of its 24 points, for all of its networks: the whole table takes minutes, and its file was made by it."""
    line = at_one_point(LONGEST)
    printed = list(csv.DictReader(run(line, capsys).splitlines()))
    assert "batch=32 peak=live checkpoint=block accumulate=2" in line
    assert len(printed) == len({*memory_table.GROWTHS, *memory_table.ONE_GRID})
    assert [row for row in printed if row not in memory_table.rows()] == []
