"""Makes the shipped fonts from Liberation 2 (SIL Open Font License): `python docs/generators/fonts.py FOLDER`.

Needs fontTools, and the folder of the font files of <https://github.com/liberationfonts/liberation-fonts>. The fonts
are changed, so that the licence asks for another name: they are called Archgraph Sans and Archgraph Serif.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fontTools import subset
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.ttLib.scaleUpem import scale_upem

FACES = {"sans": "Sans-Regular", "bold": "Sans-Bold", "serif": "Serif-Regular", "italic": "Serif-Italic"}
STYLES = {"sans": "Regular", "bold": "Bold", "serif": "Regular", "italic": "Italic"}
TARGET = Path(__file__).parents[2] / "archgraph" / "figures" / "fonts" / "files"
CHARACTERS = (
    *range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x384, 0x3CF), *range(0x401, 0x460), *range(0x2010, 0x2027),
    *range(0x2030, 0x203B), *range(0x2070, 0x208F), *range(0x2190, 0x2196), *range(0x2200, 0x2266), 0x2116, 0x2122,
)  # fmt: skip
"""ASCII, the Latin letters of Europe, Greek, Cyrillic, punctuation, arrows, and signs of mathematics."""
TABLES = {"GlyphOrder", "cmap", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "name", "OS/2", "post"}
_COPYRIGHT, _FAMILY, _STYLE, _UNIQUE, _FULL, _VERSION, _POSTSCRIPT, _LICENCE, _ADDRESS = 0, 1, 2, 3, 4, 5, 6, 13, 14
_FLAGS = {"Regular": (0, 0x40), "Bold": (1, 0x20), "Italic": (2, 0x01)}


def made(face: str, path: Path) -> TTFont:
    """A face without hints, kerning and composed glyphs, in thousandths of the font size, under its own name."""
    font = TTFont(path, recalcTimestamp=False)
    options = subset.Options(hinting=False, layout_features=[], notdef_outline=True, glyph_names=False)
    options.drop_tables += ["kern", "GSUB", "GPOS", "GDEF", "FFTM", "gasp", "prep", "fpgm", "cvt "]
    chosen = subset.Subsetter(options)
    chosen.populate(unicodes=CHARACTERS)
    chosen.subset(font)
    _decompose(font)
    scale_upem(font, 1000)
    for tag in set(font.keys()) - TABLES:
        del font[tag]
    _rename(font, "Archgraph Sans" if face in ("sans", "bold") else "Archgraph Serif", STYLES[face])
    return font


def _decompose(font: TTFont) -> None:
    glyphs = font.getGlyphSet()
    for name in font.getGlyphOrder():
        if font["glyf"][name].isComposite():
            flat, drawn = DecomposingRecordingPen(glyphs), TTGlyphPen(None)
            glyphs[name].draw(flat)
            flat.replay(drawn)
            font["glyf"][name] = drawn.glyph()


def _rename(font: TTFont, family: str, style: str) -> None:
    copyright_line = " ".join(str(font["name"].getName(_COPYRIGHT, 3, 1, 0x409)).split())
    whole = f"{family} {style}"
    font["name"].names = []
    records = {
        _COPYRIGHT: copyright_line, _FAMILY: family, _STYLE: style, _UNIQUE: whole, _FULL: whole,
        _VERSION: "Version 1.0; a changed subset of an open font", _POSTSCRIPT: whole.replace(" ", ""),
        _LICENCE: "SIL Open Font License, Version 1.1", _ADDRESS: "https://openfontlicense.org",
    }  # fmt: skip
    for number, text in records.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    font["head"].macStyle, font["OS/2"].fsSelection = _FLAGS[style]


def main(folder: Path) -> None:
    """Write the four faces."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for face, name in FACES.items():
        made(face, folder / f"Liberation{name}.ttf").save(TARGET / f"{face}.ttf", reorderTables=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    main(parser.parse_args().folder)
