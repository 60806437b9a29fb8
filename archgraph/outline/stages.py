"""Stages: stretches of the main line at one resolution.

Stages cut the main line: every group of it lies in exactly one, in order. A group off the line lies beside one stage at
most.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from sympy import Expr, Integer

from archgraph.graph.ir import Value
from archgraph.outline.groups import Group
from archgraph.outline.items import Item
from archgraph.outline.resolution import scale
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
