"""A main line in less and less detail, for a page that has no room for more: as it is, then with its steps folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archgraph.errors import QueryError
from archgraph.figures.drawing.diagram import Diagram
from archgraph.figures.facts.facts import Facts
from archgraph.figures.overview.any_graph import graph_diagram
from archgraph.figures.overview.framed_graph import framed_graph
from archgraph.figures.overview.spine import spine_diagram
from archgraph.outline.folding import fold_line
from archgraph.outline.gathering import gathered_sides
from archgraph.outline.structure import Structure

_FEW, _FOLDS = 14, (12, 6, 3)
_MOST_PLACED, _ROOM = 300, 560.0


def line_drawings(facts: Facts, found: Structure, widths: Sequence[float], engine: str) -> Iterator[Diagram]:
    """A line from top to bottom where it can be one; else placed by Graphviz.

    Raises:
        QueryError: even folded, too much is left for a figure.
    """
    if facts.options.direction == "right":
        yield from graph_drawings(facts, found, widths[-1], engine)
        return
    for one in _folds(found):
        drawn = _spine(facts, one, widths)
        if drawn is not None and len(drawn.boxes) == 1:
            drawn = framed_graph(facts, one.chain[0], widths[-1], _ROOM, engine) or drawn
        yield graph_diagram(facts, one, widths[-1], engine) if drawn is None else drawn


def _spine(facts: Facts, found: Structure, widths: Sequence[float]) -> Diagram | None:
    """On the narrowest page that has room for it, and for more than a single box, which would say nothing."""
    alone = None
    for width in widths:
        drawn = spine_diagram(facts, found, width)
        if drawn is not None and len(drawn.boxes) > 1:
            return drawn
        alone = alone or drawn
    return alone


def graph_drawings(facts: Facts, found: Structure, width: float, engine: str) -> Iterator[Diagram]:
    """The same, all placed by Graphviz."""
    return (graph_diagram(facts, one, width, engine) for one in _folds(found))


def _folds(found: Structure) -> Iterator[Structure]:
    """The structure, and if it is long with fewer and fewer groups, at last with those beside the line put together.

    The first ones may be too many to be placed.
    """
    forms = [found]
    for most in _FOLDS if _size(found) > _FEW else ():
        fewer = fold_line(forms[-1], most)
        forms += [fewer] if _size(fewer) < _size(forms[-1]) else []
    forms += [gathered for form in forms[1:] if _size(gathered := gathered_sides(form)) < _size(form)]
    small = [form for form in forms if _size(form) <= _MOST_PLACED]
    if not small:
        raise QueryError(
            f"{_size(forms[-1])} boxes are too many for a figure (at most {_MOST_PLACED}).",
            hint="draw depth=0, focus= on a part, or hide= what lies beside the main line",
        )
    yield from small


def _size(found: Structure) -> int:
    return len(found.chain) + len(found.sides)
