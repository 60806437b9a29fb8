"""A file that is not there: every command that reads one says which may be meant, by one rule."""

from __future__ import annotations

import subprocess

import pytest

from archgraph.cli import main
from tests.cli.test_every_option import ENOUGH, commands

FILES = {
    "mine.yaml": "archgraph: 1\n",
    "table.csv": "model,params\nvgg,1\n",
    "llama.json": "{}",
    "plans.json": "{}",
    "net.onnx": "",
    "net.pt2": "",
}
NEAR = {
    "cost hf:lama.json": "llama.json",
    "cost nets.onnx": "net.onnx",
    "cost nets.pt2": "net.pt2",
    "cost ./plan.json:2d": "plans.json",
    "audit tabel.csv": "table.csv",
    "growth unet --along C=96|128 --published mien.yaml -o x.svg": "mine.yaml",
    "new other.yaml --from mien.yaml": "mine.yaml",
    "check mien.yaml": "mine.yaml",
    "cost unte.yaml": "unet",
    "cost unte": "unet",
}
"""A line, and the file or the shipped spec that it means."""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("line", NEAR)
def test_the_file_that_is_meant_is_named(line, capsys):
    assert main(line.split()) == 1
    assert f"Did you mean '{NEAR[line]}'?" in capsys.readouterr().err


READING = [
    name
    for name, parser in commands().items()
    if any(action.metavar in ("SPEC", "BEFORE") and not action.option_strings for action in parser._actions)
]


@pytest.mark.parametrize("name", READING)
def test_every_command_that_takes_a_spec_says_it(name, capsys):
    words = ENOUGH[name]
    at = next(number for number, word in enumerate(words) if not word.startswith("-"))
    assert main([name, *words[:at], "mien.yaml", *words[at + 1 :]]) == 1
    assert "no such file: mien.yaml. Did you mean 'mine.yaml'?" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_told(capsys):
    assert main(["cost", "no/mine.yaml"]) == 1
    assert capsys.readouterr().err.endswith("hint  the folder is not there either\n")


def test_a_file_of_a_revision_is_told_as_well(folder, capsys):
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q", "-b", "main"], ["add", "mine.yaml"], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *words], check=True)
    assert main(["diff", "main:mien.yaml", "unet"]) == 1
    assert "hint  Did you mean 'mine.yaml'?" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["cost pkg.nets:build --shape 1x3", "cost pkg.nets:build"])
def test_a_module_that_is_not_there_is_no_spec_with_options_of_models(line, capsys):
    assert main(line.split()) == 1
    told = capsys.readouterr().err
    assert told.startswith("SpecError: no spec is named 'pkg.nets'") and "package.file:name" in told
