"""The frame around what is repeated, with the outlines behind it that say so."""

from collections.abc import Iterator

from archgraph.figures.drawing.diagram import COPY_OFFSET, BoxPart, Cluster, Rect
from archgraph.figures.drawing.style import DECK, DECK_EDGE

_BEHIND, _BEHIND_EDGE = "#ececec", "#9a9a9a"


def deck(cluster: Cluster) -> Iterator[BoxPart]:
    """From the outline that is farthest back to the frame, and what is written in it."""
    yield from cluster.frames or frames(cluster)
    yield from cluster.parts


def frames(cluster: Cluster) -> Iterator[Rect]:
    """The outlines and the frame on a white page."""
    extent = cluster.extent
    width, height = extent.right - extent.left, extent.bottom - extent.top
    for copy in range(cluster.copies, -1, -1):
        shift = copy * COPY_OFFSET
        fill, edge = (_BEHIND, _BEHIND_EDGE) if copy else (DECK, DECK_EDGE)
        yield Rect(extent.left + shift, extent.top - shift, width, height, fill, edge, 0.75, 5)
