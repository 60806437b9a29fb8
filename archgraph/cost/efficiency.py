"""Where parameters, MACs and bytes sit, and how fast a device could be at best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from math import fsum
from typing import Any

from sympy import Expr

from archgraph.cost.costs import METRICS, CostRow, grouping
from archgraph.cost.memory.memory import PRECISIONS, Setting
from archgraph.cost.part import whole_part
from archgraph.cost.work import Device, Work, device, work_of
from archgraph.errors import QueryError
from archgraph.graph.execution import execution
from archgraph.graph.ir import Member
from archgraph.graph.network import Network
from archgraph.report.table import Table

ROOFLINE_DTYPES = (*PRECISIONS, "tf32")
LEFT_OUT = (
    "an estimate: every operation by itself, at the device's peak rate or bandwidth, whichever takes longer",
    "left out: fusion and caches, which make it faster; launches and kernels below the peak, which make it slower",
)


@dataclass(frozen=True)
class WorkTotal:
    """The work of a group of nodes, at numbers."""

    params: int = 0
    macs: int = 0
    elementwise: int = 0
    moved: int = 0
    weights: int = 0
    products: int = 0

    def __add__(self, other: WorkTotal) -> WorkTotal:
        return WorkTotal(*(own + more for own, more in zip(astuple(self), astuple(other), strict=True)))

    @property
    def operations(self) -> int:
        """Floating-point operations."""
        return 2 * self.macs + self.elementwise


def sum_of(work: Work, value: Callable[[Expr], int], batch: int = 1) -> WorkTotal:
    """Return the work of one node at numbers, for so many samples."""
    return WorkTotal(
        value(work.row.cost(METRICS["params"])),
        batch * value(work.macs),
        batch * value(work.elementwise),
        value(work.loads) + batch * value(work.values),
        value(work.weights),
        value(work.products),
    )


def efficiency_table(g: Network, by: str, setting: Setting) -> Table:
    """Return MACs per parameter, positions per weight and operations per byte of every group of nodes.

    A stage is the level of a step of the network, with all that is inside: also what a block computes of the time
    step, which has no positions.
    """
    groups: dict[str, WorkTotal] = {}
    for row in whole_part(g).rows():
        key = _label(g, by, row)
        groups[key] = groups.get(key, WorkTotal()) + sum_of(work_of(row, setting.execution), g.evaluate)
    total = sum(groups.values(), WorkTotal())
    rows = [{by: key, **_ratios(part, total)} for key, part in groups.items()]
    totals = {by: "total", **_ratios(total, total)}
    notes = (
        g.bindings,
        f"{setting.dtype}, {setting.attention} attention, one sample",
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
        "macs/param": _ratio(part.macs, part.params),
        "positions/weight": _ratio(part.products, part.weights),
        "bytes moved": part.moved,
        "FLOP/byte": _ratio(part.operations, part.moved),
    }


def _share(part: int, total: int) -> str:
    return f"{100 * part / total:.1f}" if total else ""


def _ratio(above: int, below: int) -> str:
    return f"{above / below:.5g}" if below else ""


def _label(g: Network, by: str, row: CostRow) -> str:
    """The group of a row; levels have their sizes as numbers."""
    if by not in ("level", "stage"):
        return grouping(by)(row)
    type_ = row.type if by == "level" else _step(g, row).outputs[0].type
    return " x ".join(str(g.evaluate(type_.size(axis))) for axis in type_.positions) or "embedding"


def _step(g: Network, row: CostRow) -> Member:
    """The step of the network that a node belongs to."""
    return next(node for node in g.graph.nodes if row.path == node.name or row.path.startswith(f"{node.name}."))


@dataclass(frozen=True)
class TimeSpan:
    """How long a group of nodes takes at best: where computing takes longer, and where moving does."""

    computing: float = 0.0
    moving: float = 0.0
    work: WorkTotal = field(default_factory=WorkTotal)

    def __add__(self, other: TimeSpan) -> TimeSpan:
        return TimeSpan(self.computing + other.computing, self.moving + other.moving, self.work + other.work)

    @property
    def seconds(self) -> float:
        """The time in all."""
        return self.computing + self.moving


@dataclass(frozen=True, repr=False)
class Roofline:
    """A bound on the speed of a network on a device; an estimate (Williams et al. 2009, doi:10.1145/1498765.1498785).

    Attributes:
        name: of the network.
        device: with its peak rates.
        setting: its precision and kernel of attention.
        batch: samples at once.
        spans: by group of nodes.
    """

    name: str
    device: Device
    dtype: str
    attention: str
    batch: int
    by: str
    spans: dict[str, TimeSpan]

    @property
    def seconds(self) -> float:
        """The estimated time of one forward pass.

        >>> from archgraph import load
        >>> f"{1e3 * load('dit').roofline('a100').seconds:.2f} ms"
        '1.24 ms'
        """
        return fsum(span.seconds for span in self.spans.values())

    @property
    def operations(self) -> int:
        """Floating-point operations of the pass.

        >>> from archgraph import load
        >>> g = load("dit")
        >>> g.roofline("a100", batch=4).operations == 4 * g.at().flops
        True
        """
        return sum(span.work.operations for span in self.spans.values())

    @property
    def utilisation(self) -> float:
        """Operations per second, as a share of the device's peak.

        >>> from archgraph import load
        >>> 0 < load("dit").roofline("a100").utilisation < load("dit").roofline("a100", batch=32).utilisation < 1
        True
        """
        return self.operations / self.seconds / self.device.rate(self.dtype)

    @property
    def table(self) -> Table:
        """The estimate by group of nodes.

        >>> from archgraph import load
        >>> load("dit").roofline("a100").table.rows[0]["bound by"]
        'memory'
        """
        rows = [self._row(key, span) for key, span in self.spans.items() if span.seconds]
        total = {self.by: "total", "ms": f"{1e3 * self.seconds:.4g}", "share %": "", "bound by": ""}
        total |= {"FLOP": self.operations, "bytes moved": sum(s.work.moved for s in self.spans.values())}
        ridge = self.device.rate(self.dtype) / self.device.bandwidth
        notes = (
            *LEFT_OUT,
            f"{self.device.name}: {self.device.rate(self.dtype) / 1e12:.4g} TFLOP/s in {self.dtype}, "
            f"{self.device.bandwidth / 1e12:.4g} TB/s, so {ridge:.0f} FLOP/byte to be bound by computing "
            f"({self.device.source}; checked: {self.device.checked})",
        )
        columns = (self.by, "ms", "share %", "bound by", "FLOP", "bytes moved", "FLOP/byte")
        return Table(self._title(), columns, rows, {**total, "FLOP/byte": ""}, notes)

    def _row(self, key: str, span: TimeSpan) -> dict[str, Any]:
        return {
            self.by: key,
            "ms": f"{1e3 * span.seconds:.4g}",
            "share %": f"{100 * span.seconds / self.seconds:.1f}",
            "bound by": "computing" if span.computing > span.moving else "memory",
            "FLOP": span.work.operations,
            "bytes moved": span.work.moved,
            "FLOP/byte": _ratio(span.work.operations, span.work.moved),
        }

    def _title(self) -> str:
        samples = f"{self.batch} samples" if self.batch > 1 else "one sample"
        return (
            f"{self.name} on {self.device.name}: an estimated {1e3 * self.seconds:.4g} ms for {samples} "
            f"({self.dtype}, {self.attention} attention), {100 * self.utilisation:.0f} % of the peak"
        )

    def __repr__(self) -> str:
        return str(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html()


def roofline(g: Network, name: str, dtype: str, attention: Any, batch: int, by: str) -> Roofline:
    """Return the estimate of one forward pass at the bound values."""
    if dtype not in ROOFLINE_DTYPES:
        raise QueryError(f"dtype is '{dtype}'", hint=f"one of {', '.join(ROOFLINE_DTYPES)}")
    if batch < 1:
        raise QueryError(f"batch is {batch}; it is at least 1")
    chosen, width = device(name), 4 if dtype == "tf32" else PRECISIONS[dtype].values
    run = execution(width, attention)
    spans: dict[str, TimeSpan] = {}
    for row in whole_part(g).rows():
        key = _label(g, by, row)
        spans[key] = spans.get(key, TimeSpan()) + _span(sum_of(work_of(row, run), g.evaluate, batch), chosen, dtype)
    return Roofline(g.name, chosen, dtype, attention, batch, by, spans)


def _span(work: WorkTotal, chosen: Device, dtype: str) -> TimeSpan:
    computing, moving = chosen.seconds(work.macs, work.elementwise, work.moved, dtype)
    return TimeSpan(computing, 0.0, work) if computing > moving else TimeSpan(0.0, moving, work)


__all__ = ["Roofline", "efficiency_table", "roofline"]
