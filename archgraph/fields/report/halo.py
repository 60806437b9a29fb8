"""Cutting an input into tiles: the margin that makes the stitched output equal, or why none does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import floor, lcm

from archgraph.errors import QueryError
from archgraph.fields.report.axis_field import AxisField
from archgraph.fields.report.position_tables import position_tables
from archgraph.fields.report.receptive_field import ReceptiveFields
from archgraph.fields.sets.readings import Moving, axes_of
from archgraph.graph.ir import Graph, Node, Repeat, Value
from archgraph.graph.locate import members
from archgraph.ops.reach import Along, AnyOf, AtMost, AxisMap, Later, Resized, Window
from archgraph.ops.sources import Parameter
from archgraph.report.by_axis import ByAxis
from archgraph.report.table import Table, named_title
from archgraph.sizes.exact import Evaluate


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


def halo(fields: ReceptiveFields, node: str | Value | None, evaluate: Evaluate) -> Halo:
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
    wraps = any(isinstance(axis.reading, Moving) and axis.reading.folded for axis in field.axes.values())
    reasons = dict.fromkeys(
        [
            *_reasons(fields, field.axes),
            *_fixed_sizes(fields.graph, chain[0].name, evaluate, wraps=wraps),
            *_seen_once(fields, chain[0].name),
        ]
    )
    return Halo(field.title, fields.input.name, margins, tuple(reasons))


def _margins(axis: AxisField, lattice: int) -> AxisHalo:
    reads = axis.map
    before = max(0, -min(phase.lo for phase in reads.phases if phase.length))
    after = max(0, max(phase.hi for phase in reads.phases if phase.length) - reads.advance + 1, _missing(axis))
    return AxisHalo(before, after, lcm(lattice, reads.advance))


def _missing(axis: AxisField) -> int:
    """Return by how much a tile must be longer so that it has the outputs that read nothing, behind all that do."""
    if axis.outputs is None or all(phase.touched for phase in axis.phases):
        return 0
    return max(0, axis.extent - floor(axis.outputs * axis.stride))


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


def _fixed_sizes(graph: Graph, step: str, evaluate: Evaluate, *, wraps: bool) -> Iterator[str]:
    """Yield the operations that depend on the size of the input, or on where in it they are."""
    ancestors, tables = _ancestors(graph, step), position_tables(graph, evaluate)
    for path, member in graph.walk():
        if isinstance(member, Repeat) or (path.split(".", 1)[0] not in ancestors and path not in ancestors):
            continue
        if isinstance(member.op, Parameter) and member.outputs[0] in tables:
            yield f"{path} has a value of its own at every position"
            continue
        yield from dict.fromkeys(f"{path} {reason}" for read in _maps(member) for reason in _of_size(read, wraps=wraps))


def _seen_once(fields: ReceptiveFields, step: str) -> Iterator[str]:
    """Yield the operations that cut or resample places of the input by numbers that other sizes may not have."""
    ancestors, every = _ancestors(fields.graph, step), fields.every()
    for path, member in fields.graph.walk():
        if isinstance(member, Repeat) or (path.split(".", 1)[0] not in ancestors and path not in ancestors):
            continue
        for axis in member.op.at_one_size(*member.types):
            if path not in every or _lies_along(every[path].axes, axis):
                yield f"{path} {_BY_SIZE if member.types[0].size(axis).free_symbols else _AT_NUMBERS}"


_BY_SIZE = "cuts or resamples to a number of positions that a tile has others of"
_AT_NUMBERS = "cuts or resamples to a number of positions, seen at one size only: trace with free sizes, as dynamic="


def _lies_along(axes: Mapping[str, AxisField], axis: str) -> bool:
    """Whether places of the input lie along an axis of an operation's result."""
    return any(axis in axes_of(each.reading) for each in axes.values())


def _maps(node: Node) -> Iterator[AxisMap]:
    """Yield how an operation reads axes, with what is said within something else."""
    try:
        waiting: list[AxisMap] = [read for reach in node.reach for _, read in reach.maps]
    except QueryError:
        return
    for read in waiting:
        yield read
        waiting.extend(read.maps if isinstance(read, AnyOf) else ())
        waiting.extend([read.map] if isinstance(read, Along | AtMost | Later) else ())


def _of_size(read: AxisMap, *, wraps: bool) -> Iterator[str]:
    if isinstance(read, Resized):
        yield "resamples by the size of the whole input"
    if isinstance(read, Window) and read.border == "wrap" and wraps:
        yield "reads around the border, from the other end of the input"
    if isinstance(read, Window) and read.before.free_symbols:
        yield "takes positions that are counted from the end of the input"
