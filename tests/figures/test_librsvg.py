"""Every render in librsvg, which reads no embedded font: with fonts like ours no text moves; without, outlines do not.

Its PDF is read back word by word: a word that leaves the page, or runs into another one, is a fault.
"""

import os
import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import pytest
from gallery_pages import figure_of

import archgraph as ag
from tests.figures.test_browser_texts import none_alike

CONVERT, READ = shutil.which("rsvg-convert"), shutil.which("pdftotext")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CONVERT is None or READ is None, reason="needs rsvg-convert and pdftotext"),
]
RENDERS = sorted((Path(__file__).parents[2] / "renders").rglob("*.svg"))
WORD = re.compile(r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>')
SLACK = 1.0


class Word(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float
    text: str


def converted(svg: str, form: str, surroundings: dict[str, str]) -> bytes:
    command = [str(CONVERT), "-f", form]
    return subprocess.run(
        command, input=svg.encode(), capture_output=True, check=True, env=os.environ | surroundings
    ).stdout


def run_into(one: Word, other: Word) -> bool:
    wide = min(one.right, other.right) - max(one.left, other.left)
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    return wide > SLACK and high > 0.5 * min(one.bottom - one.top, other.bottom - other.top)


def wrong_words(svg: str, surroundings: dict[str, str]) -> list[str]:
    pdf = converted(svg, "pdf", surroundings)
    told = subprocess.run([str(READ), "-bbox", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    width = float(re.search(r'<page width="([\d.]+)"', told)[1])
    words = [Word(*map(float, found.groups()[:4]), found[5]) for found in WORD.finditer(told)]
    cut = [f"cut: {word.text}" for word in words if word.left < -SLACK or word.right > width + SLACK]
    return cut + [f"{one.text} | {other.text}" for one, other in combinations(words, 2) if run_into(one, other)]


def has_our_fonts() -> bool:
    return "Liberation" in subprocess.run(["fc-match", "Helvetica"], capture_output=True, text=True).stdout


@pytest.mark.parametrize("path", RENDERS, ids=lambda path: path.stem)
def test_with_fonts_like_ours_no_word_of_a_render_leaves_its_place(path):
    if not has_our_fonts():
        pytest.skip("this machine has no fonts like ours")
    assert wrong_words(path.read_text(encoding="utf-8"), {}) == []


def test_without_our_fonts_words_would_run_into_each_other(tmp_path):
    """The check sees what it is for, and why a figure for librsvg is drawn with outlines."""
    assert wrong_words((RENDERS[0].parent / "unet-vs-dit.svg").read_text(encoding="utf-8"), none_alike(tmp_path))


@pytest.mark.parametrize("name", ["unet", "dit", "swin"])
def test_outlines_are_the_same_without_our_fonts(tmp_path, name):
    svg = figure_of(name, fonts="outlines").svg
    assert converted(svg, "png", {}) == converted(svg, "png", none_alike(tmp_path))


def test_the_contrast_in_outlines_is_the_same_without_our_fonts(tmp_path):
    svg = ag.contrast(ag.load("unet:padded-512"), ag.load("dit"), fonts="outlines").svg
    assert converted(svg, "png", {}) == converted(svg, "png", none_alike(tmp_path))
