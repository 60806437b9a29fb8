"""Constants of a flow, and the item beside which each of them stands.

A constant is computed from no input: a weight that several operations share, a table, or what is made of these. It
belongs to the item that reads it first, and is counted there; that others read it too is said in their boxes, without
a line. What is only added to streams or multiplied with them, at several places, is another matter: it is an operand
that a reader looks for, so that a few of these are drawn for themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from archgraph.outline.groups import is_circle
from archgraph.outline.items import Flow, Item

_MOST_DRAWN = 2


@dataclass(frozen=True, eq=False)
class Constants:
    """Where constants stand.

    Attributes:
        beside: the constants of an item, in order, that nothing before it reads.
        shared: those that it reads and that stand beside an earlier one.
    """

    beside: Mapping[Item, tuple[Item, ...]] = field(default_factory=dict[Item, tuple[Item, ...]])
    shared: Mapping[Item, tuple[Item, ...]] = field(default_factory=dict[Item, tuple[Item, ...]])

    def joined(self, item: Item) -> bool:
        """Whether an item has an operand that no line leads from."""
        return item in self.beside or item in self.shared

    @property
    def placed(self) -> set[Item]:
        """All constants that stand beside an item."""
        return {constant for found in self.beside.values() for constant in found}


def placed_constants(flow: Flow, line: Collection[Item]) -> Constants:
    """Find the constants off the main line and their places."""
    needed = _needed_by(flow, line)
    drawn = _drawn(flow, needed)
    home: dict[Item, Item] = {}
    beside: dict[Item, tuple[Item, ...]] = {}
    shared: dict[Item, tuple[Item, ...]] = {}
    for item, constants in needed.items():
        hidden = [constant for constant in constants if constant not in drawn]
        own = [constant for constant in hidden if home.setdefault(constant, item) is item]
        others = [constant for constant in hidden if home[constant] is not item]
        beside |= {item: tuple(own)} if own else {}
        shared |= {item: tuple(others)} if others else {}
    return Constants(beside, shared)


def _needed_by(flow: Flow, line: Collection[Item]) -> dict[Item, list[Item]]:
    """All constants, each in order, that items are computed from without another item between."""
    behind: dict[Item, set[Item]] = {}
    needed: dict[Item, list[Item]] = {}
    for item in flow.items:
        makers = [flow.maker.get(value) for value in item.inputs]
        constants = {maker for maker in makers if maker is not None and maker in behind}
        every = constants.union(*(behind[maker] for maker in constants))
        if len(constants) == len(set(makers)) and item not in line and flow.results.isdisjoint(item.outputs):
            behind[item] = every
        elif every:
            needed[item] = sorted(every, key=flow.place.__getitem__)
    return needed


def _drawn(flow: Flow, needed: Mapping[Item, list[Item]]) -> set[Item]:
    """The constants that have boxes of their own."""
    readers = Counter(constant for constants in needed.values() for constant in constants)
    inside = {constant for item, constants in needed.items() if not is_circle(item) for constant in constants}
    found: set[Item] = set()
    ends = 0
    # From the end, so that whether what is made of a constant is drawn is known before.
    for item in reversed(flow.items):
        users = {user for value in item.outputs for user in flow.users.get(value, ())}
        made = {user for user in users if user in readers}
        if readers[item] > 1 and item not in inside and made <= found:
            found.add(item)
            ends += made != users
    return found if ends <= _MOST_DRAWN else set()


@dataclass
class Claims:
    """Gives constants to those who read them, whoever asks first: each but once."""

    constants: Sequence[Item]
    claimed: set[Item] = field(default_factory=set[Item])

    def of(self, items: Sequence[Item]) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
        """The constants that items read, in order: those that are theirs, and those that another has."""
        read = {value for item in items for value in item.inputs}
        found: list[Item] = []
        for constant in reversed(self.constants):
            if not read.isdisjoint(constant.outputs):
                read.update(constant.inputs)
                found.insert(0, constant)
        own = tuple(constant for constant in found if constant not in self.claimed)
        shared = tuple(constant for constant in found if constant in self.claimed)
        self.claimed.update(own)
        return own, shared
