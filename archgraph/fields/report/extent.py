"""How much of the input one output position reads, summed up for a figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from archgraph.fields.report.axis_field import AxisField
from archgraph.fields.report.field_report import ReceptiveField
from archgraph.fields.sets.field import HalfLine
from archgraph.ops.reach import Enlarge, Reach, Window


@dataclass(frozen=True)
class ReadExtent:
    """How much of the input one output position reads.

    Attributes:
        sizes: (smallest, largest) along the widest axis; ``extent`` is the input's size there.
        everything: whether it is the whole input.
        shares: (smallest, largest) share of the side for every axis, at most 1.
        causal: whether it is everything up to a moving edge.
        behind: whether it ends at the output's own position: a window that looks back alone.
        through: what reaches the whole input though the content does not: of ``"gates"`` and ``"norm statistics"``.
        label: the sizes in words, by axis where they differ.
    """

    sizes: tuple[int, int]
    extent: int
    everything: bool
    shares: tuple[tuple[float, float], ...]
    through: tuple[str, ...]
    label: str
    causal: bool = False
    behind: bool = False

    @property
    def statistics(self) -> bool:
        """Whether something else than the content reaches the whole input."""
        return bool(self.through)

    @property
    def share(self) -> float:
        return min(1.0, self.sizes[1] / self.extent) if self.extent else 1.0


def combines(reach: Reach) -> bool:
    """Whether an operation reads more than one position along some axis."""
    return any(not isinstance(read, Window) or read.kernel != 1 for _, read in reach.maps)


def tiles(reach: Reach) -> bool:
    """Whether the windows do not overlap: pooling, patches, their inverses."""
    return all(
        getattr(read, "kernel", None) == getattr(read, "stride", 0) or isinstance(read, Enlarge)
        for _, read in reach.maps
    )


def few(names: list[str]) -> list[str]:
    return names if len(names) <= 3 else [*names[:2], "…"]


def sees_everything(field: ReceptiveField) -> bool:
    """Whether an output reads every position: along all axes, and not only along each of them, as a row and a column.

    Where the true number of positions is not known, the corners and the middle of the output speak for all of it.

    Raises:
        QueryError: the field was not made from a graph.
    """
    if not field.axes or not all(axis.is_global for axis in field.axes.values()):
        return False
    total = prod(axis.extent for axis in field.axes.values())
    if field.box_exact or field.area is not None:
        return field.box_exact or field.area == (total, total)
    sizes = field.interior.extents
    corners = product(*({0, size // 2, size - 1} for size in sizes.values()))
    return all(len(field.probe("content", **dict(zip(sizes, corner, strict=True)))) == total for corner in corners)


def reach_of(field: ReceptiveField) -> ReadExtent | None:
    """Sum up a field along all axes; nothing where there are no numbers."""
    known = [axis for axis in field.axes.values() if axis.settled]
    if not known or not any(axis.size_max for axis in known):
        return None
    widest = max(known, key=lambda axis: axis.size_max / axis.extent)
    labels = [_size_label(axis) for axis in known]
    everything, causal = sees_everything(field), any(axis.is_causal for axis in known)
    return ReadExtent(
        (widest.size_min, widest.size_max),
        widest.extent,
        everything,
        tuple((min(1.0, axis.size_min / axis.extent), min(1.0, axis.size_max / axis.extent)) for axis in known),
        () if everything else _through(known),
        f"all {widest.extent}" if everything else labels[0] if len(set(labels)) == 1 else " × ".join(labels),
        causal,
        not everything and not causal and all(_looks_back(axis) for axis in known),
    )


def _through(axes: Sequence[AxisField]) -> tuple[str, ...]:
    """Statistics are counted with what enters through gates, so that they count alone where they come elsewhere."""
    found = {"gates": any(axis.gate_since for axis in axes)}
    found["norm statistics"] = any(axis.stat_since and axis.stat_since != axis.gate_since for axis in axes)
    return tuple(name for name, there in found.items() if there)


def _looks_back(axis: AxisField) -> bool:
    middle = axis.extent // 2
    read = read_interval(axis, middle) if axis.stride == 1 else None
    return read is not None and read[0] < middle == read[1]


def _size_label(axis: AxisField) -> str:
    if axis.is_causal:
        return f"up to {axis.size_max}"
    return str(axis.size_max) if axis.size_min == axis.size_max else f"{axis.size_min}–{axis.size_max}"


def read_interval(axis: AxisField, output: int) -> tuple[int, int] | None:
    """The first and the last input position that one output reads, nothing where it reads none."""
    if isinstance(axis.reading, HalfLine):
        return 0, min(axis.extent - 1, max(0, axis.reading.edge.at(output).hi))
    return axis.read_interval(output, output)
