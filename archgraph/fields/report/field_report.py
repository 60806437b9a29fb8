"""The receptive field of one node on one input: the fields of its axes, and a readable form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from archgraph.errors import QueryError
from archgraph.fields.positions.doubts import LEAKING, PICKED
from archgraph.fields.positions.places import Places
from archgraph.fields.positions.probe import Probe
from archgraph.fields.report.axis_field import AxisField
from archgraph.fields.report.box_area import areas
from archgraph.fields.sets.boxes import Boxes
from archgraph.fields.sets.field import ReadKind
from archgraph.keywords import strict_methods
from archgraph.report.by_axis import ByAxis
from archgraph.report.table import Table

Origins: TypeAlias = "tuple[str | None, str | None]"
"""The first node where a kind is global, and that of the kind within it."""


@strict_methods
@dataclass(frozen=True, repr=False)
class ReceptiveField(ByAxis[AxisField]):
    """What one node reads of one input; an axis is an attribute or a key: `rf.h.size_max`, `rf["h"]`.

    Attributes:
        node: the dotted path of the node.
        input: the name of the input.
        axes: the field along every position axis of the input.
        iterations: how often the enclosing repeats apply the node; the numbers are those of the last time.
        paths: the content as the boxes of the paths that no other path contains, where it is no single box;
            None where there are too many.
        output: which of the node's several outputs it is of, by number; None where it has one, or of all together.
    """

    node: str
    input: str
    axes: Mapping[str, AxisField]
    iterations: int = 1
    paths: Boxes = ()
    places: Places | None = field(default=None, compare=False)
    output: int | None = None

    @property
    def box_exact(self) -> bool:
        """Whether the set that is read is proved to be the product of the axes' sets."""
        return self.paths == ()

    @property
    def area(self) -> tuple[int, int] | None:
        """The fewest and the most input positions that one output reads, borders ignored; None where not known.

        Less than the product of the axes' sizes where sets have holes, or where branches meet that do not nest.

        >>> import archgraph as ag
        >>> ag.load("unet:padded-512").receptive_field("enc(1)").area
        (196, 196)
        """
        if self.paths is None:
            return None
        whole = {name: axis.reading for name, axis in self.axes.items()}
        if None in whole.values():
            return (0, 0)
        return areas(self.paths or (whole,), {name: axis.extent for name, axis in self.axes.items()})

    def probe(self, kind: ReadKind = "content", **index: int) -> Probe:
        """Return the exact set of input positions that the node reads at an index, borders included.

        Axes that are not named take all indices.

        Raises:
            QueryError: the node has no such axis or index.

        >>> import archgraph as ag
        >>> ag.load("unet:padded-512").receptive_field("enc(0)").probe(h=0, w=9)
        enc(0) reads image: h 0..2, w 7..11
        """
        return self._doubted(self._asked.probe(self.node, index, kind, self.output))

    @property
    def unread(self) -> Probe:
        """The positions of the input that no position of the node reads."""
        return self._doubted(self._asked.unread(self.node, output=self.output))

    def _doubted(self, found: Probe) -> Probe:
        found = replace(found, node=self.title)
        return found if not self._partial else replace(found, exact=False, why=(*found.why, PICKED))

    @property
    def interior(self) -> Probe:
        """The positions of the node that no border touches: neither padding nor a window cut by it."""
        return replace(self._asked.interior(self.node, self.output), node=self.title)

    @property
    def title(self) -> str:
        """The path of the node, and of several outputs which one."""
        return self.node if self.output is None else f"{self.node}, output {self.output}"

    @property
    def _partial(self) -> bool:
        return any(axis.partial for axis in self.axes.values())

    @property
    def why(self) -> tuple[str, ...]:
        """Why sizes are upper bounds, with the operation that makes them so; nothing where they are exact."""
        if not any(map(_bounded, self.axes.values())):
            return ()
        found = self.places.doubts(self.node, self.output) if self.places is not None else ()
        found = (*found, *([PICKED] if self._partial else []))
        return found or (LEAKING,)

    @property
    def _asked(self) -> Places:
        if self.places is None:
            raise QueryError("this receptive field was not made from a graph: no single position can be asked for")
        return self.places

    @property
    def outputs(self) -> tuple[str, ...]:
        """The position axes of the node's output, along which it can be probed."""
        return self._asked.axes(self.node, self.output)

    def of(self, kind: ReadKind) -> ReceptiveField:
        """Return the same with the numbers of another kind: `content`, `gate` or `stat`."""
        return replace(self, axes={name: axis.of(kind) for name, axis in self.axes.items()})

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _repr_html_(self) -> str:
        title, *lines = self._lines()
        rows = [{"axis": name, "reads": str(axis)} for name, axis in self.axes.items()]
        notes = tuple(line.strip() for line in lines[len(rows) :])
        return Table(title, ("axis", "reads"), rows, notes=notes).to_html()

    def _lines(self) -> Iterable[str]:
        last = f", the last of {self.iterations} times" if self.iterations > 1 else ""
        through = " through fixed weights alone" if self.places is not None and self.places.fixed_weights else ""
        yield f"receptive field of {self.title} on {self.input}{through}{last}"
        width = max(map(len, self.axes), default=0)
        for name, axis in self.axes.items():
            yield f"  {name:<{width}}  {axis}"
        yield from self._origins("global since {}", lambda axis: (axis.global_since, None))
        yield from self._origins("through gates since {}", lambda axis: (axis.gate_since, axis.global_since))
        title = "statistics: global since {}, O(1/N) per position"
        yield from self._origins(title, lambda axis: (axis.stat_since, axis.gate_since))
        for reason in self.why:
            yield f"  at most: {reason}"
        if not self.box_exact:
            yield f"  the set read is not the box of these axes: {self._true_area}"

    @property
    def _true_area(self) -> str:
        if self.area is None:
            return "its area is not known"
        fewest, most = self.area
        return f"{most if fewest == most else f'{fewest}-{most}'} positions in {len(self.paths or ())} boxes"

    def _origins(self, title: str, since: Callable[[AxisField], Origins]) -> Iterable[str]:
        """Yield a line per origin that the kind before it does not have too."""
        origins = {name: since(axis) for name, axis in self.axes.items()}
        new = {name: path for name, (path, before) in origins.items() if path is not None and path != before}
        for path in dict.fromkeys(new.values()):
            names = [name for name, other in new.items() if other == path]
            where = "" if len(names) == len(self.axes) else f", along {', '.join(names)}"
            yield f"  {title.format(path)}{where}"


def _bounded(axis: AxisField) -> bool:
    parts = [part for *_, part in axis.pieces] or [axis]
    return any(part.settled and not part.exact for part in parts)
