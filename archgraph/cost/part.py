"""What has laws: a whole network, or one of its nodes and scopes; each answers the same questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from math import prod
from typing import Any, Generic, cast

from sympy import Add, Expr, Integer, Rational, Symbol

from archgraph.cost.costs import CostRow, Costs, level_of, metric_named
from archgraph.cost.levels import group_in
from archgraph.errors import QueryError, did_you_mean
from archgraph.graph.ir import Member, Repeat
from archgraph.graph.locate import find_member
from archgraph.graph.network import Network, Said_co
from archgraph.keywords import strict_methods
from archgraph.laws import scaling
from archgraph.laws.domain import Domain, restricted
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import replaced, symbol
from archgraph.sizes.types import TensorType


def costs_of(network: Network) -> Costs:
    """Return the cost analysis of a network's graph."""
    return network.once_for_graph("costs", lambda: Costs(network.graph, network.selected, dead=network.runs_dead))


def whole_part(network: Network) -> Part:
    """Return all of a network as what has laws."""
    return network.once("whole", lambda: Part(network))


def part(network: Network, path: str) -> Part:
    """Return a node or scope by dotted path.

    Raises:
        QueryError: there is none; the message names the nearest one.
    """
    return Part(network, path, *find_member(network.graph, path))


@strict_methods
@dataclass(frozen=True, eq=False, repr=False)
class Part(Generic[Said_co]):
    """A whole network, or a node or scope of it, whose costs include the counts of the repeats around it.

    Attributes:
        path: dotted; empty for the whole network.
        member: what is there, None for the whole network.
        around: the repeats that it lies in, outermost first.
        domains: the values of symbols to ask about; by default all.
    """

    network: Network
    path: str = ""
    member: Member | None = None
    around: tuple[Repeat, ...] = ()
    domains: tuple[Domain, ...] = ()

    # -- metrics -----------------------------------------------------------------------------------------

    def expression(self, name: str) -> Expr:
        """Return the law of a metric in the user's symbols, whether or not they are bound by `at`."""
        return self._within(self.network.show(self._cost(name)))

    def metric(self, name: str) -> Said_co:
        """Return the law of a metric by its name, or its value after `at`."""
        evaluated = self.network.evaluated
        return cast("Said_co", self.network.evaluate(self._cost(name)) if evaluated else self.expression(name))

    def _within(self, law: Expr) -> Expr:
        return reduce(restricted, self.domains, law)

    def _cost(self, name: str) -> Expr:
        """The cost in the symbols of the graph, all repetitions together."""
        if self.member is None:
            return self._total(name)
        times = prod((metric_named(name).sets(repeat) for repeat in self.around), start=Integer(1))
        return expanded(times * costs_of(self.network).member(self.member, name))

    def _total(self, name: str) -> Expr:
        network = self.network
        if name != "saved_bytes":
            return costs_of(network).total(name)
        from archgraph.cost.memory.memory import Memory
        from archgraph.cost.memory.setting import Setting

        memory = Memory(network.graph, network.selected, Setting("training", own=network.floating))
        return network.once_for_graph("saved_bytes", lambda: memory.saved)

    def rows(self) -> list[CostRow]:
        """Return the cost rows of all primitive nodes in it."""
        rows = self.network.once_for_graph("rows", costs_of(self.network).rows)
        inside = f"{self.path}."
        return [row for row in rows if not self.path or row.path == self.path or row.path.startswith(inside)]

    @property
    def outputs(self) -> tuple[TensorType, ...]:
        """The types of its outputs."""
        values = self.network.selected if self.member is None else self.member.outputs
        return tuple(self.network.type(value.type) for value in values)

    @property
    def level(self) -> str:
        """The position sizes of its output."""
        return level_of(self.outputs[0])

    @property
    def params(self) -> Said_co:
        """Scalars of unique parameters, frozen included."""
        return self.metric("params")

    @property
    def params_trainable(self) -> Said_co:
        """Scalars of trained parameters."""
        return self.metric("params_trainable")

    @property
    def params_frozen(self) -> Said_co:
        """Scalars of parameters that are not trained."""
        return self.metric("params_frozen")

    @property
    def params_active(self) -> Said_co:
        """Scalars of the parameters that one position uses: of a mixture, the active experts."""
        return self.metric("params_active")

    @property
    def buffers(self) -> Said_co:
        """Scalars of buffers."""
        return self.metric("buffers")

    @property
    def macs(self) -> Said_co:
        """Multiply-accumulates of conv, linear and matmul, per sample."""
        return self.metric("macs")

    @property
    def elementwise(self) -> Said_co:
        """All other scalar operations, per sample."""
        return self.metric("elementwise")

    @property
    def flops(self) -> Said_co:
        """2 * macs + elementwise."""
        return self.metric("flops")

    @property
    def activations(self) -> Said_co:
        """Elements of all op outputs, per sample."""
        return self.metric("activations")

    @property
    def layer_outputs(self) -> Said_co:
        """Elements of conv and linear outputs, per sample."""
        return self.metric("layer_outputs")

    # -- the algebra of laws -----------------------------------------------------------------------------

    def law_in(self, metric: str, name: str) -> tuple[Expr, Symbol]:
        """Return the law of a metric in terms of a symbol, which may be derived, together with the symbol.

        Raises:
            QueryError: there is no such symbol, or it is structural and laws have no symbol for it.
        """
        law, asked = self.expression(metric), symbol(name)
        network = self.network
        if name in network.symbols:
            definition = network.definition(name)
            return (law if definition is None else scaling.eliminate(law, asked, definition)), asked
        if name in network.declared.names:
            raise QueryError(f"laws are not symbolic in '{name}': it is built into the graph", hint="use what_if")
        raise QueryError(f"there is no symbol '{name}'.{did_you_mean(name, network.symbols)}")

    def degree(self, metric: str, name: str) -> Expr:
        """Return the highest power of a symbol in a law."""
        return scaling.degree(*self.law_in(metric, name))

    def leading(self, metric: str, name: str) -> Expr:
        """Return the terms of a law with the highest power of a symbol."""
        return scaling.leading(*self.law_in(metric, name))

    def elasticity(self, metric: str, name: str) -> Expr | float:
        """Return d log(metric) / d log(symbol); after `at`, its value there."""
        local = scaling.elasticity(*self.law_in(metric, name))
        return float(replaced(local, self.network.point)) if self.network.evaluated else local

    def terms(self, metric: str, by: str = "op") -> dict[str, Expr]:
        """Return the law of a metric by "op", "scope", "level", "block", "node" or "term"; their sum is the law."""
        if by == "term":
            return scaling.monomials(self.expression(metric))
        chosen = metric_named(metric)
        groups: dict[str, list[Expr]] = {}
        key_of = group_in(self.network, by)
        for row in self.rows():
            groups.setdefault(key_of(row), []).append(row.cost(chosen))
        laws = {key: self._within(self.network.show(expanded(Add(*costs)))) for key, costs in groups.items()}
        return {key: law for key, law in laws.items() if law != 0}

    def crossover(self, first: str, second: str, name: str, metric: str = "macs", by: str = "op") -> tuple[Any, ...]:
        """Return the values of a symbol at which two terms of a law are equal; after `at`, as numbers.

        Args:
            first: a term by its name in `terms(metric, by)`.
            second: another one, or "rest": all others together.
            name: the symbol, which may be derived.
            metric: whose terms they are.
            by: how to split the law; "term" collects what is proportional to the same powers.

        Raises:
            QueryError: no such term; or the crossing has no formula, so that other symbols have to be bound.
        """
        terms = self._terms_in(metric, by, name)
        one, other = _term(terms, first, second), _term(terms, second, first)
        if not self.network.evaluated:
            return scaling.crossover(one, other, symbol(name))
        fixed = {free: value for free, value in self.network.point.items() if free != symbol(name)}
        return tuple(map(float, scaling.crossover(replaced(one, fixed), replaced(other, fixed), symbol(name))))

    def _terms_in(self, metric: str, by: str, name: str) -> dict[str, Expr]:
        """Return the terms of a law written in a symbol that may be derived."""
        law, asked = self.law_in(metric, name)
        if by == "term":
            return scaling.monomials(law)
        definition = self.network.definition(name)
        terms = self.terms(metric, by)
        if definition is None:
            return terms
        return {key: scaling.eliminate(term, asked, definition) for key, term in terms.items()}

    def share(self, metric: str, by: str = "op") -> dict[str, Rational]:
        """Return each group's share of a metric at the bound values."""
        numbers = {
            key: cast(Rational, replaced(law, self.network.point)) for key, law in self.terms(metric, by).items()
        }
        total = sum(numbers.values())
        if not total:
            raise QueryError(f"{metric} is 0, so nothing has a share of it")
        return {key: number / total for key, number in numbers.items()}

    def ratio(self, above: str, below: str) -> Expr | float:
        """Return one metric over another, such as MACs per parameter; after `at`, its value.

        Raises:
            QueryError: the other one is 0.
        """
        divisor = self.expression(below)
        if divisor == 0:
            raise QueryError(f"{below} is 0, so there is no ratio to it")
        law = self.expression(above) / divisor
        return float(replaced(law, self.network.point)) if self.network.evaluated else law

    def where(
        self, name: str, multiple_of: int = 1, offset: int = 0, at_least: int = 1, at_most: int | None = None
    ) -> Part[Said_co]:
        """Return the same queries on a domain of a symbol, where roundings and minima have one form.

        Args:
            name: the symbol.
            multiple_of: its values are multiples of this plus the offset: `floor(H/2)` is H/2.
            offset: see there.
            at_least: its least value: `max(H, 64)` is H.
            at_most: its largest value.

        Raises:
            QueryError: the domain is empty, or the bound values are outside it; or the law of a query has more than
                one form there.
        """
        asked = self.law_in("params", name)[1]
        domain, value = Domain(asked, multiple_of, offset, at_least, at_most), self.network.point.get(asked)
        if self.network.evaluated and value is not None and int(value) not in domain:
            raise QueryError(f"{asked} = {value} is outside the domain {domain}")
        return replace(self, domains=(*self.domains, domain))

    def __repr__(self) -> str:
        name = f"{self.path}: {self.member.label}" if self.member is not None else self.network.name
        return f"<{name}>" if not self.domains else f"<{name} where {', '.join(map(str, self.domains))}>"


def _term(terms: Mapping[str, Expr], key: str, other: str) -> Expr:
    if key in terms:
        return terms[key]
    if key == "rest":
        return Add(*(law for name, law in terms.items() if name != other))
    raise QueryError(f"the law has no term '{key}'.{did_you_mean(key, terms)}", hint=", ".join(terms))
