"""What is wrong with a model's file is said first, whatever library is missing."""

from __future__ import annotations

import os
import sys

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.errors import SpecError

NAMES = ("model.onnx", "model.pt2", "onnx:model", "pt2:model", "hf:config.json", "plans.json")


@pytest.fixture(autouse=True, params=[(), ("torch", "onnx")], ids=["as it is", "without libraries"])
def libraries(request, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in request.param:
        monkeypatch.setitem(sys.modules, name, None)


def place(name: str) -> str:
    return name.rpartition(":")[2]


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_said(name, capsys):
    assert main(["cost", name]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"SpecError: no such file: {place(name)}\n  hint  ") and told.count("\n") == 2


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("plans.json", "plans.json"),
        ("plans.json:3d", "plans.json"),
        ("hf:config.json", "config.json"),
        ("onnx:model", "model.onnx"),
        ("pt2:model", "model.pt2"),
    ],
)
def test_the_kind_of_file_that_is_meant_is_said(name, meant):
    with pytest.raises(SpecError) as caught:
        ag.load(name)
    assert meant in caught.value.hint


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_is_no_file(name, tmp_path):
    (tmp_path / place(name)).mkdir()
    with pytest.raises(SpecError, match=f"'{place(name)}' is a folder"):
        ag.load(name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes in folders")
@pytest.mark.parametrize("name", NAMES)
def test_a_pipe_is_not_waited_for(name, tmp_path):
    os.mkfifo(tmp_path / place(name))
    with pytest.raises(SpecError, match=f"'{place(name)}' is no regular file"):
        ag.load(name)


@pytest.mark.parametrize("name", ["x" * 300 + ".onnx", "x" * 300 + ".pt2", "hf:" + "x" * 300])
def test_a_name_that_no_file_can_have(name):
    with pytest.raises(SpecError, match=r"cannot read 'x+…'"):
        ag.load(name)
