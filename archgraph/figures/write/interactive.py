"""A figure as one web page: pan, zoom, laws under the pointer, and sliders that recompute every number."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

from sympy import Expr

from archgraph.errors import SPACES, printable
from archgraph.figures.drawing.diagram import Box, Diagram
from archgraph.figures.drawing.look import Look
from archgraph.figures.overview.unfolding import Drawing, within_budget
from archgraph.figures.write.javascript import javascript, script_json
from archgraph.figures.write.letters import font_faces, letters_of
from archgraph.figures.write.sliders import Rule, Slider
from archgraph.figures.write.svg import to_svg

_INNER_BYTES = 190_000


class _Laws:
    """The laws of a page, each printed once."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}

    def index(self, law: Expr) -> int:
        return self.codes.setdefault(javascript(law), len(self.codes))


def page(
    drawings: Sequence[Drawing],
    sliders: Sequence[Slider] = (),
    totals: Sequence[tuple[str, Expr]] = (),
    rules: Sequence[Rule] = (),
    *,
    look: Look,
) -> str:
    """Write a figure as a self-contained page without anything from elsewhere.

    Args:
        drawings: the figure, then what its blocks unfold into; boxes carry their laws.
        sliders: the symbols of the laws.
        totals: the laws of the whole network, by metric.
        rules: what must hold for the values of the symbols.
        look: its theme is that of the page, which embeds the fonts of all drawings once.
    """
    laws = _Laws()
    alone = "outlines" if look.fonts == "outlines" else "system"
    texts = [to_svg(one.diagram, marked=True, fonts=alone) for one in drawings]
    kept = list(within_budget(drawings, [len(text.encode()) for text in texts], _INNER_BYTES))
    shown = [(one, text) for one, text in zip(drawings, texts, strict=True) if one in kept]
    rows = _bodies(kept, totals, laws)
    data: dict[str, Any] = {"symbols": [one.data for one in sliders], "drawings": [_drawing(one, laws) for one in kept]}
    data["rules"] = [(rule.text, laws.index(rule.law)) for rule in rules]
    functions = ",\n".join(f"v=>{code}" for code in laws.codes)
    folder = files("archgraph.figures.write") / "page"
    script = (folder / "page.js").read_text(encoding="utf-8")
    return _PAGE.format(
        title=escape(drawings[0].diagram.title),
        theme=look.theme,
        fonts=font_faces(letters_of(one.diagram for one in kept)) if look.fonts == "embed" else "",
        style=(folder / "page.css").read_text(encoding="utf-8"),
        figure="".join(_holder(one, text) for one, text in shown),
        heads="".join(f"<th>{escape(name)}</th>" for name, _ in totals),
        rows=rows,
        script=f"{script}\nstart({script_json(data)}, [\n{functions}\n]);",
        controls="" if sliders else " hidden",
    )


def escape(text: str) -> str:
    """Text of others in the page, in which nothing hides or turns text."""
    return html.escape(printable(text, kept=SPACES))


def _holder(one: Drawing, text: str) -> str:
    """A drawing in the page, at most so much larger than in print."""
    most = f"max-width:{3 * one.diagram.width:.0f}px"
    return f'<div class="drawing" data-key="{escape(one.key)}" style="{most}">{text}</div>'


def _bodies(drawings: Sequence[Drawing], totals: Sequence[tuple[str, Expr]], laws: _Laws) -> str:
    """The rows of the table: the whole network, then per drawing every box that costs something."""
    whole = "".join(_rows([("all", "", totals)], totals, laws))
    bodies = [f"<tbody>{whole}</tbody>"]
    for one in drawings:
        rows = _rows([(box.name, box.label, box.laws) for box in one.diagram.boxes if box.laws], totals, laws)
        bodies.append(f'<tbody data-rows="{escape(one.key)}">{"".join(rows)}</tbody>')
    return "\n".join(bodies)


def _rows(
    named: Sequence[tuple[str, str, Sequence[tuple[str, Expr]]]], totals: Sequence[tuple[str, Expr]], laws: _Laws
) -> Iterator[str]:
    for name, label, own in named:
        known = dict(own)
        cells = "".join(_cell(known.get(metric), metric, laws) for metric, _ in totals)
        yield f'<tr data-name="{escape(name)}"><th scope="row">{escape(_told(name, label))}</th>{cells}</tr>\n'


def _told(name: str, label: str) -> str:
    return f"{label} ({name})" if label else name


def _cell(law: Expr | None, metric: str, laws: _Laws) -> str:
    return "<td></td>" if law is None else f'<td data-metric="{metric}" data-law="{laws.index(law)}"></td>'


def _drawing(one: Drawing, laws: _Laws) -> dict[str, Any]:
    """What the page knows of a drawing."""
    boxes = [_box(box, laws) for box in one.diagram.boxes]
    return {
        "key": one.key,
        "outer": one.outer,
        "title": printable(one.title),
        "boxes": boxes,
        "edges": sorted(_links(one.diagram)),
    }


def _box(box: Box, laws: _Laws) -> dict[str, Any]:
    """What the page says of a box: its laws, and what it reads."""
    own = [(metric, str(law).replace("**", "^").replace("*", "·"), laws.index(law)) for metric, law in box.laws]
    reads = next((line for line in box.tooltip.splitlines() if line.startswith("receptive field")), "")
    told = printable(_told(box.name, box.label))
    return {"name": printable(box.name), "told": told, "laws": own, "reads": reads, "panel": box.kind == "panel"}


def _links(diagram: Diagram) -> set[tuple[int, int]]:
    """Edges between boxes by index; a frame stands for all boxes in it."""
    numbers = {box.name: [index] for index, box in enumerate(diagram.boxes)}
    for cluster in diagram.clusters:
        inside = [index for index, box in enumerate(diagram.boxes) if cluster.extent.contains(box.extent)]
        numbers.setdefault(cluster.name, inside)
    pairs = ((numbers.get(edge.source, ()), numbers.get(edge.target, ())) for edge in diagram.edges)
    return {(a, b) for sources, targets in pairs for a in sources for b in targets if a != b}


_PAGE = """<!DOCTYPE html>
<html lang="en" class="{theme}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; font-src data:">
<style>{fonts}{style}</style></head>
<body><div id="figure">{figure}</div>
<aside><h1>{title}</h1>
<div id="symbols"{controls}></div>
<p><button id="reset" type="button">Defaults</button>
<span class="small">+ − 0 and arrows zoom and pan, f folds</span></p>
<p id="folding"><button id="fold" type="button" hidden></button> <button id="unfold" type="button" hidden></button>
<span id="where" class="small" aria-live="polite"></span></p>
<p id="reads" class="small" aria-live="polite"></p>
<p id="wrong" class="small" role="alert" hidden></p>
<p id="fixed" class="small" hidden>The drawing and its receptive fields are those at the defaults; the numbers are
those at the values set.</p>
<table><thead><tr><th></th>{heads}</tr></thead>
{rows}</table>
<p class="small">Rows are the boxes of the drawing, inside a block those of one application; what is written beside
arrows counts in the first row only. Double-click a box to unfold it.</p></aside>
<div id="hint" role="tooltip" hidden></div>
<script>
{script}
</script></body></html>
"""
