"""What an outline is made of: a tree whose leaves are operations, blocks and inputs.

Every shape has one way in and one way out, unless it says otherwise; what it is made of are its ``parts``. Trees may be
as deep as networks are long, so that whoever walks one uses `folded` or `walked`, which take no stack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from sympy import Expr

from archgraph.graph.ir import Repeat, Value
from archgraph.outline.items import Item

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Shape:
    """A part of a network."""

    @property
    def parts(self) -> tuple[Shape, ...]:
        """The shapes that it is made of, in the order of the data."""
        return ()


@dataclass(frozen=True, eq=False)
class Leaf(Shape):
    """One operation, one block that stays closed, or one input of the network.

    Attributes:
        name: the path of the member, or the name of the input.
        item: the member; None for an input.
        value: the input; None for a member.
    """

    name: str
    item: Item | None = None
    value: Value | None = None

    @property
    def count(self) -> Expr | None:
        """How often a repeat is applied; None for what is applied once."""
        member = self.item.member if self.item is not None else None
        return member.count if isinstance(member, Repeat) and not member.once else None


@dataclass(frozen=True, eq=False)
class Series(Shape):
    """One after another; an empty series hands on what it is given."""

    steps: tuple[Shape, ...]

    @property
    def parts(self) -> tuple[Shape, ...]:
        return self.steps


@dataclass(frozen=True, eq=False)
class Times(Shape):
    """Equal parts in a row; ``each`` holds all of them, in order."""

    each: tuple[Shape, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.each)

    @property
    def parts(self) -> tuple[Shape, ...]:
        return self.each


@dataclass(frozen=True, eq=False)
class Parallel(Shape):
    """Beside each other; ``join`` is the operation that takes the results together, if it belongs here."""

    branches: tuple[Shape, ...]
    join: Leaf | None = None

    @property
    def parts(self) -> tuple[Shape, ...]:
        return self.branches if self.join is None else (*self.branches, self.join)


class Residual(Parallel):
    """A body, and a shortcut past it of at most one layer; the join adds."""


class Gate(Parallel):
    """A body and a way past it; the join multiplies."""


class Skip(Parallel):
    """A body and a way past it; the join does neither: mostly it puts channels together."""


@dataclass(frozen=True, eq=False)
class Nest(Shape):
    """Three or more stages in a row, of which each has a way of its own to one end, or from one beginning.

    Attributes:
        stages: in order.
        ways: for every stage what lies on its own way; an empty series for nothing.
        join: the operation at the one end, if it belongs here.
    """

    stages: tuple[Shape, ...]
    ways: tuple[Shape, ...]
    join: Leaf | None = None

    @property
    def parts(self) -> tuple[Shape, ...]:
        pairs = [part for pair in zip(self.stages, self.ways, strict=True) for part in pair]
        return tuple(pairs) if self.join is None else (*pairs, self.join)


class Collect(Nest):
    """The input of every stage is collected at one end."""


class Rereads(Nest):
    """Every stage ends in an operation that reads the one beginning again."""


@dataclass(frozen=True, eq=False)
class Row:
    """One level of a U.

    Attributes:
        level: how many positions of the input there are for one here.
        encoder: what comes before all lower rows.
        decoder: what comes after them.
        skips: what lies on each way past the lower rows; an empty series for a plain skip.
        sources: for every skip the leaves it comes from.
        targets: for every skip the leaves it goes to.
        returns: how many values come back from below.
    """

    level: Fraction
    encoder: Shape
    decoder: Shape
    skips: tuple[Shape, ...]
    sources: tuple[tuple[Leaf, ...], ...]
    targets: tuple[tuple[Leaf, ...], ...]
    returns: int = 1


@dataclass(frozen=True, eq=False)
class U(Shape):
    """Rows from the finest to the coarsest, and what lies below them."""

    rows: tuple[Row, ...]
    bottom: Shape

    @property
    def parts(self) -> tuple[Shape, ...]:
        down = [row.encoder for row in self.rows]
        up = [part for row in reversed(self.rows) for part in (*row.skips, row.decoder)]
        return (*down, self.bottom, *up)


class Grid(U):
    """A U of which some row takes back more than one value from below."""


@dataclass(frozen=True, eq=False)
class Lanes(Shape):
    """Connected rows side by side that exchange values; ``across`` is the number of links between rows."""

    lanes: tuple[Shape, ...]
    across: int

    @property
    def parts(self) -> tuple[Shape, ...]:
        return self.lanes


@dataclass(frozen=True, eq=False)
class Prime(Shape):
    """Forks and joins that no smaller regions can be told apart of.

    Attributes:
        inside: the shapes in topological order.
        links: pairs of their numbers, first the one that is read.
    """

    inside: tuple[Shape, ...]
    links: tuple[tuple[int, int], ...]

    @property
    def parts(self) -> tuple[Shape, ...]:
        return self.inside


class Dense(Prime):
    """Every join reads all that was before it."""


class Chain(Prime):
    """Each reads the one before it, and some read others too."""


class Irregular(Prime):
    """Any other."""


def folded(root: Shape, make: Callable[[Shape, list[Result]], Result]) -> Result:
    """Return what is made of a tree from its leaves upwards, parts before the whole."""
    done: list[list[Result]] = [[]]
    waiting: list[tuple[Shape, bool]] = [(root, False)]
    while waiting:
        shape, ready = waiting.pop()
        if ready:
            own = done.pop()
            done[-1].append(make(shape, own))
        else:
            done.append([])
            waiting.append((shape, True))
            waiting += [(part, False) for part in reversed(shape.parts)]
    return done[0][0]


def walked(root: Shape) -> Iterator[Shape]:
    """Yield a shape and all that it is made of, the whole before its parts."""
    waiting = [root]
    while waiting:
        shape = waiting.pop()
        yield shape
        waiting += reversed(shape.parts)


def leaves(root: Shape) -> Iterator[Leaf]:
    """Yield the leaves of a tree in order."""
    return (shape for shape in walked(root) if isinstance(shape, Leaf))


EMPTY = Series(())
"""Nothing on the way."""


def in_series(parts: list[Shape]) -> Shape:
    """Return shapes one after another, with no series in a series."""
    flat: list[Shape] = []
    for part in parts:
        flat += part.steps if isinstance(part, Series) else (part,)
    return flat[0] if len(flat) == 1 else Series(tuple(flat)) if flat else EMPTY
