"""The shipped fonts: which glyph a character has, how wide it is, and its outline as the font file keeps it.

The files are made by `docs/generators/fonts.py`: in thousandths of the font size, no glyph is composed of others.
"""

from functools import cache
from importlib.resources import files
from itertools import pairwise
from struct import unpack_from
from typing import Literal

Face = Literal["sans", "bold", "serif", "italic"]

#: Each face with the family, weight and style by which it is asked for.
FACES: dict[Face, tuple[str, int, str]] = {
    "sans": ("Archgraph Sans", 400, "normal"),
    "bold": ("Archgraph Sans", 700, "normal"),
    "serif": ("Archgraph Serif", 400, "normal"),
    "italic": ("Archgraph Serif", 400, "italic"),
}


class Typeface:
    """One font file, read.

    Attributes:
        tables: the tables of the file by their tags.
        glyphs: the glyph of each character that the font has.
        advances: the width of each glyph, in thousandths of the font size.
    """

    def __init__(self, data: bytes) -> None:
        self.tables: dict[str, bytes] = _tables(data)
        self.glyphs: dict[str, int] = _characters(self.tables["cmap"])
        self.advances: list[int]
        self.advances, self._bearings = _widths(self.tables)
        self._places = _places(self.tables)

    def bearing(self, glyph: int) -> int:
        """How far a glyph's ink begins to the right of where the glyph is put."""
        return self._bearings[glyph]

    def outline(self, glyph: int) -> bytes:
        """What the file says of a glyph's outline; nothing for a blank."""
        start, end = self._places[glyph]
        return self.tables["glyf"][start:end]

    def has(self, text: str) -> bool:
        """Whether every character of a text has a glyph."""
        return all(character in self.glyphs for character in text)


@cache
def typeface(face: Face) -> Typeface:
    """Read one of the shipped faces.

    >>> sans = typeface("sans")
    >>> sans.advances[sans.glyphs["W"]], sans.has("Füße"), sans.has("模型")
    (944, True, False)
    """
    return Typeface((files("archgraph.figures.fonts") / "files" / f"{face}.ttf").read_bytes())


def _tables(data: bytes) -> dict[str, bytes]:
    found = {}
    for index in range(unpack_from(">H", data, 4)[0]):
        tag, _, start, length = unpack_from(">4sIII", data, 12 + 16 * index)
        found[tag.decode()] = data[start : start + length]
    return found


def _characters(cmap: bytes) -> dict[str, int]:
    """The map of format 4, which all shipped files have: segments of characters, shifted or looked up."""
    start = next(offset for offset in _encodings(cmap) if unpack_from(">H", cmap, offset)[0] == 4)
    count = unpack_from(">H", cmap, start + 6)[0] // 2
    ends, starts, deltas, ranges = (start + 14 + 2 * count * row + 2 * (row > 0) for row in range(4))
    found = {}
    for index in range(count):
        first, last, delta, offset = (
            unpack_from(">H", cmap, row + 2 * index)[0] for row in (starts, ends, deltas, ranges)
        )
        for code in range(first, last + 1):
            place = ranges + 2 * index + offset + 2 * (code - first)
            glyph = code if offset == 0 else unpack_from(">H", cmap, place)[0]
            if code < 0xFFFF and (glyph := (glyph + delta) % 0x10000 if glyph else 0):
                found[chr(code)] = glyph
    return found


def _encodings(cmap: bytes) -> list[int]:
    return [unpack_from(">I", cmap, 8 + 8 * index)[0] for index in range(unpack_from(">H", cmap, 2)[0])]


def _widths(tables: dict[str, bytes]) -> tuple[list[int], list[int]]:
    """Advances and bearings; what is behind the last advance has the same one."""
    full = unpack_from(">H", tables["hhea"], 34)[0]
    count = unpack_from(">H", tables["maxp"], 4)[0]
    advances = [unpack_from(">H", tables["hmtx"], 4 * min(index, full - 1))[0] for index in range(count)]
    bearings = [
        unpack_from(">h", tables["hmtx"], 4 * index + 2 if index < full else 2 * full + 2 * index)[0]
        for index in range(count)
    ]
    return advances, bearings


def _places(tables: dict[str, bytes]) -> list[tuple[int, int]]:
    """Where the outline of each glyph begins and ends."""
    wide = unpack_from(">h", tables["head"], 50)[0]
    count = unpack_from(">H", tables["maxp"], 4)[0]
    offsets = unpack_from(f">{count + 1}{'I' if wide else 'H'}", tables["loca"])
    return list(pairwise(offset if wide else 2 * offset for offset in offsets))
