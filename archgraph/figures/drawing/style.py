"""How things look: the ramp of locality, faces and sizes, venues, and the wording for operations."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

from archgraph.data.figure_words import PALETTES, VENUES
from archgraph.errors import QueryError, not_among, quoted

RAMP = PALETTES["ocean"]

FRAME, HAIR, LINE, HEAVY = "#333333", 0.5, 0.75, 1.2
DECK, DECK_EDGE, PANEL, SIDE_FILL = "#fafafa", "#6b6b6b", "#f5f5f5", "#f2f2f2"
SKIP, GRID = "#555555", "#b8b8b8"

NARROWEST, WIDEST = 100.0, 3000.0
_UNITS = {"in": 72.0, "pt": 1.0, "mm": 72 / 25.4, "cm": 72 / 2.54, "px": 0.75}

#: Smallest text and thinnest line that print, in points.
SMALLEST_TEXT, THINNEST_LINE = 7.0, 0.5


@dataclass(frozen=True)
class TextSizes:
    """Font sizes in points."""

    title: float = 8.0
    body: float = 7.5
    small: float = 7.0
    heading: float = 9.0


SIZES = TextSizes()


def page_width(width: str = "text", venue: str = "icml") -> float:
    """Width of a figure in points.

    Args:
        width: ``"column"``, ``"text"`` or a length such as ``"3.25in"``, ``"89mm"``, ``"240pt"``.
        venue: ``"icml"``, ``"neurips"``, ``"iclr"``, ``"acl"`` or ``"nature"``.

    Raises:
        QueryError: the venue is unknown, or the length cannot be read or drawn.

    >>> page_width("column"), page_width("text", "neurips"), page_width("50.8mm")
    (234.0, 396.0, 144.0)
    """
    if venue not in VENUES:
        raise not_among("venue", venue, VENUES)
    if width in ("column", "text"):
        return VENUES[venue][width == "text"]
    return _length("width", width, "column, text, or ")


def page_height(height: str) -> float:
    """The most that a drawing shall be high, in points.

    Raises:
        QueryError: the length cannot be read or drawn.

    >>> page_height("4in")
    288.0
    """
    return _length("height", height, "")


def _length(what: str, given: str, others: str) -> float:
    match = re.fullmatch(r"\s*(\d{1,300}(?:\.\d{1,300})?)\s*([a-z]+)\s*", str(given), re.ASCII)
    if not match or match[2] not in _UNITS:
        hint = f"{others}a positive length such as 3.25in ({', '.join(_UNITS)})"
        raise QueryError(f"cannot read the {what} {quoted(given)}", hint=hint)
    points = round(float(match[1]) * _UNITS[match[2]], 3)
    if not NARROWEST <= points <= WIDEST:
        least, most = (f"{float(f'{bound / _UNITS[match[2]]:.3g}'):g}{match[2]}" for bound in (NARROWEST, WIDEST))
        raise QueryError(f"the {what} {quoted(given)} cannot be drawn: it must be between {least} and {most}")
    return points


class OnScale(str):
    """A colour that was taken from the scale of a figure: another palette takes its own one from the same place."""

    remade: Callable[[Sequence[str]], str]


def recolored(color: str, palette: Sequence[str]) -> str:
    """The colour that stands in its place in another palette; colours that are on no scale stay.

    >>> recolored(ramp(1.0), ("#ffffff", "#ff0000")), recolored("#333333", ("#ffffff", "#ff0000"))
    ('#ff0000', '#333333')
    """
    return color.remade(palette) if isinstance(color, OnScale) else color


def _on_scale(remade: Callable[[Sequence[str]], str]) -> OnScale:
    color = OnScale(remade(RAMP))
    color.remade = remade
    return color


def ramp(fraction: float) -> str:
    """Colour of a field that covers ``fraction`` of the side of the input.

    >>> ramp(0.0), ramp(1.0), ramp(7.0)
    ('#ffffd2', '#081d58', '#081d58')
    """
    return shade(sqrt(min(max(fraction, 0.0), 1.0)))


def shade(t: float) -> str:
    """Colour at ``t`` (0 to 1) along the ramp."""

    def remade(palette: Sequence[str]) -> str:
        place = min(max(t, 0.0), 1.0) * (len(palette) - 1)
        low = min(int(place), len(palette) - 2)
        return _mixed(palette[low], palette[low + 1], place - low)

    return _on_scale(remade)


def mix(first: str, second: str, share: float) -> str:
    """Blend two ``#rrggbb`` colours; ``share`` belongs to the second.

    >>> mix("#000000", "#ffffff", 0.5)
    '#808080'
    """
    if isinstance(first, OnScale) or isinstance(second, OnScale):
        return _on_scale(lambda palette: _mixed(recolored(first, palette), recolored(second, palette), share))
    return _mixed(first, second, share)


def _mixed(first: str, second: str, share: float) -> str:
    pairs = ((int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def luminance(color: str) -> float:
    """Relative luminance (0 black to 1 white) of a ``#rrggbb`` colour, as a greyscale printer sees it."""
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ink_on(color: str) -> str:
    """Black or white, whichever reads better on that colour."""
    if isinstance(color, OnScale):
        return _on_scale(lambda palette: ink_on(recolored(color, palette)))
    return "#000000" if luminance(color) > 0.179 else "#ffffff"
