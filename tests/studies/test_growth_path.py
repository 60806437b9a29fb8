"""Ways to grow: what follows a symbol, how it is written, and the largest that fits over settings."""

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.errors import QueryError
from archgraph.laws.search import last_within
from archgraph.studies.growth_path import growth_path


@pytest.mark.parametrize(("power", "offset"), [(1, 0), (2, 0), (2, 10**7), (3, 55), (1.5, 10**6)])
@pytest.mark.parametrize("start", [1, 7, 4000])
def test_few_values_are_looked_at_and_the_last_that_fits_is_found(power, offset, start):
    seen = []

    def number(k):
        seen.append(k)
        return 18 * k**power + offset

    found = last_within(number, 2e9, 2**40, start)
    assert 18 * found**power + offset <= 2e9 < 18 * (found + 1) ** power + offset
    assert len(set(seen)) < 30


def test_numbers_that_jump_or_stay_below_the_budget():
    assert last_within(lambda k: 10 * (k // 64), 1000, 10**6, 3) == 101 * 64 - 1
    assert last_within(lambda k: 100 + k, 50, 10**6) is None
    with pytest.raises(QueryError, match="met as far as the search goes"):
        last_within(lambda k: 1, 50, 10**6)


def test_a_name_that_only_other_symbols_use_is_what_grows():
    g = ag.load("nnunet").at(Z=32, H=32, W=32)
    low = g.growth("w", 32, features=["C", "2*C", "4*C", "8*C", "w", "w"])
    found = ag.largest_table([low, g.growth("C", 4)], "12GB", {"batch": [2]}, dtype="bf16-mixed").rows
    assert [row["symbol"] for row in found] == ["w", "C"]
    widened = g.at(features=[32, 64, 128, 256, found[0]["value"], found[0]["value"]])
    assert widened.fits("12GB", batch=2, dtype="bf16-mixed").bytes == found[0]["bytes"] <= 12e9 < found[0]["next bytes"]
    assert found[0]["params"] == int(widened.params)


@pytest.mark.parametrize(
    ("text", "symbol", "step", "follows"),
    [
        ("B", "B", 1, {}),
        ("D%128", "D", 128, {}),
        ("D%64,heads=D/64,L=(12)", "D", 64, {"heads": "D/64", "L": "(12)"}),
    ],
)
def test_growths_as_they_are_written(text, symbol, step, follows):
    found = growth_path(ag.load("dit").network, text)
    assert (found.symbol, found.multiple_of, found.follows) == (symbol, step, follows)


@pytest.mark.parametrize("text", ["", "%3", "D%x", "D,heads", "D,=3", "D%0", "E", "D,heads=E/3", "D,D=3"])
def test_growths_that_cannot_be(text):
    with pytest.raises(QueryError):
        growth_path(ag.load("dit").network, text)


def test_the_command_gives_a_row_for_each_network_and_setting(capsys):
    words = "fit dit:S/2 vit:Ti/16 --memory 4GB --largest D%64,heads=D/64 --largest B --over batch=4 peak=saved,live"
    assert main(words.split()) == 1  # the batch cannot both be looked for and be given
    assert "cannot run over" in capsys.readouterr().err
    words = words.replace("--largest B", "--largest D%32,heads=D/32").replace("--over", "--format csv --over")
    assert main(words.split()) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and all("adamw" in line and "fp32" in line and "foreach" in line for line in lines[1:])


def test_what_fits_nowhere_is_a_row_without_a_value():
    path = ag.load("vit:Ti/16").growth("D", 64, heads="D/64")
    table = ag.largest_table([path], "1GB", {"batch": [1, 4096]})
    assert table.rows[0]["value"] and table.rows[1]["value"] is None
    assert any("4096" in note and "needs" in note for note in table.notes)


def test_settings_that_there_are_not():
    path = ag.load("vit:Ti/16").growth("B")
    with pytest.raises(QueryError, match="setting"):
        ag.largest_table([path], "1GB", {"bach": [1]})
    with pytest.raises(QueryError, match="cannot run over"):
        ag.largest_table([path], "1GB", {"dtype": ["fp32"]}, dtype="bf16")
