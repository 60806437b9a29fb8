"""Tutorials and how-tos: every command stands in one, with what it prints; each shows a picture."""

import re
from pathlib import Path

import pytest

from archgraph.cli.program import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "how-to").glob("*.md")) + sorted((ROOT / "docs" / "tutorials").glob("*.md"))
NO_PICTURE = {"editor"}
"""A page about commands that draw nothing."""
BLOCK = re.compile(r"^```sh\n(.*?)^```\n(.*?)(?=^```sh$|\Z)", flags=re.MULTILINE | re.DOTALL)


def text_of(page):
    return page.read_text(encoding="utf-8")


def test_every_command_stands_in_a_tutorial_or_how_to():
    shown = " ".join(body for page in PAGES for body, _ in BLOCK.findall(text_of(page)))
    assert [command.name for command in COMMANDS if f"archgraph {command.name}" not in shown] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_are_followed_by_what_they_print(page):
    blocks = BLOCK.findall(text_of(page))
    assert blocks and [body for body, after in blocks if not after.startswith("\n```text\n")] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_a_picture_that_is_there(page):
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+\.svg)\)", text_of(page))
    assert (pictures == []) == (page.stem in NO_PICTURE)
    assert all((page.parent / picture).exists() for picture in pictures)
