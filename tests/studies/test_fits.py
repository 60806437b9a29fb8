"""Whether a run fits, the largest that does, and totals of a run as budgets."""

import json

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.cost.units import bytes_of
from archgraph.data import table
from archgraph.errors import QueryError


def test_a_fit_says_what_is_left_and_what_to_turn():
    g = ag.load("dit")
    fit = g.fits("h100", batch=32)
    assert fit.fits and not fit.tight and fit.remedy is None
    assert fit.margin == fit.memory - fit.bytes == 80 * 10**9 - g.training_memory(batch=32).bytes
    short = g.fits("rtx-4090", batch=64)
    assert not short.fits and short.margin < 0
    assert short.remedy is not None and short.remedy.change == "checkpoint='block'"
    assert g.fits("rtx-4090", short.remedy.run).fits
    assert "does not fit" in repr(short) and "which fits" in repr(short)


def test_a_small_margin_is_tight():
    g = ag.load("dit:S/2")
    needed = g.training_memory(batch=8).bytes
    assert g.fits(needed, batch=8).tight and g.fits(2 * needed, batch=8).fits
    assert not g.fits(needed - 1, batch=8).fits
    assert not g.fits(needed, batch=8, reserve=1).fits


@pytest.mark.parametrize("name", table("hardware"))
def test_every_device_states_its_memory(name):
    fit = ag.load("conv_stack").fits(name)
    assert 10**10 < fit.memory < 10**12


@pytest.mark.parametrize(
    ("written", "number"), [("80GB", 80 * 10**9), ("80 gib", 80 * 2**30), ("1.5MiB", 3 * 2**19), (24e9, 24 * 10**9)]
)
def test_bytes_are_read(written, number):
    assert bytes_of(written) == number


@pytest.mark.parametrize("written", ["80GG", "80Gb", "eighty", "-3GB", "0", "", None, float("inf"), True, "80 ms"])
def test_what_is_no_number_of_bytes(written):
    with pytest.raises(QueryError):
        ag.load("conv_stack").fits(written)


def test_all_of_a_memory_cannot_be_reserved():
    with pytest.raises(QueryError, match=r"reserve=90\.0 GB leaves nothing of 80\.0 GB") as told:
        ag.load("conv_stack").fits("80GB", reserve=90 * 10**9)
    assert told.value.hint == "a smaller reserve, or a larger memory"


def test_what_is_reserved_counts_wherever_memory_is_a_budget():
    pytest.importorskip("numpy")
    g, reserve = ag.load("conv_stack"), 10**8
    needed = {depth: g.at(L=depth).training_memory().bytes for depth in (3, 4)}
    budget = needed[4] + reserve - 1
    (member,) = g.frontier("params", {"memory": budget}, {"L": [3, 4]}, reserve=reserve).members
    assert member.at["L"] == 3 and member.numbers["memory"] == needed[3] + reserve
    assert g.solve("L", training_memory=("<=", budget), reserve=reserve).value == 3
    assert g.largest("L", budget, reserve=reserve).value == 3


def test_unknown_devices():
    with pytest.raises(QueryError, match="Did you mean 'h100'"):
        ag.load("conv_stack").fits("h10")


# -- the largest ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "keywords"),
    [
        ("B", {"dtype": "bf16-mixed"}),
        ("B", {"checkpoint": "block", "accumulate": 4}),
        ("L", {"batch": 16}),
        ("D", {"batch": 16, "heads": "D/64", "multiple_of": 64}),
        ("S", {"batch": 4, "checkpoint": 3}),
    ],
    ids=str,
)
def test_the_largest_fits_and_the_next_does_not(name, keywords):
    found = ag.load("dit:S/2").largest(name, "8GB", **keywords)
    assert found.needed.bytes == found.achieved <= 8e9 < found.next_bytes
    assert str(found.value) in repr(found) and f"{found.next_value} needs" in repr(found)


def test_what_was_found_is_what_is_needed_there():
    g = ag.load("dit:S/2")
    found = g.largest("D", "8GB", 64, batch=16, heads="D/64")
    there = g.at(D=found.value, heads=found.value // 64)
    assert found.achieved == there.training_memory(batch=16).bytes
    assert (found.params, found.macs) == (there.params, there.macs)
    assert found.at["heads"] == found.value // 64


def test_the_largest_with_saved_bytes_is_larger():
    g = ag.load("dit:S/2")
    assert g.largest("B", "8GB", peak="saved").value >= g.largest("B", "8GB").value


def test_the_least_number_of_ranks():
    g = ag.load("llama:3-8b").at(N=2048)
    run = {"dtype": "bf16-mixed", "checkpoint": "block", "attention": "flash", "zero": 3}
    found = g.largest("gpus", "h100", **run)
    assert g.fits("h100", **run, gpus=found.value).fits
    assert not g.fits("h100", **run, gpus=found.value - 1).fits


@pytest.mark.parametrize(
    ("name", "memory", "keywords", "message"),
    [
        ("D", "1MB", {"heads": "D/64", "multiple_of": 64}, "needs .* MB, of which activations take"),
        ("Q", "80GB", {}, "there is no 'Q'"),
        ("B", "80GB", {"optimiser": "sgd"}, "Did you mean 'optimizer'"),
        ("D", "80GB", {"multiple_of": 0}, "multiple_of is a whole number"),
        ("B", "80GG", {}, "cannot read '80GG'"),
        ("D", "80GB", {"D": 3}, "got multiple values|cannot be given"),
    ],
    ids=str,
)
def test_what_cannot_be_found(name, memory, keywords, message):
    with pytest.raises(QueryError, match=message):
        ag.load("dit:S/2").largest(name, memory, **keywords)


def test_a_tie_to_what_is_not_there():
    with pytest.raises(QueryError, match="heads follows 'E', which is no symbol"):
        ag.load("dit:S/2").largest("D", "8GB", 64, heads="E/64")


# -- totals of a run as budgets ------------------------------------------------------------------------------


def test_memory_of_a_run_is_a_budget():
    g = ag.load("dit:S/2")
    found = g.solve("L", training_memory=("<=", 8e9), batch=16)
    assert found.achieved <= 8e9 < g.at(L=found.value + 1).training_memory(batch=16).bytes
    table = g.iso("L", over={"D": [192, 384]}, training_memory=("<=", 8e9), batch=16)
    assert table.rows[1]["L"] == found.value < table.rows[0]["L"]


def test_operations_of_a_run_are_a_budget_beside_others():
    g = ag.load("dit:S/2")
    found = g.solve("L", step_flops=("<=", 5e12), params=("<=", 1e9), batch=8)
    assert g.at(L=found.value).step_flops(batch=8).model <= 5e12 < g.at(L=found.value + 1).step_flops(batch=8).model


def test_settings_belong_to_a_metric_of_a_run():
    with pytest.raises(QueryError, match="batch belongs to a run"):
        ag.load("dit").solve("L", macs=("<=", 1e12), batch=4)


# -- side by side, and the command ---------------------------------------------------------------------------


def test_networks_devices_and_batches_side_by_side():
    found = ag.fits_table([ag.load("dit:S/2"), ag.load("vit")], ["t4", "24GB"], [1, 64], dtype="bf16-mixed")
    assert len(found.rows) == 8
    assert {row["answer"] for row in found.rows} <= {"fits", "tight", "does not fit"}


def test_the_command_says_no_by_its_status(capsys):
    assert main(["fit", "dit", "--device", "h100", "--batch", "32", "--dtype", "bf16-mixed"]) == 0
    assert "fits: " in capsys.readouterr().out
    assert main(["fit", "dit", "--device", "rtx-4090", "--batch", "64"]) == 1
    assert "which fits" in capsys.readouterr().out
    assert main(["fit", "dit:S/2", "vit", "--memory", "80GB", "--batch", "8", "--json"]) == 0
    assert [row["network"] for row in json.loads(capsys.readouterr().out)] == ["DiT S/2", "ViT"]


def test_the_command_finds_the_largest(capsys):
    line = ["fit", "dit:S/2", "--memory", "8GB", "--batch", "16"]
    assert main([*line, "--largest", "D", "--multiple-of", "64", "--with", "heads=D/64"]) == 0
    assert capsys.readouterr().out.startswith("D = ")
    assert main(["fit", "dit:S/2", "vit", "--memory", "8GB", "--largest", "B", "--checkpoint", "sqrt"]) == 0
    assert "next bytes" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["fit", "dit"],
        ["fit", "dit", "--device", "h10"],
        ["fit", "dit", "--memory", "80GG"],
        ["fit", "dit", "--device", "h100", "--zero", "3"],
        ["fit", "dit", "--device", "h100", "--with", "heads=D/64"],
        ["fit", "dit", "--device", "h100", "--largest", "D", "--with", "heads"],
    ],
    ids=str,
)
def test_mistakes_on_the_command_line(words, capsys):
    assert main(words) in (1, 2)
    assert "hint" in capsys.readouterr().err
