"""Every picture in renders/ is drawn again, and each law on it read back; a picture that nobody reads is found."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from unittest.mock import patch

import pytest
from cli_examples import FILES, USES
from cli_pages import PICTURES as REFERENCE
from cli_pages import SHOWN
from figure_options import CONTRASTS as OPTIONS_OF_SEVERAL
from figure_options import PICTURES as OPTIONS
from generate import CONTRASTS, TEMPLATES
from run_page import FENCE
from shell import Shell

from archgraph.figures.drawing.diagram import Claim
from archgraph.figures.figure import Figure
from archgraph.spec.load import shipped_names
from tests.figures.law_reader import SIGNED, false_laws, is_true, printed_laws

RENDERS = Path(__file__).parents[2] / "renders"
WITHOUT_LAWS = ("rooms", *(f"{name}{language}" for name in ("growth-paths", "what-fits") for language in ("", ".zh")))
"""Of the package itself, and charts of published numbers."""


def commands() -> Iterator[tuple[str, str]]:
    """The pictures of pages by their place below renders/, with the command that draws each."""
    for command in SHOWN:
        for _, use in USES[command]:
            if use.endswith(".svg"):
                yield f"{REFERENCE}/{use.split()[-1]}", f"archgraph {use}"
    for page in TEMPLATES.glob("*/*.md.in"):
        for language, _, _, body in FENCE.findall(page.read_text(encoding="utf-8")):
            for line in body.splitlines() if language == "sh" else ():
                if found := re.search(r"-o (\S+\.svg)", line):
                    yield f"{Path(page.stem).stem}/{found[1]}", line


COMMANDS = dict(commands())


def made_before(place: str) -> list[str]:
    """The commands of a page that write a spec, before the one that draws it."""
    folder = place.split("/")[0]
    pages = [] if folder == REFERENCE else TEMPLATES.glob(f"*/{folder}.md.in")
    lines = [
        line
        for page in pages
        for language, _, _, body in FENCE.findall(page.read_text(encoding="utf-8"))
        if language == "sh"
        for line in body.splitlines()
    ]
    return (
        [line for line in lines[: lines.index(COMMANDS[place])] if line.startswith("archgraph new ")] if lines else []
    )


def files_of(place: str) -> dict[str, str]:
    """The files that the commands of a page read."""
    folder = place.split("/")[0]
    if folder == REFERENCE:
        return FILES
    (page,) = TEMPLATES.glob(f"*/{folder}.md.in")
    return {title: body for _, title, _, body in FENCE.findall(page.read_text(encoding="utf-8")) if title}


@contextmanager
def own_modules(files: Iterable[str]) -> Iterator[None]:
    """Import the modules among some files anew, and forget them: other tests have some of the same name."""
    names = [Path(title).stem for title in files if title.endswith(".py")]
    before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(before)


@lru_cache(maxsize=64)
def drawn(place: str, folder: Path) -> Figure:
    """The figure that a command writes, while it still knows what it is of."""
    command = COMMANDS[place]
    if any(word in command for word in ("nets:", "mynet:")):
        pytest.importorskip("torch")
    # Files of several pages may have one name.
    folder = folder / place.split("/")[0]
    folder.mkdir(exist_ok=True)
    written: list[Figure] = []
    files = files_of(place)
    saves = patch.object(Figure, "save", lambda figure, path: written.append(figure) or Path(os.fspath(path)))
    with saves, own_modules(files):
        for line in (*made_before(place), command):
            Shell(folder, files).run(line, status=None)
    (figure,) = written
    return figure


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where commands run."""
    return tmp_path_factory.mktemp("pages")


@pytest.mark.dot
@pytest.mark.parametrize("place", COMMANDS)
def test_every_law_of_a_picture_is_true_and_would_be_missed(place, folder):
    figure = drawn(place, folder)
    networks = [facts.network for facts in figure._facts]
    assert false_laws(figure, *networks) == []
    for printed in printed_laws(figure.diagram):
        other = replace(printed, claim=Claim(printed.claim.metric, 2 * printed.claim.law + 1))
        assert not any(is_true(facts, other) for facts in figure._facts), printed.text


@pytest.mark.dot
@pytest.mark.parametrize("place", COMMANDS)
def test_the_picture_on_the_page_is_the_one_that_was_read(place, folder):
    assert (RENDERS / place).read_text(encoding="utf-8") == drawn(place, folder).svg


def test_pictures_of_one_network_say_laws(folder):
    """Nothing is read back where nothing is printed."""
    one = [
        place for place, line in COMMANDS.items() if " draw " in line and "nets:" not in line and "mynet:" not in line
    ]
    assert [place for place in one if not list(printed_laws(drawn(place, folder).diagram))] == []


def test_every_picture_is_read_by_a_test():
    read = {f"{name}.svg" for name in (*shipped_names(), *CONTRASTS, *WITHOUT_LAWS)}
    read |= {f"options/{name}.svg" for name in (*OPTIONS, *OPTIONS_OF_SEVERAL)} | set(COMMANDS)
    assert read == {path.relative_to(RENDERS).as_posix() for path in RENDERS.rglob("*.svg")}


@pytest.mark.parametrize("name", WITHOUT_LAWS)
def test_charts_that_no_test_reads_print_no_law(name):
    texts = re.findall(r"<text.*?</text>", (RENDERS / f"{name}.svg").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert texts and not any(SIGNED.match(re.sub(r"<[^>]*>", "", text).strip()) for text in texts)
