"""Set maps against isl, the integer set library: random compositions are the same relation at every output.

Each operation is written for isl from its definition, as affine constraints between an output o and an input i.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from random import Random
from typing import Any, NamedTuple

import pytest

from archgraph.fields.sets.indices import comb, indices
from archgraph.fields.sets.iterate import iterate
from archgraph.fields.sets.setmap import SetMap, minimal, swept
from archgraph.fields.sets.windows import IDENTITY, bilinear, blocks, enlarge, resized, shift, transposed, window

isl = pytest.importorskip("islpy")

GROUPS, CASES = 8, 150
MOST_PHASES, MOST_PIECES = 24, 60
"""Larger maps are left out of the cases."""
FEW = 4
"""Relations of more pieces are compared at all phases, over two periods, since isl subtracts them for minutes."""


class Pair(NamedTuple):
    """A set map of the package, and the relation of isl that it should be."""

    map: SetMap
    relation: Any


def relation(constraints: str, some: str = "") -> Any:
    return isl.Map(f"{{ [o] -> [i] : {f'exists {some} : ' if some else ''}{constraints} }}")


def anyof(cases: list[str]) -> str:
    return " or ".join(f"({case})" for case in cases) or "false"


# Operations by their definitions


def windowed(draw: Random) -> Pair:
    kernel, stride, dilation, before = draw.randint(1, 5), draw.randint(1, 4), draw.randint(1, 3), draw.randint(-2, 6)
    read = relation(f"0 <= t < {kernel} and i = {stride}o + {dilation}t - {before}", "t")
    return Pair(window(kernel, stride, dilation, before), read)


def scattered(draw: Random) -> Pair:
    """Tap t of input i is added to output stride*i + dilation*t - before."""
    kernel, stride, dilation, before = draw.randint(1, 5), draw.randint(1, 4), draw.randint(1, 4), draw.randint(-2, 6)
    read = relation(f"0 <= t < {kernel} and o = {stride}i + {dilation}t - {before}", "t")
    return Pair(transposed(kernel, stride, dilation, before), read)


def shifted(draw: Random) -> Pair:
    distance = draw.randint(-5, 5)
    return Pair(shift(distance), relation(f"i = o + {distance}"))


def enlarged(draw: Random) -> Pair:
    factor = draw.randint(1, 5)
    return Pair(enlarge(factor), relation(f"{factor}i <= o < {factor}i + {factor}"))


def blocked(draw: Random) -> Pair:
    """What is in one block reads all of it."""
    size, first = draw.randint(1, 6), draw.randint(-7, 7)
    begin, end = f"{size}b + {first}", f"{size}b + {size + first}"
    return Pair(blocks(size, first), relation(f"{begin} <= o < {end} and {begin} <= i < {end}", "b"))


def nearest(draw: Random) -> Pair:
    """The input whose cell contains the place where the output's cell begins."""
    old, new = draw.randint(1, 6), draw.randint(1, 6)
    return Pair(resized(old, new, "nearest"), relation(f"{new}i <= {old}o < {new}i + {new}"))


def averaged(draw: Random) -> Pair:
    """All inputs whose cells overlap the output's cell."""
    old, new = draw.randint(1, 6), draw.randint(1, 6)
    return Pair(resized(old, new, "average"), relation(f"{new}i < {old}o + {old} and {old}o < {new}i + {new}"))


def interpolated(draw: Random) -> Pair:
    """All inputs nearer than one to the centre of the output's cell: the others have weight 0."""
    old, new = draw.randint(1, 6), draw.randint(1, 6)
    distance = f"{2 * new}i + {new} - {2 * old}o - {old}"
    made = bilinear(new) if old == 1 else resized(old, new, "linear")
    return Pair(made, relation(f"-{2 * new} < {distance} < {2 * new}"))


def cornered(draw: Random) -> Pair:
    """The same where the first and the last centres are aligned."""
    old, new = draw.randint(1, 6), draw.randint(1, 6)
    distance = f"{new - 1}i - {old - 1}o"
    read = relation(f"-{new - 1} < {distance} < {new - 1}" if new > 1 else "i = 0")
    return Pair(resized(old, new, "corners"), read)


def arbitrary(draw: Random) -> Pair:
    """Any sets, moved by any advance after any number of outputs."""
    advance, period = draw.randint(0, 6), draw.randint(1, 4)
    sets = [draw.sample(range(-8, 9), draw.randint(0, 4)) for _ in range(period)]
    members = [
        f"exists q : o = {period}q + {phase} and i = {advance}q + {member}"
        for phase, read in enumerate(sets)
        for member in read
    ]
    return Pair(minimal(advance, map(indices, sets)), relation(anyof(members)))


Maker = Callable[[Random], Pair]
MAKERS: tuple[Maker, ...] = (
    windowed,
    windowed,
    scattered,
    scattered,
    shifted,
    enlarged,
    blocked,
    nearest,
    averaged,
    interpolated,
    cornered,
    arbitrary,
)


# Compositions


def through(value: Pair, operation: Pair) -> Pair:
    return Pair(value.map.through(operation.map), operation.relation.apply_range(value.relation))


def pieces(read: Any) -> int:
    return len(read.get_basic_maps())


def small(case: Pair) -> bool:
    return case.map.period <= MOST_PHASES and pieces(case.relation) <= MOST_PIECES


def network(draw: Random) -> Pair:
    """A chain of operations on two values, which are joined where they have the same stride."""
    values = [draw.choice(MAKERS)(draw)]
    for _ in range(draw.randint(1, 6)):
        value, operation = draw.choice(values), draw.choice(MAKERS)(draw)
        made = through(value, operation)
        values += [made] if small(made) else []
        other = draw.choice([other for other in values if other.map.stride == values[-1].map.stride])
        both = Pair(values[-1].map.union(other.map), values[-1].relation.union(other.relation))
        values += [both] if small(both) else []
    return values[-1]


def repeated(draw: Random) -> Pair:
    """A network that keeps its resolution, a few times."""
    while True:
        body, count = network(draw), draw.randint(0, 5)
        if body.map.stride != 1 or pieces(body.relation) > 4:
            continue
        times = reduce(through, [body] * count, Pair(IDENTITY, relation("i = o")))
        if small(times):
            return Pair(iterate(body.map, count), times.relation)


# The comparison


def members(read: Any) -> set[int]:
    found: set[int] = set()
    for piece in read.get_basic_sets():
        piece.to_set().foreach_point(lambda point: found.add(point.get_coordinate_val(isl.dim_type.set, 0).to_python()))
    return found


def read_at(output: int, expected: Any) -> set[int]:
    return members(expected.fix_val(isl.dim_type.in_, 0, isl.Val(output)).range())


def same_everywhere(reads: SetMap, expected: Any) -> None:
    """Compare at all outputs, phase by phase, with what the map says of itself: o = period*q + phase."""
    for phase, read in enumerate(reads.phases):
        runs = [
            f"exists t : i = {reads.advance}o + {start} + {step}t and 0 <= t < {length}"
            for start, step, length in read.runs()
        ]
        of_phase = relation(f"i = {reads.period}o + {phase}").apply_range(expected)
        assert of_phase.is_equal(relation(anyof(runs)))


def check(case: Pair, draw: Random) -> None:
    reads, expected = case
    assert reads.exact
    first = draw.randint(-50, 50)
    outputs = comb(first, draw.randint(1, 3), draw.randint(1, 6))
    if pieces(expected) <= FEW:
        same_everywhere(reads, expected)
        last = outputs.hi
    else:
        last = max(first + 2 * reads.period, outputs.hi)
    found = {output: read_at(output, expected) for output in range(first, last + 1)}
    for output, read in found.items():
        assert set(reads.at(output)) == read
    assert set(reads.image(outputs)) == {index for output in outputs for index in found[output]}
    together = {index for read in found.values() for index in read}
    assert reads.interval(first, last) == ((min(together), max(together)) if together else None)


@pytest.mark.parametrize("group", range(GROUPS))
def test_compositions_are_the_relations_that_isl_composes(group):
    for seed in range(group * CASES, (group + 1) * CASES):
        draw = Random(seed)
        case = (repeated if seed % 5 == 0 else network)(draw)
        check(case, draw)
        if case.map.advance == 0:
            assert set(swept(case.map).at(0)) == members(case.relation.range())
