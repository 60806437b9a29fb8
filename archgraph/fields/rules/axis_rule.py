"""What every kind of axis map has to state, so that all analyses of fields can ask it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from sympy import Expr

from archgraph.errors import QueryError
from archgraph.fields.rules.links import Every, Link, Lookup
from archgraph.fields.rules.read_tables import MapTable, ReadTable
from archgraph.fields.rules.tap_power import Global
from archgraph.fields.sets.band import Band, Everything, Unknown
from archgraph.fields.sets.indices import interval
from archgraph.fields.sets.readings import PRESENT, Moving, Reading, Whole, moving
from archgraph.fields.sets.rows import MOST_LISTED_ROWS, bordered, stated_rows
from archgraph.fields.sets.setmap import SetMap
from archgraph.fields.sets.spread import SpreadMap
from archgraph.fields.sets.terms import Sum, own_index
from archgraph.ops.reach import AxisMap, Border, Listed, Power
from archgraph.sizes.exact import Evaluate
from archgraph.sizes.types import TensorType

RuledMap = TypeVar("RuledMap", bound=AxisMap)
SourceDigit: TypeAlias = tuple[str, int, int, int]
"""An axis of the output, or none for all values of the digit; then scale, stride and size of the digit."""


@dataclass(frozen=True)
class AxisView:
    """One axis of an operand as one output of an operation sees it.

    Attributes:
        axis: the axis of the operand.
        driver: the axis of the output along which it is read.
        size: the operand's size along the axis.
        output: the type of the output.
        number: which of the operation's outputs it is.
        evaluate: gives the value of a size.
        place: names the operation, for what reads all positions.
    """

    axis: str
    driver: str
    size: Expr
    output: TensorType
    number: int
    evaluate: Evaluate
    place: Whole = PRESENT

    def along(self, driver: str) -> AxisView:
        """Return the same axis, read along another one of the output."""
        return replace(self, driver=driver)

    @property
    def extent(self) -> int:
        """How many positions of the operand there are."""
        return self.evaluate(self.size)

    @property
    def outputs(self) -> int:
        """How many positions the output has along the driver."""
        return self.length(self.driver)

    def length(self, axis: str) -> int:
        """Return the size of the output along an axis."""
        return self.evaluate(self.output.size(axis))

    @property
    def whole(self) -> Whole:
        """All positions of the operand."""
        # With its origin, for of all that gather everything the first one is named.
        return Whole(self.place.order, self.place.path, interval(0, self.extent - 1))

    def moving(self, reads: SetMap) -> Reading:
        """Return the reading of a set map of the index on the driver."""
        return moving(Sum(own_index(self.driver, self.outputs)), reads)


class Driver(NamedTuple):
    """The axis that drives what is read; behind a flattening, the stride of the digit of it that does."""

    axis: str
    digit: Expr | int | None = None


@dataclass(frozen=True)
class Digital:
    """The relation of an axis that is a sum of digits of axes of the output, which may drive other axes too."""

    axis: str
    parts: tuple[SourceDigit, ...]


Strides: TypeAlias = Callable[[Expr], "Expr | int"]
"""What strides of digits are compared as: expressions as they are, or their values."""
Related: TypeAlias = "Link | Every | Lookup | Digital"
Stretch: TypeAlias = "Band | Everything | Unknown"
PowerStep: TypeAlias = "SpreadMap | Global | None"


def is_given(read: Listed, evaluate: Evaluate) -> bool:
    """Return whether the sizes are those at which a list is known."""
    return all(evaluate(size) == value for size, value in read.given)


def too_many(view: AxisView) -> bool:
    """Whether there are more outputs than sets are listed of."""
    return view.outputs > MOST_LISTED_ROWS


def written_out(table: ReadTable, view: AxisView) -> Reading:
    """Return a table as sets, one per output.

    Raises:
        QueryError: there are too many outputs.
    """
    if too_many(view):
        raise QueryError(f"the sets of {view.outputs:,} positions are too many to be listed")
    return stated_rows(own_index(view.driver, view.outputs), tuple(table), view.place)


class AxisRule(ABC, Generic[RuledMap]):
    """What one kind of axis map means to every analysis.

    All members are abstract, so that a kind that leaves one out cannot be put into the table.
    """

    def __init__(self, read: RuledMap) -> None:
        self.read = read

    @abstractmethod
    def reading(self, view: AxisView) -> Reading:
        """Return the set that every output reads, whatever the border does: with phases, closed in the position."""

    @abstractmethod
    def relation(self, view: AxisView) -> Related:
        """Return the positions that every output reads within the operand, and whom the border cuts."""

    @abstractmethod
    def band(self, number: int) -> Stretch:
        """Return the hull of what one of the operation's outputs reads, as expressions."""

    @abstractmethod
    def taps(self, power: Power, view: AxisView) -> PowerStep:
        """Return how the gradient's power spreads over the axis; None where that differs between positions."""

    @abstractmethod
    def driver(self, driver: Driver, value: Strides) -> Driver | None:
        """Return what drives an output that reads a value of some driver; None where no single digit does."""

    def doubt(self, view: AxisView) -> str:
        """Return why less may be read than it says; nothing where it is exact."""
        return ""


class MovingRule(AxisRule[RuledMap]):
    """A kind whose windows move with the position along one axis: reading and relation come of one set map."""

    @abstractmethod
    def sets(self, view: AxisView) -> SetMap:
        """Return the set map."""

    @abstractmethod
    def border(self) -> Border | None:
        """Return what becomes of positions beyond the border; None where another operand goes on there."""

    def reading(self, view: AxisView) -> Reading:
        """Return the set map of the position on the driving axis, and what the border brings in."""
        reading, border = view.moving(self.sets(view)), self.border()
        if border in (None, "drop") or not isinstance(reading, Moving):
            return reading
        table = self._table(view)
        return bordered(reading, lambda: written_out(table, view), view.extent) if table.brings_in() else reading

    def _table(self, view: AxisView) -> MapTable:
        # Where another operand goes on, nobody reads beyond a border; what is out of this one is dropped all the same.
        return MapTable(self.sets(view), view.extent, view.outputs, self.border() or "drop")

    def relation(self, view: AxisView) -> Related:
        """Return the set map written out, with the border."""
        return Link(view.axis, view.driver, self._table(view), bordered=bool(self.border()))

    def driver(self, driver: Driver, value: Strides) -> Driver | None:
        """Windows move along the axis that they lie on."""
        return driver
