"""`draw --watch`: one line for every save, mistakes told and survived, and the end by Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from archgraph.cli import main
from archgraph.report import saves
from tests.cli.processes import start

SPEC = "archgraph: 1\nsymbols: {{C: {0}}}\ninputs: {{x: {{c: 3, n: 8}}}}\nnetwork:\n  - linear: {{out: C}}\n"
DRAW = ["draw", "mine.yaml", "--watch", "-o", "mine.svg"]


@pytest.fixture
def spec(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine.yaml"
    file.write_text(SPEC.format(4))
    return file


def save(file: Path, text: str) -> None:
    """Save as editors do: a new file takes the place of the old one."""
    new = file.with_suffix(".new")
    new.write_text(text)
    os.replace(new, file)


def looks(monkeypatch, *between) -> None:
    """Let this happen between two looks, one after another, and then Ctrl-C."""
    happening = iter(between)

    def pause() -> None:
        happens = next(happening, None)
        if happens is None:
            raise KeyboardInterrupt
        happens()

    monkeypatch.setattr(saves, "pause", pause)


def rest() -> None:
    """Nothing happens."""


def test_a_save_draws_once_it_rests(spec, monkeypatch, capsys):
    save_of = lambda size: lambda: save(spec, SPEC.format(size))  # noqa: E731
    looks(monkeypatch, rest, save_of(7), save_of(8), rest, rest, save_of(9), rest)
    assert main(DRAW) == 130
    out, err = capsys.readouterr()
    assert (out, err) == ("wrote mine.svg\n" * 3, "interrupted\n")


def test_a_mistake_is_told_and_ends_nothing(spec, monkeypatch, capsys):
    texts = ["archgraph: [", SPEC.format(9)]
    steps = [step for text in texts for step in (lambda text=text: save(spec, text), rest)]
    looks(monkeypatch, *steps, spec.unlink, rest, lambda: save(spec, SPEC.format(5)), rest)
    assert main(DRAW) == 130
    out, err = capsys.readouterr()
    assert out == "wrote mine.svg\n" * 3
    first, second = (line for line in err.splitlines() if line.startswith("SpecError"))
    assert first.startswith("SpecError: not YAML") and second.startswith("SpecError: no such file")
    assert err.splitlines()[-1] == "interrupted"


def test_what_a_spec_is_built_on_is_followed(spec, monkeypatch, capsys):
    (spec.parent / "notes.txt").write_text("")
    other = spec.parent / "other.yaml"
    looks(
        monkeypatch,
        lambda: (spec.parent / "notes.txt").write_text("more"),
        rest,
        lambda: other.write_text("a: 1"),
        rest,
    )
    assert main(DRAW) == 130
    assert capsys.readouterr().out == "wrote mine.svg\n" * 2


@pytest.mark.parametrize(
    "name, told", [("unet", "is shipped"), ("timm:resnet18", "is a model"), ("mising.yaml", "there is no")]
)
def test_what_is_no_file_of_ones_own_is_refused(name, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["draw", name, "--watch", "-o", "x.svg"]) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["-o", "mine.yaml"], "cannot save a figure as 'mine.yaml'"),
        (["-o", "none/mine.svg"], "cannot write none/mine.svg: No such file or directory"),
        (["-o", "mine.svg", "--width", "wide"], "cannot read the width 'wide'"),
        (["-o", "mine.svg", "--focus", "none"], "there is no node or scope 'none'"),
        (["-o", "mine.svg", "--at", "C"], "cannot read the binding 'C'"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_no_save_mends_ends_it_at_once(more, told, spec, monkeypatch, capsys):
    looks(monkeypatch)
    assert main(["draw", "mine.yaml", "--watch", *more]) == 1
    assert told in capsys.readouterr().err


def test_a_process_draws_again_and_ends_by_an_interrupt(spec):
    process = start(DRAW, spec.parent, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == "wrote mine.svg\n"
    first = (spec.parent / "mine.svg").read_text()
    save(spec, SPEC.format(77))
    assert process.stdout.readline() == "wrote mine.svg\n"
    assert (spec.parent / "mine.svg").read_text() != first
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (out, err, process.returncode) == ("", "interrupted\n", 130)
