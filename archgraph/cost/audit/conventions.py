"""What a published number may have counted: our metrics, and what other tools print."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sympy import Expr, Mul

from archgraph.cost.costs import METRICS, CostRow
from archgraph.cost.counting_rules import QUANTITIES, Counts, Tool, tool
from archgraph.cost.part import costs_of, whole_part
from archgraph.data import table
from archgraph.graph.network import Network

FUSED_ATTENTION = "scaled_dot_product_attention"


@dataclass(frozen=True)
class Counting:
    """A way of counting, in words, and the number that it gives for a network."""

    name: str
    value: int


class CountsOf:
    """The numbers of a network that conventions add up, each evaluated once."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._quantities: dict[tuple[int, str], int] = {}

    def __repr__(self) -> str:
        return f"<counts of {self.network.name}>"

    @cached_property
    def rows(self) -> list[CostRow]:
        """A row per operation."""
        return whole_part(self.network).rows()

    def total(self, metric: str) -> int:
        """Return one of our metrics for the whole network."""
        return self._number(costs_of(self.network).total(metric))

    def by_tool(self, chosen: Tool, functional: tuple[str, ...] = ()) -> int:
        """Return what a tool prints."""
        rules = ((place, row, chosen.rule(row.node, functional)) for place, row in enumerate(self.rows) if row.alive)
        counted = (
            times * self._quantity(place, row, name) for place, row, rule in rules for name, times in rule.items()
        )
        return chosen.factor * sum(counted)

    def weights(self, wanted: Callable[[CostRow], bool]) -> int:
        """Return the parameters of some operations, shared ones once."""
        return sum(self._number(row.cost(METRICS["params"])) for row in self.rows if wanted(row))

    def has(self, kind: str) -> bool:
        """Return whether an operation of a kind is run."""
        return any(row.node.op.kind == kind for row in self.rows if row.alive)

    def _counted(self, place: int, row: CostRow, rule: Counts) -> int:
        return sum(times * self._quantity(place, row, name) for name, times in rule.items())

    def _quantity(self, place: int, row: CostRow, name: str) -> int:
        if (place, name) not in self._quantities:
            self._quantities[place, name] = self._number(Mul(row.times, QUANTITIES[name](row.node)))
        return self._quantities[place, name]

    def _number(self, law: Expr) -> int:
        return self.network.evaluate(law)


def _params(of: CountsOf) -> Iterator[Counting]:
    total = of.total("params")
    yield Counting("all parameters", total)
    yield Counting("trained parameters", of.total("params_trainable"))
    yield Counting("parameters and buffers", total + of.total("buffers"))
    yield Counting("parameters that one position uses", of.total("params_active"))
    yield Counting("parameters without embedding tables", of.weights(lambda row: row.node.op.kind != "embedding"))
    owners = [row for row in of.rows if of.weights(lambda each, row=row: each is row)]  # type: ignore[misc]
    if len(owners) > 1 and owners[-1].node.op.core.layer:
        yield Counting(f"parameters without {owners[-1].path}", total - of.weights(lambda row: row is owners[-1]))


def _operations(of: CountsOf) -> Iterator[Counting]:
    macs = of.total("macs")
    yield Counting("MACs", macs)
    yield Counting("2 * MACs", 2 * macs)
    yield Counting("FLOPs: 2 * MACs + elementwise", of.total("flops"))
    found = list(_by_tools(of))
    yield from found
    yield from (Counting(f"2 * {each.name}", 2 * each.value) for each in found)


def _by_tools(of: CountsOf) -> Iterator[Counting]:
    """What tools print: for modules; for attention written out as products; for code that calls all as functions."""
    tools = {name: tool(name) for name in table("tools")}
    yield from (Counting(name, of.by_tool(each)) for name, each in tools.items())
    for name, each in tools.items():
        if FUSED_ATTENTION in each.functional and of.has(FUSED_ATTENTION):
            yield Counting(f"{name}, attention written out", of.by_tool(each, (FUSED_ATTENTION,)))
    for name, each in tools.items():
        called = tuple(kind for kind in each.functional if kind != FUSED_ATTENTION and of.has(kind))
        if called:
            yield Counting(f"{name}, with functions for modules", of.by_tool(each, called))


def _activations(of: CountsOf) -> Iterator[Counting]:
    yield Counting("elements of all results", of.total("activations"))
    yield Counting("elements of the results of conv and linear", of.total("layer_outputs"))


COUNTINGS: Mapping[str, Callable[[CountsOf], Iterator[Counting]]] = {
    "params": _params,
    "operations": _operations,
    "activations": _activations,
}
"""The conventions of each kind of column, the most usual first."""


def by_value(found: Iterator[Counting]) -> dict[int, tuple[str, ...]]:
    """Return conventions by the number that they give: for a network, many agree.

    >>> by_value(iter([Counting("MACs", 4), Counting("2 * MACs", 8), Counting("thop", 4)]))
    {4: ('MACs', 'thop'), 8: ('2 * MACs',)}
    """
    groups: dict[int, tuple[str, ...]] = {}
    for each in found:
        groups[each.value] = (*groups.get(each.value, ()), each.name)
    return groups
