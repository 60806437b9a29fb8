"""What has laws: the queries that a whole architecture and each of its parts answer alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from sympy import Add, Expr, Rational, Symbol, expand

from archgraph.cost.costs import METRICS, Row, grouping, metric_named
from archgraph.errors import QueryError, did_you_mean
from archgraph.laws import scaling
from archgraph.laws.domain import Domain, restricted
from archgraph.sizes.symbols import replaced, symbol

if TYPE_CHECKING:
    from archgraph.architecture.architecture import Architecture

Law = Expr | int
"""A law in the spec's symbols; an integer once every symbol is bound by `at`."""


class Measured(ABC):
    """What has costs: a whole architecture, or one of its nodes and scopes."""

    @property
    @abstractmethod
    def whole(self) -> Architecture:
        """The architecture that this is, or is part of.

        >>> from archgraph import load
        >>> load("dit")["blocks"].whole.name
        'DiT'
        """

    @abstractmethod
    def expression(self, name: str) -> Expr:
        """Return the law of a metric in the spec's symbols, whether or not they are bound by `at`.

        >>> from archgraph import load
        >>> load("unet:padded-512").at().expression("macs")
        179*C**2*H*W + 11*C*H*W
        """

    @abstractmethod
    def rows(self) -> list[Row]:
        """Return the cost rows of all primitive nodes in it.

        >>> from archgraph import load
        >>> [row.path for row in load("conv_stack").rows()][:2]
        ['layers.conv', 'layers.relu']
        """

    def metric(self, name: str) -> Law:
        """Return the law of a metric by its name, or its value after `at`.

        >>> from archgraph import load
        >>> g = load("unet")
        >>> g.metric("params"), g.at(C=32).metric("params")
        (7574*C**2 + 118*C + 2, 7759554)
        """
        raise NotImplementedError

    # -- metrics -----------------------------------------------------------------------------------------

    @property
    def params(self) -> Law:
        """Scalars of unique parameters, frozen included.

        >>> from archgraph import load
        >>> load("transformer").params, load("transformer")["blocks.mlp"].params
        (12*D**2*L + 13*D*L, 8*D**2*L + 5*D*L)
        """
        return self.metric("params")

    @property
    def params_trainable(self) -> Law:
        """Scalars of trained parameters.

        >>> from archgraph import load
        >>> load("dit").at().params_trainable
        674834720
        """
        return self.metric("params_trainable")

    @property
    def params_frozen(self) -> Law:
        """Scalars of parameters that are not trained.

        >>> from archgraph import load
        >>> load("dit").params_frozen
        D*S**2/p**2
        """
        return self.metric("params_frozen")

    @property
    def params_active(self) -> Law:
        """Scalars of the parameters that one position uses: of a mixture, the active experts.

        >>> from archgraph import load
        >>> g = load("mixtral").at()
        >>> g.params_active, g.params
        (12879925248, 46702792704)
        """
        return self.metric("params_active")

    @property
    def buffers(self) -> Law:
        """Scalars of buffers.

        >>> from archgraph import load
        >>> load("vgg").buffers, load("resnet").at().buffers
        (0, 53173)
        """
        return self.metric("buffers")

    @property
    def macs(self) -> Law:
        """Multiply-accumulates of conv, linear and matmul, per sample.

        >>> from archgraph import load
        >>> load("transformer").macs
        12*D**2*L*N + 2*D*L*N**2
        """
        return self.metric("macs")

    @property
    def elementwise(self) -> Law:
        """All other scalar operations, per sample.

        >>> from archgraph import load
        >>> load("conv_stack").elementwise
        2*C*H*L*W
        """
        return self.metric("elementwise")

    @property
    def flops(self) -> Law:
        """2 * macs + elementwise.

        >>> from archgraph import load
        >>> load("conv_stack").flops
        2*C**2*H*K**2*L*W + 2*C*H*L*W
        """
        return self.metric("flops")

    @property
    def activations(self) -> Law:
        """Elements of all op outputs, per sample.

        >>> from archgraph import load
        >>> load("conv_stack").activations
        2*C*H*L*W
        """
        return self.metric("activations")

    @property
    def layer_outputs(self) -> Law:
        """Elements of conv and linear outputs, per sample.

        >>> from archgraph import load
        >>> load("conv_stack").layer_outputs
        C*H*L*W
        """
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
        """Return the law of a metric by "op", "scope", "level", "block", "node" or "term"; their sum is the law.

        >>> from archgraph import load
        >>> load("dit")["blocks"].terms("macs")["scaled_dot_product_attention"]
        2*D*L*S**4/p**4
        >>> load("transformer").terms("macs", by="term")
        {'D**2*L*N': 12*D**2*L*N, 'D*L*N**2': 2*D*L*N**2}
        """
        if by == "term":
            return scaling.monomials(self.expression(metric))
        chosen = metric_named(metric)
        groups: dict[str, list[Expr]] = {}
        for row in self.rows():
            groups.setdefault(grouping(by)(row), []).append(row.cost(chosen))
        laws = {key: self.whole.show(expand(Add(*costs))) for key, costs in groups.items()}
        return {key: law for key, law in laws.items() if law != 0}

    def crossover(self, first: str, second: str, name: str, metric: str = "macs", by: str = "op") -> tuple[Any, ...]:
        """Return the values of a symbol at which two terms of a law are equal; after `at`, as numbers.

        Args:
            first: a term by its name in `terms(metric, by)`.
            second: another one, or "rest": all others together.
            name: the symbol, which may be derived.
            metric: what the terms are of.
            by: how the law is parted; "term" parts it by what is proportional to the same powers.

        Raises:
            QueryError: no such term; or the crossing is no formula, so that other symbols have to be bound.

        >>> from archgraph import load
        >>> load("dit")["blocks"].crossover("D*L*N**2", "D**2*L*N", "N", by="term")
        (6*D,)
        >>> [round(tokens, 1) for tokens in load("dit").at().crossover("D*L*N**2", "rest", "N", by="term")]
        [6913.4]
        """
        terms = self._terms_in(metric, by, name)
        one, other = _term(terms, first, second), _term(terms, second, first)
        if not self.whole.evaluated:
            return scaling.crossover(one, other, symbol(name))
        fixed = {free: value for free, value in self.whole.point().items() if free != symbol(name)}
        return tuple(map(float, scaling.crossover(replaced(one, fixed), replaced(other, fixed), symbol(name))))

    def _terms_in(self, metric: str, by: str, name: str) -> dict[str, Expr]:
        """Return the terms of a law written in a symbol that may be derived."""
        law, asked = self.law_in(metric, name)
        if by == "term":
            return scaling.monomials(law)
        definition = self.whole.definition(name)
        terms = self.terms(metric, by)
        if definition is None:
            return terms
        return {key: scaling.eliminate(term, asked, definition) for key, term in terms.items()}

    def share(self, metric: str, by: str = "op") -> dict[str, Rational]:
        """Return each group's share of a metric at the bound values.

        >>> from archgraph import load
        >>> round(float(load("dit").share("macs")["scaled_dot_product_attention"]), 4)
        0.0356
        """
        numbers = {
            key: cast(Rational, replaced(law, self.whole.point())) for key, law in self.terms(metric, by).items()
        }
        total = sum(numbers.values())
        if not total:
            raise QueryError(f"{metric} is 0, so nothing has a share of it")
        return {key: number / total for key, number in numbers.items()}

    def ratio(self, above: str, below: str) -> Expr | float:
        """Return one metric over another, such as MACs per parameter; after `at`, its value.

        >>> from archgraph import load
        >>> round(load("dit").at().ratio("macs", "params"), 1)
        175.7
        """
        law = self.expression(above) / self.expression(below)
        return float(replaced(law, self.whole.point())) if self.whole.evaluated else law

    def where(
        self, name: str, multiple_of: int = 1, offset: int = 0, at_least: int = 1, at_most: int | None = None
    ) -> Restricted:
        """Return the same queries on a stated domain of a symbol, where roundings and minima have one form.

        Args:
            name: the symbol.
            multiple_of: its values are multiples of this plus the offset: `floor(H/2)` is H/2.
            offset: see there.
            at_least: its least value: `max(H, 64)` is H.
            at_most: its largest value.

        Raises:
            QueryError: the domain is empty; at numbers outside of it; or a query whose law is still not plain there.

        >>> from archgraph import loads
        >>> g = loads("{archgraph: 1, symbols: {H: {default: 9}}, inputs: {x: {c: 3, h: H}}, "
        ...           "network: [conv: {out: 8, kernel: 3, stride: 2, padding: 1}]}")
        >>> g.macs, g.where("H", multiple_of=2).macs, g.where("H", multiple_of=2, offset=1).macs
        (72*floor(H/2 - 1/2) + 72, 36*H, 36*H + 36)
        """
        asked = self.law_in("params", name)[1]
        return Restricted(self, Domain(asked, multiple_of, offset, at_least, at_most))


class Restricted(Measured):
    """An architecture, a node or a scope on a stated domain of one symbol."""

    def __init__(self, base: Measured, domain: Domain) -> None:
        self.base = base
        self.domain = domain
        value = base.whole.point().get(domain.symbol)
        if base.whole.evaluated and value is not None and int(value) not in domain:
            raise QueryError(f"{domain.symbol} = {value} is outside the domain {domain}")

    @property
    def whole(self) -> Architecture:
        """The architecture, on all of its values.

        >>> from archgraph import load
        >>> load("conv_stack").where("H", multiple_of=2).whole.name
        'Conv stack'
        """
        return self.base.whole

    def expression(self, name: str) -> Expr:
        """Return the law of a metric on the domain.

        >>> from archgraph import load
        >>> load("conv_stack").where("H", multiple_of=2).expression("layer_outputs")
        C*H*L*W
        """
        return restricted(self.base.expression(name), self.domain)

    def metric(self, name: str) -> Law:
        """Return the law of a metric on the domain, or its value after `at`.

        >>> from archgraph import load
        >>> load("conv_stack").at(H=8).where("H", multiple_of=2).metric("params")
        369280
        """
        return self.base.metric(name) if self.whole.evaluated else self.expression(name)

    def rows(self) -> list[Row]:
        """Return the cost rows of all primitive nodes.

        >>> from archgraph import load
        >>> len(load("conv_stack").where("H", multiple_of=2).rows())
        2
        """
        return self.base.rows()

    def terms(self, metric: str, by: str = "op") -> dict[str, Expr]:
        """Return the terms of a law on the domain."""
        if by == "term":
            return scaling.monomials(self.expression(metric))
        return {key: restricted(law, self.domain) for key, law in self.base.terms(metric, by).items()}

    def __repr__(self) -> str:
        return f"<{self.base!r} where {self.domain}>"


def _term(terms: Mapping[str, Expr], key: str, other: str) -> Expr:
    if key in terms:
        return terms[key]
    if key == "rest":
        return Add(*(law for name, law in terms.items() if name != other))
    raise QueryError(f"the law has no term '{key}'.{did_you_mean(key, terms)}", hint=", ".join(terms))


__all__ = ["METRICS", "Law", "Measured", "Restricted"]
