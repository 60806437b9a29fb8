"""One name for one thing: shapes are `--shape` in every command, and `--input` names an input."""

from __future__ import annotations

import pytest

from archgraph.cli import main
from archgraph.cli.parser import Parser
from tests.cli.test_every_option import commands

NAMING = {"rf", "hops", "verify"}
"""Commands that are about one input."""


def flags(name: str) -> set[str]:
    return {flag for action in commands()[name]._actions for flag in action.option_strings}


def test_shapes_and_inputs_have_one_name_each():
    assert {name for name in commands() if "--input" in flags(name)} == NAMING
    assert {name for name in commands() if "--dynamic" in flags(name)} == {
        name for name in commands() if "--shape" in flags(name)
    }


@pytest.mark.parametrize("name", [name for name in commands() if "--shape" in flags(name) and name not in NAMING])
def test_the_older_spelling_of_shapes_is_taken_and_shown_nowhere(name, capsys):
    parser = commands()[name]
    assert parser.older == {"--input": "--shape"} and "--input" not in parser.format_help()
    with pytest.raises(SystemExit):
        main([name, "--help"])
    assert "--input" not in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--input", "x=1x3"], ["--input=x=1x3"], ["--shape", "x=1x3"]])
def test_an_older_name_is_read_as_the_one_of_today(words):
    parser = Parser()
    parser.add_argument("--shape")
    parser.also_called("--shape", "--input")
    assert vars(parser.parse_args(words))["given"] == {"--shape": "x=1x3"}


def test_behind_two_dashes_stand_no_options():
    parser = Parser()
    parser.add_argument("name")
    parser.also_called("--shape", "--input")
    assert parser.parse_args(["--", "--input"]).name == "--input"


def test_a_model_is_called_by_either(tmp_path, monkeypatch, capsys):
    pytest.importorskip("torch")
    (tmp_path / "shaped_net.py").write_text("from torch import nn\n\ndef build():\n    return nn.Conv1d(3, 2, 1)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    printed = []
    for option in ("--shape", "--input"):
        assert main(["cost", "shaped_net:build", option, "1x3x4", "--json"]) == 0
        assert main(["trace", "shaped_net:build", option, "1x3x4", "--json"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert main(["rf", "shaped_net:build", "--shape", "1x3x4", "--json"]) == 0
