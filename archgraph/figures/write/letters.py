"""The texts of an SVG: every run where it was measured to begin, in fonts that come with the figure."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from html import escape
from unicodedata import bidirectional

from archgraph.errors import SPACES, printable
from archgraph.figures.drawing.diagram import Diagram, Live, Run, Text
from archgraph.figures.fonts.glyph_paths import glyph_path
from archgraph.figures.fonts.subset import font_subset
from archgraph.figures.fonts.typeface import FACES, Face, typeface

PREFIX = "\0"
"""Stands for the prefix of a figure until its content, from which the prefix is made, is written."""

_CLASSES: dict[Face, str] = {"sans": "s", "bold": "b", "serif": "r", "italic": "i"}
_ALIKE = {
    "Archgraph Sans": "Helvetica,Arial,'Liberation Sans',Arimo,'Nimbus Sans','TeX Gyre Heros',sans-serif",
    "Archgraph Serif": "'Times New Roman',Times,'Liberation Serif',Tinos,'Nimbus Roman','TeX Gyre Termes',serif",
}
"""What is as wide as the shipped fonts, for renderers that read no embedded ones."""


class Letters:
    """Writes texts, and then the styles, fonts and outlines that they need.

    Args:
        fonts: one of `archgraph.figures.drawing.look.FONTS`.
        mark: the attribute that says what a run follows.
    """

    def __init__(self, fonts: str, mark: Callable[[Live | None], str] = lambda live: "") -> None:
        self.fonts = fonts
        self._mark = mark
        self.used: dict[Face, set[str]] = {}
        self._drawn: dict[tuple[Face, str], None] = {}

    def written(self, text: Text) -> Iterator[str]:
        """A text as elements: one with a part per run, or outlines."""
        if not text.runs:
            return
        starts = _starts(text)
        outlined = self.fonts == "outlines"
        kept = [(run, x) for run, x in starts if not (outlined and typeface(run.face).has(_shown(run)))]
        if kept:
            yield self._text(text, kept)
        for run, x in starts:
            if (run, x) not in kept and not run.text.isspace():
                yield self._outlines(run, x, text.y - run.rise, text.color)

    def _text(self, text: Text, runs: list[tuple[Run, float]]) -> str:
        y, spans = text.y, []
        # By `dy`, as readers of figures expect; where a page may empty a part, which then moves nothing, by `y`.
        relative = not any(self._mark(run.live) for run, _ in runs)
        for run, x in runs:
            self.used.setdefault(run.face, set()).update(_shown(run))
            base = text.y - run.rise
            raised = f' dy="{coordinate(base - y)}"' if relative else f' y="{coordinate(base)}"'
            place = f'x="{coordinate(x)}"' + (raised if base != y else "")
            font = f'class="{_CLASSES[run.face]}" font-size="{coordinate(run.size)}"'
            spans.append(f"<tspan {font} {place}{self._mark(run.live)}>{xml_text(run.text)}</tspan>")
            y = base
        # Without kerning, typst ends at what is read from right to left; the shipped fonts have no such letters.
        kerned = ' style="font-kerning:auto"' if any(map(_turns, text.string)) else ""
        return f'<text y="{coordinate(text.y)}" fill="{xml_text(text.color)}"{kerned}>{"".join(spans)}</text>'

    def _outlines(self, run: Run, x: float, y: float, color: str) -> str:
        font, along, uses = typeface(run.face), 0, ""
        for character in _shown(run):
            if not character.isspace():
                self._drawn[run.face, character] = None
                uses += f'<use xlink:href="#{_glyph_id(run.face, character)}" x="{along}"/>'
            along += font.advances[font.glyphs[character]]
        size = f"{run.size / 1000:.6f}".rstrip("0")
        place = f"matrix({size} 0 0 -{size} {coordinate(x)} {coordinate(y)})"
        return f'<g transform="{place}" fill="{xml_text(color)}">{uses}</g>'

    def head(self) -> Iterator[str]:
        """The styles of the classes that texts use, and what is embedded."""
        if self.used:
            own = f"{PREFIX}-" if self.fonts == "embed" else ""
            sheet = font_faces(self.used, own) if own else ""
            rules = "".join(_rule(face, own) for face in FACES if face in self.used)
            yield f"<style>{sheet}{rules}#{PREFIX} text{{{_SETTING}}}</style>"
        if self._drawn:
            yield f"<defs>{''.join(_glyph(*one) for one in self._drawn)}</defs>"


_SETTING = (
    "white-space:pre;text-anchor:start;font-kerning:none;font-variant-ligatures:none;text-rendering:geometricPrecision"
)


def font_faces(used: dict[Face, set[str]], prefix: str = "") -> str:
    """The shipped fonts with the characters that are used, as rules of a style sheet.

    The family has a prefix where several figures may stand on one page, each with the characters it needs.
    """
    sheet = ""
    for face, (family, weight, style) in FACES.items():
        if letters := used.get(face):
            data = b64encode(font_subset(typeface(face), letters)).decode()
            sheet += (
                f"@font-face{{font-family:'{prefix}{family}';font-weight:{weight};font-style:{style};"
                f"src:url(data:font/ttf;base64,{data})}}"
            )
    return sheet


def letters_of(diagrams: Iterable[Diagram]) -> dict[Face, set[str]]:
    """The characters of drawings by face."""
    found: dict[Face, set[str]] = {}
    for diagram in diagrams:
        for run in (run for text in diagram.texts() for run in text.runs):
            found.setdefault(run.face, set()).update(_shown(run))
    return found


def _rule(face: Face, own: str) -> str:
    family, weight, style = FACES[face]
    embedded = f"'{own}{family}'," if own else ""
    families = f"{embedded}'{family}',{_ALIKE[family]}"
    return f"#{PREFIX} .{_CLASSES[face]}{{font-family:{families};font-weight:{weight};font-style:{style}}}"


def _starts(text: Text) -> list[tuple[Run, float]]:
    """The runs, and where the letters of each begin."""
    found, x = [], text.x
    for run in text.runs:
        found.append((run, x + run.gap))
        x += run.width
    return found


def _turns(character: str) -> bool:
    """Whether it is read from right to left."""
    return bidirectional(character) in ("R", "AL", "AN")


def _shown(run: Run) -> str:
    return printable(run.text, kept=f"\n{SPACES}")


def _glyph_id(face: Face, character: str) -> str:
    return f"{PREFIX}-{_CLASSES[face]}{ord(character):x}"


def _glyph(face: Face, character: str) -> str:
    return f'<path id="{_glyph_id(face, character)}" d="{glyph_path(typeface(face), character)}"/>'


def xml_text(text: str) -> str:
    """Escape for XML text and attributes; what cannot be printed, or XML forbids, is spelt by its number."""
    return escape(printable(text, kept=f"\n{SPACES}"), quote=True)


def coordinate(value: float) -> str:
    """Two decimals at most, no trailing zeros, no negative zero."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
