"""What stands below feature maps: the colours of operations, and by what rule maps are so high and so wide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from math import fsum

from archgraph.figures.content.legend import swatches
from archgraph.figures.content.mathtext import line_of, words
from archgraph.figures.content.wrapping import wrapped
from archgraph.figures.drawing.diagram import Box, Diagram, Line, Path, Rect, line_width
from archgraph.figures.drawing.metrics import text_width
from archgraph.figures.drawing.style import SIZES, SKIP
from archgraph.figures.facts.facts import Facts
from archgraph.figures.maps.drawn_map import FLATTEST, THINNEST
from archgraph.figures.maps.map_kinds import MAP_KINDS

_MOST_LINES, _SAME = 4, 1e-6


def maps_legend(drawn: Diagram, width: float, notes: Sequence[Line]) -> Diagram:
    """A square for every kind of operation that wrote a map, and lines below."""
    fills = {fill for box in drawn.boxes if box.kind == "node" for fill in _seen_fills(box)}
    marks = [(color, name) for name, color in MAP_KINDS.items() if color in fills and color != "#ffffff"]
    return swatches(width, words("Written by", SIZES.small, "bold"), marks, list(notes))


def _seen_fills(box: Box) -> Iterator[str]:
    """The colours of a map that are seen: its own is not where shares of other colours cover it."""
    front, *others = box.parts
    shares = [part for part in others if isinstance(part, Rect)]
    covered = isinstance(front, Rect) and fsum(share.width for share in shares) >= front.width - _SAME
    yield from (getattr(part, "fill", "") for part in (others if covered else box.parts))


def maps_rules(facts: Facts, drawn: Diagram, width: float) -> list[Line]:
    """In which proportion maps are drawn, and what is not drawn."""
    size, entry = SIZES.small, facts.input
    side = "√(positions along a side)" if entry is not None and len(entry.type.positions) > 1 else "√positions"
    rules = [f"A map is as high as {side} and as wide as √channels, on one scale; above it: its channels."]
    rules += _floors(drawn)
    hatched = any(isinstance(part, Path) and part.stroke == SKIP for box in drawn.boxes for part in box.parts)
    stacked = any(cluster.name.endswith("×") for cluster in drawn.clusters)
    more = [("Hatched: copied.", hatched), ("A stack: applied so often.", stacked)]
    rules.append(" ".join(["Bars: share of the whole network.", *(text for text, meant in more if meant)]))
    if drawn.undrawn:
        rules.append(f"Not drawn: {', '.join(drawn.undrawn)}; the laws count everything.")
    fits = partial(_fits, width - 1)
    return [words(line, size) for rule in rules for line in wrapped(rule, fits, _MOST_LINES)]


def _floors(drawn: Diagram) -> list[str]:
    """What is drawn larger than its proportion, so that it can be seen."""
    fronts = [box.parts[0] for box in drawn.boxes if box.kind == "node" and isinstance(box.parts[0], Rect)]
    low = any(abs(front.height - FLATTEST) < _SAME for front in fronts)
    thin = any(abs(front.width - THINNEST) < _SAME for front in fronts)
    said = [
        (f"What has no or few positions is {FLATTEST} pt high.", low),
        (f"No map is thinner than {THINNEST} pt.", thin),
    ]
    found = " ".join(text for text, meant in said if meant)
    return [found] if found else []


def _fits(width: float, text: str) -> bool:
    return text_width(text, "sans", SIZES.small) <= width


def packed(lines: Sequence[Line], width: float) -> list[Line]:
    """Lines beside each other where there is room; behind a law stands nothing."""
    found: list[Line] = []
    for line in lines:
        longer = line_of(found[-1], line, gap=9.0) if found else line
        if found and line_width(longer) <= width and not any(run.claim for run in found[-1]):
            found[-1] = longer
        else:
            found.append(line)
    return found
