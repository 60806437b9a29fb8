"""How wide a text is, by the shipped fonts: no renderer is asked, and none may set it otherwise."""

import unicodedata
from functools import cache, lru_cache

from archgraph.figures.fonts.typeface import FACES, Face, typeface

#: Height of capitals and depth of descenders, as fractions of the font size (the largest of the four faces).
ASCENT, DESCENT = 0.73, 0.22

_UNKNOWN = 780
_IDEOGRAPH = 1000


# A figure asks for the same words again and again: on every trial of a layout, and at every check of one.
@lru_cache(maxsize=1 << 14)
def text_width(text: str, face: Face = "sans", size: float = 1000.0) -> float:
    """Width of one line of text, without kerning.

    Args:
        text: the characters, any Unicode.
        face: ``"sans"``, ``"bold"``, ``"serif"`` or ``"italic"``, as wide as Helvetica, Helvetica-Bold, Times-Roman and
            Times-Italic.
        size: font size; the width is in the same unit.

    Raises:
        ValueError: if the face is unknown.

    >>> text_width("AV", "sans")
    1334.0
    >>> text_width("2 × 2", "serif", 10)
    20.64
    """
    widths = _table(face)
    return sum(widths[c] if c in widths else _other_width(widths, c) for c in text) * size / 1000.0


@cache
def _table(face: Face) -> dict[str, int]:
    if face not in FACES:
        raise ValueError(f"unknown face {face!r} (must be one of {', '.join(FACES)})")
    font = typeface(face)
    return {character: font.advances[glyph] for character, glyph in font.glyphs.items()}


def _other_width(widths: dict[str, int], character: str) -> int:
    """Accented letters are as wide as their base; what is not known is taken as wide as it may be."""
    if unicodedata.combining(character):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return _IDEOGRAPH
    return widths.get(unicodedata.normalize("NFD", character)[0], _UNKNOWN)
