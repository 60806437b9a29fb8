"""How a finished drawing looks and is stored: theme, what is behind it, fonts, and the density of its pixels."""

from dataclasses import dataclass
from typing import TypedDict

from archgraph.errors import QueryError, not_among
from archgraph.figures.drawing.style import page_width

FONTS = ("embed", "outlines", "system")
BACKGROUNDS = {"white": "#ffffff", "paper": "#fbf8f1", "transparent": "none"}
THEMES = ("paper", "slides", "dark")
DARK_PAGE = "#0f1114"
SLIDE_SCALE, SLIDE_WIDTH, SLIDE_HEIGHT = 2.0, 12.3 * 72, 7.5 * 72
"""How much larger a slide is drawn than a page; its width without margins, and its height, in points."""
LOWEST_DPI, HIGHEST_DPI = 36, 1200


@dataclass(frozen=True)
class Look:
    """How a drawing looks and is stored.

    Attributes:
        theme: one of `THEMES`.
        background: one of `BACKGROUNDS`, or nothing for the one of the theme.
        fonts: one of `FONTS`.
        dpi: dots per inch of a PNG.
    """

    theme: str = "paper"
    background: str | None = None
    fonts: str = "embed"
    dpi: int = 300


class LookKeywords(TypedDict):
    """A look as keywords of `checked_look`, `draw` and `contrast`."""

    theme: str
    background: str | None
    fonts: str
    dpi: int


class ChartKeywords(LookKeywords):
    """A look as keywords of charts of several networks."""

    language: str
    width: str
    venue: str


def checked_look(theme: str = "paper", background: str | None = None, fonts: str = "embed", dpi: int = 300) -> Look:
    """Check and collect how a drawing looks.

    Args:
        theme: ``"paper"``; ``"slides"``, twice as large; or ``"dark"``, light on dark.
        background: ``"white"``, ``"paper"`` (a warm white) or ``"transparent"``; by default the page of the theme.
        fonts: ``"embed"`` (the letters that are used come with the drawing), ``"outlines"`` (letters are shapes, for
            programs that read no embedded fonts) or ``"system"`` (fonts of the machine that shows it).
        dpi: dots per inch of a PNG.

    Raises:
        QueryError: an unknown theme, background or way of fonts, or a density that cannot be drawn.

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
    return Look(theme, background, fonts, dpi)


def width_before_scaling(width: str, venue: str, theme: str) -> str:
    """Return the width at which a figure is laid out, from the one it shall have.

    >>> width_before_scaling("text", "icml", "paper"), width_before_scaling("10in", "icml", "slides")
    ('text', '360pt')
    """
    if theme != "slides":
        return width
    whole = SLIDE_WIDTH if width == "auto" else page_width(width, venue)
    return f"{whole / SLIDE_SCALE:.9g}pt"
