"""Groups: items that a figure draws as one box, and equal groups in a row that it draws once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from archgraph.graph.ir import Graph, Member, Node, Value
from archgraph.outline.items import CIRCLES, Flow, Item


@dataclass(frozen=True, eq=False)
class Group:
    """Items drawn as one box; ``times`` equal groups in a row are drawn once.

    Attributes:
        items: in order; ``absorbed`` are constants that they use (a position embedding).
        before: items that only change the resolution on the way here, written beside the arrow.
        beside: items off the main line that count for the laws.
        steps: the groups in a row that a fold is drawn for, equal or not.
        shared: constants that they read and that are absorbed elsewhere.
    """

    items: tuple[Item, ...]
    before: tuple[Item, ...] = ()
    absorbed: tuple[Item, ...] = ()
    times: int = 1
    beside: tuple[Item, ...] = ()
    steps: tuple[Group, ...] = ()
    shared: tuple[Item, ...] = ()

    @property
    def name(self) -> str:
        return self.items[0].path

    @property
    def all(self) -> tuple[Item, ...]:
        return (*self.before, *self.beside, *self.absorbed, *self.items)

    @property
    def output(self) -> Value:
        return self.items[-1].outputs[0]

    @property
    def circle(self) -> str:
        """The kind of operation if it is drawn as a circle, else nothing."""
        only = self.items[0]
        hidden = {value for item in self.shared for value in item.outputs}
        alone = len(self.items) == 1 and not self.absorbed and hidden.isdisjoint(only.inputs)
        return only.label if alone and is_circle(only) else ""


def is_circle(item: Item) -> bool:
    """Whether an item combines two values and is drawn as a circle."""
    return item.label in CIRCLES and isinstance(item.member, Node) and len(set(item.inputs)) > 1


def merge(groups: Sequence[Group], flow: Flow, *, lossy: bool = False) -> list[Group]:
    """Equal groups in a row become one.

    A lossy merge takes blocks of the same name and type as equal, and hides that values enter or leave between them.
    """
    out: list[Group] = []
    for group in groups:
        before = out[-1] if out else None
        if before is not None and _alike(before, group, lossy=lossy) and (lossy or _plain(before, group, flow)):
            absorbed = before.absorbed + group.absorbed
            items, beside = before.items + group.items, before.beside + group.beside
            shared = read_elsewhere((before, group))
            out[-1] = Group(items, before.before, absorbed, before.times + group.times, beside, shared=shared)
        else:
            out.append(group)
    return out


def read_elsewhere(groups: Sequence[Group]) -> tuple[Item, ...]:
    """The constants that some groups read and none of them has."""
    own = {item for group in groups for item in group.all}
    return tuple(dict.fromkeys(item for group in groups for item in group.shared if item not in own))


def _plain(before: Group, group: Group, flow: Flow) -> bool:
    """Whether nothing but the one's output leads to the other, and nowhere else."""
    own = {value for item in group.all for value in item.outputs}
    entering = {value for item in group.all for value in item.inputs} - own
    constants = {value for item in (*before.all, *before.shared, *group.shared) for value in item.outputs}
    leaving = len(flow.users.get(before.output, ())) > 1 or before.output in flow.outputs
    return not leaving and entering <= constants


def _alike(first: Group, second: Group, *, lossy: bool) -> bool:
    """Whether the first ends in what the second is."""
    count = len(second.items) // second.times
    if (
        second.before
        or first.circle
        or second.circle
        or first.steps
        or second.steps
        or len(first.items) != first.times * count
    ):
        return False
    return _signature(first.items[-count:], lossy=lossy) == _signature(second.items[:count], lossy=lossy)


def _signature(items: Iterable[Item], *, lossy: bool) -> tuple[object, ...]:
    return tuple((_name_of(item) if lossy else shape_of_member(item.member), item.outputs[0].type) for item in items)


def _name_of(item: Item) -> tuple[str, str]:
    return item.member.title, item.label


def shape_of_member(member: Member) -> object:
    """What a member does, whatever the number of channels that come in."""
    if isinstance(member, Node):
        return member.title, repr(member.op)
    return member.title, member.block, member.count, _body_number(_body_shape(member.body))


@lru_cache(maxsize=4096)
def _body_shape(body: Graph) -> tuple[object, ...]:
    return tuple(map(shape_of_member, body.nodes))


@lru_cache(maxsize=4096)
def _body_number(shape: tuple[object, ...]) -> object:
    """A token of its own for every shape: nested shapes stay small and quick to compare."""
    return object()
