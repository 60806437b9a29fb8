"""The outline of a glyph as the path of an SVG, for figures whose text no renderer may set anew."""

from collections.abc import Iterator
from itertools import pairwise
from struct import unpack_from

from archgraph.figures.fonts.typeface import Typeface

_ON, _SHORT_X, _SHORT_Y, _AGAIN, _SAME_X, _SAME_Y = 1, 2, 4, 8, 16, 32
_Point = tuple[float, float, bool]


def glyph_path(font: Typeface, character: str) -> str:
    """Return the path of a character, in thousandths of the font size, y upwards; nothing for a blank.

    >>> from archgraph.figures.fonts.typeface import typeface
    >>> glyph_path(typeface("sans"), "-")
    'M44 227V305H289V227Z'
    """
    outline = font.outline(font.glyphs[character])
    return "".join(_contour(points) for points in _contours(outline)) if outline else ""


def _contours(outline: bytes) -> Iterator[list[_Point]]:
    count = unpack_from(">h", outline)[0]
    ends = unpack_from(f">{count}H", outline, 10)
    place = 12 + 2 * count + unpack_from(">H", outline, 10 + 2 * count)[0]
    flags, place = _flags(outline, place, ends[-1] + 1)
    xs, place = _coordinates(outline, place, flags, _SHORT_X, _SAME_X)
    ys, _ = _coordinates(outline, place, flags, _SHORT_Y, _SAME_Y)
    points = [(float(x), float(y), bool(flag & _ON)) for x, y, flag in zip(xs, ys, flags, strict=True)]
    start = 0
    for end in ends:
        yield points[start : end + 1]
        start = end + 1


def _flags(outline: bytes, place: int, count: int) -> tuple[list[int], int]:
    flags: list[int] = []
    while len(flags) < count:
        flag = outline[place]
        repeats = outline[place + 1] if flag & _AGAIN else 0
        flags += [flag] * (repeats + 1)
        place += 2 if flag & _AGAIN else 1
    return flags, place


def _coordinates(outline: bytes, place: int, flags: list[int], short: int, same: int) -> tuple[list[int], int]:
    """Steps from point to point: a byte with its sign in the flag, two bytes, or none."""
    found, value = [], 0
    for flag in flags:
        if flag & short:
            value += outline[place] if flag & same else -outline[place]
            place += 1
        elif not flag & same:
            value += unpack_from(">h", outline, place)[0]
            place += 2
        found.append(value)
    return found, place


def _contour(points: list[_Point]) -> str:
    """Between two points off the curve lies one on it."""
    whole: list[_Point] = []
    for before, point in zip([points[-1], *points], points, strict=False):
        if not before[2] and not point[2]:
            whole.append(((before[0] + point[0]) / 2, (before[1] + point[1]) / 2, True))
        whole.append(point)
    first = next(index for index, point in enumerate(whole) if point[2])
    whole = whole[first:] + whole[:first]
    return f"M{_n(whole[0][0])} {_n(whole[0][1])}{''.join(_steps(whole))}Z"


def _steps(points: list[_Point]) -> Iterator[str]:
    """The closing line is left to the end of the path, a closing bend is not."""
    bend = None
    ends = points if points[-1][2] else [*points, points[0]]
    for before, (x, y, on) in pairwise(ends):
        if not on:
            bend = f"Q{_n(x)} {_n(y)} "
        elif bend:
            yield f"{bend}{_n(x)} {_n(y)}"
            bend = None
        else:
            yield f"V{_n(y)}" if x == before[0] else f"H{_n(x)}" if y == before[1] else f"L{_n(x)} {_n(y)}"


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
