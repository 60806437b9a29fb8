"""What the main output reads of the main input, and since which operation that is all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from archgraph.comparison.cells import CellLabel
from archgraph.comparison.ends import main_flow, main_input, main_output
from archgraph.errors import ArchgraphError
from archgraph.fields.report.axis_field import AxisField
from archgraph.fields.report.extent import ReadExtent, reach_of, sees_everything
from archgraph.fields.report.field_report import ReceptiveField
from archgraph.fields.report.receptive_field import ReceptiveFields, receptive_fields
from archgraph.fields.sets.readings import HalfLine
from archgraph.graph.network import Network


@dataclass(frozen=True)
class Since:
    """The first operation by which the main output reads positions however far they are.

    Attributes:
        everything: reads every position; empty where nothing does.
        before: reads every position up to a moving edge, along some axis, and every position along all others.
        gates: lets every position in through a factor, where the content is local.
        statistics: reads every position by normalisation statistics alone, each by O(1/N).
        wider: the first block from which on the field has more positions than the input, where none reads them all.
        alone: reads every position along each axis alone, as rows and columns do, where nothing reads all together.
    """

    everything: str = ""
    before: str = ""
    gates: str = ""
    statistics: str = ""
    wider: str = ""
    alone: str = ""


@dataclass(frozen=True)
class Seen:
    """What one position of the main output reads of the main input.

    Attributes:
        fields: of all nodes on the main input.
        field: of the main output.
        parts: the members of the network that lead to an output, in topological order.
        order: the paths of all operations and scopes in topological order.
    """

    fields: ReceptiveFields
    field: ReceptiveField
    parts: tuple[str, ...]
    order: tuple[str, ...]

    @property
    def axes(self) -> Mapping[str, AxisField]:
        """The field along every axis."""
        return self.field.axes

    @cached_property
    def reach(self) -> ReadExtent | None:
        """The field summed up over all axes, None where it has no numbers."""
        return reach_of(self.field)

    @property
    def label(self) -> CellLabel:
        """Whether the sizes are bounds."""
        return "" if all(axis.exact for axis in self.axes.values() if axis.settled) else "bound"

    @cached_property
    def since(self) -> Since:
        """Since which operations the field is what it is."""
        axes = tuple(self.axes.values())
        each = bool(axes) and all(axis.is_global for axis in axes)
        everything = self._everything() if sees_everything(self.field) else ""
        edges = [edge for axis in axes if (edge := _edge(axis))]
        unbounded = not each and bool(edges) and all(axis.is_causal or axis.is_global for axis in axes)
        gates = next((axis.gate_since for axis in axes if axis.gate_since and not axis.is_global), None)
        statistics = next((axis.stat_since for axis in axes if axis.stat_since not in (None, axis.global_since)), None)
        before = self._last(edges) if unbounded else ""
        wider = "" if each or unbounded else self._wider()
        alone = self._last(edges) if each and not everything else ""
        return Since(everything, before, gates or "", statistics or "", wider, alone)

    def _everything(self) -> str:
        """The first operation that reads all positions along all axes: none before the last axis is read whole."""
        since = [axis.global_since or "" for axis in self.axes.values()]
        last = self._last(since)
        if not last:
            # No one operation says so, such as where windows of windows have grown to all there is.
            return next(self._whole_from(self.order[0]), "") if self.order else ""
        return next(self._whole_from(last), last)

    def _whole_from(self, path: str) -> Iterator[str]:
        for later in self.order[self.order.index(path) :] if path in self.order else ():
            if sees_everything(self.fields.at(later)):
                yield later

    def _last(self, paths: list[str]) -> str:
        """Of several paths the last in topological order."""
        return max(paths, key=lambda path: self.order.index(path) if path in self.order else -1)

    def _wider(self) -> str:
        for path in self.parts:
            reach = _reach(self.fields, path)
            if reach is not None and reach.sizes[0] >= reach.extent:
                return path.split(".")[0]
        return ""


def _edge(axis: AxisField) -> str:
    reading = axis.reading
    return reading.since.path if isinstance(reading, HalfLine) else axis.global_since or ""


def _reach(fields: ReceptiveFields, path: str) -> ReadExtent | None:
    try:
        return reach_of(fields.at(path))
    except ArchgraphError:
        return None


def seen(g: Network) -> Seen:
    """Return what the main output reads of the main input.

    Raises:
        QueryError: no input has positions.

    >>> from archgraph import load
    >>> seen(load("dit").network).since.everything
    'blocks.attention.scaled_dot_product_attention'
    """
    return g.once("seen", lambda: _seen(g))


def _seen(g: Network) -> Seen:
    fields = receptive_fields(g, main_input(g).name)
    parts = tuple(item.path for item in main_flow(g).items)
    return Seen(fields, fields.at(main_output(g)), parts, tuple(path for path, _ in g.graph.walk()))


def global_text(since: Since) -> str:
    """Return since which operation the output reads all positions, or all before its own; empty where it is local.

    >>> global_text(Since(everything="pool")), global_text(Since())
    ('global since pool', '')
    """
    if since.everything:
        return f"global since {since.everything}"
    if since.alone:
        return f"global along each axis alone since {since.alone}"
    return f"global over what comes before since {since.before}" if since.before else ""
