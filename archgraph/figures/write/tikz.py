"""A finished diagram as a TikZ picture, for papers whose fonts and colours the figure shall share."""

from collections.abc import Iterator

from archgraph.errors import SPACES, printable
from archgraph.figures.drawing.decks import deck
from archgraph.figures.drawing.diagram import BoxPart, Diagram, Path, Point, Rect, Run, Text

_HEAD = """\\documentclass{article}
\\usepackage[T1]{fontenc}
\\usepackage{textcomp,tikz,times}
\\usepackage{helvet}
\\usepackage[paperwidth=%sbp,paperheight=%sbp,margin=0bp]{geometry}
\\usetikzlibrary{arrows.meta}
\\pagestyle{empty}\\parindent0pt\\topskip0pt
\\begin{document}
"""
_TAIL = "\\end{document}\n"
_FACES = {"sans": "\\sffamily", "bold": "\\sffamily\\bfseries", "serif": "\\rmfamily", "italic": "\\rmfamily\\itshape"}
_SPECIAL = {
    "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "$": "\\$", "&": "\\&", "#": "\\#", "%": "\\%", "_": "\\_",
    "^": "\\textasciicircum{}", "~": "\\textasciitilde{}", "<": "\\textless{}", ">": "\\textgreater{}",
    "|": "\\textbar{}", '"': "\\textquotedblright{}",
    "×": "\\texttimes{}", "−": "$-$", "–": "--", "…": "\\dots{}", "→": "$\\rightarrow$", "≈": "$\\approx$",
    "≤": "$\\le$", "⊙": "$\\odot$", "·": "$\\cdot$", "≥": "$\\ge$", "√": "$\\surd$", "²": "$^2$",
}  # fmt: skip
_NAMES = "alpha beta gamma delta epsilon theta lambda mu nu pi rho sigma phi omega"
_GREEK = dict(zip("αβγδεθλμνπρσφω", _NAMES.split(), strict=True))


def to_tikz(diagram: Diagram) -> str:
    """Write a diagram as a stand-alone LaTeX document of its true size; the picture in it can be copied.

    >>> to_tikz(Diagram(width=72, height=36)).splitlines()[9]
    '\\\\path[use as bounding box] (0,0) rectangle (72,-36);'
    """
    lines = (
        f"\\path[use as bounding box] (0,0) rectangle ({_n(diagram.width)},{_n(-diagram.height)});",
        *_body(diagram),
    )
    picture = "\n".join(("\\begin{tikzpicture}[x=1bp,y=1bp,inner sep=0pt,outer sep=0pt]", *lines, "\\end{tikzpicture}"))
    return f"{_HEAD % (_n(diagram.width), _n(diagram.height + 0.1))}{picture}\n{_TAIL}"


def _body(diagram: Diagram) -> Iterator[str]:
    for part in _parts(diagram):
        yield from _text(part) if isinstance(part, Text) else [_rect(part) if isinstance(part, Rect) else _path(part)]


def _parts(diagram: Diagram) -> Iterator[BoxPart]:
    """From back to front, as in the SVG; the paper is white already."""
    if diagram.background not in ("none", "#ffffff"):
        yield Rect(0, 0, diagram.width, diagram.height, diagram.background, "none")
    for cluster in diagram.clusters:
        yield from deck(cluster)
    yield from (edge.path for edge in diagram.edges if edge.path is not None)
    for box in diagram.boxes:
        yield from (part.moved(box.x, box.y) for part in box.parts)
    yield from diagram.marks
    for edge in diagram.edges:
        yield from edge.label


def _rect(rect: Rect) -> str:
    corner = f",rounded corners={_n(rect.radius)}bp" if rect.radius else ""
    options = _paint(rect.fill, rect.stroke, rect.thickness, rect.dash) + corner
    return f"\\path[{options}] {_at((rect.x, rect.y))} rectangle {_at((rect.x + rect.width, rect.y + rect.height))};"


def _path(path: Path) -> str:
    options = _paint(path.fill, path.stroke, path.thickness, path.dash)
    options += f",rounded corners={_n(path.radius)}bp" if path.radius else ""
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
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return f"{{rgb,255:red,{red};green,{green};blue,{blue}}}"


def _text(text: Text) -> Iterator[str]:
    """A node per run, each where its letters were measured to begin."""
    if text.backdrop:
        yield _rect(text.behind)
    x = text.x
    for run in text.runs:
        place, style = _at((x + run.gap, text.y - run.rise)), f"anchor=base west,text={_color(text.color)}"
        yield f"\\node[{style},font={_font(run)}] at {place} {{{escaped(run.text)}}};"
        x += run.width


def _font(run: Run) -> str:
    return f"\\fontsize{{{_n(run.size)}bp}}{{{_n(1.2 * run.size)}bp}}\\selectfont{_FACES[run.face]}"


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
