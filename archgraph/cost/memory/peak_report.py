"""The peak of memory as a result that prints as a report, alone or beside others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympy import Add, Expr

from archgraph.cost.memory.forward import UNROLLED
from archgraph.cost.memory.ledger import Measure
from archgraph.cost.memory.memory import Memory
from archgraph.cost.memory.setting import Setting
from archgraph.errors import QueryError
from archgraph.graph.checkpoints import CheckpointPolicy
from archgraph.graph.ir import Graph, Member, Repeat
from archgraph.graph.network import Network
from archgraph.report.table import Table
from archgraph.sizes.law_text import law_text
from archgraph.sizes.symbols import ONE

PEAK_NOTES = (
    "live storage of one sample, as the lowered module runs: freed after the last use, views counted once",
    "not counted: what kernels, the allocator and the device take for themselves",
    "gradients that meet at a value are summed into a third tensor; in place, the peak is lower by at most one",
)


@dataclass(frozen=True, repr=False)
class PeakMemory:
    """The most memory that is live at once.

    Attributes:
        name: of the network.
        setting: how it is run.
        at: the values of its symbols.
        bytes: the peak.
        by_kind: the same by weights, gradients, optimiser states, activations, workspace.
        laws: by kind, in the symbols of the spec; they hold as long as the peak stays at this node.
        node: path of the node that runs then; empty before the first and after the last.
        phase: "forward" or "backward".
    """

    name: str
    setting: Setting
    at: str
    bytes: int
    by_kind: Mapping[str, int]
    laws: Mapping[str, Expr]
    node: str
    phase: str

    @property
    def law(self) -> Expr:
        """The law of the peak, as long as it stays at this node.

        >>> from archgraph import load
        >>> load("conv_stack").peak_memory().law
        4*C**2*K**2*L + 16*C*H*W + 4*C*L
        """
        return Add(*self.laws.values())

    @property
    def table(self) -> Table:
        """The report as a table.

        >>> from archgraph import load
        >>> [row["kind"] for row in load("conv_stack").peak_memory().table.rows]
        ['weights', 'activations']
        """
        rows = [
            {"kind": kind, "bytes": size, "share": f"{100 * size / self.bytes:.1f} %", "law": law_text(self.laws[kind])}
            for kind, size in self.by_kind.items()
        ]
        total = {"kind": "total", "bytes": self.bytes, "share": "", "law": ""}
        return Table(self._title(), ("kind", "bytes", "share"), rows, total, (self.at, *PEAK_NOTES))

    def _title(self) -> str:
        way = " in the backward pass" if self.phase == "backward" else ""
        where = f"at {self.node}{way}" if self.node else "before the first node or after the last"
        return f"{self.name}: {self.bytes:,} bytes at the peak of {self.setting.mode} ({self.setting}), {where}"

    def __str__(self) -> str:
        return str(self.table)

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html()


MOST_VISITED = 50_000
"""Operations and blocks that are walked through one after the other; calls that share weights multiply them."""


def check_visited(graph: Graph, checkpoint: CheckpointPolicy, measure: Measure) -> None:
    """Refuse a network of which too much is walked through in training.

    Raises:
        QueryError: there are more than `MOST_VISITED` operations and blocks that are gone through one by one.
    """
    visited = _Visited(checkpoint, measure).of(graph)
    if visited > MOST_VISITED:
        raise QueryError(
            f"the peak of memory walks through {visited:,} operations and blocks, and the limit is {MOST_VISITED:,}",
            hint="blocks that share weights, are chosen by path or computed again many at a time "
            "are walked through one by one: ask for fewer of them",
        )


class _Visited:
    """Counts what is gone through: a body once for all its calls, where these are alike."""

    def __init__(self, checkpoint: CheckpointPolicy, measure: Measure) -> None:
        self.checkpoint, self.measure = checkpoint, measure
        self._apart: set[Graph] = set()
        self._each: dict[Graph, int] = {}

    def of(self, graph: Graph) -> int:
        """Count operations, and the blocks of a run that is computed again together."""
        return sum(self._member(one) for one in graph.nodes)

    def _member(self, member: Member) -> int:
        if not isinstance(member, Repeat):
            return 1
        if self.checkpoint.by_path or member.share is not None:
            return self._each_call(member)
        is_new = member.body not in self._apart
        self._apart.add(member.body)
        return self._turns(member) + (self.of(member.body) if is_new else 0)

    def _each_call(self, repeat: Repeat) -> int:
        body = repeat.body
        if body not in self._each:
            self._each[body] = sum(self._each_call(one) if isinstance(one, Repeat) else 1 for one in body.nodes)
        return self._each[body] * self._turns(repeat)

    def _turns(self, repeat: Repeat) -> int:
        """How often the body of a repeat is gone through, at most."""
        if repeat.once or repeat.experts is not None:
            return 1
        together = None if self.checkpoint.by_path else self.checkpoint.run(repeat, "")
        return UNROLLED * min(self.measure(repeat.count), self.measure(together or ONE))


def peak_memory(g: Network, setting: Setting) -> PeakMemory:
    """Return the peak of an architecture at its bound values."""
    if setting.training:
        check_visited(g.graph, setting.checkpoint.at(g.evaluate), g.evaluate)
    setting = replace(setting, own=g.floating, checkpoint=setting.checkpoint.at(g.evaluate))
    known: dict[Expr, int] = {}

    def measure(law: Expr) -> int:
        if law not in known:
            known[law] = g.evaluate(law)
        return known[law]

    peak = Memory(g.graph, g.selected, setting).peak(measure)
    laws = {kind: g.show(law) for kind, law in peak.laws.items()}
    return PeakMemory(g.name, setting, g.bindings, peak.total, peak.sizes, laws, peak.place, peak.phase)


def memory_table(g: Network, settings: Collection[Setting]) -> Table:
    """Return the peaks of several settings side by side, by kind, with what autograd keeps."""
    peaks = [peak_memory(g, setting) for setting in settings]
    kinds = list(dict.fromkeys(kind for peak in reversed(peaks) for kind in peak.by_kind))
    rows = [{"kind": kind, **{_column(peak): peak.by_kind.get(kind, 0) for peak in peaks}} for kind in kinds]
    total = {"kind": "peak", **{_column(peak): peak.bytes for peak in peaks}}
    columns = ("kind", *map(_column, peaks))
    return Table(f"{g.name}: bytes of one sample", columns, rows, total, tuple(_notes(g, peaks)))


def _column(peak: PeakMemory) -> str:
    return str(peak.setting.mode)


def _notes(g: Network, peaks: list[PeakMemory]) -> Any:
    yield peaks[0].at
    for peak in peaks:
        way = " in the backward pass" if peak.phase == "backward" else ""
        yield f"{peak.setting.mode} ({peak.setting}): the peak is at {peak.node or 'its end'}{way}"
        if peak.setting.training:
            saved = Memory(g.graph, g.selected, peak.setting).saved
            yield f"autograd keeps {g.evaluate(saved):,} bytes for the backward pass"
    yield from PEAK_NOTES
