"""Why another tool prints another number: our count and theirs, term by term."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sympy import Add, Expr

from archgraph.cost.costs import METRICS, CostRow
from archgraph.cost.counting_rules import Tool, tool
from archgraph.cost.part import whole_part
from archgraph.errors import not_among
from archgraph.graph.network import Network
from archgraph.ops.catalogue import registry
from archgraph.report.table import Table
from archgraph.sizes.expansion import expanded


@dataclass(frozen=True)
class CountedTerm:
    """One operation as we count it and as a tool does, in laws, and why they differ."""

    kind: str
    ours: Expr
    theirs: Expr
    why: str

    @property
    def difference(self) -> Expr:
        """What the tool has more."""
        return expanded(self.theirs - self.ours)


def terms(rows: Iterable[CostRow], chosen: Tool, functional: Collection[str] = ()) -> list[CountedTerm]:
    """Return a term per operation that either counts.

    Raises:
        QueryError: `functional` names no operation.
    """
    for kind in functional:
        if kind not in registry():
            raise not_among("operation", kind, registry())
    groups: dict[str, tuple[list[Expr], list[Expr]]] = {}
    for row in rows:
        ours, theirs = groups.setdefault(row.node.op.kind, ([], []))
        ours.append(row.cost(METRICS["macs"]))
        theirs.append(chosen.count(row, functional))
    return [found for kind, sums in groups.items() if (found := _term(chosen, kind, *sums)) is not None]


def _term(chosen: Tool, kind: str, our_counts: list[Expr], their_counts: list[Expr]) -> CountedTerm | None:
    ours, theirs = _sum(our_counts), _sum(their_counts)
    if ours == 0 and theirs == 0:
        return None
    return CountedTerm(kind, ours, theirs, "" if ours == theirs else _why(chosen, kind, ours, theirs))


def _sum(counts: list[Expr]) -> Expr:
    return expanded(Add(*counts))


def _why(chosen: Tool, kind: str, ours: Expr, theirs: Expr) -> str:
    default = (
        "left out" if theirs == 0 else "added, though no multiply-accumulate" if ours == 0 else "counted otherwise"
    )
    return chosen.why.get(kind, default)


@dataclass(frozen=True, repr=False)
class Reconciliation:
    """The number that a tool prints for a network, and the terms between it and ours.

    Attributes:
        name: of the network.
        tool: its counting rules.
        ours: our multiply-accumulates.
        theirs: what the tool counts, before its factor.
        law: the same in the symbols of the spec.
        rows: a row per operation on which the two differ.
    """

    name: str
    tool: Tool
    ours: int
    theirs: int
    law: Expr
    rows: tuple[dict[str, Any], ...]
    bindings: str

    @property
    def printed(self) -> int:
        """The number that the tool prints.

        >>> from archgraph import load
        >>> counted = load("vgg").count_as("flopcounter")
        >>> counted.ours, counted.printed
        (15470264320, 30940528640)
        """
        return self.tool.factor * self.theirs

    @property
    def table(self) -> Table:
        """Our count, what the tool leaves out or adds, and its count.

        >>> from archgraph import load
        >>> [row["term"] for row in load("dit").count_as("calflops").table.rows]
        ['our MACs', '- scaled_dot_product_attention']
        """
        start = {"term": "our MACs", "MACs": self.ours, "why": ""}
        total = {"term": self._label(), "MACs": self.theirs, "why": self._printed()}
        notes = (
            f"{self.bindings}, one sample",
            f"rules of {self.tool.name} ({self.tool.source})",
            *self.tool.notes,
        )
        return Table(self._title(), ("term", "MACs", "why"), [start, *self.rows], total, notes)

    def _label(self) -> str:
        return f"{self.tool.name.split(',')[0]} counts"

    def _printed(self) -> str:
        return "" if self.tool.factor == 1 else f"and prints {self.printed:,} ({self.tool.prints})"

    def _title(self) -> str:
        share = f"{100 * (self.theirs / self.ours - 1):+.1f} %" if self.ours else "no MACs of ours"
        return f"{self.name}: {self.theirs / 1e9:.4g} G by {self.tool.name}, {self.ours / 1e9:.4g} G by us ({share})"

    def __str__(self) -> str:
        return str(self.table)

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html()


def count_as(g: Network, name: str, functional: Collection[str] = ()) -> Reconciliation:
    """Return what a tool counts for an architecture, at its bound values."""
    chosen = tool(name)
    found = terms(whole_part(g).rows(), chosen, functional)
    rows = tuple(_row(g, term) for term in found if g.evaluate(term.difference))
    theirs = expanded(Add(*(term.theirs for term in found)))
    ours = sum(g.evaluate(term.ours) for term in found)
    return Reconciliation(g.name, chosen, ours, g.evaluate(theirs), g.show(theirs), rows, g.bindings)


def _row(g: Network, term: CountedTerm) -> dict[str, Any]:
    difference = g.evaluate(term.difference)
    sign = "-" if difference < 0 else "+"
    return {"term": f"{sign} {term.kind}", "MACs": difference, "why": term.why}
