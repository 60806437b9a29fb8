"""What an outline is made of: a tree whose leaves are operations, blocks and inputs.

Every form has one way in and one way out, unless it says otherwise; what it is made of are its ``parts``. Trees may be
as deep as networks are long, so that whoever walks one uses `walked`, which takes no stack.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from sympy import Expr

from archgraph.graph.ir import Repeat, Value
from archgraph.outline.items import Item


@dataclass(frozen=True, eq=False)
class OutlinePart:
    """A part of a network."""

    @property
    def parts(self) -> tuple[OutlinePart, ...]:
        """The forms that it is made of, in the order of the data."""
        return ()


@dataclass(frozen=True, eq=False)
class Leaf(OutlinePart):
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
class Series(OutlinePart):
    """One after another; an empty series hands on what it is given."""

    steps: tuple[OutlinePart, ...]

    @property
    def parts(self) -> tuple[OutlinePart, ...]:
        return self.steps


@dataclass(frozen=True, eq=False)
class Times(OutlinePart):
    """Equal parts in a row; ``each`` holds all of them, in order."""

    each: tuple[OutlinePart, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.each)

    @property
    def parts(self) -> tuple[OutlinePart, ...]:
        return self.each


@dataclass(frozen=True, eq=False)
class Parallel(OutlinePart):
    """Beside each other; ``join`` is the operation that takes the results together, if it belongs here."""

    branches: tuple[OutlinePart, ...]
    join: Leaf | None = None

    @property
    def parts(self) -> tuple[OutlinePart, ...]:
        return self.branches if self.join is None else (*self.branches, self.join)


class Residual(Parallel):
    """A body, and a shortcut past it of at most one layer; the join adds."""


class Gate(Parallel):
    """A body and a way past it; the join multiplies."""


class Bypass(Parallel):
    """A body and a way past it; the join does neither: mostly it puts channels together."""


@dataclass(frozen=True, eq=False)
class Nest(OutlinePart):
    """Three or more stages in a row, of which each has a way of its own to one end, or from one beginning.

    Attributes:
        stages: in order.
        ways: for every stage what lies on its own way; an empty series for nothing.
        join: the operation at the one end, if it belongs here.
    """

    stages: tuple[OutlinePart, ...]
    ways: tuple[OutlinePart, ...]
    join: Leaf | None = None

    @property
    def parts(self) -> tuple[OutlinePart, ...]:
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
    encoder: OutlinePart
    decoder: OutlinePart
    skips: tuple[OutlinePart, ...]
    sources: tuple[tuple[Leaf, ...], ...]
    targets: tuple[tuple[Leaf, ...], ...]
    returns: int = 1


@dataclass(frozen=True, eq=False)
class U(OutlinePart):
    """Rows from the finest to the coarsest, and what lies below them."""

    rows: tuple[Row, ...]
    bottom: OutlinePart

    @property
    def parts(self) -> tuple[OutlinePart, ...]:
        down = [row.encoder for row in self.rows]
        up = [part for row in reversed(self.rows) for part in (*row.skips, row.decoder)]
        return (*down, self.bottom, *up)


class Grid(U):
    """A U of which some row takes back more than one value from below."""


@dataclass(frozen=True, eq=False)
class Lanes(OutlinePart):
    """Connected rows side by side that exchange values; ``across`` is the number of links between rows."""

    lanes: tuple[OutlinePart, ...]
    across: int

    @property
    def parts(self) -> tuple[OutlinePart, ...]:
        return self.lanes


@dataclass(frozen=True, eq=False)
class Prime(OutlinePart):
    """Forks and joins that no smaller regions can be told apart of.

    Attributes:
        inside: the forms in topological order.
        links: pairs of their numbers, first the one that is read.
    """

    inside: tuple[OutlinePart, ...]
    links: tuple[tuple[int, int], ...]

    @property
    def parts(self) -> tuple[OutlinePart, ...]:
        return self.inside


class Dense(Prime):
    """Every join reads all that was before it."""


class Chain(Prime):
    """Each reads the one before it, and some read others too."""


class Irregular(Prime):
    """Any other."""


def walked(root: OutlinePart) -> Iterator[OutlinePart]:
    """Yield a form and all that it is made of, the whole before its parts."""
    waiting = [root]
    while waiting:
        form = waiting.pop()
        yield form
        waiting += reversed(form.parts)


def leaves_of(root: OutlinePart) -> Iterator[Leaf]:
    """Yield the leaves of a tree in order."""
    return (form for form in walked(root) if isinstance(form, Leaf))


NO_STEPS = Series(())
"""Nothing on the way."""


def in_series(parts: list[OutlinePart]) -> OutlinePart:
    """Return forms one after another, with no series in a series."""
    flat: list[OutlinePart] = []
    for part in parts:
        flat += part.steps if isinstance(part, Series) else (part,)
    return flat[0] if len(flat) == 1 else Series(tuple(flat)) if flat else NO_STEPS
