"""The exact set of input positions that some positions of a node read, borders included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from archgraph.errors import QueryError
from archgraph.fields.rules.node_reads import Learned
from archgraph.fields.rules.node_relations import node_relations
from archgraph.fields.rules.relation import Relation
from archgraph.fields.sets import area
from archgraph.fields.sets.area import Area, Mask
from archgraph.fields.sets.field import ReadKind
from archgraph.fields.sets.index_sets import every_index, one_index
from archgraph.graph.ir import Node
from archgraph.graph.walk_back import WalkBack
from archgraph.sizes.exact import Evaluate


class ReadBack(WalkBack[Area]):
    """Carries sets of positions back to what they read.

    Args:
        evaluate: gives the value of a size.
        kind: content, gate or stat.
        learned: as in `node_reads`.
        certain: whether to leave out what is read at most, so that what is left is read in any case.
    """

    def __init__(
        self, evaluate: Evaluate, kind: ReadKind = "content", learned: Learned = None, *, certain: bool = False
    ) -> None:
        super().__init__(evaluate)
        self.certain = certain
        self.bounded: bool = False
        self.kind: ReadKind = kind
        self.learned = learned
        self._relations: dict[tuple[Node, int], dict[int, Relation]] = {}

    def join(self, left: Area, right: Area) -> Area:
        """Return the union."""
        return area.union(left, right)

    def pull(self, node: Node, outputs: tuple[Area | None, ...]) -> tuple[Area | None, ...]:
        """Return what is read of every operand."""
        found: list[Area | None] = [None] * len(node.inputs)
        for index, state in enumerate(outputs):
            if not state:
                continue
            for operand, relation in self.relations(node, index).items():
                self.bounded |= not relation.exact
                if self.certain and not relation.exact:
                    continue
                read, old = relation.pull(state), found[operand]
                found[operand] = read if old is None else area.union(old, read)
        return tuple(found)

    def relations(self, node: Node, output: int) -> dict[int, Relation]:
        """Return what one output of a node reads of its operands."""
        key = (node, output)
        if key not in self._relations:
            self._relations[key] = node_relations(node, output, self.evaluate, self.kind, self.learned)
        return self._relations[key]


@dataclass(frozen=True, repr=False)
class Probe:
    """The positions of an input that some positions of a node read.

    Attributes:
        node: the path of the node.
        input: the name of the input.
        extents: the input's size along every axis.
        kind: content, gate or stat.
        area: the positions.
        exact: False if less may be read: some channels were picked, or a mask is unknown.
        title: what the positions are.
        fixed_weights: whether what is mixed with weights computed from an input is left out.
        why: if it is not exact, the reasons, each with the operation that causes it.
    """

    node: str
    input: str
    extents: Mapping[str, int]
    kind: ReadKind
    area: Area
    exact: bool = True
    title: str = "{node} reads {input}"
    fixed_weights: bool = False
    why: tuple[str, ...] = ()

    def __len__(self) -> int:
        """The number of positions."""
        return area.area_size(self.area)

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        """Yield every position, in the order of the input's axes."""
        return area.points(self.area)

    def __contains__(self, position: object) -> bool:
        return isinstance(position, tuple) and bool(
            len(position) == len(self.extents) and self._at(self.area, position)
        )

    def _at(self, found: Area, position: tuple[int, ...]) -> bool:
        if not position:
            return bool(found)
        return any(position[0] in mask and self._at(tail, position[1:]) for mask, tail in found)

    @property
    def intervals(self) -> dict[str, tuple[int, int] | None]:
        """The first and the last index along every axis, None where nothing is read."""
        masks = area.projections(self.area, len(self.extents))
        return {axis: _hull(mask) for axis, mask in zip(self.extents, masks, strict=True)}

    @property
    def is_box(self) -> bool:
        """Whether the positions are exactly the box of their intervals."""
        sides = [hull[1] - hull[0] + 1 for hull in self.intervals.values() if hull]
        return len(self) == _product(sides) if len(sides) == len(self.extents) else not len(self)

    def __repr__(self) -> str:
        through = " through fixed weights alone" if self.fixed_weights else ""
        title = self.title.format(node=self.node, input=self.input) + through
        if not self.area:
            return f"{title}: nothing"
        hull = ", ".join(f"{axis} {_shown(ends)}" for axis, ends in self.intervals.items()) or "all"
        note = "" if self.is_box else f", {len(self)} positions of this box"
        return f"{title}: {hull}{note}{'' if self.exact else self._at_most}"

    @property
    def _at_most(self) -> str:
        return f" at most: {'; '.join(self.why)}" if self.why else " at most"


def _hull(mask: Mask) -> tuple[int, int] | None:
    return (mask.lo, mask.hi) if mask.length else None


def _shown(ends: tuple[int, int] | None) -> str:
    return "nothing" if ends is None else f"{ends[0]}..{ends[1]}"


def _product(sides: list[int]) -> int:
    total = 1
    for side in sides:
        total *= side
    return total


def chosen(extents: Mapping[str, int], index: Mapping[str, int], node: str) -> Area:
    """Return the positions of a node that have the given indices.

    Raises:
        QueryError: there is no such axis, or the index lies outside.
    """
    for axis, place in index.items():
        if axis not in extents:
            known = ", ".join(extents) or "none"
            raise QueryError(f"the output of '{node}' has no axis '{axis}'; its position axes: {known}")
        if not 0 <= place < extents[axis]:
            raise QueryError(f"{axis}={place} lies outside of '{node}', which has {extents[axis]} positions on it")
    return area.area_box(
        [one_index(index[axis]) if axis in index else every_index(extent) for axis, extent in extents.items()]
    )
