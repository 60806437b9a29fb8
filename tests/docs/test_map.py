"""The map of the house holds: every room is on it, every file that it names is there, its picture is a good figure."""

import re
from pathlib import Path

import pytest
import rooms

from archgraph.figures.drawing.geometry import faults
from archgraph.figures.write.svg import to_svg

ROOT = Path(__file__).parents[2]
PAGES = ["architecture.md", "glossary.md", "receptive-fields-exact.md"]


def text(page):
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def test_every_room_has_a_question():
    names = [room for floor in rooms.floors() for room in floor.rooms]
    assert sorted(names) == sorted(rooms.QUESTIONS)


def test_every_room_is_in_the_table():
    rows = text("architecture.md").split("## The rooms", 1)[1].split("\n\n`figures`", 1)[0]
    assert set(rooms.QUESTIONS) <= set(re.findall(r"`(\w+)`", rows))


def test_picture_is_current_and_without_faults():
    drawn = rooms.rooms_diagram()
    assert faults(drawn) == []
    assert "\\x" not in to_svg(drawn)
    assert (ROOT / "renders" / "rooms.svg").read_text(encoding="utf-8") == to_svg(drawn), "run generate.py"


@pytest.mark.parametrize("page", PAGES)
def test_files_that_pages_name_exist(page):
    named = re.findall(r"`((?:archgraph|docs|specs)/[\w/.-]*)`", text(page))
    named += re.findall(r"`((?:spec|graph|fields|cost|figures|pytorch|outline|ops|sizes|laws)/[\w/.]*)`", text(page))
    links = re.findall(r"\]\(([\w/.-]+)\)", text(page))
    missing = [name for name in named if not ((ROOT / name).exists() or (ROOT / "archgraph" / name).exists())]
    missing += [link for link in links if not (ROOT / "docs" / link).exists()]
    assert missing == []
