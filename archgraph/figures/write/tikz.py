"""A finished diagram as a TikZ picture that is read into an article: its fonts, its colours, one node per box."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from archgraph.errors import SPACES, printable
from archgraph.figures.drawing.decks import deck
from archgraph.figures.drawing.diagram import Box, BoxPart, Diagram, Path, Point, Rect, Text

_HEAD = """\
%% %s
%% \\usepackage{tikz,textcomp} \\usetikzlibrary{arrows.meta} and \\input{this file}; %s wide.
%% Letters are the paper's: \\sffamily, \\rmfamily. Colours can be defined before: \\definecolor{ag333333}{HTML}{...}.
\\begingroup
\\providecommand\\agface[3]{{\\fontsize{#1bp}{#1bp}\\selectfont#2#3}}%%
\\providecommand\\ags[2]{\\agface{#1}{\\sffamily}{#2}}%%
\\providecommand\\agb[2]{\\agface{#1}{\\sffamily\\bfseries}{#2}}%%
\\providecommand\\agr[2]{\\agface{#1}{\\rmfamily}{#2}}%%
\\providecommand\\agi[2]{\\agface{#1}{\\rmfamily\\itshape}{#2}}%%
\\providecommand\\agrows[1]{\\vtop{\\lineskiplimit=-\\maxdimen#1}}%%
\\providecommand\\agrow[2]{\\baselineskip=#1\\hbox{#2}}%%
\\providecommand\\agline[2]{\\setbox0=\\hbox{#2}\\ifdim\\wd0>#1\\resizebox{#1}{!}{\\box0}\\else\\box0\\fi}%%
"""
_MACROS = {"sans": "\\ags", "bold": "\\agb", "serif": "\\agr", "italic": "\\agi"}
_SPECIAL = {
    "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "$": "\\$", "&": "\\&", "#": "\\#", "%": "\\%", "_": "\\_",
    "^": "\\textasciicircum{}", "~": "\\textasciitilde{}", "<": "\\textless{}", ">": "\\textgreater{}",
    "|": "\\textbar{}", '"': "\\textquotedblright{}",
    "×": "\\texttimes{}", "−": "$-$", "–": "--", "…": "\\dots{}", "→": "$\\rightarrow$", "≈": "$\\approx$",
    "≤": "$\\le$", "⊙": "$\\odot$", "·": "$\\cdot$", "≥": "$\\ge$", "√": "$\\surd$", "²": "$^2$",
}  # fmt: skip
_NAMES = "alpha beta gamma delta epsilon theta lambda mu nu pi rho sigma phi omega"
_GREEK = dict(zip("αβγδεθλμνπρσφω", _NAMES.split(), strict=True))
_SLACK = 3.0


def to_tikz(diagram: Diagram) -> str:
    """Write a diagram as the text of a file for ``\\input``.

    A box is a node with its frame and its text, named after its path; what else is in it moves with it. A line of text
    that is wider in the fonts of the paper than its room is set smaller.

    >>> to_tikz(Diagram(width=72, height=36)).splitlines()[-3]
    '\\\\path[use as bounding box] (0,0) rectangle (72,-36);'
    """
    body = "\n".join((_bounds(diagram), *_body(diagram)))
    colors = dict.fromkeys(re.findall(r"\bag([0-9a-f]{6})\b", body))
    head = _HEAD % (escaped(diagram.title or "a figure").replace("\n", " "), f"{diagram.width / 72:.2f} in")
    defined = "".join(f"\\providecolor{{ag{color}}}{{HTML}}{{{color.upper()}}}%\n" for color in colors)
    picture = f"\\begin{{tikzpicture}}[x=1bp,y=1bp,inner sep=0pt,outer sep=0pt]\n{body}\n\\end{{tikzpicture}}%\n"
    return f"{head}{defined}{picture}\\endgroup\n"


def _bounds(diagram: Diagram) -> str:
    return f"\\path[use as bounding box] (0,0) rectangle ({_n(diagram.width)},{_n(-diagram.height)});"


def _body(diagram: Diagram) -> Iterator[str]:
    """From back to front, as in the SVG; the paper is white already."""
    page = diagram.width
    if diagram.background not in ("none", "#ffffff"):
        yield _rect(Rect(0, 0, diagram.width, diagram.height, diagram.background, "none"))
    yield from _parts(diagram.under, page)
    for cluster in diagram.clusters:
        yield from _parts(deck(cluster), page)
    yield from (_path(edge.path) for edge in diagram.edges if edge.path is not None)
    for index, box in enumerate(diagram.boxes):
        yield from _box(box, f"ag-{index}-{re.sub(r'[^A-Za-z0-9]+', '-', box.name).strip('-')[:60]}")
    yield from _parts(diagram.marks, page)
    for edge in diagram.edges:
        yield from _parts(edge.label, page)


def _box(box: Box, name: str) -> Iterator[str]:
    """A node at the place of the box, and relative to it all that is no line of its text."""
    frame, *rest = box.parts or (Rect(0, 0, box.width, box.height, "none", "none"),)
    if not isinstance(frame, Rect) or frame.extent.right > box.width + 1:
        frame, rest = Rect(0, 0, box.width, box.height, "none", "none"), [*box.parts]
    lines = _column([part for part in rest if isinstance(part, Text) and part.runs])
    others = [part for part in rest if part not in lines]
    x, y = (f"{_n(value)}bp" for value in (box.x, -box.y))
    yield f"\\begin{{scope}}[shift={{({x},{y})}}]"
    look = _paint(frame.fill, frame.stroke, frame.thickness, frame.dash) + _corner(frame.radius)
    size = f"minimum width={_n(box.width)}bp,minimum height={_n(box.height)}bp"
    yield f"\\node[{look},{size},anchor=north west] ({name}) at (0,0) {{}};"
    yield from _parts([part for part in others if not isinstance(part, Text)], box.width)
    if lines:
        yield _paragraph(lines, others, box.width)
    yield from _parts([part for part in others if isinstance(part, Text)], box.width)
    yield "\\end{scope}"


def _column(texts: list[Text]) -> list[Text]:
    """The lines that begin below each other, at the place where most do."""
    starts = [round(text.x, 1) for text in texts]
    place = max(starts, key=starts.count, default=0.0)
    return [text for text, start in zip(texts, starts, strict=True) if start == place]


def _paragraph(lines: list[Text], others: list[BoxPart], right: float) -> str:
    """One node with all lines, whose baselines are as far apart as in the figure."""
    gaps = (0.0, *(below.y - above.y for above, below in pairwise(lines)))
    rows = ""
    for text, gap in zip(lines, gaps, strict=True):
        line = f"\\agline{{{_n(_room(text, others, right))}bp}}{{{_runs(text)}}}"
        rows += f"\n  \\agrow{{{_n(gap)}bp}}{{{line}}}%"
    style = f"anchor=base west,text={_color(lines[0].color)}"
    return f"\\node[{style}] at {_at((lines[0].x, lines[0].y))} {{\\agrows{{%{rows}\n}}}};"


def _room(text: Text, others: list[BoxPart], right: float) -> float:
    """How wide a line may be: up to what stands beside it, or the border."""
    own = text.extent
    beside = (one.extent for one in others if one.extent.left > own.left)
    limits = [one.left for one in beside if one.top < own.bottom and own.top < one.bottom]
    return max(text.width, min((*limits, right)) - text.x - 1.0)


def _parts(parts: Iterable[BoxPart], page: float) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Text):
            yield from _text(part, page)
        else:
            yield _rect(part) if isinstance(part, Rect) else _path(part)


def _rect(rect: Rect) -> str:
    options = _paint(rect.fill, rect.stroke, rect.thickness, rect.dash) + _corner(rect.radius)
    return f"\\path[{options}] {_at((rect.x, rect.y))} rectangle {_at((rect.x + rect.width, rect.y + rect.height))};"


def _corner(radius: float) -> str:
    return f",rounded corners={_n(radius)}bp" if radius else ""


def _path(path: Path) -> str:
    options = _paint(path.fill, path.stroke, path.thickness, path.dash) + _corner(path.radius)
    options += f",-{{Stealth[length={_n(path.head)}bp,width={_n(0.73 * path.head)}bp]}}" if path.arrow else ""
    if path.curve == "spline":
        start, *rest = map(_at, path.points)
        curves = (f".. controls {a} and {b} .. {c}" for a, b, c in zip(rest[::3], rest[1::3], rest[2::3], strict=True))
        return f"\\path[{options}] {start} {' '.join(curves)};"
    return f"\\path[{options}] {' -- '.join(map(_at, path.points))}{' -- cycle' if path.closed else ''};"


def _paint(fill: str, stroke: str, thickness: float, dash: tuple[float, ...]) -> str:
    parts = [f"fill={_color(fill)}"] if fill != "none" else []
    if stroke != "none":
        parts += [f"draw={_color(stroke)}", f"line width={_n(thickness)}bp"]
    if dash and stroke != "none":
        lengths = (f"{'off' if index % 2 else 'on'} {_n(length)}bp" for index, length in enumerate(dash))
        parts.append(f"dash pattern={' '.join(lengths)}")
    return ",".join(parts) or "draw=none"


def _color(color: str) -> str:
    return f"ag{color.removeprefix('#').lower()}"


def _text(text: Text, page: float) -> Iterator[str]:
    """A node for one line, where it was measured to begin."""
    if not text.runs:
        return
    if text.backdrop:
        yield _rect(text.behind)
    room = text.width + max(0.5, min(_SLACK, page - text.x - text.width))
    line = f"\\agline{{{_n(room)}bp}}{{{_runs(text)}}}"
    yield f"\\node[anchor=base west,text={_color(text.color)}] at {_at((text.x, text.y))} {{{line}}};"


def _runs(text: Text) -> str:
    """The runs of a line, with the spaces and heights between them."""
    out = ""
    for run in text.runs:
        out += f"\\hspace{{{_n(run.gap)}bp}}" if run.gap else ""
        shown = f"{_MACROS[run.face]}{{{_n(run.size)}}}{{{escaped(run.text)}}}"
        out += f"\\raisebox{{{_n(run.rise)}bp}}[0pt][0pt]{{{shown}}}" if run.rise else shown
    return out


def escaped(text: str) -> str:
    """The text with every character that LaTeX reads otherwise written out; what it has no letter for is left out.

    >>> escaped("50 % of C_1"), escaped("θ × 2")
    ('50 \\\\% of C\\\\_1', '$\\\\theta$ \\\\texttimes{} 2')
    """
    return "".join(map(_character, printable(text, kept=SPACES)))


def _character(one: str) -> str:
    if one in _GREEK:
        return f"$\\{_GREEK[one]}$"
    known = _SPECIAL.get(one)
    return known if known is not None else one if one.isascii() or "\xa0" < one <= "\xff" else "?"


def _at(point: Point) -> str:
    return f"({_n(point[0])},{_n(-point[1])})"


def _n(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
