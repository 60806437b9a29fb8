"""A finished drawing in another theme: every part in other colours, or larger."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from archgraph.data.figure_words import BACKGROUNDS
from archgraph.figures.drawing.colors_on_dark import on_dark
from archgraph.figures.drawing.decks import frames
from archgraph.figures.drawing.diagram import Box, BoxPart, Cluster, Diagram, Edge, Extent, Path, Rect, Text
from archgraph.figures.drawing.look import DARK_PAGE, SLIDE_HEIGHT, SLIDE_SCALE, Look
from archgraph.figures.drawing.rims import rims
from archgraph.figures.drawing.style import RAMP, recolored

_WHITE = "#ffffff"
_SLACK = 0.05


@dataclass(frozen=True)
class Restyling:
    """What happens to every part of a drawing.

    Attributes:
        color: a colour of lines and fills to another.
        page: the colour of what is behind texts that lie on lines.
        scale: how much larger everything gets.
    """

    color: Callable[[str], str]
    page: str
    scale: float = 1.0


def themed(diagram: Diagram, look: Look) -> Diagram:
    """Return a drawing for a white page in another theme and on another background.

    >>> from archgraph.figures.drawing.look import checked_look
    >>> small = Diagram(marks=(Rect(0, 0, 10, 10, "#ffffff"),), width=10, height=10)
    >>> large = themed(small, checked_look("slides"))
    >>> large.marks[0].width, large.width, large.background
    (20.0, 20.0, '#ffffff')
    """
    own = DARK_PAGE if look.theme == "dark" else _WHITE
    background = own if look.background is None else BACKGROUNDS[look.background]
    page = own if background == "none" else background
    scale = SLIDE_SCALE if look.theme == "slides" else 1.0
    plain = look.theme == "paper" and page == _WHITE and look.palette == RAMP
    changed = diagram if plain else _changed(diagram, Restyling(recoloring(look), page, scale))
    under = rims(changed, own) if background == "none" else ()
    return replace(changed, background=background, notes=_notes(changed, look), under=under)


def recoloring(look: Look) -> Callable[[str], str]:
    """Return what becomes of a colour in a look: its palette, and a dark page."""
    if look.theme == "dark":
        return lambda color: on_dark(recolored(color, look.palette))
    return lambda color: recolored(color, look.palette)


def _notes(diagram: Diagram, look: Look) -> tuple[str, ...]:
    """Of a slide, only what does not fit onto one is worth saying."""
    if look.theme != "slides":
        return diagram.notes
    tall, limit = diagram.height / 72, SLIDE_HEIGHT / 72
    if tall <= limit + _SLACK:
        return ()
    return (f"{tall:.1f} in tall, and a slide has {limit:g} in: another view is lower",)


def _changed(diagram: Diagram, change: Restyling) -> Diagram:
    return replace(
        diagram,
        boxes=tuple(_box(box, change) for box in diagram.boxes),
        edges=tuple(_edge(edge, change) for edge in diagram.edges),
        clusters=tuple(_cluster(cluster, change) for cluster in diagram.clusters),
        marks=tuple(_part(mark, change) for mark in diagram.marks),
        width=diagram.width * change.scale,
        height=diagram.height * change.scale,
    )


def _box(box: Box, change: Restyling) -> Box:
    k = change.scale
    place = {"x": k * box.x, "y": k * box.y, "width": k * box.width, "height": k * box.height}
    return replace(box, **place, parts=tuple(_part(part, change) for part in box.parts))


def _edge(edge: Edge, change: Restyling) -> Edge:
    path = None if edge.path is None else _path(edge.path, change)
    return replace(edge, path=path, label=tuple(_text(text, change) for text in edge.label))


def _cluster(cluster: Cluster, change: Restyling) -> Cluster:
    e, k = cluster.extent, change.scale
    extent = Extent(k * e.left, k * e.top, k * e.right, k * e.bottom)
    cards = tuple(_rect(rect, change) for rect in cluster.frames or frames(cluster))
    return replace(cluster, extent=extent, parts=tuple(_part(part, change) for part in cluster.parts), frames=cards)


def _part(part: BoxPart, change: Restyling) -> BoxPart:
    if isinstance(part, Text):
        return _text(part, change)
    return _path(part, change) if isinstance(part, Path) else _rect(part, change)


def _text(text: Text, change: Restyling) -> Text:
    k = change.scale
    runs = tuple(replace(run, size=k * run.size, rise=k * run.rise, gap=k * run.gap) for run in text.runs)
    backdrop = text.backdrop and change.page
    return replace(text, runs=runs, x=k * text.x, y=k * text.y, color=change.color(text.color), backdrop=backdrop)


def _rect(rect: Rect, change: Restyling) -> Rect:
    k = change.scale
    place = {"x": k * rect.x, "y": k * rect.y, "width": k * rect.width, "height": k * rect.height}
    lines = {"thickness": k * rect.thickness, "radius": k * rect.radius, "dash": tuple(k * one for one in rect.dash)}
    return replace(rect, **place, **lines, fill=change.color(rect.fill), stroke=change.color(rect.stroke))


def _path(path: Path, change: Restyling) -> Path:
    k = change.scale
    points = tuple((k * x, k * y) for x, y in path.points)
    lines = {"thickness": k * path.thickness, "radius": k * path.radius, "dash": tuple(k * one for one in path.dash)}
    colors = {"fill": change.color(path.fill), "stroke": change.color(path.stroke)}
    return replace(path, points=points, **lines, head=k * path.head, **colors)
