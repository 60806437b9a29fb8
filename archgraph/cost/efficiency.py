"""What parameters and bytes are used for: MACs per parameter, positions per weight, operations per byte."""

from __future__ import annotations

from typing import Any

from archgraph.cost.memory.setting import Setting
from archgraph.cost.part import whole_part
from archgraph.cost.work import WorkTotal, quotient, sum_of, work_group, work_of
from archgraph.graph.network import Network
from archgraph.report.table import Table


def efficiency_table(g: Network, by: str, setting: Setting) -> Table:
    """Return MACs per parameter, positions per weight and operations per byte of every group of nodes."""
    groups: dict[str, WorkTotal] = {}
    for row in whole_part(g).rows():
        key = work_group(g, by, row)
        groups[key] = groups.get(key, WorkTotal()) + sum_of(work_of(row, setting.execution), g.evaluate)
    total = sum(groups.values(), WorkTotal())
    rows = [{by: key, **_ratios(part, total)} for key, part in groups.items()]
    totals = {by: "total", **_ratios(total, total)}
    notes = (
        g.bindings,
        f"{setting.precision_name}, {setting.attention} attention, one sample",
        "positions/weight: how often a weight of conv and linear layers is used",
        "FLOP/byte: operations per byte of operands, weights and results, each moved once",
    )
    return Table(f"{g.name}: what parameters and bytes are used for", tuple(totals), rows, totals, notes)


def _ratios(part: WorkTotal, total: WorkTotal) -> dict[str, Any]:
    return {
        "params": part.params,
        "params %": _share(part.params, total.params),
        "macs": part.macs,
        "macs %": _share(part.macs, total.macs),
        "macs/param": quotient(part.macs, part.params),
        "positions/weight": quotient(part.products, part.weights),
        "bytes moved": part.moved,
        "FLOP/byte": quotient(part.operations, part.moved),
    }


def _share(part: int, total: int) -> str:
    return f"{100 * part / total:.1f}" if total else ""
