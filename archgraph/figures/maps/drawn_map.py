"""A feature map as a box: flat, or in slight perspective; cut into the shares of what it is put together of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archgraph.figures.drawing.diagram import Box, BoxPart, Path, Rect
from archgraph.figures.drawing.style import FRAME, SKIP, mix
from archgraph.figures.maps.feature_map import FeatureMap, Share
from archgraph.figures.maps.map_kinds import COPIED, MAP_KINDS

EDGE = 0.6
THINNEST, FLATTEST = 1.6, 4.2
"""In points: what has fewer channels or positions is drawn as wide and as high as this."""
_DEPTH, _LIFT, _HATCH = 0.21, 0.11, 3.6
_LIGHTER, _DARKER = 0.42, 0.18


@dataclass(frozen=True)
class MapScale:
    """By what roots of sizes are multiplied, in points; one scale holds for a whole figure.

    Attributes:
        height: times the root of the positions along a side.
        width: times the root of the channels.
        depth: whether maps are drawn in perspective.
        gap: between two maps.
    """

    height: float
    width: float
    depth: bool = False
    gap: float = 8.0

    def high(self, one: FeatureMap) -> float:
        """The height of the front of a map."""
        return max(FLATTEST, self.height * one.side**0.5)

    def wide(self, one: FeatureMap) -> float:
        """The width of the front of a map."""
        return max(THINNEST, self.width * one.channels**0.5)

    def back(self, one: FeatureMap) -> tuple[float, float]:
        """How far the back of a map is to the right of its front, and above it."""
        high = self.high(one) if self.depth else 0.0
        return _DEPTH * high, _LIFT * high


def map_box(one: FeatureMap, scale: MapScale, fill: str, *, kinds: bool = True) -> Box:
    """The box of a map, whose first part is its front.

    Args:
        kinds: whether shares have the colours of what wrote them, rather than that of the map.
    """
    wide, high = scale.wide(one), scale.high(one)
    right, up = scale.back(one)
    front = Rect(0.0, up, wide, high, fill, FRAME, EDGE)
    fills = [_fill(share, fill, kinds=kinds) for share in one.shares]
    last = fills[-1] if fills else fill
    parts: list[BoxPart] = [front, *_sides(front, right, up, last)]
    if one.shares:
        parts += _shares(one, front, fills)
    return Box(one.name, wide + right, high + up, tuple(parts))


def _fill(share: Share, fill: str, *, kinds: bool) -> str:
    return MAP_KINDS[share.kind] if kinds or share.kind == COPIED else fill


def _sides(front: Rect, right: float, up: float, fill: str) -> list[BoxPart]:
    """Top and side of a map in perspective."""
    if not right:
        return []
    x, y, far, low = front.x, front.y, front.x + front.width, front.y + front.height
    top = ((x, y), (x + right, y - up), (far + right, y - up), (far, y))
    side = ((far, y), (far + right, y - up), (far + right, low - up), (far, low))
    lighter, darker = mix(fill, "#ffffff", _LIGHTER), mix(fill, "#000000", _DARKER)
    return [
        Path(top, FRAME, EDGE, closed=True, fill=lighter),
        Path(side, FRAME, EDGE, closed=True, fill=darker),
    ]


def _shares(one: FeatureMap, front: Rect, fills: Sequence[str]) -> Iterator[BoxPart]:
    """What a map is put together of, side by side; what was copied is hatched."""
    whole, x = sum(share.channels for share in one.shares), front.x
    for share, fill in zip(one.shares, fills, strict=True):
        wide = front.width * share.channels / whole
        yield Rect(x, front.y, wide, front.height, fill, FRAME, EDGE)
        if share.kind == COPIED:
            yield from hatching(x, front.y, wide, front.height)
        x += wide


def hatching(x: float, y: float, wide: float, high: float) -> Iterator[Path]:
    """Lines that rise to the right, within a rectangle."""
    reach = _HATCH
    while reach < wide + high:
        start = (x, y + reach) if reach <= high else (x + reach - high, y + high)
        end = (x + reach, y) if reach <= wide else (x + wide, y + reach - wide)
        yield Path((start, end), SKIP, 0.5)
        reach += _HATCH
