"""What a figure of feature maps is made of: maps in a row, decks of them, ways past them, and rows of a U."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from archgraph.figures.drawing.diagram import Line
from archgraph.graph.ir import Value
from archgraph.outline.items import Item

LaneOrigin = Literal["axis", "elsewhere", "itself"]
"""Where a lane comes from: what stands before it, something else that a block is given, or an input of its own."""


@dataclass(frozen=True)
class Share:
    """A part of a map that is put together of several: its channels, and the kind of what wrote it."""

    channels: int
    kind: str


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """A value as a map: as high as it has positions along a side, as wide as it has channels.

    Attributes:
        name: the path of what wrote it.
        items: what wrote it, and what was drawn into it.
        value: the value.
        kind: one of `MAP_KINDS`.
        side: positions along a side; 0 for a vector.
        channels: how many; 0 where there is no such axis.
        shares: of a concatenation its operands.
        count: how often what wrote it is applied in a row, as text; nothing for once.
    """

    name: str
    items: tuple[Item, ...]
    value: Value
    kind: str
    side: float
    channels: int
    shares: tuple[Share, ...] = ()
    count: Line = ()


@dataclass(frozen=True, eq=False)
class MapDeck:
    """Elements that are applied again and again; ``conditions`` are the values that join each time."""

    name: str
    inner: tuple[MapElement, ...]
    title: str
    count: Line
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class MapBlock:
    """What an open block writes that is applied once; ``conditions`` are the values that join in it."""

    inner: tuple[MapElement, ...]
    conditions: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class WayPast:
    """Elements with a way past them; ``word`` says what is on the way, or how it joins if it does not add."""

    inner: tuple[MapElement, ...]
    word: str = ""


@dataclass(frozen=True, eq=False)
class MapLanes:
    """Elements beside each other.

    Attributes:
        origins: where each of them comes from.
        word: how they join.
        joins: whether their ends are what comes next reads.
        links: maps that read others than the one before them: both of each.
    """

    lanes: tuple[tuple[MapElement, ...], ...]
    origins: tuple[LaneOrigin, ...]
    word: str = ""
    joins: bool = True
    links: tuple[tuple[FeatureMap, FeatureMap], ...] = ()

    @property
    def forks(self) -> bool:
        """Whether what stands before them leads to some of them."""
        return "axis" in self.origins


@dataclass(frozen=True, eq=False)
class MapLoose:
    """Elements that do not read the one before them, so that no arrow leads to them."""

    inner: tuple[MapElement, ...]


MapElement = FeatureMap | MapDeck | MapBlock | WayPast | MapLanes | MapLoose


@dataclass(frozen=True, eq=False)
class MapRow:
    """A stretch of elements on one row; 0 is the finest."""

    row: int
    inner: tuple[MapElement, ...]


@dataclass(frozen=True, eq=False)
class MapSkip:
    """What is copied from a stretch to a later one: the numbers of both, and the values."""

    source: int
    target: int
    values: tuple[Value, ...]


@dataclass(frozen=True, eq=False)
class MapScene:
    """All that is drawn, in the order of the data: stretches and the copies between them."""

    rows: tuple[MapRow, ...]
    skips: tuple[MapSkip, ...] = ()
    notes: tuple[str, ...] = ()


def maps_of(elements: tuple[MapElement, ...]) -> Iterator[FeatureMap]:
    """Yield the maps among elements, in order."""
    waiting: list[MapElement] = [*reversed(elements)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, FeatureMap):
            yield one
        elif isinstance(one, MapLanes):
            waiting += [inner for lane in reversed(one.lanes) for inner in reversed(lane)]
        else:
            waiting += reversed(one.inner)
