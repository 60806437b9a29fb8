"""How fast a device could be at best: every operation at the peak rate or bandwidth that bounds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import fsum
from typing import Any

from archgraph.cost.device import Device, device
from archgraph.cost.memory.precision import PRECISIONS
from archgraph.cost.part import whole_part
from archgraph.cost.work import WorkTotal, quotient, sum_of, work_group, work_of
from archgraph.data.question_words import ROOFLINE_DTYPES
from archgraph.errors import QueryError, not_among
from archgraph.graph.execution import execution
from archgraph.graph.network import Network
from archgraph.report.table import Table

LEFT_OUT = (
    "an estimate: every operation by itself, at the device's peak rate or bandwidth, whichever takes longer",
    "left out: fusion and caches, which make it faster; launches and kernels below the peak, which make it slower",
)


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
            "FLOP/byte": quotient(span.work.operations, span.work.moved),
        }

    def _title(self) -> str:
        samples = f"{self.batch} samples" if self.batch > 1 else "one sample"
        return (
            f"{self.name} on {self.device.name}: an estimated {1e3 * self.seconds:.4g} ms for {samples} "
            f"({self.dtype}, {self.attention} attention), {100 * self.utilisation:.0f} % of the peak"
        )

    def __str__(self) -> str:
        return str(self.table)

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html()


def roofline(g: Network, name: str, dtype: str, attention: Any, batch: int, by: str) -> Roofline:
    """Return the estimate of one forward pass at the bound values."""
    if dtype not in ROOFLINE_DTYPES:
        raise not_among("dtype", dtype, ROOFLINE_DTYPES)
    if batch < 1:
        raise QueryError(f"batch is {batch}; it is at least 1")
    chosen, width = device(name), 4 if dtype == "tf32" else PRECISIONS[dtype].values
    run = execution(width, attention)
    spans: dict[str, TimeSpan] = {}
    for row in whole_part(g).rows():
        key = work_group(g, by, row)
        spans[key] = spans.get(key, TimeSpan()) + _span(sum_of(work_of(row, run), g.evaluate, batch), chosen, dtype)
    return Roofline(g.name, chosen, dtype, attention, batch, by, spans)


def _span(work: WorkTotal, chosen: Device, dtype: str) -> TimeSpan:
    computing, moving = chosen.seconds(work.macs, work.elementwise, work.moved, dtype)
    return TimeSpan(computing, 0.0, work) if computing > moving else TimeSpan(0.0, moving, work)
