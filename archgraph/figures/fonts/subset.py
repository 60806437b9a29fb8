"""A font file of a few characters, to be embedded: the same bytes on every machine, which no compressor promises."""

from collections.abc import Iterable
from itertools import accumulate
from struct import pack, unpack

from archgraph.figures.fonts.typeface import Typeface

_CHECKED = 0xB1B0AFBA


def font_subset(font: Typeface, characters: Iterable[str]) -> bytes:
    """Return a TrueType font of those characters that the font has.

    Every character has a glyph of its own, in the order of their numbers, behind the glyph of what is missing.

    >>> from archgraph.figures.fonts.typeface import typeface
    >>> small = Typeface(font_subset(typeface("sans"), "ban"))
    >>> small.glyphs, small.advances[1:]
    ({'a': 1, 'b': 2, 'n': 3}, [556, 556, 556])
    """
    chosen = sorted({character for character in characters if character in font.glyphs and ord(character) < 0xFFFF})
    glyphs = [0, *(font.glyphs[character] for character in chosen)]
    outlines = [_padded(font.outline(glyph), 2) for glyph in glyphs]
    count = len(glyphs)
    tables = {
        "OS/2": _indexed(font.tables["OS/2"], chosen),
        "cmap": _map(chosen),
        "glyf": b"".join(outlines),
        "head": _put(_put(font.tables["head"], 8, bytes(4)), 50, pack(">h", 0)),
        "hhea": _put(font.tables["hhea"], 34, pack(">H", count)),
        "hmtx": b"".join(pack(">Hh", font.advances[glyph], font.bearing(glyph)) for glyph in glyphs),
        "loca": _offsets(outlines),
        "maxp": _put(font.tables["maxp"], 4, pack(">H", count)),
        "name": pack(">HHH", 0, 0, 6),
        "post": font.tables["post"][:32],
    }
    return _file(tables)


def _padded(data: bytes, unit: int = 4) -> bytes:
    return data + bytes(-len(data) % unit)


def _put(table: bytes, place: int, value: bytes) -> bytes:
    return table[:place] + value + table[place + len(value) :]


def _indexed(table: bytes, chosen: list[str]) -> bytes:
    """The table with its first and last character."""
    ends = (ord(chosen[0]), ord(chosen[-1])) if chosen else (0, 0)
    return _put(table, 64, pack(">HH", *ends))


def _offsets(outlines: list[bytes]) -> bytes:
    """Where each outline begins, in pairs of bytes: a figure's text stays below the 128 KiB that this can count."""
    offsets = [0, *accumulate(len(outline) // 2 for outline in outlines)]
    return pack(f">{len(offsets)}H", *offsets)


def _map(chosen: list[str]) -> bytes:
    """Characters to glyphs in format 4: a segment per run of characters that follow each other."""
    segments: list[tuple[int, int, int]] = []
    for glyph, code in enumerate(map(ord, chosen), 1):
        if segments and segments[-1][1] == code - 1:
            segments[-1] = (segments[-1][0], code, segments[-1][2])
        else:
            segments.append((code, code, (glyph - code) % 0x10000))
    segments.append((0xFFFF, 0xFFFF, 1))
    starts, ends, deltas = zip(*segments, strict=True)
    count = len(segments)
    power = count.bit_length() - 1
    head = (4, 16 + 8 * count, 0, 2 * count, 2 << power, power, 2 * count - (2 << power))
    words = (*head, *ends, 0, *starts, *deltas, *[0] * count)
    return pack(">HHHHI", 0, 1, 3, 1, 12) + pack(f">{len(words)}H", *words)


def _file(tables: dict[str, bytes]) -> bytes:
    """The tables behind their directory, with the sums that readers check."""
    power = len(tables).bit_length() - 1
    head = pack(">IHHHH", 0x00010000, len(tables), 16 << power, power, 16 * len(tables) - (16 << power))
    place, directory, body = 12 + 16 * len(tables), b"", b""
    for tag, table in tables.items():
        directory += pack(">4sIII", tag.encode(), _sum(table), place + len(body), len(table))
        body += _padded(table)
    whole = head + directory + body
    start = place + sum(len(_padded(table)) for tag, table in tables.items() if tag < "head")
    return _put(whole, start + 8, pack(">I", (_CHECKED - _sum(whole)) % 2**32))


def _sum(table: bytes) -> int:
    padded = _padded(table)
    return sum(unpack(f">{len(padded) // 4}I", padded)) % 2**32
