"""A node or scope of an architecture, with laws of its own."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from sympy import Expr, Integer, expand

from archgraph.architecture.measured import Law, Measured
from archgraph.cost.costs import Row, level_of, metric_named
from archgraph.graph.ir import Member, Repeat
from archgraph.sizes.types import TensorType

if TYPE_CHECKING:
    from archgraph.architecture.architecture import Architecture


class Part(Measured):
    """A node or scope of an architecture; its costs include the counts of the repeats around it."""

    def __init__(self, architecture: Architecture, path: str, member: Member, around: tuple[Repeat, ...]) -> None:
        self.architecture = architecture
        self.path = path
        self.member = member
        self.around = around

    @property
    def whole(self) -> Architecture:
        """The architecture that this is part of."""
        return self.architecture

    def expression(self, name: str) -> Expr:
        """Return the law of a metric in the spec's symbols, all repetitions together."""
        return self.architecture.show(self._cost(name))

    def rows(self) -> list[Row]:
        """Return the cost rows of the primitive nodes in it."""
        inside = f"{self.path}."
        return [row for row in self.architecture.rows() if row.path == self.path or row.path.startswith(inside)]

    @property
    def outputs(self) -> tuple[TensorType, ...]:
        """The types of its outputs."""
        return tuple(self.architecture.type(value.type) for value in self.member.outputs)

    @property
    def level(self) -> str:
        """The position sizes of its output."""
        return level_of(self.outputs[0])

    def metric(self, name: str) -> Law:
        """Return the law of a metric, all repetitions together, or its value after `at`."""
        return self.architecture.law(self._cost(name))

    def _cost(self, name: str) -> Expr:
        times = prod((metric_named(name).sets(repeat) for repeat in self.around), start=Integer(1))
        return expand(times * self.architecture.costs.member(self.member, name))

    def __repr__(self) -> str:
        return f"<{self.path}: {self.member.label}>"
