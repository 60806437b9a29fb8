"""Sets of indices, their images by set maps and their digits, against the same computed member by member."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from archgraph.fields.rules.digit_boxes import digits_of
from archgraph.fields.rules.links import Tangle
from archgraph.fields.rules.read_tables import MapTable
from archgraph.fields.sets.area import area_box, points, unite
from archgraph.fields.sets.index_sets import bits_within, common, one_index, taken, united, without
from archgraph.fields.sets.indices import Indices, comb, indices, interval
from archgraph.fields.sets.map_images import image, readers
from archgraph.fields.sets.setmap import SetMap, minimal

ROUNDS = 40


def a_set(random: Random, lo: int, hi: int) -> Indices:
    kind = random.randrange(4)
    if kind == 0:
        return interval(random.randint(lo, hi), random.randint(lo, hi))
    if kind == 1:
        return comb(random.randint(lo, hi), random.randint(1, 5), random.randint(0, 6)).clip(lo, hi)
    return indices(random.sample(range(lo, hi + 1), random.randint(0, min(hi - lo, 9 if kind == 2 else 60))))


def a_map(random: Random) -> SetMap:
    period = random.choice([1, 1, 2, 3, 4])
    return minimal(random.randint(0, 5), [a_set(random, -6, 9) for _ in range(period)])


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_what_two_sets_have(seed):
    random = Random(seed)
    left, right = a_set(random, -20, 90), a_set(random, -20, 90)
    assert common(left, right) == indices(set(left) & set(right))
    assert without(left, right) == indices(set(left) - set(right))
    assert united((left, right)) == indices(set(left) | set(right))
    lo, hi = random.randint(-30, 40), random.randint(40, 100)
    assert bits_within(left, lo, hi) == sum(1 << i - lo for i in left if lo <= i <= hi)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_images_and_their_readers(seed):
    random = Random(seed)
    reads, count = a_map(random), random.randint(1, 200)
    outputs, read = a_set(random, 0, count - 1), a_set(random, -10, 400)
    assert image(reads, outputs) == taken(indices(place for i in outputs for place in reads.at(i)))
    assert readers(reads, read, count) == indices(i for i in range(count) if set(reads.at(i)) & set(read))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_tables_with_borders(seed):
    random = Random(seed)
    extent, count = random.randint(1, 25), random.randint(1, 25)
    table = MapTable(a_map(random), extent, count, random.choice(["drop", "clamp", "reflect", "wrap"]))
    outputs, read = a_set(random, 0, count - 1), a_set(random, 0, extent - 1)
    assert table.together(outputs) == indices(place for i in outputs for place in table[i])
    assert table.readers(read) == indices(i for i in range(count) if set(table[i]) & set(read))
    out = (i for i in range(count) if any(not 0 <= place < extent for place in table.reads.at(i)))
    assert table.beyond() == indices(out)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_numbers_and_boxes_of_their_digits(seed):
    random = Random(seed)
    digits = digits_of([(6, 4), (2, 3)], random.randint(1, 100))
    found = a_set(random, 0, digits.extent - 1)
    boxes = [list(product(*(range(a, b + 1) for a, b in box.values()))) for box in digits.boxes(found)]
    numbers = [sum(s * d for s, d in zip(digits.strides, digit, strict=True)) for box in boxes for digit in box]
    assert sorted(numbers) == sorted(found)
    assert united(digits.numbers(box) for box in digits.boxes(found)) == found


TANGLES = {
    "flattened": Tangle(("h", "w"), ("n",), (24,), (((0, 1, 6, 4),), ((0, 1, 1, 6),))),
    "unflattened": Tangle(("n",), ("h", "w"), (4, 6), (((0, 6, 1, 4), (1, 1, 1, 6)),)),
    "windows": Tangle(("h", "w"), ("a", "b"), (6, 4), (((0, 2, 3, 2), (1, 1, 2, 2)), ((0, 2, 1, 3), (1, 1, 1, 2)))),
    "to channels": Tangle(("h",), ("n",), (5,), (((0, 2, 1, 5), (-1, 1, 1, 2)),)),
    "a digit twice": Tangle(("h", "w"), ("n",), (6,), (((0, 1, 1, 6),), ((0, 1, 2, 3),))),
    "equal sums": Tangle(("n",), ("h", "w"), (4, 6), (((0, 1, 1, 4), (1, 1, 1, 6)),)),
    "cut short": Tangle(("h", "w"), ("n",), (21,), (((0, 1, 6, 4),), ((0, 1, 1, 6),))),
    "spread out": Tangle(("n",), ("h", "w"), (3, 2), (((0, 9, 1, 3), (1, 2, 1, 2)),)),
}


@pytest.mark.parametrize("name", TANGLES)
def test_axes_cut_out_of_each_other(name):
    tangle, random = TANGLES[name], Random(name)
    every = list(product(*map(range, tangle.sizes)))
    reads = {place: set(product(*tangle.read(place))) for place in every}
    for _ in range(ROUNDS):
        outputs = [a_set(random, 0, size - 1) for size in tangle.sizes]
        if all(mask.length for mask in outputs):
            found = set(points(unite(map(area_box, tangle.pull(tuple(outputs))))))
            assert found == set().union(*(reads[place] for place in product(*outputs)))
        read = [a_set(random, 0, 30) for _ in tangle.axes]
        if all(mask.length for mask in read):
            found = set(points(unite(map(area_box, tangle.push(tuple(read))))))
            assert found == {place for place in every if reads[place] & set(product(*read))}


def test_a_single_one():
    assert list(one_index(3)) == [3]
