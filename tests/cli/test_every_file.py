"""Every command that writes a file: whole or not at all, with the mode and the link of what it replaces."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archgraph.cli import main
from archgraph.report import files
from tests.cli.test_every_option import ENOUGH, commands

LINES = {
    "draw": (["draw", "conv_stack", "-o"], ".svg"),
    "contrast": (["contrast", "conv_stack", "vgg", "-o"], ".svg"),
    "growth": ([*("growth", *ENOUGH["growth"]), "-o"], ".svg"),
    "fit": ([*("fit", *ENOUGH["fit"]), "-o"], ".svg"),
    "sweep": (["sweep", "conv_stack", "C=4,8", "-o"], ".csv"),
    "trace": (["trace", "torch.nn:ReLU", "--shape", "1x3x8x8", "-o"], ".yaml"),
    "new": (["new"], ".yaml"),
}
"""A line of every command that writes, before the name of the file."""
REPLACING = [name for name in LINES if name != "new"]


@pytest.fixture(autouse=True)
def in_an_empty_folder(monkeypatch, tmp_path, request):
    needs = {"sweep": "numpy", "trace": "torch"}.get(request.node.callspec.params["name"])
    if needs is not None:
        pytest.importorskip(needs)
    monkeypatch.chdir(tmp_path)


def asked(name: str, file: str) -> int:
    line, _ = LINES[name]
    return main([*line, file])


@pytest.mark.parametrize("name", commands())
def test_every_command_that_writes_is_tried(name):
    writes = any(action.dest in ("output", "path") for action in commands()[name]._actions)
    assert writes == (name in LINES)


@pytest.mark.parametrize("name", REPLACING)
def test_a_link_and_a_mode_stay(name, tmp_path):
    suffix = LINES[name][1]
    real, link = tmp_path / f"real{suffix}", tmp_path / f"link{suffix}"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real.name)
    assert asked(name, link.name) == 0
    assert link.is_symlink() and real.read_text() != "old" and real.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == [link.name, real.name]


@pytest.mark.parametrize("name", LINES)
def test_what_may_not_be_written_is_left_as_it_is(name, tmp_path, capsys):
    suffix = LINES[name][1]
    kept = tmp_path / f"kept{suffix}"
    kept.write_text("old")
    kept.chmod(0o444)
    (tmp_path / f"folder{suffix}").mkdir()
    os.mkfifo(tmp_path / f"pipe{suffix}")
    before = sorted(tmp_path.iterdir())
    for file in (kept.name, f"folder{suffix}", f"pipe{suffix}", f"no/x{suffix}"):
        assert asked(name, file) == 1
        assert file in capsys.readouterr().err
    assert kept.read_text() == "old" and sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "stop", [KeyboardInterrupt, OSError(28, "No space left on device")], ids=["Ctrl-C", "full disk"]
)
@pytest.mark.parametrize("name", LINES)
def test_nothing_is_left_where_the_last_step_fails(name, stop, tmp_path, capsys, monkeypatch):
    def fails(*words: object) -> None:
        raise stop

    monkeypatch.setattr(files.os, "chmod", fails)
    assert asked(name, f"x{LINES[name][1]}") == (130 if stop is KeyboardInterrupt else 1)
    assert list(Path(tmp_path).iterdir()) == []
    assert len(capsys.readouterr().err.splitlines()) == 1
