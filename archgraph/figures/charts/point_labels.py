"""Labels of points and lines where they cover least: each takes the first free place beside its point."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot

from archgraph.figures.content.mathtext import words
from archgraph.figures.drawing.diagram import Extent, Text
from archgraph.figures.drawing.style import SIZES

GAP = 5.5
_AIR = 3.0
_EVERY = 3.0
"""How far apart the points of a line lie that labels keep clear of."""


@dataclass(frozen=True)
class Label:
    """A label and the point that it belongs to."""

    text: str
    x: float
    y: float
    color: str
    face: str = "sans"


def placed_labels(labels: Sequence[Label], taken: Iterable[Extent], page: Extent) -> list[Text]:
    """Return every label where it overlaps least with what is taken, with labels before it, and the page's edge."""
    busy = list(taken)
    found = []
    for label in labels:
        tried = list(_places(label))
        best = min(range(len(tried)), key=lambda k: (_covered(tried[k].extent, busy, page), k))
        found.append(tried[best])
        # With some air around it: labels that nearly touch read as one.
        busy.append(tried[best].extent.grown(_AIR))
    return found


def _places(label: Label) -> Iterable[Text]:
    text = Text(words(label.text, SIZES.small, label.face), color=label.color, backdrop=None)  # type: ignore[arg-type]
    x, y, w = label.x, label.y, text.width
    for far in (1.0, 1.8, 3.0):
        gap = GAP * far
        yield text.moved(x + gap, y + 2.5)
        yield text.moved(x - gap - w, y + 2.5)
        yield text.moved(x - w / 2, y - gap)
        yield text.moved(x - w / 2, y + gap + 5.5)
        yield text.moved(x + gap * 0.7, y - gap * 0.8)
        yield text.moved(x + gap * 0.7, y + gap * 0.8 + 5.0)
        yield text.moved(x - gap * 0.7 - w, y - gap * 0.8)
        yield text.moved(x - gap * 0.7 - w, y + gap * 0.8 + 5.0)


def _covered(extent: Extent, busy: Iterable[Extent], page: Extent) -> float:
    """The area that two share, and much more for what leaves the page."""
    left, top = page.left - extent.left, page.top - extent.top
    outside = max(0.0, left, top, extent.right - page.right, extent.bottom - page.bottom)
    return sum(_shared(extent, other) for other in busy) + 1000.0 * outside


def _shared(a: Extent, b: Extent) -> float:
    across = min(a.right, b.right) - max(a.left, b.left)
    down = min(a.bottom, b.bottom) - max(a.top, b.top)
    return across * down if across > 0 and down > 0 else 0.0


def squares_along(points: Sequence[tuple[float, float]]) -> list[Extent]:
    """Return small squares along a line, for labels to keep clear of."""
    found = []
    for (x, y), (u, v) in pairwise(points):
        steps = max(1, int(hypot(u - x, v - y) / _EVERY))
        for step in range(steps + 1):
            a, b = x + (u - x) * step / steps, y + (v - y) * step / steps
            found.append(Extent(a - 1.5, b - 1.5, a + 1.5, b + 1.5))
    return found
