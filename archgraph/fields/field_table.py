"""Receptive-field tables: a row per node and group of axes that agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from archgraph.fields.report.axis_field import AxisField
from archgraph.fields.report.field_report import ReceptiveField
from archgraph.fields.report.receptive_field import ReceptiveFields, receptive_fields
from archgraph.graph.ir import Node, Value
from archgraph.graph.network import Network
from archgraph.report.table import Table

_COLUMNS = ("node", "axis", "size_min", "size_max", "size_mean", "stride", "period", "note")
FIELD_NOTES = (
    "sizes in elements of the input along each axis, borders ignored; min and max over the phases of the output",
    "nodes inside a repeat as of its last iteration",
    "content: what values reach a node; statistics of norms and gates that reach further are named in the note",
)
FIXED = "what is mixed with weights computed from the input, as by attention, is left out"


@dataclass(frozen=True)
class Column:
    """Another column of the table: its cells by node and axis, and what they are."""

    name: str
    cells: Mapping[tuple[str, str], Any]
    note: str = ""


def with_column(table: Table, column: Column) -> Table:
    """Return a table of receptive fields with another column before the note."""

    def cell(row: Mapping[str, Any]) -> Any:
        return column.cells.get((row["node"], str(row["axis"]).split(" ", 1)[0]), "")

    rows = [{**row, column.name: cell(row)} for row in table.rows]
    columns = (*table.columns[:-1], column.name, table.columns[-1])
    notes = (*table.notes, column.note) if column.note else table.notes
    return replace(table, columns=columns, rows=rows, notes=notes)


def steps_by_output(fields: ReceptiveFields) -> list[tuple[ReceptiveField, Value]]:
    """Return the fields of the network's steps, by output where the outputs of one differ, each with its value."""
    found = ((field, member) for member in fields.graph.nodes for field in fields.by_output(member))
    return [(field, member.outputs[field.output or 0]) for field, member in found]


def plain_table(g: Network, input: str | None = None, *, every: bool = False, fixed_weights: bool = False) -> Table:
    """Return the receptive field of the network's steps, or of every primitive node.

    Raises:
        QueryError: several inputs have positions and none was named.
    """
    fields = receptive_fields(g, input, fixed_weights=fixed_weights)
    if every:
        paths = [path for path, member in g.graph.walk() if isinstance(member, Node)]
        found = fields.every()
        chosen = [found[path] for path in paths]
    else:
        chosen = [field for field, _ in steps_by_output(fields)]
    rows = [row for field in chosen for row in _rows(field)]
    bound = (
        ()
        if all(axis.exact for field in chosen for axis in field.axes.values() if axis.settled)
        else ("a size marked `at most` is an upper bound", *_reasons(chosen))
    )
    title = f"{g.name}: receptive field on {fields.input.name}"
    if fixed_weights:
        title += ", through fixed weights alone"
        bound = (FIXED, *bound)
    return Table(title, _COLUMNS, rows, notes=(*FIELD_NOTES, *bound))


def _reasons(fields: Iterable[ReceptiveField]) -> Iterator[str]:
    reasons = dict.fromkeys(reason for field in fields for reason in field.why)
    yield from (f"at most: {reason}" for reason in reasons)


def _rows(field: ReceptiveField) -> Iterator[dict[str, Any]]:
    groups: dict[tuple, list[str]] = {}
    for name, axis in field.axes.items():
        groups.setdefault(tuple(_cells(axis).items()), []).append(name)
    for cells, names in groups.items():
        yield {"node": field.title, "axis": " ".join(names), **dict(cells)}


def _cells(axis: AxisField) -> dict[str, Any]:
    if not axis.settled or axis.reading is None:
        return {
            "size_min": None,
            "size_max": None,
            "size_mean": None,
            "stride": None,
            "period": None,
            "note": str(axis),
        }
    return {
        "size_min": axis.size_min,
        "size_max": axis.size_max,
        "size_mean": str(axis.size_mean),
        "stride": str(axis.stride),
        "period": axis.period,
        "note": "; ".join(_note(axis)),
    }


def _note(axis: AxisField) -> Iterator[str]:
    if axis.is_global:
        yield f"all, since {axis.global_since}"
    elif axis.is_causal:
        yield "causal"
    if not axis.exact:
        yield "at most"
    if axis.along not in ("", axis.axis):
        yield f"per {axis.along}"
    holes = max(phase.holes for phase in axis.phases)
    if holes:
        yield f"{holes} holes"
    if axis.gate_since and not axis.is_global:
        yield f"all through gates, since {axis.gate_since}"
    if axis.stat_since and axis.stat_since != axis.global_since and not axis.is_global:
        yield f"statistics of all, O(1/N) each, since {axis.stat_since}"
