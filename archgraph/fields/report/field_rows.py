"""Receptive fields as a table: a row per node and group of axes that agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from archgraph.fields.report.axis_field import AxisField
from archgraph.fields.report.field_report import ReceptiveField
from archgraph.report.table import Table

_COLUMNS = ("node", "axis", "size_min", "size_max", "size_mean", "stride", "period", "note")
FIELD_NOTES = (
    "sizes in elements of the input along each axis, borders ignored; min and max over the phases of the output",
    "nodes inside a repeat as of its last iteration",
    "content: what values reach a node; statistics of norms and gates that reach further are named in the note",
)
FIXED = "what is mixed with weights computed from the input, as by attention, is left out"


def rows_table(title: str, fields: Sequence[ReceptiveField], *, fixed_weights: bool = False) -> Table:
    """Return fields in order, with what their numbers mean and why some are upper bounds."""
    rows = [row for field in fields for row in _rows(field)]
    through, left_out = (", through fixed weights alone", (FIXED,)) if fixed_weights else ("", ())
    return Table(title + through, _COLUMNS, rows, notes=(*FIELD_NOTES, *left_out, *_bounds(fields)))


def _bounds(fields: Sequence[ReceptiveField]) -> tuple[str, ...]:
    if all(axis.exact for field in fields for axis in field.axes.values() if axis.settled):
        return ()
    return ("a size marked `at most` is an upper bound", *_reasons(fields))


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
