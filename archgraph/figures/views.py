"""From an architecture and the name of a view to a finished diagram with its legend."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from math import log2

from archgraph.data.figure_words import VIEWS
from archgraph.errors import QueryError, not_among, some
from archgraph.figures.charts.charts import charts
from archgraph.figures.charts.law_charts import laws_diagram
from archgraph.figures.charts.levels import levels_diagram
from archgraph.figures.charts.matrix import matrix_strip
from archgraph.figures.charts.sides import sides
from archgraph.figures.charts.steps import steps
from archgraph.figures.content.legend import legend, lines_below, swatches, ticks
from archgraph.figures.content.mathtext import line_of, words
from archgraph.figures.content.one_name import one_name
from archgraph.figures.content.totals import signs, totals
from archgraph.figures.content.wrapping import fitted, wrapped
from archgraph.figures.drawing.bridges import bridged
from archgraph.figures.drawing.diagram import Diagram, Line, Outline, Text
from archgraph.figures.drawing.geometry import is_faulty
from archgraph.figures.drawing.metrics import text_width
from archgraph.figures.drawing.outlines import LEGEND
from archgraph.figures.drawing.style import SIZES, page_width, ramp
from archgraph.figures.facts.coloring import COLOR_KINDS
from archgraph.figures.facts.facts import Facts
from archgraph.figures.maps.maps_diagram import maps_diagram
from archgraph.figures.maps.maps_legend import maps_legend, maps_rules, packed
from archgraph.figures.overview.any_graph import full_diagram
from archgraph.figures.overview.closing import full_drawings, with_a_word
from archgraph.figures.overview.less import graph_drawings, line_drawings
from archgraph.figures.overview.spine import block_diagram, repeat_groups
from archgraph.figures.overview.streams import streams_diagram
from archgraph.figures.overview.u import u_diagram
from archgraph.figures.room import across_page, fits_page, page_area, put_on_page, size_notes
from archgraph.outline.wording import capitalized
from archgraph.sizes.law_text import law_text

_CHARTS = ("ladder", "matrix", "hops", "levels", "laws")
_TITLE_LINES, _TITLE_PITCH = 3, 11.0
_OF_PARTS = ("overview", "blocks", "full")
_LEGEND_GAP, _COLUMN, _TOTALS_GAP = 12.0, 234.0, 6.0


def view_diagram(facts: Facts, view: str, width: str, venue: str, engine: str = "auto") -> Diagram:
    """Draw one view.

    Args:
        facts: the architecture.
        view: one of `VIEWS`.
        width: as for `page_width`, or ``"auto"``: a column if the figure is narrow, else the whole text.
        venue: as for `page_width`.
        engine: as for `layout_graphviz`.

    Raises:
        QueryError: the view is unknown, or the network has nothing to show in it.
    """
    if view not in VIEWS:
        raise not_among("view", view, VIEWS)
    if not facts.network.graph.nodes:
        raise QueryError(f"{facts.network.name} has no operation, so that there is nothing to draw")
    if facts.options.focus and view not in _OF_PARTS:
        raise QueryError(f"the view {view} is of the whole network, and has no focus", hint=f"of {some(_OF_PARTS)}")
    widths = [page_width(name, venue) for name in (("column", "text") if width == "auto" else (width,))]
    drawn = one_name(_view(facts, view, widths, engine), facts.options.labels.values())
    return _noted(facts, view, titled(bridged(drawn), facts.options.title), widths[-1])


def _view(facts: Facts, view: str, widths: list[float], engine: str) -> Diagram:
    if facts.options.style != "boxes":
        return _maps(facts, view, widths[-1])
    if view in ("levels", "laws"):
        drawn = levels_diagram(facts, widths[0]) if view == "levels" else laws_diagram(facts, widths[-1])
        return _described(facts, _with_totals(facts, drawn))
    if view in ("ladder", "matrix", "hops"):
        return _chart(facts, view, widths[0])
    drawn = _first_fitting(facts, view, widths, engine)
    return _with_legend(facts, drawn, _page(drawn, widths))


def _first_fitting(facts: Facts, view: str, widths: list[float], engine: str) -> Diagram:
    """The most detailed drawing that fits a page without a fault, or one that fits, or the least detailed one."""
    drawn, fitting = Diagram(), None
    for whole in _drawings(facts, view, widths, engine):
        below = _legend_below(facts, whole, _page(whole, widths)) if facts.options.legend else None
        reserved = 0.0 if below is None else _LEGEND_GAP + below.height
        drawn = put_on_page(facts, whole, widths[-1], reserved)
        drawn = across_page(facts, drawn, widths)
        if fits_page(facts, drawn, widths[-1], reserved):
            if not is_faulty(drawn):
                return drawn
            fitting = fitting or drawn
    return fitting or drawn


def _page(drawn: Diagram, widths: list[float]) -> float:
    """The narrowest page that holds a drawing, or the widest."""
    return next((page for page in widths if drawn.width <= page + 0.5), widths[-1])


def _maps(facts: Facts, view: str, width: float) -> Diagram:
    """Feature maps instead of boxes, with the kinds of operations as colours unless others are asked for.

    Raises:
        QueryError: the view is not of the whole network, or a U is asked to be a spine.
    """
    if view != "overview":
        raise QueryError(f"the view {view} has no maps", hint="view='overview', which opens blocks where there is room")
    if facts.options.direction == "down":
        raise QueryError("maps stand from left to right, or in a U", hint="direction='auto' or 'right'")
    return _with_legend(facts, maps_diagram(facts, width), width)


def _drawings(facts: Facts, view: str, widths: list[float], engine: str) -> Iterator[Diagram]:
    """What a view may look like, in less and less detail."""
    if view == "unrolled":
        flat = facts.flat
        yield full_diagram(facts, flat, flat.outputs, engine)
    elif view == "full":
        yield from _full(facts, widths, engine)
    elif view == "blocks":
        yield from _blocks(facts, widths, engine)
    elif (shaped := _shaped(facts, widths)) is not None:
        yield shaped
    else:
        yield from line_drawings(facts, facts.structure, widths, engine)


def _full(facts: Facts, widths: list[float], engine: str) -> Iterator[Diagram]:
    """Operations, with blocks closed where a page has no room; then the overview, unless a depth is asked for."""
    yield from full_drawings(facts, page_area(facts, widths[-1]), engine)
    for drawn in _drawings(facts, "overview", widths, engine) if facts.options.depth is None else ():
        yield with_a_word(facts, drawn, "overview", "the overview is drawn")


def _shaped(facts: Facts, widths: list[float]) -> Diagram | None:
    """A U or two streams, where the network is that and no direction is asked for."""
    if facts.options.direction != "auto":
        return None
    if facts.us and (drawn := u_diagram(facts, facts.us, widths[-1])) is not None:
        return drawn
    return streams_diagram(facts, facts.streams, widths[-1]) if facts.streams is not None else None


def _blocks(facts: Facts, widths: list[float], engine: str) -> Iterator[Diagram]:
    decks = repeat_groups(facts, facts.structure)
    if not decks:
        raise QueryError(f"{facts.network.name} repeats no block.", hint="draw view='overview'")
    for width in widths if facts.options.direction != "right" else ():
        if (drawn := block_diagram(facts, decks[0], width)) is not None:
            yield drawn
            return
    yield from graph_drawings(facts, facts.inside(decks[0]), widths[-1], engine)


def _chart(facts: Facts, view: str, width: float) -> Diagram:
    if facts.input is None:
        raise QueryError(f"{facts.network.name} has no input with positions, so it has no receptive field")
    if view == "matrix":
        drawn = matrix_strip(facts, steps(facts, effective=False), width)
    else:
        drawn = charts(sides([facts], effective=view == "ladder"), (view,), width, min(150.0, width * 0.5))
    return _described(facts, _with_totals(facts, drawn))


def _with_totals(facts: Facts, drawn: Diagram) -> Diagram:
    """The chart, with the costs of the whole network below it."""
    lines = totals(facts, drawn.width - 1) if facts.options.legend else []
    if not lines:
        return drawn
    below, top = lines_below(drawn.width, lines), drawn.height + _TOTALS_GAP
    return replace(drawn.plus(below.moved(0, top)), height=top + below.height)


def _with_legend(facts: Facts, drawn: Diagram, width: float) -> Diagram:
    """The drawing, centred, with the legend below it."""
    wide = max(width, drawn.width)
    below = None
    if facts.options.legend:
        below = _legend_below(facts, drawn, wide)
    whole = drawn.moved((wide - drawn.width) / 2, 0)
    height = drawn.height + 0.5
    if below is not None:
        whole = whole.plus(below.moved(0, drawn.height + _LEGEND_GAP))
        height += _LEGEND_GAP + below.height
    return _described(facts, replace(whole, width=wide, height=height))


def _legend_below(facts: Facts, drawn: Diagram, width: float) -> Diagram | None:
    if facts.options.style == "boxes":
        return _legend(facts, width, {box.picture for box in drawn.boxes}, {box.outline for box in drawn.boxes})
    rules = maps_rules(facts, drawn, width)
    if facts.color == "op":
        lines = packed([signs(facts), *totals(facts, width - 1), *_left_out(facts)], width - 1)
        return maps_legend(drawn, width, [*rules, *lines])
    scale = _legend(facts, width, set(), set()) or Diagram()
    boxes = tuple(replace(box, name="rules") for box in lines_below(width, rules).boxes)
    top, height = scale.height + 2, max(box.height for box in boxes)
    return replace(scale.plus(Diagram(boxes).moved(0.0, top)), height=top + height)


def _legend(facts: Facts, width: float, pictures: set[str], outlines: set[Outline]) -> Diagram | None:
    size = SIZES.small
    symbols = [signs(facts), *totals(facts, min(width - 1, _COLUMN)), *_left_out(facts)]
    if facts.color == "op":
        return swatches(
            width, words("Colour", size, "bold"), [(ramp(tint), name) for name, tint in COLOR_KINDS], symbols
        )
    if facts.color == "level":
        return _level_legend(facts, width, symbols)
    if facts.color != "locality":
        meaning = {"params": "parameters", "macs": "MACs"}[facts.color]
        heading = line_of(words("Colour", size, "bold"), words(f"(share of all {meaning})", size), gap=2.5)
        marks = [(share, words(f"{100 * share:g} %", size)) for share in (0.01, 0.1, 0.25, 0.5, 1.0)]
        return legend(width, heading, marks, symbols, ("few", "all"))
    if facts.input is None or not facts.located:
        return lines_below(width, symbols)
    marks, heading = _scale(facts)
    notes = []
    if "field" in pictures:
        hatching = f"; hatched: {facts.hatched}" if facts.hatched else ""
        notes.append(words(f"Square: field in the input{hatching}", size))
    if "connections" in pictures:
        notes.append(words("In the repeat: positions that a box connects", size))
    if "double" in outlines:
        notes.append(words(capitalized(LEGEND["double"]), size))
    return legend(width, heading, marks, [*notes, *symbols])


def _left_out(facts: Facts) -> list[Line]:
    """What the totals count, though it is not drawn."""
    hidden = [name for name in facts.options.hide if name in facts.author.met]
    return [fitted(words(f"Not drawn: {', '.join(hidden)}", SIZES.small), _COLUMN)] if hidden else []


def _level_legend(facts: Facts, width: float, symbols: Sequence[Line]) -> Diagram:
    """The powers of two between the input and the coarsest level."""
    size = SIZES.small
    heading = line_of(words("Colour", size, "bold"), words("(resolution of the output)", size), gap=2.5)
    last = max(1, round(log2(facts.coarsest)))
    marks = [((power / last) ** 2, words(f"1/{2**power}" if power else "1", size)) for power in range(last + 1)]
    return legend(width, heading, marks, symbols, ("fine", "coarse"))


def titled(drawn: Diagram, title: str) -> Diagram:
    """The drawing below a heading, which is broken where it is wider than the drawing."""
    if not title:
        return drawn
    fits = partial(_fits, drawn.width - 1)
    lines = [words(line, SIZES.heading, "bold") for line in wrapped(title, fits, _TITLE_LINES)]
    top = _TITLE_PITCH * len(lines) + 4
    marks = tuple(Text(line, 0.5, 8.5 + _TITLE_PITCH * index) for index, line in enumerate(lines))
    moved = drawn.moved(0, top)
    return replace(moved, marks=(*moved.marks, *marks), height=drawn.height + top, title=title)


def _fits(width: float, text: str) -> bool:
    return text_width(text, "bold", SIZES.heading) <= width


def _noted(facts: Facts, view: str, drawn: Diagram, width: float) -> Diagram:
    """The drawing with what it could not do: too tall, or names and wishes that this view has nothing for."""
    chosen = facts.options
    notes = [*drawn.notes, *size_notes(facts, view, drawn, width)]
    if facts.author.unmet:
        notes.append(f"the view {view} has no box for {some(facts.author.unmet)}")
    if chosen.hide and facts.author.met.intersection(chosen.hide):
        notes.append(f"not drawn: {some(chosen.hide)}; the totals count it")
    idle = [
        name for name, said in (("depth", chosen.depth is not None), ("direction", chosen.direction != "auto")) if said
    ]
    if view in _CHARTS and idle:
        notes.append(f"the view {view} has no {' and no '.join(idle)}")
    return replace(drawn, notes=tuple(notes))


def _scale(facts: Facts):
    assert facts.input is not None
    lengths = {axis: facts.input.type.size(axis) for axis in facts.input.type.positions}
    axis = max(lengths, key=lambda name: facts.number(lengths[name]))
    side = ", one side" if len(lengths) > 1 else ""
    unit = f"{facts.unit}{side}" if facts.pixels == 1 else f"elements of {facts.pixels} px{side}"
    heading = line_of(words("Receptive field", SIZES.small, "bold"), words(f"({unit})", SIZES.small), gap=2.5)
    name = law_text(facts.shown(lengths[axis]))
    law = facts.shown(lengths[axis])
    return ticks(facts.number(lengths[axis]), name if name.isidentifier() else "", law, facts.place), heading


def _described(facts: Facts, drawn: Diagram) -> Diagram:
    """Add title and description for those who cannot see the figure."""
    params, macs = (round(facts.value(facts.total(metric))) for metric in ("params", "macs"))
    text = f"{len(drawn.boxes)} boxes. {params:,} parameters and {macs:,} multiply-accumulates at the default sizes."
    last = facts.structure.chain[-1].items[-1].path if facts.structure.chain else ""
    reach = facts.reach(last) if last else None
    if reach is not None:
        text += f" One output position reads {reach.label} of {reach.extent} {facts.unit} along a side of the input."
    return replace(drawn, title=facts.network.name, description=text)
