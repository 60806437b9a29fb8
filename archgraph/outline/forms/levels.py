"""The level of a value, how many positions of the input there are for one of it; and its family, whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from sympy import Expr, Mul, Symbol

from archgraph.graph.ir import Member, Node, Value
from archgraph.laws.numeric import value_at
from archgraph.outline.items import Flow
from archgraph.outline.resolution import ratio
from archgraph.sizes.types import TensorType

_KEEPING = ("concat", "slice", "split", "crop", "crop_like", "pad")
"""What changes the number of positions without another resolution: tokens put together, or some of them."""
_FINEST, _LARGE = 10**6, 2**12


@dataclass(frozen=True)
class FamilyLevel:
    """A level and a family; the sources of a network are numbered in order."""

    level: Fraction = Fraction(1)
    family: int = 0


@dataclass(eq=False)
class ValueLevels:
    """The places of values, learned member by member in topological order.

    Attributes:
        numbers: of symbols by which something is divided, such as the side of a patch; one that has none counts as 2.
        places: what is known.
    """

    numbers: Mapping[Symbol, int] = field(default_factory=dict)
    places: dict[Value, FamilyLevel] = field(default_factory=dict)
    _families: int = 0
    _changes: dict[tuple[TensorType, TensorType], Fraction] = field(default_factory=dict)

    def source(self, value: Value) -> FamilyLevel:
        """Learn a value that comes from nowhere, or from what has no positions."""
        self._families += 1
        return self.places.setdefault(value, FamilyLevel(Fraction(1), self._families))

    def learn(self, member: Member, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> None:
        """Learn the results of a member from what is known of its operands."""
        keeping = isinstance(member, Node) and member.op.kind in _KEEPING
        for value in outputs:
            whose = _parent(value.type, inputs)
            if whose is None:
                self.source(value)
                continue
            known = self.places.get(whose) or self.source(whose)
            change = Fraction(1) if keeping else self.change(whose.type, value.type)
            self.places[value] = FamilyLevel(known.level * change, known.family)

    def change(self, before: TensorType, after: TensorType) -> Fraction:
        """How many positions of the one there are for one of the other; 1 where one of them is a single position."""
        found = self._changes.get((before, after))
        if found is None:
            found = self._changes[before, after] = self._change(before, after)
        return found

    def _change(self, before: TensorType, after: TensorType) -> Fraction:
        if not has_extent(before) or not has_extent(after) or _positions(before) == _positions(after):
            return Fraction(1)
        if set(before.positions) != set(after.positions):
            return self._quotient(before.area, after.area)
        found = Fraction(1)
        for axis in before.positions:
            found *= self._quotient(before.size(axis), after.size(axis))
        return found

    def _quotient(self, before: Expr, after: Expr) -> Fraction:
        """Of sizes; exactly where that is a product of symbols, else in the limit of a large input."""
        quotient = before / after
        if quotient.free_symbols and all(_is_power(factor) for factor in Mul.make_args(quotient)):
            found = value_at(quotient, self.numbers, other=2)
        else:
            found = value_at(ratio(before, after), self.numbers, other=2)
        return Fraction(found).limit_denominator(_FINEST)


def flow_levels(flow: Flow, numbers: Mapping[Symbol, int]) -> ValueLevels:
    """Return the levels of all values of a flow."""
    levels = ValueLevels(numbers)
    for value in flow.inputs:
        levels.source(value)
    for item in flow.items:
        levels.learn(item.member, item.inputs, item.outputs)
    return levels


def _is_power(factor: Expr) -> bool:
    """Whether it is a number, a symbol, or a symbol to a whole power."""
    base, exponent = factor.as_base_exp()
    return bool(factor.is_Number or (base.is_Symbol and exponent.is_Integer))


def _parent(type_: TensorType, inputs: tuple[Value, ...]) -> Value | None:
    """The operand whose positions a result has: equal ones, else the largest that shares axes, else the largest."""
    if not inputs:
        return None
    own = _positions(type_)
    equal = [value for value in inputs if own and _positions(value.type) == own]
    sharing = [value for value in inputs if set(value.type.positions) & set(type_.positions)]
    return next(iter(equal), None) or max(sharing or inputs, key=lambda value: _area(value.type))


def _positions(type_: TensorType) -> tuple[tuple[str, Expr], ...]:
    return tuple((name, size) for name, size in type_.axes if name != "c")


@lru_cache(maxsize=4096)
def _area(type_: TensorType) -> float:
    """How many positions there are where every size is large; none where there are no axes."""
    return value_at(type_.area, {}, _LARGE) if type_.positions else 0


def has_extent(type_: TensorType) -> bool:
    """Whether there is more than one position."""
    return bool(type_.positions) and type_.area != 1
