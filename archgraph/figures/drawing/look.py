"""How a finished drawing looks and is stored: theme, what is behind it, fonts, and the density of its pixels."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from archgraph.data.figure_words import BACKGROUNDS, FONTS, HIGHEST_DPI, LOWEST_DPI, PALETTES, THEMES
from archgraph.errors import QueryError, not_among, quoted
from archgraph.figures.drawing.style import NARROWEST, RAMP, luminance, page_height, page_width

_MOST_COLORS = 9
DARK_PAGE = "#0f1114"
SLIDE_SCALE, SLIDE_WIDTH, SLIDE_HEIGHT = 2.0, 12.3 * 72, 7.5 * 72
"""How much larger a slide is drawn than a page; its width without margins, and its height, in points."""


@dataclass(frozen=True)
class Look:
    """How a drawing looks and is stored.

    Attributes:
        theme: one of `THEMES`.
        background: one of `BACKGROUNDS`, or nothing for the one of the theme.
        fonts: one of `FONTS`.
        dpi: dots per inch of a PNG.
        palette: the colours of the scale, from light to dark.
    """

    theme: str = "paper"
    background: str | None = None
    fonts: str = "embed"
    dpi: int = 300
    palette: tuple[str, ...] = RAMP


def checked_look(
    theme: str = "paper",
    background: str | None = None,
    fonts: str = "embed",
    dpi: int = 300,
    palette: str | Iterable[str] = "ocean",
) -> Look:
    """Check and collect how a drawing looks.

    Args:
        theme: ``"paper"``; ``"slides"``, twice as large; or ``"dark"``, light on dark.
        background: ``"white"``, ``"paper"`` (a warm white) or ``"transparent"``; by default the page of the theme.
        fonts: ``"embed"`` (the letters that are used come with the drawing), ``"outlines"`` (letters are shapes, for
            programs that read no embedded fonts) or ``"system"`` (fonts of the machine that shows it).
        dpi: dots per inch of a PNG.
        palette: the scale of colours: one of `PALETTES`, or two to nine colours ``#rrggbb`` that get darker.

    Raises:
        QueryError: an unknown theme, background, way of fonts or palette, colours that are no scale, or a density
            that cannot be drawn.

    >>> checked_look(theme="dark").fonts
    'embed'
    """
    for what, name, known in (("theme", theme, THEMES), ("way of fonts", fonts, FONTS)):
        if name not in known:
            raise not_among(what, name, known)
    if background is not None and background not in BACKGROUNDS:
        raise not_among("background", background, BACKGROUNDS)
    if theme == "dark" and background not in (None, "transparent"):
        raise QueryError(
            f"the theme dark is light on dark, and the background {background} is light", hint="leave it out"
        )
    if isinstance(dpi, bool) or not isinstance(dpi, int) or not LOWEST_DPI <= dpi <= HIGHEST_DPI:
        raise QueryError(f"dpi must be a whole number from {LOWEST_DPI} to {HIGHEST_DPI}, and is {dpi!r:.40}")
    return Look(theme, background, fonts, dpi, _scale(palette))


def _scale(palette: str | Iterable[str]) -> tuple[str, ...]:
    """The colours of a palette, which must get darker: what is more would not stand out more."""
    if isinstance(palette, str):
        if palette not in PALETTES:
            raise not_among("palette", palette, PALETTES)
        return PALETTES[palette]
    colors = tuple(map(checked_color, palette))
    if not 2 <= len(colors) <= _MOST_COLORS:
        raise QueryError(f"a palette has 2 to {_MOST_COLORS} colours, and {len(colors)} are given")
    for light, dark in pairwise(colors):
        if luminance(light) <= luminance(dark):
            raise QueryError(f"a palette gets darker, and {dark} is not darker than {light}")
    return colors


def checked_color(color: object) -> str:
    """Return a colour as ``#rrggbb``.

    Raises:
        QueryError: it is none.

    >>> checked_color("#F0c")
    '#ff00cc'
    """
    text = str(color).lower()
    if not re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})", text, re.ASCII):
        raise QueryError(f"cannot read the colour {quoted(color)}", hint="a colour is #rrggbb or #rgb, such as #1f5fa8")
    return text if len(text) == 7 else "#" + "".join(2 * one for one in text[1:])


def width_before_scaling(width: str, venue: str, theme: str) -> str:
    """Return the width at which a figure is laid out, from the one it shall have.

    >>> width_before_scaling("text", "icml", "paper"), width_before_scaling("10in", "icml", "slides")
    ('text', '360pt')
    """
    if theme != "slides":
        return width
    whole = SLIDE_WIDTH if width == "auto" else page_width(width, venue)
    return f"{whole / SLIDE_SCALE:.9g}pt"


def height_before_scaling(height: str | None, width: str, theme: str) -> str | None:
    """Return the most that a figure is laid out high, from what it shall be.

    What spans a slide ends with it; what has a width of its own may be as high as a page.

    >>> height_before_scaling("5in", "auto", "paper"), height_before_scaling("5in", "text", "slides")
    ('5in', '180pt')
    >>> height_before_scaling(None, "auto", "slides"), height_before_scaling(None, "text", "slides")
    ('270pt', None)
    """
    if theme != "slides" or (height is None and width != "auto"):
        return height
    whole = SLIDE_HEIGHT if height is None else page_height(height)
    return f"{max(whole / SLIDE_SCALE, NARROWEST):.9g}pt"
