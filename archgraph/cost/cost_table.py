"""Cost tables: the rows of an architecture grouped by node, scope, op, level or block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sympy import Add, expand

from archgraph.cost.costs import Row, grouping, metric_named
from archgraph.report.table import Table

if TYPE_CHECKING:
    from archgraph.architecture.architecture import Architecture


def cost_table(g: Architecture, by: str, metrics: tuple[str, ...]) -> Table:
    """Return the costs of an architecture grouped by one of its keys; the totals row is the sum of the rows.

    Raises:
        QueryError: an unknown grouping or metric.
    """
    key_of = grouping(by)
    chosen = [metric_named(name) for name in metrics]
    groups: dict[str, list[Row]] = {}
    for row in g.rows():
        groups.setdefault(key_of(row), []).append(row)
    rows = []
    for key, members in groups.items():
        laws = {m.name: g.law(expand(Add(*(row.cost(m) for row in members)))) for m in chosen}
        rows.append({by: _label(g, by, key, members), **_details(g, by, members), **laws})
    total = {by: "total", **{metric.name: g.metric(metric.name) for metric in chosen}}
    notes = tuple(f"{metric.name}: {metric.meaning}" for metric in chosen)
    return Table(f"{g.name}: cost per sample", tuple(rows[0]) if rows else (by,), rows, total, notes)


def _label(g: Architecture, by: str, key: str, members: list[Row]) -> str:
    if by != "level" or key == "embedding":
        return key
    type_ = members[0].type
    return " x ".join(str(g.law(type_.size(axis))) for axis in type_.positions)


def _details(g: Architecture, by: str, members: list[Row]) -> dict[str, Any]:
    if by != "node":
        return {}
    row = members[0]
    shape = ", ".join(f"{axis}: {g.law(length)}" for axis, length in row.type.axes)
    operation = row.node.label + (f" (shared with {row.shared_with})" if row.shared_with else "")
    return {"op": operation, "shape": "{" + shape + "}"}
