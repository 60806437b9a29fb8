"""Results that a network hands out on its way: another does from there all that they do, and more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from archgraph.graph.ir import Value
from archgraph.outline.groups import shape_of_member
from archgraph.outline.items import Flow, Item


def without_early(flow: Flow, results: Sequence[Value]) -> list[Value]:
    """The results of some that no other of them goes beyond; of equal ones, all.

    One that is computed on its way to another is early, and so is what each iteration of a refinement makes of its
    state by the same steps. Two heads are not: neither does what the other does.
    """
    needed = [_needed(flow, value) for value in results]
    return [
        value
        for value, own in zip(results, needed, strict=True)
        if not any(_goes_beyond(other, own) for other in needed if other is not own)
    ]


def _needed(flow: Flow, result: Value) -> dict[Item, None]:
    """What a result is computed from, in order."""
    read, found = {result}, list[Item]()
    for item in reversed(flow.items):
        if not read.isdisjoint(item.outputs):
            read.update(item.inputs)
            found.append(item)
    return dict.fromkeys(found)


def _goes_beyond(one: dict[Item, None], other: dict[Item, None]) -> bool:
    """Whether the first does all that the second does from where they part, and something else."""
    more = Counter(shape_of_member(item.member) for item in one if item not in other)
    same = Counter(shape_of_member(item.member) for item in other if item not in one)
    return same < more
