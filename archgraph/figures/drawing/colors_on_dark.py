"""Colours for a dark page: lightness upside down, hue as it is, so that what stands out on white still does."""

from functools import cache

from archgraph.figures.drawing.oklab import from_oklab, to_oklab

_DARKEST, _LIGHTEST, _BLACK = 0.2, 0.97, 0.2


@cache
def on_dark(color: str) -> str:
    """Return what a ``#rrggbb`` colour of a white page is on a dark one; other words stay as they are.

    Lightness is that of the OKLab space, in which equal steps look equal. All that is darker than ink becomes the
    lightest there is.

    >>> on_dark("#ffffff"), on_dark("#1a1a1a"), on_dark("none")
    ('#161616', '#efefef', 'none')
    """
    if not color.startswith("#"):
        return color
    lightness, a, b = to_oklab(color)
    turned = _DARKEST + min(1.0, (1.0 - lightness) / (1.0 - _BLACK)) * (_LIGHTEST - _DARKEST)
    return from_oklab(turned, a, b)
