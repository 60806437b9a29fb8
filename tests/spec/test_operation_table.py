"""What a step can be, as a table: complete, and found by a word."""

from __future__ import annotations

import re

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.cli.program import COMMANDS
from archgraph.spec.library.standard import library_names
from archgraph.spec.operation_table import operation_table
from archgraph.spec.operations import operations


def row(name: str) -> dict[str, str]:
    (found,) = (row for row in operation_table().rows if row["name"] == name)
    return found


def test_every_operation_and_block_is_listed_once_and_described():
    rows = operation_table().rows
    assert sorted(row["name"] for row in rows) == sorted([*operations(), *library_names()])
    assert all(row["what it computes"].strip() for row in rows)


def test_arguments_without_a_default_come_before_the_bracket():
    assert row("max_pool")["arguments"] == "kernel, [stride, padding, ceil, dilation]"
    assert row("llama_block")["arguments"].startswith("heads, hidden, [kv_heads, ")
    assert row("relu")["arguments"] == "" and row("relu")["kind"] == "operation"
    assert row("vit_block")["kind"] == "block"


def test_an_operation_is_refused_without_what_stands_before_the_bracket():
    named = {"conv": "{out: 3}", "double_conv": "{}", "max_pool": "{}"}
    for kind, given in named.items():
        needed = row(kind)["arguments"].partition("[")[0].strip(" ,").split(", ")[-1]
        with pytest.raises(ag.ArchgraphError, match=needed):
            ag.loads(f"{{archgraph: 1, inputs: {{x: {{c: 3, h: 8, w: 8}}}}, network: [{kind}: {given}]}}")


def test_all_words_must_be_said_whatever_their_case():
    assert [row["name"] for row in operation_table(["MAX", "windows"]).rows] == ["max_pool"]


def test_what_nothing_says_is_refused_with_the_nearest_name():
    with pytest.raises(ag.QueryError, match=r"says 'convv'\. Did you mean 'conv'\?"):
        operation_table(["convv"])


def test_the_hint_on_an_unknown_operation_names_a_command_that_answers(tmp_path, capsys):
    spec = tmp_path / "wrong.yaml"
    spec.write_text("{archgraph: 1, inputs: {x: {c: 3, h: 8}}, network: [convolution: {out: 3}]}", encoding="utf-8")
    assert main(["cost", str(spec)]) == 1
    (command,) = re.findall(r"hint  `archgraph (\w+)`", capsys.readouterr().err)
    assert command in {each.name for each in COMMANDS}
    assert main([command, "convolution"]) == 0
    out = capsys.readouterr().out
    assert "conv" in out.split() and len(out.splitlines()) < 60
