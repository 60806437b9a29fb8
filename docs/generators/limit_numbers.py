"""The numbers of the page on limits: limits from the constants that refuse, and what was measured near them."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

from archgraph.argument_kinds import MOST_BITS
from archgraph.cost.memory.peak_report import MOST_VISITED
from archgraph.fields.sets.limits import MOST_CALLS, MOST_CELLS, MOST_LAYERS, MOST_ONE_BY_ONE, MOST_PLACES, MOST_SPAN
from archgraph.graph.ir import Graph
from archgraph.pytorch.lower.lower import MAX_ITERATIONS, MOST_ELEMENTS
from archgraph.sizes.arithmetic import MAX_EXPONENT, MAX_NUMBER_BITS
from archgraph.sizes.exact import MAX_BITS
from archgraph.spec.blocks import MAX_STEPS
from archgraph.spec.language.yamltree import MAX_BYTES, MAX_NODES
from archgraph.spec.loops import MAX_TURNS
from archgraph.studies.axes import MOST_VALUES
from archgraph.studies.budgets import MOST
from archgraph.studies.listed import MOST_CHOSEN
from archgraph.studies.sweep import MOST_ROWS
from archgraph.studies.sweeping import LARGEST_SWEEP, MOST_WRITTEN

LIMITS = {
    "spec_characters": MAX_BYTES,
    "spec_parts": MAX_NODES,
    "spec_steps": MAX_STEPS,
    "loop_turns": MAX_TURNS,
    "number_bits": MAX_NUMBER_BITS,
    "asked_bits": MOST_BITS,
    "exponent": MAX_EXPONENT,
    "law_bits": 2**MAX_BITS,
    "span": MOST_SPAN,
    "one_by_one": MOST_ONE_BY_ONE,
    "path_operations": MOST_CALLS,
    "places": MOST_PLACES,
    "matrix_cells": MOST_CELLS,
    "productive_operations": MOST_LAYERS,
    "visited": MOST_VISITED,
    "lowered": MAX_ITERATIONS,
    "unrolled": inspect.signature(Graph.unroll).parameters["limit"].default,
    "tensor_elements": MOST_ELEMENTS,
    "swept_values": MOST_VALUES,
    "printed_points": MOST_ROWS,
    "sweep_gib": LARGEST_SWEEP // 2**30,
    "written_points": MOST_WRITTEN,
    "tried_values": MOST,
    "chosen_values": MOST_CHOSEN,
}


def numbers() -> dict[str, str]:
    """Return every limit as the page writes it."""
    return {**{name: written(limit) for name, limit in LIMITS.items()}, "measured_limits": measured()}


def measured() -> str:
    """Return what `tests/benchmarks/limits.py --write` measured, as a table in Markdown."""
    rows = json.loads((Path(__file__).parent / "measured_limits.json").read_text(encoding="utf-8"))
    lines = ["| question | size | processor seconds | MB |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row.values()))} |" for row in rows)])


def written(limit: int) -> str:
    """Return a number in digits, large powers of two as powers.

    >>> written(50_000), written(2**27)
    ('50,000', '2**27')
    """
    power = limit.bit_length() - 1
    return f"2**{power}" if power > 16 and limit == 2**power else f"{limit:,}"
