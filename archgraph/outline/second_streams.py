"""Which parts beside the main line are streams of their own, and not what conditions it."""

from __future__ import annotations

from collections.abc import Iterator

from archgraph.graph.ir import Value
from archgraph.outline.groups import Group
from archgraph.outline.structure import Structure


def second_streams(found: Structure) -> frozenset[Group]:
    """The groups of other inputs whose values join the main line position by position, and those that lead to them.

    A depth image beside colours is such a stream; a timestep or a text that the line attends to is none.
    """
    foreign = _of_other_inputs(found)
    joining = {source for source, target, value in found.links if source in foreign and _joins(target, value)}
    streams = {group for group in joining if isinstance(group, Group)}
    while more := {source for source in _feeding(found, streams) if source in foreign} - streams:
        streams |= more
    return frozenset(streams)


def _of_other_inputs(found: Structure) -> set[Group]:
    """Groups beside the line with weights of matrices, which depend on nothing that the main input does."""
    own = {found.entry} if found.entry is not None else set[Value]()
    for item in found.flow.items:
        if own.intersection(item.inputs):
            own.update(item.outputs)
    sides = (side for side in found.sides if not all(item.light for item in side.items))
    return {side for side in sides if own.isdisjoint(value for item in side.all for value in item.outputs)}


def _joins(target: Group, value: Value) -> bool:
    """Whether a value meets others of the same positions in a group."""
    if not value.type.positions:
        return False
    readers = (item for item in target.all if value in item.inputs)
    return any(_positions(one) == _positions(value) for item in readers for one in item.inputs if one is not value)


def _positions(value: Value) -> tuple[object, ...]:
    return tuple((axis, value.type.size(axis)) for axis in value.type.positions)


def _feeding(found: Structure, streams: set[Group]) -> Iterator[Group]:
    return (source for source, target, _ in found.links if target in streams and isinstance(source, Group))
