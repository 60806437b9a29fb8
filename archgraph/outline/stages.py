"""Stages: stretches of the main line at one resolution, and whether they form a U.

Stages cut the main line: every group of it lies in exactly one, in order. A group off the line lies beside one stage at
most. The stages of a U and its head are all of the main line, and what is copied across stays on its level.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from sympy import Expr, Integer

from archgraph.graph.ir import Value
from archgraph.outline.groups import Group
from archgraph.outline.items import Item
from archgraph.outline.resolution import magnitude, scale
from archgraph.outline.structure import Structure


@dataclass(frozen=True, eq=False)
class Stage:
    """Groups in a row at one resolution.

    Attributes:
        level: by how much the resolution is below that of the input: 1, 2, 4 …
        groups: on the main line; ``beside`` are groups off the line that belong here.
        before: what changes the resolution on the way here.
    """

    level: Expr
    groups: tuple[Group, ...]
    before: tuple[Item, ...] = ()
    beside: tuple[Group, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        groups = (*self.groups, *self.beside)
        return tuple(item for group in groups for item in (*group.beside, *group.absorbed, *group.items))

    @property
    def line(self) -> tuple[Item, ...]:
        """The items on the main line."""
        return tuple(item for group in self.groups for item in group.items)

    @property
    def output(self) -> Value:
        return self.groups[-1].output

    @property
    def name(self) -> str:
        return self.groups[-1].items[-1].path


@dataclass(frozen=True, eq=False)
class SkippedCopy:
    """Values that skip over stages from one to another."""

    source: Stage
    target: Stage
    values: tuple[Value, ...]
    cropped: bool


@dataclass(frozen=True, eq=False)
class UNet:
    """Stages down, the turning point, stages up, the copies across, and what follows the last stage."""

    encoder: tuple[Stage, ...]
    bottom: Stage
    decoder: tuple[Stage, ...]
    copies: tuple[SkippedCopy, ...]
    head: tuple[Item, ...]
    exits: tuple[tuple[Stage, Value], ...]


def stages(found: Structure) -> list[Stage]:
    """Cut the main line where the resolution changes."""
    out: list[Stage] = []
    level: Expr = Integer(1)
    for group in found.chain:
        change: Expr = Integer(1)
        for item in (*group.before, *group.items):
            change = cast(Expr, change * scale(item.member))
        level = cast(Expr, level * change)
        # A group at the same resolution continues the stage, whatever it does.
        if out and change == 1:
            out[-1] = replace(out[-1], groups=(*out[-1].groups, group))
        else:
            out.append(Stage(level, (group,), group.before))
    return _with_sides(found, out)


def _with_sides(found: Structure, cut: list[Stage]) -> list[Stage]:
    """Give groups off the line to stages.

    With positions: to the stage that uses it, or that it comes from. Without: to the only stage that uses it.
    """
    place = {group: index for index, stage in enumerate(cut) for group in stage.groups}
    beside: dict[int, list[Group]] = {}
    # From the end: a side that feeds another one finds that one's home known.
    for side in reversed(found.sides):
        home = _home(found, side, place)
        if home is not None:
            place[side] = home
            beside.setdefault(home, []).insert(0, side)
    return [replace(stage, beside=tuple(beside.get(index, ()))) for index, stage in enumerate(cut)]


def _home(found: Structure, side: Group, place: dict[Group, int]) -> int | None:
    targets = [target for source, target, _ in found.links if source is side]
    users = {place[target] for target in targets if target in place}
    if not side.output.type.positions:
        # Without positions it is a condition; one that several stages take belongs to none of them.
        return users.pop() if len(users) == 1 and len(targets) == sum(t in place for t in targets) else None
    sources = [source for source, target, _ in found.links if target is side and isinstance(source, Group)]
    makers = [place[source] for source in sources if source in place]
    return min(users, default=max(makers, default=None))


def find_u(found: Structure) -> UNet | None:
    """The U of a structure: resolutions fall and rise again, and values are copied across on their level."""
    cut = stages(found)
    levels = [magnitude(stage.level) for stage in cut]
    if len(cut) < 3 or max(levels) == levels[0] or max(levels) == levels[-1]:
        return None
    turn = levels.index(max(levels))
    encoder, decoder = cut[:turn], cut[turn + 1 :]
    # Down once and up once. A network that turns more often is several Us, which another form finds.
    if not _monotone(levels[: turn + 1]) or not _monotone(levels[turn:][::-1]):
        return None
    copies = [copy for copy in _copies(found, cut) if copy.source in encoder and copy.target in decoder]
    if not copies or any(copy.source.level != copy.target.level for copy in copies):
        return None
    decoder, head = _without_head(decoder)
    copies = [replace(copy, target=decoder[-1]) if copy.target not in decoder else copy for copy in copies]
    exits = _exits(found, (*encoder, cut[turn], *decoder))
    return UNet(tuple(encoder), cut[turn], tuple(decoder), tuple(copies), head, exits)


def conditions(
    found: Structure, among: Sequence[Stage]
) -> list[tuple[Group | None, tuple[str, ...], tuple[Stage, ...]]]:
    """What enters the stages besides the main input: what makes it, from which inputs, and which stages take it."""
    place = {group: stage for stage in among for group in (*stage.groups, *stage.beside)}
    makers: dict[Group | Value, dict[Stage, None]] = {}
    for source, target, _ in found.links:
        if source not in place and target in place and source is not found.entry:
            makers.setdefault(source, {})[place[target]] = None
    rows = []
    for source, taken in makers.items():
        if isinstance(source, Value):
            rows.append((None, (source.name,), tuple(taken)))
        else:
            names = [value.name for value, target, _ in found.links if target is source and isinstance(value, Value)]
            rows.append((source, tuple(names), tuple(taken)))
    return rows


def _monotone(levels: Sequence[float]) -> bool:
    return all(a < b for a, b in itertools.pairwise(levels))


def _copies(found: Structure, cut: Sequence[Stage]) -> list[SkippedCopy]:
    place = {group: index for index, stage in enumerate(cut) for group in (*stage.groups, *stage.beside)}
    copies: dict[tuple[int, int], SkippedCopy] = {}
    for source, target, value in found.links:
        if not isinstance(source, Group) or source not in place or target not in place:
            continue
        first, last = place[source], place[target]
        if last - first < 2:
            continue
        known = copies.get((first, last))
        cropped = any(_crops(item) for item in target.absorbed)
        if known is None:
            copies[first, last] = SkippedCopy(cut[first], cut[last], (value,), cropped)
        else:
            copies[first, last] = replace(known, values=(*known.values, value), cropped=known.cropped or cropped)
    return list(copies.values())


def _crops(item: Item) -> bool:
    """Whether an item cuts something off, rather than only being prepared to."""
    before, after = item.member.inputs[0].type, item.member.outputs[0].type
    return item.label.startswith("crop") and before != after


def _without_head(decoder: Sequence[Stage]) -> tuple[list[Stage], tuple[Item, ...]]:
    """Take a last small layer off the last stage; it is written at the exit."""
    *before, last = decoder
    *kept, final = last.groups
    single = len([item for item in final.items if not item.light]) == 1
    if not kept or not single or all(item.light for group in kept for item in group.items):
        return list(decoder), ()
    return [*before, replace(last, groups=tuple(kept))], final.items


def _exits(found: Structure, cut: Iterable[Stage]) -> tuple[tuple[Stage, Value], ...]:
    """Further outputs of the network, at the stages they leave from."""
    place = {group: stage for stage in cut for group in (*stage.groups, *stage.beside)}
    main = found.chain[-1].output if found.chain else None
    return tuple((place[group], value) for group, value in found.outputs if value is not main and group in place)
