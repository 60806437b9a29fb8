"""Cost tables: the rows of an architecture grouped by node, scope, op, level or block."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy import Add

from archgraph.cost.costs import CostRow, Metric, metric_named
from archgraph.cost.levels import group_in, level_in
from archgraph.cost.part import whole_part
from archgraph.errors import QueryError
from archgraph.graph.network import Network
from archgraph.report.table import Table
from archgraph.sizes.expansion import expanded
from archgraph.sizes.law_text import law_text


def cost_table(g: Network, by: str, metrics: tuple[str, ...]) -> Table:
    """Return the costs of an architecture grouped by one of its keys; the totals row is the sum of the rows.

    Raises:
        QueryError: an unknown grouping or metric.
    """
    key_of = group_in(g, by)
    chosen = [metric_named(name) for name in metrics]
    groups: dict[str, list[CostRow]] = {}
    for row in whole_part(g).rows():
        groups.setdefault(key_of(row), []).append(row)
    rows = []
    for key, members in groups.items():
        laws = {m.name: g.law(expanded(Add(*(row.cost(m) for row in members)))) for m in chosen}
        rows.append({by: level_in(g, members[0].type) if by == "level" else key, **_details(g, by, members), **laws})
    total = {by: _total(g, chosen), **{metric.name: whole_part(g).metric(metric.name) for metric in chosen}}
    notes = tuple(f"{metric.name}: {metric.meaning}" for metric in chosen)
    return Table(f"{g.name}: cost per sample", tuple(rows[0]) if rows else (by,), rows, total, notes)


def _total(g: Network, metrics: Iterable[Metric]) -> str:
    """What the sum is called: a bound where an operator is not counted in a metric; weights are."""
    touched = any(not metric.weights for metric in metrics)
    return "total, at least" if g.origin.gaps and touched else "total"


def _bound(g: Network, metric: str) -> str:
    return "at least " if g.origin.gaps and not metric_named(metric).weights else ""


def _details(g: Network, by: str, members: list[CostRow]) -> dict[str, Any]:
    if by != "node":
        return {}
    row = members[0]
    shape = ", ".join(f"{axis}: {law_text(g.law(length))}" for axis, length in row.type.axes)
    operation = row.node.label + (f" (shared with {row.shared_with})" if row.shared_with else "")
    operation += " (dead)" if row.dead else ""
    return {"op": operation, "shape": "{" + shape + "}"}


def cost_report(g: Network, numbers: Network, metrics: Iterable[str]) -> str:
    """Return the totals as text: every law, and its value at the numbers of another binding."""
    if not numbers.evaluated or not g.symbols.keys() <= numbers.defaults.keys():
        raise QueryError("report takes the numbers of the same network with all symbols bound", hint="g.at()")
    bindings = ", ".join(f"{name}={numbers.defaults[name]}" for name in g.symbols)
    lines = [f"{name} = {_law(g, name)}{whole_part(numbers).metric(name):,}" for name in metrics]
    title = f"{g.name} ({g.origin.cite})" if g.origin.cite else g.name
    dead = [f"dead: {', '.join(g.dead)}"] if g.runs_dead and g.dead else []
    return "\n".join([title, *([f"  at {bindings}"] if bindings else []), *lines, *dead, ""])


def _law(g: Network, metric: str) -> str:
    """A law and what stands before its value; of a network without symbols the value is all there is."""
    return _bound(g, metric) + (f"{law_text(whole_part(g).metric(metric))} = " if g.symbols else "")


SUMMARY = ("params", "macs", "flops", "activations")
"""The metrics that a network shows of itself."""


def summary_table(g: Network) -> Table:
    """Return what a network shows of itself in a notebook: its metrics as laws, and their values at the bound symbols.

    >>> from archgraph import load
    >>> [row["value"] for row in summary_table(load("vgg").network).rows[:2]]
    [138357544, 15470264320]
    """
    laws, numbers = g.symbolic(), g if g.evaluated else g.at()
    rows = [_summary_row(metric_named(name), laws, numbers) for name in SUMMARY]
    title = f"{g.name} ({g.origin.cite})" if g.origin.cite else g.name
    symbols = ", ".join(f"{name}={numbers.defaults[name]}" for name in g.symbols)
    notes = ((f"at {symbols}",) if symbols else ()) + ("per sample",)
    return Table(title, ("metric", "law", "value", "counts"), rows, notes=notes)


def _summary_row(metric: Metric, laws: Network, numbers: Network) -> dict[str, object]:
    bound = _bound(laws, metric.name)
    law, value = (whole_part(each).metric(metric.name) for each in (laws, numbers))
    return {
        "metric": metric.name,
        "law": f"{bound}{law_text(law)}",
        "value": value,
        "counts": f"{bound}{metric.meaning}",
    }
