"""Cutting an input into tiles: the margin that makes the stitched output equal, or why none does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import lcm

from archgraph.errors import QueryError
from archgraph.fields.report.axis_field import AxisField
from archgraph.fields.report.receptive_field import ReceptiveFields
from archgraph.fields.sets.readings import Moving
from archgraph.graph.ir import Graph, Node, Repeat, Value
from archgraph.graph.locate import members
from archgraph.ops.reach import Resized
from archgraph.ops.sources import Parameter
from archgraph.report.by_axis import ByAxis
from archgraph.report.table import Table, named_title


@dataclass(frozen=True)
class AxisHalo:
    """The margin of a tile along one axis, in elements of the input.

    Attributes:
        before: what the tile's first outputs read before its core.
        after: what its last outputs read behind it.
        lattice: tiles begin and end at multiples of this, so that down-sampling meets the same positions.
    """

    before: int
    after: int
    lattice: int

    @property
    def aligned(self) -> tuple[int, int]:
        """The margins rounded up to the lattice."""
        return tuple(-(-margin // self.lattice) * self.lattice for margin in (self.before, self.after))  # type: ignore[return-value]


@dataclass(frozen=True, repr=False)
class Halo(ByAxis[AxisHalo]):
    """What tiling needs; an axis is an attribute or a key: `halo.h.before`, `halo["h"]`.

    Attributes:
        node: the output that is stitched.
        input: the input that is cut.
        axes: the margins, where the content has some.
        reasons: why no margin makes the result equal; nothing where it does.
    """

    node: str
    input: str
    axes: Mapping[str, AxisHalo]
    reasons: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether the stitched output equals that of the whole input, bit by bit."""
        return not self.reasons

    def __repr__(self) -> str:
        lines = [f"tiles of {self.input} for {self.node}"]
        lines += [f"not exact: {reason}" for reason in self.reasons]
        for name, axis in self.axes.items():
            before, after = axis.aligned
            needs = str(axis.before) if axis.before == axis.after else f"{axis.before} before, {axis.after} after"
            margin = str(before) if before == after else f"{before} before, {after} after"
            lines.append(f"{name}  margin {margin} (reads {needs}), on a lattice of {axis.lattice}")
        return "\n  ".join(lines)

    def _repr_html_(self) -> str:
        return halo_table(self).to_html()


def halo_table(found: Halo, name: str = "") -> Table:
    """Return the margins of tiles, and why no margin makes them exact, under the name of a network."""
    rows = [
        {"axis": axis, "reads before": each.before, "reads after": each.after, "lattice": each.lattice}
        | dict(zip(("margin before", "margin after"), each.aligned, strict=True))
        for axis, each in found.axes.items()
    ]
    verdict = "stitched tiles equal the output of the whole input" if found.exact else "no margin is exact"
    notes = (
        f"{verdict}; sizes in elements of {found.input}",
        "reads: what the first and last output of a tile read beyond it; margin: that, on the lattice",
        "lattice: tiles begin and end at multiples of it",
        *(f"not exact: {reason}" for reason in found.reasons),
    )
    columns = ("axis", "reads before", "reads after", "lattice", "margin before", "margin after")
    title = named_title(f"tiles of {found.input} for {found.node}", name)
    return Table(title, columns, rows, notes=notes)


def halo(fields: ReceptiveFields, node: str | Value | None = None) -> Halo:
    """Return the margin that tiles of an input need, on its lattice, and whether it makes tiling exact.

    Tiles whose core begins at a multiple of the lattice and which reach as far as the margin, or to the border of
    the input, give the outputs of their core as the whole input does.

    Raises:
        QueryError: there is no such node, or the graph has several outputs.
    """
    chain = members(fields.graph, node)
    field = fields.at(node)
    lattices = _lattices(fields, chain[0].name)
    margins = {}
    for name, axis in field.axes.items():
        if isinstance(axis.reading, Moving) and axis.stride > 0:
            margins[name] = _margins(axis, lattices.get(name, 1))
    reasons = dict.fromkeys([*_reasons(fields, field.axes), *_fixed_sizes(fields.graph, chain[0].name)])
    return Halo(field.title, fields.input.name, margins, tuple(reasons))


def _margins(axis: AxisField, lattice: int) -> AxisHalo:
    reads = axis.map
    before = max(0, -min(phase.lo for phase in reads.phases if phase.length))
    after = max(0, max(phase.hi for phase in reads.phases) - reads.advance + 1)
    return AxisHalo(before, after, lcm(lattice, reads.advance))


def _lattices(fields: ReceptiveFields, step: str) -> dict[str, int]:
    """Return by how much a tile may be moved so that every value below a step is moved by whole positions."""
    found: dict[str, int] = {}
    ancestors = _ancestors(fields.graph, step)
    for path, field in fields.every().items():
        if path.split(".", 1)[0] not in ancestors and path not in ancestors:
            continue
        for name, axis in field.axes.items():
            if isinstance(axis.reading, Moving) and axis.map.advance > 0:
                found[name] = lcm(found.get(name, 1), axis.map.advance)
    return found


def _ancestors(graph: Graph, step: str) -> frozenset[str]:
    node = next(member for member in graph.nodes if member.name == step)
    return frozenset(member.name for member in graph.live(node.outputs))


def _reasons(fields: ReceptiveFields, axes: Mapping[str, AxisField]) -> Iterator[str]:
    """Yield why content, gates or statistics come from everywhere."""
    for axis in axes.values():
        if axis.is_global:
            yield f"{axis.global_since} reads every position"
        elif not isinstance(axis.reading, Moving) or axis.stride <= 0:
            yield f"along {axis.axis} the field is {axis}"
        elif axis.gate_since:
            yield f"gates: {axis.gate_since} reads every position"
    for axis in axes.values():
        if axis.stat_since and axis.stat_since not in (axis.global_since, axis.gate_since):
            yield f"statistics: {_kind(fields.graph, axis.stat_since)} at {axis.stat_since} is over the whole input"


def _kind(graph: Graph, path: str) -> str:
    member = members(graph, path)[-1]
    words = member.label.split("_")
    return "".join(word.capitalize() for word in words)


def _fixed_sizes(graph: Graph, step: str) -> Iterator[str]:
    """Yield the operations that depend on the size of the input, or on where in it they are."""
    ancestors = _ancestors(graph, step)
    for path, member in graph.walk():
        if isinstance(member, Repeat) or (path.split(".", 1)[0] not in ancestors and path not in ancestors):
            continue
        yield from _fixed(path, member)


def _fixed(path: str, node: Node) -> Iterator[str]:
    if isinstance(node.op, Parameter) and node.outputs[0].type.positions:
        yield f"{path} has a value of its own at every position"
        return
    try:
        reaches = node.reach
    except QueryError:
        return
    if any(isinstance(read, Resized) for reach in reaches for _, read in reach.maps):
        yield f"{path} resamples by the size of the whole input"
