"""Text widths against known values of Adobe's metrics."""

import pytest

from archgraph.figures.drawing.metrics import FACES, text_width


@pytest.mark.parametrize(
    ("text", "face", "width"),
    [
        ("A", "sans", 667),
        ("W", "sans", 944),
        ("i", "sans", 222),
        ("Hello", "sans", 722 + 556 + 222 + 222 + 556),
        ("A", "bold", 722),
        ("l", "bold", 278),
        ("0123456789", "serif", 5000),
        ("M", "serif", 889),
        ("M", "italic", 833),
        ("=", "italic", 675),
        ("−", "serif", 564),
        ("×", "sans", 584),
        ("", "sans", 0),
    ],
)
def test_known_widths(text, face, width):
    assert text_width(text, face) == width


def test_width_is_proportional_to_size():
    assert text_width("conv 3×3", "sans", 8) == pytest.approx(0.008 * text_width("conv 3×3", "sans"))


def test_accented_letters_are_as_wide_as_their_base():
    assert text_width("é") == text_width("e")
    assert text_width("e\u0301") == text_width("e")


def test_what_is_not_known_is_wide():
    assert text_width("卷") == 1000
    assert text_width("\U0001f600") >= 700


@pytest.mark.parametrize("face", FACES)
def test_every_printable_character_has_a_width(face):
    assert all(text_width(chr(code), face) > 0 for code in range(32, 127))


def test_unknown_face():
    with pytest.raises(ValueError, match="unknown face 'comic' \\(must be one of sans, bold, serif, italic\\)"):
        text_width("a", "comic")
