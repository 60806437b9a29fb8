"""Long main lines in few groups: steps that repeat the same operations become one, then neighbours in equal parts.

Of every fold is true:

- every item of the structure lies in exactly one group, as before, so that costs of the groups add up to the same;
- the main line has at most as many groups as are asked for;
- what lies beside the line stays there, unless only steps of one fold read it, or it lies between two of them;
- no way leads out of a fold and back into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise

from archgraph.outline.forms.repeats import runs
from archgraph.outline.groups import Group, read_elsewhere, shape_of_member
from archgraph.outline.items import Item
from archgraph.outline.side_ways import side_ways
from archgraph.outline.structure import Structure, linked


def fold_line(found: Structure, most: int) -> Structure:
    """The same structure with at most so many groups on its main line."""
    parts = [*_alike([one for group in found.chain for one in _each(group)])]
    if len(parts) > most:
        parts = [tuple(chain.from_iterable(some)) for some in _evenly(parts, most)]
    homes = _homes(found, parts)
    line = tuple(_fold(part, homes.get(index, ())) for index, part in enumerate(parts))
    taken = {side for sides in homes.values() for side in sides}
    return linked(found.flow, found.entry, line, tuple(side for side in found.sides if side not in taken))


def kinds_of_parts(group: Group, parts: int) -> int:
    """How many different ones a fold has among so many equally long parts: in what they do, or the sizes they do it on.

    Steps are looked at one by one where they cannot be put into so many parts.
    """
    steps, length = group.steps, max(1, len(group.steps) // max(1, parts))
    if length * parts != len(steps):
        length = 1
    cut = (steps[start : start + length] for start in range(0, len(steps), length))
    return len({tuple(_kind(item) for step in part for item in step.items) for part in cut})


def _kind(item: Item) -> tuple[object, ...]:
    read, made = ([value.type for value in values] for values in (item.member.inputs, item.member.outputs))
    return shape_of_member(item.member), tuple(read), tuple(made)


def _each(group: Group) -> Iterator[Group]:
    """A group that is drawn once for equal ones, one by one; what is beside them all is with the first."""
    length = len(group.items) // group.times
    if group.times == 1:
        yield group
        return
    yield Group(group.items[:length], group.before, group.absorbed, beside=group.beside, shared=group.shared)
    shared, starts = (*group.absorbed, *group.shared), range(length, len(group.items), length)
    yield from (Group(group.items[at : at + length], shared=shared) for at in starts)


def _alike(groups: Sequence[Group]) -> Iterator[tuple[Group, ...]]:
    """Steps of the same operations in a row, each time as long as they go on; else single groups."""
    for start, length, count in runs([_words(group) for group in groups]):
        yield tuple(_step(groups[place : place + length]) for place in range(start, start + length * count, length))


def _words(group: Group) -> tuple[str, ...]:
    return tuple(item.label for item in (*group.before, *group.items))


def _step(groups: Sequence[Group]) -> Group:
    return groups[0] if len(groups) == 1 else one_group(groups)


def one_group(groups: Sequence[Group], sides: Iterable[Group] = ()) -> Group:
    """Neighbours as one group: what stood before the later ones is inside."""
    first, *others = groups
    items = (*first.items, *(item for group in others for item in (*group.before, *group.items)))
    absorbed = tuple(item for group in groups for item in group.absorbed)
    beside = tuple(item for group in (*groups, *sides) for item in group.beside)
    beside = (*beside, *(item for side in sides for item in side.items))
    return Group(items, first.before, absorbed, beside=beside, shared=read_elsewhere((*groups, *sides)))


def _fold(steps: Sequence[Group], sides: Sequence[Group]) -> Group:
    if len(steps) == 1 and not sides:
        return steps[0]
    whole = one_group(steps, sides)
    every = tuple(chain.from_iterable(step.steps or (step,) for step in steps))
    return Group(whole.items, whole.before, whole.absorbed, beside=whole.beside, steps=every, shared=whole.shared)


def _evenly(parts: Sequence[tuple[Group, ...]], most: int) -> Iterator[Sequence[tuple[Group, ...]]]:
    ends = [len(parts) * place // most for place in range(most + 1)]
    return (parts[start:end] for start, end in pairwise(ends))


def _homes(found: Structure, parts: Sequence[Sequence[Group]]) -> dict[int, tuple[Group, ...]]:
    """The groups beside the line that belong to a fold: steps of no other part read what they make, or they lie on a
    way from one of its steps to another, which would else lead out of a box and back into it.
    """
    place: dict[Item, int] = {item: at for at, part in enumerate(parts) for step in part for item in step.all}
    results, ways = {group for group, _ in found.outputs}, side_ways(found, place)
    homes: dict[int, tuple[Group, ...]] = {}
    # From the end, so that the readers of a side that others read through have found their places.
    for side in reversed(found.sides):
        way = ways[side]
        places = {place.get(target.items[0]) for target in way.readers}
        (home,) = places if len(places) == 1 and side not in results else (None,)
        home = way.first if way.first == way.last else home
        if home is not None and len(parts[home]) > 1:
            place.update(dict.fromkeys(side.all, home))
            homes[home] = (side, *homes.get(home, ()))
    return homes
