"""Colours that survive greyscale, and widths of pages."""

import itertools

import pytest

from archgraph.data.figure_words import VENUES
from archgraph.errors import QueryError
from archgraph.figures.drawing.style import ink_on, luminance, mix, page_width, ramp, shade


def test_the_ramp_gets_darker_all_the_way():
    values = [luminance(shade(step / 100)) for step in range(101)]
    assert all(before > after for before, after in itertools.pairwise(values))
    assert values[0] - values[-1] > 0.8


def test_neighbouring_ticks_are_apart_in_greyscale():
    values = [luminance(ramp(share)) for share in (0, 1 / 64, 1 / 16, 1 / 4, 1)]
    assert all(before - after > 0.05 for before, after in itertools.pairwise(values))


@pytest.mark.parametrize("step", range(0, 101, 5))
def test_ink_has_contrast_on_every_colour(step):
    color = shade(step / 100)
    light, dark = sorted((luminance(color), luminance(ink_on(color))), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3.0


def test_mixing():
    assert mix("#102030", "#ffffff", 0) == "#102030"
    assert mix("#102030", "#ffffff", 1) == "#ffffff"


@pytest.mark.parametrize(
    ("width", "venue", "points"),
    [
        ("column", "icml", 234), ("text", "icml", 486), ("text", "neurips", 396), ("column", "acl", 237.6),
        ("3.25in", "icml", 234), ("89mm", "icml", 252.283), ("240pt", "iclr", 240),
    ],
)  # fmt: skip
def test_page_widths(width, venue, points):
    assert page_width(width, venue) == pytest.approx(points)


def test_nature_is_in_millimetres():
    assert [round(points / 72 * 25.4) for points in VENUES["nature"]] == [89, 183]


@pytest.mark.parametrize(
    ("width", "venue", "message"),
    [
        ("column", "vogue", "there is no venue 'vogue'"),
        ("wide", "icml", "cannot read the width 'wide'"),
        ("3 furlongs", "icml", "cannot read the width"),
        ("1mm", "icml", "cannot be drawn"),
        ("99999in", "icml", "cannot be drawn"),
    ],
)
def test_bad_widths(width, venue, message):
    with pytest.raises(QueryError, match=message):
        page_width(width, venue)
