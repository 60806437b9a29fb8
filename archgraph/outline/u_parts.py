"""A U as the boxes of a figure: parts on the way down, the turning point, parts on the way up, and every skip.

It is cut out of the tree of an outline, so that it is the same however the network was written. A level with skips of
one kind is one part on either side. Where skips nest on one level, or something works on them, every one of them has
parts of its own: each leaves the part that ends in its source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from archgraph.graph.ir import Node, Value
from archgraph.outline.constants import Claims
from archgraph.outline.forms.form import Grid, Leaf, OutlinePart, Row, Series, U, leaves_of, walked
from archgraph.outline.forms.network_outline import NetworkOutline, SideForm
from archgraph.outline.items import Item
from archgraph.outline.resolution import scale
from archgraph.outline.structure import is_passing, longest_path_among


@dataclass(frozen=True, eq=False)
class UPart:
    """What is one box of a U.

    Attributes:
        line: the items on its main line; none for an input that a skip leaves from.
        before: items that only change the resolution on the way here, written beside the arrow.
        beside: items off the line that count for the laws.
        value: the input that it begins with, if it does.
        shared: constants that it reads and that count for another part.
    """

    line: tuple[Item, ...]
    before: tuple[Item, ...] = ()
    beside: tuple[Item, ...] = ()
    value: Value | None = None
    shared: tuple[Item, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        return (*self.beside, *self.line)

    @property
    def name(self) -> str:
        return self.line[-1].path if self.line else f"input {self.value.name if self.value else ''}"


@dataclass(frozen=True, eq=False)
class USkip:
    """A value that is handed past what lies between two parts; ``way`` is what works on it."""

    source: UPart
    target: UPart
    value: Value
    way: tuple[Item, ...] = ()

    @property
    def cropped(self) -> bool:
        """Whether something is cut off on the way."""
        return any(_crops(item) for item in self.way)

    @property
    def works(self) -> bool:
        """Whether something on the way multiplies matrices."""
        return not all(item.light for item in self.way)


@dataclass(frozen=True, eq=False)
class UParts:
    """Parts down, the turning point, parts up, every skip, and what follows the last part.

    Attributes:
        encoder: on the way down; ``decoder``: on the way up.
        head: a last layer, which is written at the exit.
        exits: further results, at the parts they leave from.
        conditions: what enters besides the main input.
    """

    encoder: tuple[UPart, ...]
    bottom: UPart
    decoder: tuple[UPart, ...]
    skips: tuple[USkip, ...]
    head: tuple[Item, ...]
    exits: tuple[tuple[UPart, Value], ...] = ()
    conditions: tuple[UCondition, ...] = ()

    @property
    def parts(self) -> tuple[UPart, ...]:
        """All of them in the order of the data."""
        return (*self.encoder, self.bottom, *self.decoder)


@dataclass(frozen=True, eq=False)
class UCondition:
    """What is made beside the U, from which inputs, and which parts take it."""

    made: tuple[Item, ...]
    inputs: tuple[str, ...]
    taken: tuple[UPart, ...]


def us_of(outline: NetworkOutline) -> tuple[UParts, ...]:
    """The Us in a row that a network of one input is, with what comes before and after each; else nothing."""
    steps = outline.tree.steps if isinstance(outline.tree, Series) else (outline.tree,)
    us = [step for step in steps if isinstance(step, U)]
    inner = (
        part for u in us for row in u.rows for side in (row.encoder, row.decoder, u.bottom) for part in walked(side)
    )
    # Two inputs have two encoders, a grid has skips between skips, and a U inside a level would be one box with a
    # drawing of its own: all three are drawn better as what they are.
    if (
        len(outline.sources) != 1
        or any(isinstance(one, Grid) for one in us)
        or any(isinstance(one, U) for one in inner)
    ):
        return ()
    found: list[UParts] = []
    cutting = _Cutting(outline)
    waiting: list[OutlinePart] = []
    for index, step in enumerate(steps):
        if not isinstance(step, U):
            waiting.append(step)
            continue
        # What stands between two Us leads down into the second, and only the last has something behind it. Where the
        # second begins with a skip alone, what that leaves from ends the first.
        last = step is us[-1]
        forks = () if last else _forks(us[len(found) + 1])
        one = cutting.cut(step, waiting, steps[index + 1 :] if last else (), forks)
        if one is None:
            return ()
        found.append(one)
        waiting = [*forks]
    return tuple(cutting.with_sides(found))


@dataclass
class _Cutting:
    outline: NetworkOutline
    owner: dict[Item | Value, UPart] = field(default_factory=dict)

    def cut(
        self, u: U, before: Sequence[OutlinePart], after: Sequence[OutlinePart], forks: Sequence[Leaf]
    ) -> UParts | None:
        """One U with what comes before and after it, but for the forks that begin the next."""
        *rows, inmost = [piece for row in u.rows for piece in _pieces(u, row)]
        middle = [*inmost.down, *leaves_of(u.bottom), *inmost.up]
        encoder = [*_by_level(_leaves(before)), *(piece.down for piece in rows if piece.down)]
        ups = [[leaf for leaf in piece.up if leaf not in forks] for piece in reversed(rows)]
        decoder = [*(up for up in ups if up), *_by_level(_leaves(after))]
        if not encoder or not decoder or not _items(middle):
            return None
        # An upsampling at the end of a level belongs to the arrow up, as a pooling belongs to the arrow down.
        middle, *decoder = _passed_on([middle, *decoder])
        start = not self.owner
        left = [self._part(leaves, first=start and index == 0) for index, leaves in enumerate(encoder)]
        bottom, *right = [self._part(leaves) for leaves in (middle, *decoder)]
        right[-1], head = _without_head(right[-1])
        self._own([*left, bottom, *right], head)
        skips = self._skips(u)
        if skips is None or not all(skip.source in left and skip.target in right for skip in skips):
            return None
        return UParts(tuple(left), bottom, tuple(right), tuple(skips), head)

    def with_sides(self, us: Sequence[UParts]) -> Iterator[UParts]:
        """The same with further results, and with all conditions at the last one."""
        for u in us:
            exits = [(part, value) for part, value in self._exits(us[-1]) if part in u.parts]
            conditions = map(self._condition, self.outline.sides) if u is us[-1] else ()
            yield replace(u, exits=tuple(exits), conditions=tuple(conditions))

    def _part(self, leaves: Sequence[Leaf], *, first: bool = False) -> UPart:
        items = [leaf.item for leaf in leaves if leaf.item is not None]
        value = next((leaf.value for leaf in leaves if leaf.item is None), None)
        if not items:
            return UPart((), value=value)
        # What lies off the longest path, such as a residual projection, counts for the box without a place in its row.
        line = longest_path_among(items)
        passing = 0
        while not first and passing + 1 < len(line) and is_passing(line[passing]):
            passing += 1
        beside = [item for item in items if item not in line]
        own, shared = self._claims.of(items)
        return UPart(line[passing:], line[:passing], (*own, *beside), value, shared)

    @cached_property
    def _claims(self) -> Claims:
        return Claims([leaf.item for leaf in self.outline.constants if leaf.item is not None])

    def _own(self, parts: Sequence[UPart], head: Sequence[Item]) -> None:
        for part in parts:
            self.owner.update(dict.fromkeys((*part.before, *part.items), part))
            if part.value is not None:
                self.owner[part.value] = part
        self.owner.update(dict.fromkeys(head, parts[-1]))

    def _owner(self, leaf: Leaf) -> UPart | None:
        key = leaf.item if leaf.item is not None else leaf.value
        return self.owner.get(key) if key is not None else None

    def _skips(self, u: U) -> list[USkip] | None:
        """Every skip between two parts; nothing if one begins or ends elsewhere."""
        found: list[USkip] = []
        for row in u.rows:
            for way, sources, targets in zip(row.skips, row.sources, row.targets, strict=True):
                if not sources or not targets:
                    return None
                source, target = self._owner(sources[-1]), self._owner(targets[0])
                if source is None or target is None:
                    return None
                items = tuple(leaf.item for leaf in leaves_of(way) if leaf.item is not None)
                found.append(USkip(source, target, _handed(sources[-1], (*items, *_items(targets))), items))
        return found

    def _condition(self, side: SideForm) -> UCondition:
        leaves = list(leaves_of(side.part))
        made = [leaf.item for leaf in leaves if leaf.item is not None]
        taken = [part for leaf in side.touches if (part := self._owner(leaf)) is not None]
        names = tuple(leaf.name for leaf in leaves if leaf.item is None)
        own, _ = self._claims.of(made)
        return UCondition((*own, *made), names, tuple(dict.fromkeys(taken)))

    def _exits(self, last: UParts) -> Iterator[tuple[UPart, Value]]:
        """Further results, with the part that makes them or that what makes them reads."""
        flow = self.outline.flow
        main = (last.head or last.decoder[-1].line)[-1].outputs
        # An exit may be made beside the U, as deep supervision is: it leaves from the part that is read for it.
        touched = {
            item: self._owner(side.touches[0]) for side in self.outline.exits for item in _items(leaves_of(side.part))
        }
        for value in flow.outputs:
            item = flow.maker.get(value)
            part = None if item is None else self.owner.get(item) or touched.get(item)
            if part is not None and value not in main:
                yield part, value


@dataclass(frozen=True, eq=False)
class _Piece:
    """The leaves of one part on the way down, and of the one across from it."""

    down: list[Leaf]
    up: list[Leaf]


def _forks(u: U) -> tuple[Leaf, ...]:
    """Where a U begins whose first row has nothing on the way down: what its skips leave from."""
    first = u.rows[0]
    return () if any(leaves_of(first.encoder)) else tuple(dict.fromkeys(sources[-1] for sources in first.sources))


def _pieces(u: U, row: Row) -> list[_Piece]:
    """One part on either side, or one for each skip; last, what is left of the innermost row for the bottom."""
    down, up = list(leaves_of(row.encoder)), list(leaves_of(row.decoder))
    last = row is u.rows[-1]
    works = any(not item.light for way in row.skips for item in _items(leaves_of(way)))
    # Skips of a level above the innermost one share their ends' resolution, so that one arrow says them all.
    nested = _nested(row, down, up) if last and (len(u.rows) == 1 or works) else []
    if len(nested) < 2:
        return [_Piece(down, up), *([_Piece([], [])] if last else [])]
    starts, ends = [0, *(first + 1 for first, _ in nested)], [len(up), *(end for _, end in nested)]
    pieces = [
        _Piece(down[start:stop], up[arrives:end])
        for start, stop, (_, arrives), end in zip(starts[:-1], starts[1:], nested, ends[:-1], strict=True)
    ]
    return [*pieces, _Piece(down[starts[-1] :], up[: ends[-1]])]


def _passed_on(parts: Sequence[list[Leaf]]) -> list[list[Leaf]]:
    """What only changes the resolution at the end of a part leads to the next one."""
    found = [list(part) for part in parts]
    for part, after in pairwise(found):
        while len(part) > 1 and part[-1].item is not None and is_passing(part[-1].item):
            after.insert(0, part.pop())
    return found


def _leaves(steps: Sequence[OutlinePart]) -> list[Leaf]:
    return [leaf for step in steps for leaf in leaves_of(step)]


def _items(leaves: Iterator[Leaf] | Sequence[Leaf]) -> tuple[Item, ...]:
    return tuple(leaf.item for leaf in leaves if leaf.item is not None)


def _nested(row: Row, down: Sequence[Leaf], up: Sequence[Leaf]) -> list[tuple[int, int]]:
    """Where each skip leaves and arrives, if each lies within the one before it; else nothing."""
    if not all(row.sources) or not all(row.targets):
        return []
    first, last = ({leaf: index for index, leaf in enumerate(leaves)} for leaves in (down, up))
    ends = [(sources[-1], targets[0]) for sources, targets in zip(row.sources, row.targets, strict=True)]
    if not all(source in first and target in last for source, target in ends):
        return []
    places = sorted((first[source], last[target]) for source, target in ends)
    inside = all(before[0] < after[0] and before[1] > after[1] for before, after in pairwise(places))
    return places if inside else []


def _handed(source: Leaf, readers: Sequence[Item]) -> Value:
    """Of what the source makes, the value that is read."""
    made = source.item.outputs if source.item is not None else (source.value,)
    read = {value for item in readers for value in item.inputs}
    found = next((value for value in made if value in read), made[0])
    assert found is not None
    return found


def _crops(item: Item) -> bool:
    """Whether an item cuts something off, rather than only being prepared to."""
    before, after = item.member.inputs[0].type, item.member.outputs[0].type
    return item.label.startswith("crop") and before != after


def _by_level(leaves: Sequence[Leaf]) -> list[list[Leaf]]:
    """Leaves in a row, cut where the resolution changes behind something that works."""
    found: list[list[Leaf]] = []
    for leaf in leaves:
        changes = leaf.item is not None and scale(leaf.item.member) != 1
        works = found and any(one.item is not None and not one.item.light for one in found[-1])
        if not found or (changes and works):
            found.append([])
        found[-1].append(leaf)
    return found


def _without_head(part: UPart) -> tuple[UPart, tuple[Item, ...]]:
    """Take a last layer off the last part, if something that works is left."""
    heavy = [index for index, item in enumerate(part.line) if not item.light]
    if len(heavy) < 2 or not isinstance(part.line[heavy[-1]].member, Node):
        return part, ()
    return replace(part, line=part.line[: heavy[-1]]), part.line[heavy[-1] :]
