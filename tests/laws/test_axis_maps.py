"""Every kind of axis map means the same to all analyses: set map, finite relation, hull and tap power agree."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import get_args

import pytest
from read_sets import reads

from archgraph.fields.rules.axis_maps import RULES, check, rule_of
from archgraph.fields.rules.axis_rule import AxisRule, AxisView, MovingRule
from archgraph.fields.rules.node_relations import node_relations
from archgraph.fields.sets.area import area_box, points
from archgraph.fields.sets.band import EVERYTHING, Band
from archgraph.fields.sets.index_sets import one_index
from archgraph.fields.sets.readings import HalfLine, Pieces, Reading, Rows, Whole
from archgraph.fields.sets.readings import Moving as MovingReading
from archgraph.fields.sets.rows import row_at
from archgraph.fields.sets.spread import SpreadMap
from archgraph.graph.ir import Value
from archgraph.ops.position_sets import position_sets
from archgraph.ops.reach import (
    All,
    Along,
    AnyOf,
    AtMost,
    AxisMap,
    Blocks,
    Causal,
    Digit,
    Digits,
    Enlarge,
    Interpolated,
    Later,
    Listed,
    Mirrored,
    Parts,
    Placed,
    Reach,
    Resized,
    Transposed,
    Unflattened,
    Window,
    Within,
)
from archgraph.sizes.symbols import size
from archgraph.sizes.types import tensor

ROWS_AND_COLUMNS = {"h": 4, "w": 6}


def sizes(*values: int):
    return tuple(map(size, values))


# How an axis n of some length is read, the axes of the output, and which output it is.
CASES: list[tuple[AxisMap, int, dict[str, int], int]] = [
    (Window(), 24, {"n": 24}, 0),
    (Window(*sizes(3, 1, 1, 1)), 24, {"n": 24}, 0),
    (Window(*sizes(3, 2, 2, 2)), 24, {"n": 12}, 0),
    (Window(*sizes(5, 1, 1, 2), "clamp"), 24, {"n": 24}, 0),
    (Window(*sizes(5, 1, 1, 2), "reflect"), 24, {"n": 24}, 0),
    (Window(*sizes(5, 1, 1, 2), "wrap"), 24, {"n": 24}, 0),
    (Window(*sizes(1, 0, 1, -3)), 24, {"n": 24}, 0),
    (Transposed(*sizes(4, 2, 1, 1)), 12, {"n": 24}, 0),
    (Transposed(*sizes(2, 3)), 8, {"n": 24}, 0),
    (Transposed(*sizes(3, 2, 2, 1)), 12, {"n": 24}, 0),
    (Enlarge(size(3)), 8, {"n": 24}, 0),
    (All(), 24, {"n": 24}, 0),
    (Causal(), 24, {"n": 24}, 0),
    (Blocks(size(4)), 24, {"n": 24}, 0),
    (Blocks(size(4), size(2)), 24, {"n": 24}, 0),
    (Interpolated(size(2)), 12, {"n": 24}, 0),
    (Interpolated(size(3)), 8, {"n": 24}, 0),
    (Resized(*sizes(24, 1), "adaptive"), 24, {"n": 1}, 0),
    (Resized(*sizes(24, 5), "adaptive"), 24, {"n": 5}, 0),
    (Resized(*sizes(12, 23), "corners"), 12, {"n": 23}, 0),
    (Digit(*sizes(6, 4)), 4, {"n": 24}, 0),
    (Unflattened((("w", size(1)), ("h", size(6)))), 24, ROWS_AND_COLUMNS, 0),
    (Placed(*sizes(6, 12)), 12, {"n": 24}, 0),
    (Parts(sizes(0, 10)), 24, {"n": 10}, 0),
    (Parts(sizes(0, 10)), 24, {"n": 14}, 1),
    (Digits((("w", *sizes(4, 1, 6)), ("h", *sizes(1, 1, 4)))), 24, ROWS_AND_COLUMNS, 0),
    (Digits((("w", *sizes(4, 1, 6)), ("", *sizes(1, 1, 4)))), 24, {"w": 6}, 0),
    (Along("m", Window()), 24, {"m": 24}, 0),
    (Along("m", Digit(*sizes(6, 4))), 4, {"m": 24}, 0),
    (Listed(position_sets([[i, 23 - i] for i in range(24)], 24)), 24, {"n": 24}, 0),
    (Listed(position_sets([[7], [], [0, 2, 4], [0, 1, 7]], 8)), 8, {"n": 4}, 0),
    (Listed(position_sets([range(i % 5) for i in range(24)], 6), (("h", 6, 4), ("w", 1, 6))), 6, ROWS_AND_COLUMNS, 0),
    (Along("m", Listed(position_sets([[23 - i] for i in range(24)], 24))), 24, {"m": 24}, 0),
    (Listed(position_sets([[1, 4, 7]], 24), alike=True), 24, {"n": 24}, 0),
    (Listed(position_sets([[1, 4, 7]], 24), alike=True), 24, {"m": 3}, 0),
    (Within(*sizes(0, 24)), 24, {"n": 24}, 0),
    (Later(Causal(), size(1)), 6, {"n": 6}, 0),
    (Later(Window(*sizes(3, 1, 1, 2)), size(2)), 8, {"n": 8}, 0),
    (Within(*sizes(3, 17)), 24, {"n": 24}, 0),
    (Within(*sizes(1, 99)), 24, {"n": 24}, 0),
    (Mirrored(size(23)), 24, {"n": 24}, 0),
    (Mirrored(size(5)), 24, {"n": 10}, 0),
    (Mirrored(size(30)), 24, {"n": 24}, 0),
    (Along("m", Mirrored(size(11))), 12, {"m": 12}, 0),
    (Along("m", Within(*sizes(0, 5))), 24, {"m": 24}, 0),
    (Causal(size(2)), 24, {"n": 24}, 0),
    (Causal(size(-1)), 24, {"n": 24}, 0),
    (AnyOf((Window(*sizes(2, 0)), Window(*sizes(3, 1, 1, 2)))), 24, {"n": 24}, 0),
    (AnyOf((Window(*sizes(4, 0)), Causal())), 24, {"n": 24}, 0),
    (Along("m", Causal()), 24, {"m": 24}, 0),
    (AtMost(All(), "the mask is computed"), 24, {"n": 24}, 0),
    (AtMost(Window(*sizes(3, 1, 1, 1)), "the mask is computed"), 24, {"n": 24}, 0),
    (AtMost(Causal(), "the mask is computed"), 24, {"n": 24}, 0),
]


def named(case) -> str:
    return type(case).__name__ if isinstance(case, AxisMap) else ""


every_kind = pytest.mark.parametrize(("read", "length", "outputs", "number"), CASES, ids=named)


def test_every_kind_has_a_case():
    assert {type(read) for read, *_ in CASES} == set(get_args(AxisMap)) == set(RULES)


def test_a_kind_that_is_left_out_is_an_error():
    with pytest.raises(TypeError, match="Blocks"):
        check({kind: rule for kind, rule in RULES.items() if kind is not Blocks})


@pytest.mark.parametrize("base", [AxisRule, MovingRule])
def test_a_member_that_is_left_out_is_an_error(base):
    with pytest.raises(TypeError, match="taps of Blocks"):
        check({**RULES, Blocks: type("Forgetful", (base,), {})})


def view_of(length: int, outputs: dict[str, int], number: int) -> AxisView:
    return AxisView("n", "n", size(length), tensor(c=1, **outputs), number, int)


def indices(outputs: dict[str, int]) -> list[dict[str, int]]:
    found: list[dict[str, int]] = [{}]
    for axis, length in outputs.items():
        found = [{**index, axis: i} for index in found for i in range(length)]
    return found


def read_at(reading: Reading, index: dict[str, int]) -> set[int]:
    if isinstance(reading, Whole):
        return set(reading.span)
    if isinstance(reading, Rows | Pieces):
        return set(row_at(reading, index))
    assert isinstance(reading, MovingReading | HalfLine)
    place = sum(term.at(index[term.axis]) for term in reading.form)
    return (
        set(reading.map.at(place)) if isinstance(reading, MovingReading) else set(range(reading.edge.at(place).hi + 1))
    )


def relation_of(read: AxisMap, length: int, outputs: dict[str, int], number: int):
    operand, types = tensor(c=1, n=length), tensor(c=1, **outputs)
    op, reach = SimpleNamespace(kind="read"), (Reach((("n", read),)),)
    values = (Value(types, "first"), Value(types, "second"))
    return node_relations(
        SimpleNamespace(op=op, reach=reach, types=(operand,), outputs=values, name="read"), number, int
    )[0]


@every_kind
def test_the_relation_is_the_set_map_inside_of_the_borders(read, length, outputs, number):
    reading = rule_of(read).reading(view_of(length, outputs, number))
    relation = relation_of(read, length, outputs, number)
    for index in indices(outputs):
        found = {place for (place,) in points(relation.pull(area_box(list(map(one_index, index.values())))))}
        stated = read_at(reading, index)
        inside = {place for place in stated if 0 <= place < length}
        if inside == stated or (getattr(read, "border", "drop") == "drop" and not isinstance(read, Interpolated)):
            assert found == inside
        assert inside <= found <= set(range(length))


@every_kind
def test_the_relation_is_what_the_axis_map_says_in_words(read, length, outputs, number):
    if getattr(read, "border", "drop") != "drop" or isinstance(read, Parts):
        pytest.skip("the words leave out borders and numbered outputs")
    relation = relation_of(read, length, outputs, number)
    for index in indices(outputs):
        found = {place for (place,) in points(relation.pull(area_box(list(map(one_index, index.values())))))}
        assert found == {place for (place,) in reads(Reach((("n", read),)), index, {"n": length})}


@every_kind
def test_outputs_are_cut_where_their_sets_reach_beyond_the_border(read, length, outputs, number):
    reading = rule_of(read).reading(view_of(length, outputs, number))
    beyond = set(points(relation_of(read, length, outputs, number).beyond))
    cut = {
        tuple(index.values())
        for index in indices(outputs)
        if not read_at(reading, index) <= set(range(length)) and not isinstance(read, Placed | Causal)
    }
    assert beyond == cut


@every_kind
def test_the_hull_ends_where_the_set_does(read, length, outputs, number):
    """Over the phases on average; without phases, everywhere."""
    reading = rule_of(read).reading(view_of(length, outputs, number))
    band = rule_of(read).band(number)
    # A list that is the same for every output is gathered too, but is not everything.
    assert (band == EVERYTHING) == (isinstance(reading, Whole) and not isinstance(read, Listed))
    if not isinstance(band, Band) or not isinstance(reading, MovingReading) or not all(t.pure for t in reading.form):
        return
    phases = dict(enumerate(reading.map.phases))
    count = len(phases)
    if not band.reason:
        assert Fraction(str(band.hi - band.lo + 1)) == Fraction(sum(phase.size for phase in phases.values()), count)
    if all(phase.length for phase in phases.values()) and len(reading.form) == 1:
        moved = Fraction(str(band.rate)) * Fraction(count - 1, 2)
        assert Fraction(str(band.lo)) + moved <= Fraction(sum(phase.lo for phase in phases.values()), count)
        assert Fraction(str(band.hi)) + moved >= Fraction(sum(phase.hi for phase in phases.values()), count)


@every_kind
def test_power_goes_where_the_set_is(read, length, outputs, number):
    view = view_of(length, outputs, number)
    taps, reading = rule_of(read).taps("uniform", view), rule_of(read).reading(view)
    if isinstance(read, Placed | Parts) or not isinstance(taps, SpreadMap) or not isinstance(reading, MovingReading):
        return
    if not all(term.pure for term in reading.form) or len(reading.form) > 1:
        return
    for index in range(2 * taps.period):
        spread = taps.at(index)
        assert {place for place, weight in enumerate(spread.weights or (), spread.start) if weight} == set(
            reading.map.at(index)
        )
    assert isinstance(read, Interpolated | Resized) or taps.mass == pytest.approx(1)
