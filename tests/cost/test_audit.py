"""Published numbers are recognised by what counted them, and by nothing else."""

import re

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.cost.audit.audit import PublishedNumber, audit_table
from archgraph.cost.audit.conventions import CountsOf
from archgraph.cost.audit.published import heading, printed_number
from archgraph.cost.counting_rules import tool
from archgraph.data import table
from archgraph.errors import QueryError


def audited(g, text, column="GFLOPs"):
    of = heading(column)
    return audit_table([PublishedNumber(g.name, g.network, column, of, printed_number(text, of.unit))]).rows[0]


@pytest.mark.parametrize("name", ["vgg", "dit:S/2", "convnext", "sd"])
def test_a_tool_is_counted_here_as_where_it_is_reconciled(name):
    g = ag.load(name)
    of = CountsOf(g.network)
    for each in table("tools"):
        chosen = tool(each)
        assert of.by_tool(chosen) == g.count_as(each).printed
        called = tuple(chosen.functional)
        assert of.by_tool(chosen, called) == g.count_as(each, called).printed


@pytest.mark.parametrize("each", ["thop", "fvcore", "ptflops", "torchinfo", "flopcounter-cpu"])
def test_the_number_that_a_tool_prints_is_that_tools(each):
    g = ag.load("dit:S/2")
    exact = g.count_as(each).printed
    row = audited(g, f"{exact:,}", "FLOPs")
    assert row["value"] == exact
    assert each in [row["is"], *row["also"].split("; ")]


def test_macs_and_twice_the_macs_are_told_apart():
    g = ag.load("dit:XL/2")
    macs = g.at().macs
    assert audited(g, f"{macs / 1e9:.1f}")["is"] == "MACs"
    assert audited(g, f"{2 * macs / 1e9:.1f}", "MACs (G)")["is"] == "2 * MACs"
    assert audited(g, f"{g.at().flops / 1e9:.2f}")["is"] == "FLOPs: 2 * MACs + elementwise"


def test_a_number_that_nothing_gives_names_the_nearest():
    row = audited(ag.load("vgg"), "15.9")
    assert (row["is"], row["value"]) == ("nothing", None)
    assert row["also"].startswith("nearest: ") and "%" in row["also"]


def test_what_the_digits_leave_open_is_likely():
    """At one place ConvNeXt's MACs and what thop prints look alike; at four they do not."""
    g = ag.load("convnext")
    row = audited(g, "4.5")
    assert row["is"] == "likely MACs" and "thop" in row["also"].split("; ")
    row = audited(g, f"{g.at().macs / 1e9:.4f}")
    assert row["is"] == "MACs" and "thop" not in row["also"].split("; ")


def test_what_is_cut_off_is_said():
    g = ag.load("conv_stack")
    assert g.at().params == 369280
    assert audited(g, "0.36", "Params (M)")["is"] == "all parameters (cut off)"
    assert audited(g, "0.37", "Params (M)")["is"] == "all parameters"
    assert audited(g, "0.35", "Params (M)")["value"] is None


def test_zeros_at_the_end_may_be_rounding():
    g = ag.load("efficientnet:b0")
    assert g.at().macs == 385814752
    row = audited(g, "390", "FLOPs (M)")
    assert row["is"] == "likely MACs (zeros are rounding)"
    assert audited(g, "400", "FLOPs (M)")["is"].endswith("(zeros are rounding)")
    assert audited(g, "650", "FLOPs (M)")["value"] is None


def test_a_dense_network_has_no_experts_whatever_its_neighbours_have():
    of = heading("Params")
    nets = [(ag.load(name), text) for name, text in (("mixtral", "12.9B"), ("vit", "86,567,656"))]
    found = audit_table(PublishedNumber(g.name, g.network, "Params", of, printed_number(text)) for g, text in nets)
    assert [row["is"] for row in found.rows] == ["parameters that one position uses", "all parameters"]


def test_a_unit_that_is_not_said_is_said_to_be_guessed():
    assert audited(ag.load("vgg"), "138.36", "Params")["is"] == "all parameters (read in M)"
    assert audited(ag.load("vgg"), "138,357,544", "Params")["is"] == "all parameters"


def test_frozen_parameters_and_experts_are_conventions():
    g = ag.load("mixtral")
    assert audited(g, f"{g.at().params_active:,}", "Params")["is"] == "parameters that one position uses"


def test_operators_without_a_rule_prove_nothing():
    torch = pytest.importorskip("torch")

    class Odd(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.head = torch.nn.Linear(8, 8)

        def forward(self, x):
            return torch.linalg.inv(self.head(x))

    g = ag.trace(Odd(), torch.zeros(1, 8, 8), batch_axis=0, allow_unsupported=True)
    assert g.gaps
    row = audited(g, "512", "MACs")
    assert row["value"] is None and "without a rule" in row["is"]
    assert audited(g, "72", "Params")["value"] == 72


def test_one_convention_is_named_for_a_column_and_a_mixture_is_said():
    plain, other = ag.load("vgg").network, ag.load("dit:S/2")
    thop = other.count_as("thop").printed
    of = heading("FLOPs")
    entries = [
        PublishedNumber("vgg", plain, "FLOPs", of, printed_number("15470264320")),
        PublishedNumber("dit", other.network, "FLOPs", of, printed_number(str(thop))),
    ]
    found = audit_table(entries)
    assert [row["is"] for row in found.rows] == ["thop", "thop"] and not found.remarks
    entries.append(PublishedNumber("twice", plain, "FLOPs", of, printed_number(str(2 * 15470264320))))
    assert audit_table(entries).remarks[0].startswith("FLOPs mixes conventions: thop (2), ")


@pytest.mark.parametrize(
    ("text", "kind", "unit"),
    [
        ("Params (M)", "params", "m"),
        ("#Params", "params", ""),
        ("# Param. [M]", "params", "m"),
        ("Parameters, millions", "params", "m"),
        ("MParams", "params", "m"),
        ("GFLOPs", "operations", "g"),
        ("FLOPs (×10^9)", "operations", "g"),
        ("FLOPs (1e9)", "operations", "g"),
        ("Multi-Adds (M)", "operations", "m"),
        ("Mult-Adds", "operations", ""),
        ("MAdds", "operations", ""),
        ("MACs/G", "operations", "g"),
        ("MMACs", "operations", "m"),
        ("TFLOPs", "operations", "t"),
        ("Acts (M)", "activations", "m"),
    ],
)
def test_headings(text, kind, unit):
    found = heading(text)
    assert (found.kind, found.unit) == (kind, unit)


@pytest.mark.parametrize("text", ["top-1", "FID", "GFLOPs/s", "img per s", "machine", "Paramount", "ms", "year", ""])
def test_headings_that_count_nothing(text):
    assert heading(text) is None


@pytest.mark.parametrize("text", ["", "4,1", "1-2", "-3", "4.1 ± 0.1", "four", "1.2.3", "nan", "4.1X", "٣", "1e999"])
def test_numbers_that_are_none(text):
    with pytest.raises(QueryError, match="as a number"):
        printed_number(text)


@pytest.mark.parametrize(
    ("text", "unit", "low", "high"),
    [
        ("4.1", "g", 4_050_000_000, 4_150_000_000),
        ("4.10G", "", 4_095_000_000, 4_105_000_000),
        ("7B", "", 6_500_000_000, 7_500_000_000),
        ("25.6M params", "g", 25_550_000, 25_650_000),
        ("1.5e9", "", 1_450_000_000, 1_550_000_000),
        ("25,557,032", "", 25_557_031.5, 25_557_032.5),
        ("~3K", "", 2500, 3500),
        ("4.", "g", 3_500_000_000, 4_500_000_000),
    ],
)
def test_what_rounding_leaves_open(text, unit, low, high):
    reading = next(printed_number(text, unit).readings())
    assert (reading.low, reading.high) == (low, high)


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding=encoding)
    return str(path)


def test_the_command_ends_with_one_where_a_number_is_not_explained(tmp_path, capsys):
    path = write(tmp_path, "model;Params (M);GFLOPs;top-1\nvgg;138;15.5;71\n\n;1;2;3\n", "utf-8-sig")
    assert main(["audit", path]) == 0
    text = capsys.readouterr().out
    assert "2 published numbers, all explained" in text
    assert "columns that count nothing: top-1" in text and "lines that name no network: 4" in text
    assert main(["audit", write(tmp_path, "model,GFLOPs\nvgg,99\n")]) == 1


def test_a_row_binds_its_own_symbols(tmp_path, capsys):
    half, whole = (ag.load("unet").at(C=size).macs for size in (32, 64))
    path = write(tmp_path, f"Model,At,MACs\nunet,C=32,{half}\nunet,,{whole}\n")
    assert main(["audit", path, "--format", "csv"]) == 0
    assert f"unet C=32,MACs,{half},MACs,{half}" in capsys.readouterr().out
    assert main(["audit", path, "--at", "C=32"]) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no line of numbers"),
        ("model,GFLOPs\n", "has no line of numbers"),
        ("model,top-1\nvgg,71\n", "no column of .* says that it counts params, operations, activations"),
        ("model,GFLOPs\nvgg,1,5\n", r"3 cells, and there are 2 headings\n.*table.csv:2:1\n.*in quotes"),
        ("model,GFLOPs,GFLOPs\nvgg,1,5\n", "columns have headings, each another one"),
        ("model,GFLOPs\nvgg,15.5\nvgq,1\n", r"vgq(.|\n)*table.csv:3:1"),
        ("model,GFLOPs\nvgg,fast\n", r"cannot read 'fast' as a number\n.*table.csv:2:1"),
        ("model,at,GFLOPs\nvgg,Q=2,1\n", r"table.csv:2:1"),
    ],
)
def test_tables_that_cannot_be_read(text, message, tmp_path, capfd):
    assert main(["audit", write(tmp_path, text)]) == 1
    assert re.search(message, capfd.readouterr().err)


def test_a_file_that_is_no_text_or_is_missing(tmp_path, capfd):
    path = tmp_path / "table.csv"
    path.write_bytes(b"model,GFLOPs\n\xff\xfe,1\n")
    assert main(["audit", str(path)]) == 1
    assert "is no UTF-8 text" in capfd.readouterr().err
    assert main(["audit", str(tmp_path / "none.csv")]) == 1
    assert "no such file: " in capfd.readouterr().err
