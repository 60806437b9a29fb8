"""What has laws: the queries that a whole architecture and each of its parts answer alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from sympy import Add, Expr, Rational, Symbol, expand

from archgraph.analysis import scaling
from archgraph.analysis.cost import METRICS, Row, grouping, metric_named
from archgraph.errors import QueryError, did_you_mean
from archgraph.symbols import fraction, replaced, symbol

if TYPE_CHECKING:
    from archgraph.api import Architecture

Law = Expr | int
"""A law in the spec's symbols; an integer once every symbol is bound by `at`."""


class Measured(ABC):
    """What has costs: a whole architecture, or one of its nodes and scopes."""

    @property
    @abstractmethod
    def whole(self) -> Architecture:
        """The architecture that this is, or is part of."""

    @abstractmethod
    def expression(self, name: str) -> Expr:
        """Return the law of a metric in the spec's symbols, whether or not they are bound by `at`."""

    @abstractmethod
    def rows(self) -> list[Row]:
        """Return the cost rows of all primitive nodes in it."""

    def metric(self, name: str) -> Law:
        """Return the law of a metric by its name, or its value after `at`."""
        raise NotImplementedError

    # -- metrics -----------------------------------------------------------------------------------------

    @property
    def params(self) -> Law:
        """Scalars of unique parameters, frozen included."""
        return self.metric("params")

    @property
    def params_trainable(self) -> Law:
        """Scalars of trained parameters."""
        return self.metric("params_trainable")

    @property
    def params_frozen(self) -> Law:
        """Scalars of parameters that are not trained."""
        return self.metric("params_frozen")

    @property
    def params_active(self) -> Law:
        """Scalars of the parameters that one position uses: of a mixture, the active experts."""
        return self.metric("params_active")

    @property
    def buffers(self) -> Law:
        """Scalars of buffers."""
        return self.metric("buffers")

    @property
    def macs(self) -> Law:
        """Multiply-accumulates of conv, linear and matmul, per sample."""
        return self.metric("macs")

    @property
    def elementwise(self) -> Law:
        """All other scalar operations, per sample."""
        return self.metric("elementwise")

    @property
    def flops(self) -> Law:
        """2 * macs + elementwise."""
        return self.metric("flops")

    @property
    def activations(self) -> Law:
        """Elements of all op outputs, per sample."""
        return self.metric("activations")

    @property
    def layer_outputs(self) -> Law:
        """Elements of conv and linear outputs, per sample."""
        return self.metric("layer_outputs")

    # -- the algebra of laws -----------------------------------------------------------------------------

    def law_in(self, metric: str, name: str) -> tuple[Expr, Symbol]:
        """Return the law of a metric in terms of a symbol, which may be derived, and the symbol.

        Raises:
            QueryError: no such symbol, or a structural one, in which laws are not symbolic.

        >>> from archgraph import load
        >>> load("dit").law_in("activations", "N")[0].coeff(symbol("N"))
        27*D*L + 6*D + 16*p**2
        """
        law, asked = self.expression(metric), symbol(name)
        whole = self.whole
        if name in whole.symbols:
            definition = whole.definition(name)
            return (law if definition is None else scaling.eliminate(law, asked, definition)), asked
        if name in whole.spec.symbols:
            raise QueryError(f"laws are not symbolic in '{name}': it is built into the graph", hint="use what_if")
        raise QueryError(f"there is no symbol '{name}'.{did_you_mean(name, whole.symbols)}")

    def degree(self, metric: str, name: str) -> Expr:
        """Return the highest power of a symbol in a law.

        >>> from archgraph import load
        >>> load("dit").degree("macs", "N"), load("dit").degree("params", "D")
        (2, 2)
        """
        return scaling.degree(*self.law_in(metric, name))

    def leading(self, metric: str, name: str) -> Expr:
        """Return the terms of a law with the highest power of a symbol.

        >>> from archgraph import load
        >>> load("dit").leading("params", "L")
        18*D**2*L + 15*D*L
        """
        return scaling.leading(*self.law_in(metric, name))

    def elasticity(self, metric: str, name: str) -> Expr | float:
        """Return d log(metric) / d log(symbol); after `at`, its value there.

        >>> from archgraph import load
        >>> round(load("dit").at().elasticity("macs", "D"), 3)
        1.964
        """
        local = scaling.elasticity(*self.law_in(metric, name))
        return float(replaced(local, self.whole.point())) if self.whole.evaluated else local

    def terms(self, metric: str, by: str = "op") -> dict[str, Expr]:
        """Return the law of a metric by "op", "scope", "level", "block" or "node"; their sum is the law.

        >>> from archgraph import load
        >>> load("dit")["blocks"].terms("macs")["scaled_dot_product_attention"]
        2*D*L*S**4/p**4
        """
        chosen = metric_named(metric)
        groups: dict[str, list[Expr]] = {}
        for row in self.rows():
            groups.setdefault(grouping(by)(row), []).append(row.cost(chosen))
        laws = {key: self.whole.show(expand(Add(*costs))) for key, costs in groups.items()}
        return {key: law for key, law in laws.items() if law != 0}

    def share(self, metric: str, by: str = "op") -> dict[str, Rational]:
        """Return each group's share of a metric at the bound values.

        >>> from archgraph import load
        >>> round(float(load("dit").share("macs")["scaled_dot_product_attention"]), 4)
        0.0356
        """
        numbers = {key: int(replaced(law, self.whole.point())) for key, law in self.terms(metric, by).items()}
        total = sum(numbers.values())
        if not total:
            raise QueryError(f"{metric} is 0, so nothing has a share of it")
        return {key: fraction(number, total) for key, number in numbers.items()}

    def ratio(self, above: str, below: str) -> Expr | float:
        """Return one metric over another, such as MACs per parameter; after `at`, its value.

        >>> from archgraph import load
        >>> round(load("dit").at().ratio("macs", "params"), 1)
        175.7
        """
        law = self.expression(above) / self.expression(below)
        return float(replaced(law, self.whole.point())) if self.whole.evaluated else law


__all__ = ["METRICS", "Law", "Measured"]
