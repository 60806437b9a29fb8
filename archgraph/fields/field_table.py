"""Receptive-field tables: a row per node and group of axes that agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from archgraph.fields.report.field_report import ReceptiveField
from archgraph.fields.report.field_rows import rows_table
from archgraph.fields.report.receptive_field import ReceptiveFields, receptive_fields
from archgraph.graph.ir import Node, Value
from archgraph.graph.network import Network
from archgraph.report.table import Table, named_title


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
    title = named_title(f"receptive field on {fields.input.name}", g.name)
    return rows_table(title, chosen, fixed_weights=fixed_weights)
