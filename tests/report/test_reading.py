"""Text of a file that a user names: a regular file of text, or one message."""

from __future__ import annotations

import os

import pytest

from archgraph.cli import main
from archgraph.errors import QueryError
from archgraph.report import reading
from archgraph.report.reading import named_text

ASKED = {
    "audit": lambda name: ["audit", name],
    "published": lambda name: ["growth", "conv_stack", "--along", "C=96", "--published", name, "-o", "x.svg"],
}
"""Every option that takes a file of text; a spec has a reader of its own."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "latin").write_bytes("é".encode("latin-1"))
    return tmp_path


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("pipe", "pipe is not a regular file"),
        ("/dev/zero", "/dev/zero is not a regular file"),
        ("folder", "folder: Is a directory"),
        ("nothing", "no such file: nothing"),
        ("latin", "'latin' is no UTF-8 text"),
    ],
)
def test_what_is_no_text_is_told_at_once(folder, capsys, ask, name, reason):
    before = sorted(folder.iterdir())
    assert main(ask(name)) == 1
    assert reason in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


def test_what_is_no_yaml_is_told_whole(folder, capsys):
    (folder / "bad.yaml").write_text("- [1\n")
    assert main(ASKED["published"]("bad.yaml")) == 1
    assert "'bad.yaml' is no YAML" in (said := capsys.readouterr().err) and "line 2" in said


def test_a_mark_of_order_is_no_text_and_a_large_file_is_refused(folder, monkeypatch):
    (folder / "marked").write_bytes(b"\xef\xbb\xbfmodel")
    assert named_text("marked", "CSV", (".csv",)) == "model"
    monkeypatch.setattr(reading, "LARGEST_NAMED_FILE", 4)
    with pytest.raises(QueryError, match="larger than 4 bytes"):
        named_text("marked", "CSV", (".csv",))
