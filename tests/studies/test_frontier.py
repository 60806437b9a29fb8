"""Members that no other beats, held against every pair; limits, settings that are chosen, and the command."""

import csv
import io

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.errors import ArchgraphError, QueryError

pytest.importorskip("numpy")

FAMILY = {"D": range(128, 513, 128), "L": [2, 4, 8]}
RUN = {"heads": "D/64", "batch": 4, "dtype": "bf16-mixed"}


def numbers(width, depth):
    """Parameters, memory and MACs of one member, asked of it alone."""
    g = ag.load("vit").at(D=width, L=depth, heads=width // 64)
    return int(g.at().params), g.training_memory(batch=4, dtype="bf16-mixed").bytes, int(g.at().macs)


def beats(one, other):
    """Whether a member has no fewer parameters, takes no more of both, and differs."""
    return one != other and one[0] >= other[0] and one[1] <= other[1] and one[2] <= other[2]


@pytest.mark.parametrize("limit", [None, 3e9])
def test_no_pair_of_members_says_otherwise(limit):
    every = {(width, depth): numbers(width, depth) for width in FAMILY["D"] for depth in FAMILY["L"]}
    within = {at: each for at, each in every.items() if limit is None or each[2] <= limit}
    expected = {at for at, each in within.items() if not any(beats(other, each) for other in within.values())}
    found = ag.load("vit").frontier("params", {"memory": None, "macs": limit}, FAMILY, **RUN)
    assert {(each.at["D"], each.at["L"]) for each in found.members} == expected
    assert all(tuple(each.numbers.values()) == every[each.at["D"], each.at["L"]] for each in found.members)
    assert (found.looked_at, found.impossible, found.above) == (12, 0, 12 - len(within))
    sizes = [each.numbers["params"] for each in found.members]
    assert sizes == sorted(sizes, reverse=True)


def test_patches_and_batches_that_fit_are_the_largest_ones():
    """Of several that are large none is small: each fits, and neither the next patch nor the next sample does."""
    g, room = ag.load("nnunet").at(features=[4, 8, 8]), 300e6
    over = {"s": range(32, 129, 32), "B": range(1, 9)}
    found = g.frontier(["s", "B"], None, over, {"memory": room}, Z="s", H="s", W="s")
    needs = {
        (side, batch): g.at(Z=side, H=side, W=side).training_memory(batch=batch).bytes
        for side in over["s"]
        for batch in over["B"]
    }
    assert len(found.members) > 1
    for each in found.members:
        side, batch = each.at["s"], each.at["B"]
        assert each.numbers["memory"] == needs[side, batch] <= room
        assert needs.get((side + 32, batch), room + 1) > room and needs.get((side, batch + 1), room + 1) > room


def test_settings_of_a_run_are_chosen_too():
    over = {"checkpoint": ["none", "block"], "L": [2, 4]}
    found = ag.load("vit").frontier("L", {"memory": None}, over, batch=64)
    assert [each.at["checkpoint"] for each in found.members] == ["block", "block"]
    assert "batch 64" in found.settings and "checkpoint" not in found.settings


def test_what_the_network_cannot_have_is_left_out_and_told():
    found = ag.load("vit").frontier("params", {"macs": None}, {"D": [100, 120, 144]})
    assert [each.at["D"] for each in found.members] == [144, 120] and found.impossible == 1
    assert "1 the network cannot have" in repr(found) and not found.settings


def test_a_frontier_and_its_members_show_themselves():
    found = ag.load("vit").frontier("params", {"macs": None}, {"L": [1, 2]})
    assert "large in params, small in macs" in repr(found) and "2 of 2 members" in str(found)
    assert repr(found.members[1]).startswith("<L=1: params ")
    assert "<table" in found._repr_html_()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "a frontier needs a budget"),
        ({"budgets": {"macs": None}}, "needs a value to choose from"),
        ({"size": [], "budgets": {"macs": None}, "over": {"L": [1]}}, "needs a size"),
        ({"budgets": {"maks": None}, "over": {"L": [1]}}, "no metric 'maks'. Did you mean 'macs'"),
        ({"budgets": {"macs": 0}, "over": {"L": [1]}}, "the budget of macs is a positive number"),
        ({"budgets": {"macs": float("inf")}, "over": {"L": [1]}}, "is a positive number"),
        ({"budgets": {"memory": "80 ms"}, "over": {"L": [1]}}, "cannot read"),
        ({"size": "dtype", "budgets": {"macs": None}, "over": {"dtype": ["bf16"]}}, "there is no size 'dtype'"),
        ({"budgets": {"macs": None}, "over": {"Q": [1]}}, "there is no 'Q' to choose"),
        ({"budgets": {"macs": None}, "over": {"L": []}}, "there is no value of L to choose"),
        ({"budgets": {"macs": None}, "over": {"L": range(1, 5000)}}, "4,999 members are too many"),
        ({"budgets": {"macs": None}, "over": {"D": [100]}}, "must be a multiple of 12"),
        ({"budgets": {"macs": 10, "memory": "1kB"}, "over": {"L": [1]}}, r"macs is .* at least, and may be 10; memory"),
        ({"budgets": {"macs": None}, "over": {"D": [192]}, "heads": "E/64"}, "heads follows 'E'"),
    ],
    ids=str,
)
def test_what_cannot_be_asked(asked, told):
    with pytest.raises(ArchgraphError, match=told):
        ag.load("vit").frontier(**asked)


def test_the_command_prints_what_python_returns(capsys):
    words = ["fit", "vit", "--memory", "2GB", "--batch", "4", "--dtype", "bf16-mixed", "--format", "csv"]
    grid = ["--frontier", "D=128..512:128", "L=2,4,8", "--with", "heads=D/64", "--small", "memory", "macs=3e9"]
    assert main([*words, *grid]) == 0
    found = ag.load("vit").frontier("params", {"memory": "2GB", "macs": 3e9}, FAMILY, **RUN)
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [int(row["params"]) for row in rows] == [each.numbers["params"] for each in found.members]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--large", "L"], "--large has no effect without --frontier"),
        (["--frontier", "L=1,2", "--small", "macs=much"], "cannot read the budget 'macs=much'"),
        (["--frontier", "L=1,2", "--multiple-of", "2"], "--multiple-of has no effect without --largest"),
        (["--frontier", "L=1,2", "L=3"], "'L' is chosen twice"),
    ],
)
def test_options_that_contradict_each_other(words, told, capsys):
    assert main(["fit", "vit", "--memory", "2GB", *words]) != 0
    assert told in capsys.readouterr().err


def test_one_network_has_a_frontier(capsys):
    assert main(["fit", "vit", "dit", "--memory", "2GB", "--frontier", "L=1,2"]) != 0
    assert "--frontier is of one network" in capsys.readouterr().err
    with pytest.raises(QueryError, match="no_such_thing"):
        ag.load("vit").frontier("params", {"macs": None}, {"L": [1]}, no_such_thing=1)
