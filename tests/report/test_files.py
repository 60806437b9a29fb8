"""Files are written whole or not at all, and stay what they were: links, modes, read-only."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archgraph.errors import QueryError
from archgraph.report.files import write_text, writing


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def bits(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_a_file_that_is_replaced_keeps_its_mode(folder, mode):
    target = folder / "x.svg"
    target.write_text("old")
    target.chmod(mode)
    write_text(target, "new")
    assert target.read_text() == "new" and bits(target) == mode


def test_a_new_file_has_the_mode_that_the_mask_gives(folder):
    before = os.umask(0o027)
    try:
        write_text(folder / "x.svg", "new")
    finally:
        os.umask(before)
    assert bits(folder / "x.svg") == 0o640


def test_a_link_stays_and_its_target_is_written(folder):
    (folder / "real.svg").write_text("old")
    (folder / "link.svg").symlink_to("real.svg")
    (folder / "ahead.svg").symlink_to("later.svg")
    write_text(folder / "link.svg", "new")
    write_text(folder / "ahead.svg", "new")
    assert (folder / "link.svg").is_symlink() and (folder / "real.svg").read_text() == "new"
    assert (folder / "ahead.svg").is_symlink() and (folder / "later.svg").read_text() == "new"


def test_what_may_not_be_written_is_left_alone(folder):
    (folder / "old.svg").write_text("old")
    (folder / "old.svg").chmod(0o444)
    (folder / "figures").mkdir()
    os.mkfifo(folder / "pipe.svg")
    reasons = {
        "old.svg": "read-only",
        "figures": "a folder",
        "pipe.svg": "not a regular file",
        "no/x": "No such",
        "\0": "null",
    }
    for name, reason in reasons.items():
        with pytest.raises(QueryError, match=reason):
            write_text(folder / name, "new")
    assert (folder / "old.svg").read_text() == "old"
    assert sorted(path.name for path in folder.iterdir()) == ["figures", "old.svg", "pipe.svg"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, ValueError])
def test_nothing_is_left_where_writing_is_stopped(folder, stop):
    with pytest.raises(stop), writing(folder / "x.csv") as file:
        file.write(b"half")
        raise stop
    assert list(folder.iterdir()) == []


def test_a_new_file_replaces_nothing(folder):
    write_text(folder / "x.yaml", "first", new=True)
    with pytest.raises(QueryError, match="exists already"):
        write_text(folder / "x.yaml", "second", new=True)
    assert (folder / "x.yaml").read_text() == "first" and len(list(folder.iterdir())) == 1
