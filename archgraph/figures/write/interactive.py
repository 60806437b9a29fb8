"""A figure as one web page: pan, zoom, laws under the pointer, and sliders that recompute every number."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

from sympy import Expr

from archgraph.errors import SPACES, printable
from archgraph.figures.drawing.diagram import Box, Diagram, Live, Text
from archgraph.figures.drawing.look import Look
from archgraph.figures.drawing.style import shade
from archgraph.figures.drawing.themes import recoloring
from archgraph.figures.overview.unfolding import Drawing, within_budget
from archgraph.figures.write.javascript import javascript, script_json
from archgraph.figures.write.letters import font_faces, letters_of
from archgraph.figures.write.sliders import PageNetwork
from archgraph.figures.write.svg import to_svg
from archgraph.sizes.law_text import law_text

_INNER_BYTES, _SHADES, _READABLE = 170_000, 64, 1.6


class _Laws:
    """The laws and fields of a page, each printed once."""

    def __init__(self, networks: Sequence[PageNetwork]) -> None:
        self.codes: dict[str, int] = {}
        self.fields: dict[str, int] = {}
        self._networks = networks
        self._known: dict[tuple[int, str], int | None] = {}

    def index(self, law: Expr) -> int:
        return self.codes.setdefault(javascript(law), len(self.codes))

    def field(self, place: int, path: str) -> int | None:
        """The number of the field of a path; nothing where no law holds."""
        if (place, path) not in self._known:
            self._known[place, path] = self._numbered(place, path)
        return self._known[place, path]

    def _numbered(self, place: int, path: str) -> int | None:
        found = self._networks[place].field_of(path) if path else None
        if found is None:
            return None
        axes = [[self.index(size) for size in axis] for axis in found.axes]
        return self.fields.setdefault(script_json([axes, found.everything, found.causal]), len(self.fields))

    def mark(self, live: Live) -> str:
        """What a run or a shape follows, as an attribute."""
        if isinstance(live.of, str):
            found = self.field(live.place, live.of)
            of = "" if found is None else str(found)
        else:
            of = " ".join(str(self.index(law)) for law in live.of)
        full = f' data-full="{live.full:.4g}"' if live.full else ""
        kind = f"{live.shows}-path" if live.shows == "tint" and isinstance(live.of, str) else live.shows
        return f' data-live="{kind}" data-of="{of}" data-place="{live.place}"{full}'


def page(drawings: Sequence[Drawing], networks: Sequence[PageNetwork], *, look: Look, fixed: bool = False) -> str:
    """Write a figure as a self-contained page without anything from elsewhere.

    Args:
        drawings: the figure, then what its blocks unfold into; boxes carry their laws.
        networks: those that are drawn.
        look: its theme is that of the page, which embeds the fonts of all drawings once.
        fixed: whether curves, proportions or words are those at the drawn sizes, whatever the sizes are.
    """
    laws = _Laws(networks)
    alone = "outlines" if look.fonts == "outlines" else "system"
    texts = [to_svg(one.diagram, mark=laws.mark, fonts=alone) for one in drawings]
    kept = list(within_budget(drawings, [len(text.encode()) for text in texts], _INNER_BYTES))
    shown = [(one, text) for one, text in zip(drawings, texts, strict=True) if one in kept]
    heads = [name for name, _ in networks[0].totals] if networks else []
    rows = _bodies(kept, networks, heads, laws)
    change = recoloring(look)
    data: dict[str, Any] = {
        "networks": [
            {"name": printable(one.name), "symbols": [slider.data for slider in one.sliders]} for one in networks
        ],
        "drawings": [_drawing(one, laws) for one in kept],
        "rules": [(rule.text, laws.index(rule.law), place) for place, one in enumerate(networks) for rule in one.rules],
        "scale": [change(shade(step / _SHADES)) for step in range(_SHADES + 1)],
        "unknown": change("#c8c8c8"),
        "fixed": fixed,
    }
    fields = f"[{','.join(laws.fields)}]"
    functions = ",\n".join(f"v=>{code}" for code in laws.codes)
    folder = files("archgraph.figures.write") / "page"
    script = "".join((folder / name).read_text(encoding="utf-8") for name in ("exact.js", "live.js", "page.js"))
    return _PAGE.format(
        title=escape(drawings[0].diagram.title),
        theme=look.theme,
        fonts=font_faces(letters_of(one.diagram for one in kept)) if look.fonts == "embed" else "",
        style=(folder / "page.css").read_text(encoding="utf-8"),
        figure="".join(_holder(one, text) for one, text in shown),
        heads="".join(f"<th>{escape(name)}</th>" for name in heads),
        rows=rows,
        script=f"{script}\nstart({script_json(data)}, {fields}, [\n{functions}\n]);",
        controls="" if any(one.sliders for one in networks) else " hidden",
    )


def escape(text: str) -> str:
    """Text of others in the page, in which nothing hides or turns text."""
    return html.escape(printable(text, kept=SPACES))


def _holder(one: Drawing, text: str) -> str:
    """A drawing in the page, at most so much larger than in print; on a phone as wide as letters can be read."""
    most = f"max-width:{3 * one.diagram.width:.0f}px;--least:{_READABLE * one.diagram.width:.0f}px"
    return f'<div class="drawing" data-key="{escape(one.key)}" style="{most}">{text}</div>'


def _bodies(drawings: Sequence[Drawing], networks: Sequence[PageNetwork], heads: Sequence[str], laws: _Laws) -> str:
    """The rows of the table: the whole networks, then per drawing every box that costs something."""
    alone = len(networks) == 1
    whole = "".join(
        _row("all" if alone else f"all of {place}", "all" if alone else one.name, one.totals, heads, laws, place)
        for place, one in enumerate(networks)
    )
    bodies = [f"<tbody>{whole}</tbody>"]
    for one in drawings:
        boxes = [box for box in one.diagram.boxes if box.laws]
        rows = (_row(box.name, _told(box.name, box.label), box.laws, heads, laws, box.place) for box in boxes)
        bodies.append(f'<tbody data-rows="{escape(one.key)}">{"".join(rows)}</tbody>')
    return "\n".join(bodies)


def _row(name: str, told: str, own: Sequence[tuple[str, Expr]], heads: Sequence[str], laws: _Laws, place: int) -> str:
    known = dict(own)
    cells = "".join(_cell(known.get(metric), metric, laws, place) for metric in heads)
    return f'<tr data-name="{escape(name)}"><th scope="row">{escape(told)}</th>{cells}</tr>\n'


def _told(name: str, label: str) -> str:
    return f"{label} ({name})" if label else name


def _cell(law: Expr | None, metric: str, laws: _Laws, place: int) -> str:
    if law is None:
        return "<td></td>"
    return f'<td data-metric="{metric}" data-law="{laws.index(law)}" data-place="{place}"></td>'


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
    own = [(metric, law_text(law).replace("**", "^").replace("*", "·"), laws.index(law)) for metric, law in box.laws]
    reads = next((line for line in box.tooltip.splitlines() if line.startswith("receptive field")), "")
    told = printable(_told(box.name, box.label))
    field = next((laws.field(live.place, live.of) for live in _lives(box) if isinstance(live.of, str)), None)
    return {
        "name": printable(box.name),
        "told": told,
        "laws": own,
        "reads": reads,
        "field": field,
        "place": box.place,
        "panel": box.kind == "panel",
    }


def _lives(box: Box) -> Iterator[Live]:
    """What the parts of a box follow."""
    for part in box.parts:
        for one in part.runs if isinstance(part, Text) else (part,):
            if one.live is not None:
                yield one.live


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
<body><main id="figure" tabindex="0" aria-label="Drawing">{figure}</main>
<aside aria-label="Sizes and costs"><h1>{title}</h1>
<div id="symbols"{controls}></div>
<p class="screen"><button id="reset" type="button">Defaults</button>
<span class="small">+ − 0 and arrows zoom and pan, f folds</span></p>
<p id="folding" class="screen"><button id="fold" type="button" hidden></button>
<button id="unfold" type="button" hidden></button>
<span id="where" class="small" aria-live="polite"></span></p>
<p id="reads" class="small screen" aria-live="polite"></p>
<p id="told" class="unseen" role="status"></p>
<p id="wrong" class="small" role="alert" hidden></p>
<p id="fixed" class="small" hidden>Curves, proportions, words, and colours by level are those at the defaults; its
numbers, laws and fields are those at the values set.</p>
<p id="unknown" class="small" hidden>A dash stands where no law of the field holds at all sizes.</p>
<table><caption class="unseen">Costs of the whole and of the boxes shown</caption>
<thead><tr><th></th>{heads}</tr></thead>
{rows}</table>
<p class="small screen">Rows are the boxes of the drawing, inside a block those of one application; what is written
beside arrows counts in the first row only. Double-click a box to unfold it.</p></aside>
<div id="hint" role="tooltip" hidden></div>
<script>
{script}
</script></body></html>
"""
