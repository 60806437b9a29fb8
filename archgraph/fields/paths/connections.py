"""The graph of positions: which coordinates of an operand an operation connects, and which of them without a move."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import lcm

from archgraph.fields.paths.homes import Located, overlap
from archgraph.fields.paths.index_rules import (
    NONE_READ,
    Among,
    IndexRule,
    Mapped,
    Restricted,
    Same,
    Several,
    Stretched,
    Tabled,
    UpTo,
    everything,
)
from archgraph.fields.rules.links import Every, Joint, Link, LinkGroup, Lookup, Tangle
from archgraph.fields.rules.read_tables import (
    AnyTable,
    EveryTable,
    LaterTable,
    ListTable,
    MapTable,
    MirrorTable,
    PrefixTable,
    ReadTable,
    StretchTable,
)
from archgraph.fields.rules.relation import Relation
from archgraph.fields.sets.area import area_box, projections
from archgraph.fields.sets.index_sets import common, every_index
from archgraph.fields.sets.indices import Indices, of_mask, union
from archgraph.fields.sets.limits import check_places
from archgraph.fields.sets.readings import HalfLine, Moving, Reading, moving
from archgraph.fields.sets.region import Region
from archgraph.fields.sets.setmap import SetMap, check_period, minimal
from archgraph.fields.sets.terms import Sum
from archgraph.fields.sets.through import through
from archgraph.fields.sets.windows import IDENTITY, shift, window


@dataclass(frozen=True, eq=False)
class Connection:
    """What the coordinates of an output are connected with in one operand.

    Attributes:
        read: all coordinates of the operand that a coordinate of the output reads.
        still: those of them in the same place: no move leads there.
        within: whether the operand has every coordinate that the output has.
    """

    read: IndexRule
    still: IndexRule
    within: bool = False

    @cached_property
    def stays(self) -> bool:
        """Whether nothing is moved, as by most operations: each coordinate reads what is in its place."""
        return self.read == self.still

    @cached_property
    def keeps(self) -> bool:
        """Whether each coordinate reads itself and nothing else."""
        return self.stays and isinstance(self.read, Mapped) and self.read.map == IDENTITY and self.within


def connection(
    relation: Relation, region: Region, extents: Sequence[int], operand: Located | None, output: Located | None
) -> Connection:
    """Return the connections of one operand.

    A value without a home is one position that lies nowhere: gathering into it is a move, reading it is none.

    Args:
        relation: what the output reads, borders included.
        region: the same in the indices of its axes.
        extents: the sizes of the operand's axes.
        operand: where the operand is.
        output: where the output is.

    Raises:
        QueryError: it is driven by more positions than are looked at one by one.
    """
    if operand is None:
        one = everything(1) if output is None else _for_readers(everything(1), relation, extents, "", output)
        return Connection(one, one)
    if output is None:
        return Connection(Same(_together(relation, operand)), NONE_READ)
    read, still = (
        _for_readers(rule, relation, extents, operand.term.axis, output)
        for rule in _rules(relation, region, operand, output)
    )
    return Connection(read, still, output.count <= operand.count)


def _rules(relation: Relation, region: Region, operand: Located, output: Located) -> tuple[IndexRule, IndexRule]:
    group = _group_of(relation.groups, operand.term.axis)
    near = overlap(output, operand)
    read: IndexRule
    if isinstance(group, Every) or output.term.axis not in group.drivers:
        read = Same(_together(relation, operand))
    elif isinstance(group, Link) and operand.term.pure and output.term.pure:
        read = _of_table(group.table, operand.count)
    else:
        read = _of_reading(region, operand, output) or _listed(group, operand, output)
    return read, _still(read, near, operand, output)


def _together(relation: Relation, operand: Located) -> Indices:
    """Return the coordinates of an operand that all of an output reads."""
    whole = area_box([every_index(extent) for extent in relation.outputs.values()])
    masks = projections(relation.pull(whole), len(relation.axes))
    return _coordinates(masks[relation.axes.index(operand.term.axis)], operand)


def _for_readers(rule: IndexRule, relation: Relation, extents: Sequence[int], own: str, output: Located) -> IndexRule:
    """Return a rule for the coordinates that read the operand at all, as its other axes say; `own` is the rule's."""
    others = [group for group in relation.groups if own not in group.axes and output.term.axis in group.drivers]
    if not others:
        return rule
    places = projections(relation.push(area_box([every_index(extent) for extent in extents])), len(relation.outputs))
    mask = places[tuple(relation.outputs).index(output.term.axis)]
    return rule if mask == every_index(relation.outputs[output.term.axis]) else Among(rule, _coordinates(mask, output))


def _group_of(groups: tuple[LinkGroup, ...], axis: str) -> LinkGroup:
    group = next(group for group in groups if axis in group.axes)
    return _group_of(group.groups, axis) if isinstance(group, Joint) else group


def _of_table(table: ReadTable, count: int) -> IndexRule:
    if isinstance(table, MapTable):
        return Mapped(_exact(table.reads), count, table.border)
    if isinstance(table, PrefixTable):
        return UpTo(shift(table.ahead), count)
    if isinstance(table, StretchTable):
        return Stretched(Mapped(IDENTITY, count), table.start, table.stop)
    if isinstance(table, MirrorTable):
        return Tabled(tuple(table), table.outputs)
    if isinstance(table, LaterTable):
        return Stretched(_of_table(table.table, count), table.start, table.outputs)
    if isinstance(table, EveryTable):
        return Same(table.found)
    if isinstance(table, ListTable):
        return Tabled(tuple(map(of_mask, table.sets.masks)), table.outputs)
    assert isinstance(table, AnyTable)
    return Several(tuple(_of_table(part, count) for part in table.tables))


def _exact(reads: SetMap) -> SetMap:
    """Return a set map with what is read at most taken as read."""
    if reads.exact:
        return reads
    return SetMap(reads.advance, tuple(replace(phase, exact=True) for phase in reads.phases))


# -- by the indices of axes -----------------------------------------------------------------------------------


def _of_reading(region: Region, operand: Located, output: Located) -> IndexRule | None:
    """Return what is read where positions are digits of each other, None where that has no closed form."""
    own = Moving((operand.term,), IDENTITY)
    return _closed(through(own, lambda axis: region.fields[axis].content), operand.count, output)


def _closed(reading: Reading, count: int, output: Located) -> IndexRule | None:
    if isinstance(reading, Moving) and reading.folded is None:
        alone = _projected(reading, output)
        if not alone.form:
            return Same(common(alone.map.phases[0], every_index(count)))
        return Mapped(_exact(alone.map), count) if alone.form == (output.term,) else None
    if isinstance(reading, HalfLine) and reading.form == (output.term,):
        return UpTo(_exact(reading.edge), count)
    return None


def _projected(reading: Moving, output: Located) -> Moving:
    """Return what is read when the axes that do not tell the output's coordinate take all their values."""
    others = [term for term in reading.form if term.axis != output.term.axis]
    if not others:
        return reading
    reads = reading.map
    for term in others:
        reads = reads.through(window(term.count, 1, term.scale))
    return moving(Sum(tuple(term for term in reading.form if term.axis == output.term.axis)), reads)


# -- one by one -----------------------------------------------------------------------------------------------


def _listed(group: LinkGroup, operand: Located, output: Located) -> Tabled:
    for home in (operand, output):
        check_places(home.term.axis, home.count)
    found: dict[int, list[Indices]] = {}
    for x, reads in _pairs(group, operand, output):
        if 0 <= x < output.count:
            found.setdefault(x, []).append(reads)
    return Tabled({x: union(reads) for x, reads in found.items()}, output.count)


def _pairs(group: LinkGroup, operand: Located, output: Located) -> Iterator[tuple[int, Indices]]:
    """Yield a coordinate of the output and the operand's that it reads, for every index."""
    if isinstance(group, Link):
        for index, reads in enumerate(group.table):
            yield output.term.at(index), _coordinates(reads, operand)
    elif isinstance(group, Lookup):
        driver = group.drivers.index(output.term.axis)
        for index in product(*(range(size) for _, _, size in group.digits)):
            yield output.term.at(index[driver]), _coordinates(group.read(index), operand)
    elif isinstance(group, Tangle):
        place, driver = group.axes.index(operand.term.axis), group.drivers.index(output.term.axis)
        for index in product(*map(range, group.sizes)):
            yield output.term.at(index[driver]), _coordinates(group.read(index)[place], operand)


def _coordinates(reads: Indices, home: Located) -> Indices:
    found = reads
    if not home.term.pure:
        found = union(Indices(x, 1, 1) for x in {home.term.at(index) for index in found})
    return common(found, every_index(home.count))


# -- without a move -------------------------------------------------------------------------------------------


def _still(read: IndexRule, near: IndexRule, operand: Located, output: Located) -> IndexRule:
    """Return what is read within the cell of the reader."""
    if isinstance(read, Same):
        return near if read.found == every_index(operand.count) else Restricted(near, read.found)
    if isinstance(read, Stretched):
        return replace(read, rule=_still(read.rule, near, operand, output))
    if isinstance(read, Mapped) and isinstance(near, Mapped) and read.map.stride == near.map.stride:
        plain = Mapped(_both(read.map, near.map), operand.count)
        return plain if read.border == "drop" else _with_border(plain, read, near, output)
    if isinstance(read, UpTo) and isinstance(near, Mapped) and read.edge.stride == near.map.stride:
        return Mapped(_below(near.map, read.edge), operand.count)
    return _met(read, near, operand, output)


def _both(left: SetMap, right: SetMap) -> SetMap:
    return _combined(left, right, common)


def _below(near: SetMap, edge: SetMap) -> SetMap:
    return _combined(near, edge, lambda cells, ends: cells.clip(cells.lo, ends.hi) if ends.length else ends)


def _combined(left: SetMap, right: SetMap, both: Callable[[Indices, Indices], Indices]) -> SetMap:
    period = check_period(lcm(left.period, right.period))
    phases = [both(left.at(phase), right.at(phase)) for phase in range(period)]
    return minimal(left.advance * period // left.period, phases)


def _with_border(plain: Mapped, read: Mapped, near: Mapped, output: Located) -> IndexRule:
    """Add what a border brings back into the cell of a reader; that is nothing but at the ends."""
    check = _ends(read, output.count)
    found = {x: common(read.at(x), near.at(x)) for x in check}
    more = {x: reads for x, reads in found.items() if reads != plain.at(x)}
    return Several((plain, Tabled(more, output.count))) if more else plain


def _ends(read: Mapped, count: int) -> list[int]:
    """Return the readers that read beyond a border: those before and behind all whose whole period does not."""
    found: list[int] = []
    for order in (range(count), range(count - 1, -1, -1)):
        inside = 0
        for x in order:
            reads = read.map.at(x)
            out = bool(reads.length) and (reads.lo < 0 or reads.hi >= read.extent)
            inside = 0 if out else inside + 1
            if inside > read.map.period:
                break
            if out:
                found.append(x)
    return list(dict.fromkeys(found))


def _met(read: IndexRule, near: IndexRule, operand: Located, output: Located) -> IndexRule:
    if isinstance(read, Several):
        return Several(tuple(_still(part, near, operand, output) for part in read.rules))
    check_places(output.term.axis, output.count)
    return Tabled({x: common(read.at(x), near.at(x)) for x in range(output.count)}, output.count)
