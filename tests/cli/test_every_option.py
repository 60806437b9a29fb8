"""Every option of every command, as the parser has them, with values that make no sense: one message, no traceback."""

from __future__ import annotations

import argparse
import functools
import re
from pathlib import Path

import pytest

from archgraph.cli import main
from archgraph.cli.program import program

ENOUGH = {
    "list": (),
    "check": ("conv_stack",),
    "cost": ("conv_stack",),
    "audit": (str(Path(__file__).parent / "published.csv"),),
    "memory": ("conv_stack",),
    "fit": ("conv_stack", "--memory", "8GB"),
    "growth": ("conv_stack", "--along", "C=96"),
    "serve": ("gpt2",),
    "efficiency": ("conv_stack",),
    "roofline": ("conv_stack", "a100"),
    "rf": ("conv_stack",),
    "hops": ("conv_stack",),
    "solve": ("conv_stack", "C", "--params", "<=1e6"),
    "scale": ("conv_stack", "C=x2"),
    "sweep": ("conv_stack", "C=4,8"),
    "draw": ("conv_stack", "-o", "x.svg"),
    "contrast": ("conv_stack", "vgg"),
    "diff": ("conv_stack", "vgg"),
    "trace": ("torch.nn:ReLU", "--shape", "1x3x8x8"),
    "verify": ("conv_stack",),
    "ops": ("conv",),
    "schema": (),
    "show": ("conv_stack",),
    "new": ("mine.yaml",),
    "completion": ("bash",),
}
"""The shortest command line of each command; a new command needs a row here."""
WITH = {
    ("rf", "--axis"): ("--productive",),
    ("rf", "--node"): ("--halo",),
    ("verify", "--input"): ("--rf",),
    ("contrast", "--panels"): ("-o", "x.svg"),
    ("contrast", "--width"): ("-o", "x.svg"),
    ("contrast", "--venue"): ("-o", "x.svg"),
    ("contrast", "--theme"): ("-o", "x.svg"),
    ("contrast", "--background"): ("-o", "x.svg"),
    ("contrast", "--fonts"): ("-o", "x.svg"),
    ("contrast", "--dpi"): ("-o", "x.svg"),
    ("fit", "--width"): ("-o", "x.svg"),
    ("fit", "--venue"): ("-o", "x.svg"),
    ("fit", "--theme"): ("-o", "x.svg"),
    ("fit", "--background"): ("-o", "x.svg"),
    ("fit", "--fonts"): ("-o", "x.svg"),
    ("fit", "--dpi"): ("-o", "x.svg"),
    ("fit", "--language"): ("-o", "x.svg"),
    ("growth", "--width"): ("-o", "x.svg"),
    ("growth", "--venue"): ("-o", "x.svg"),
    ("growth", "--theme"): ("-o", "x.svg"),
    ("growth", "--background"): ("-o", "x.svg"),
    ("growth", "--fonts"): ("-o", "x.svg"),
    ("growth", "--dpi"): ("-o", "x.svg"),
    ("growth", "--language"): ("-o", "x.svg"),
    ("contrast", "--height"): ("-o", "x.svg"),
    ("contrast", "--palette"): ("-o", "x.svg"),
    ("contrast", "--title"): ("-o", "x.svg"),
    ("contrast", "--no-legend"): ("-o", "x.svg"),
    ("contrast", "--label"): ("-o", "x.svg"),
    ("contrast", "--hide"): ("-o", "x.svg"),
    ("cost", "--functional"): ("--as", "ptflops"),
    ("fit", "--multiple-of"): ("--largest", "B"),
    ("fit", "--over"): ("--largest", "B"),
    ("growth", "--published"): ("-o", "x.svg"),
    ("fit", "--with"): ("--largest", "B"),
    ("fit", "--large"): ("--frontier", "H=8,16"),
    ("fit", "--small"): ("--frontier", "H=8,16"),
    ("serve", "--largest"): ("--memory", "8GB"),
    ("sweep", "--larger"): ("--pareto", "params"),
}
"""What an option needs beside it to have an effect."""
NONSENSE = "no-such-thing"
STRANGE = ("", "-1", "0", "1e400", "9" * 30, "a\x1b[2Jb\u202e", "..", "=", "C=", "C=1..", "x" * 500, "a,,b", "\x00")
ANY_NAME = {("new", "path"), ("draw", "title"), ("contrast", "title")}
"""What takes any text at all: the name of a file, a heading."""
NEEDS_TORCH = {"trace", "verify"}


@functools.cache
def commands() -> dict[str, argparse.ArgumentParser]:
    (found,) = (action for action in program()._actions if isinstance(action, argparse._SubParsersAction))
    return found.choices


ACTIONS = [
    pytest.param(name, action, id=f"{name} {(action.option_strings or [action.dest])[-1]}")
    for name, parser in commands().items()
    for action in parser._actions
    if action.dest != "help"
]
VALUED = [each for each in ACTIONS if each.values[1].nargs != 0]


def line(name: str, action: argparse.Action, value: str) -> list[str]:
    """A command line in which one option, or one positional, has a value."""
    enough = list(ENOUGH[name])
    if action.option_strings:
        option = action.option_strings[-1]
        for place in [i for i, word in enumerate(enough) if word in action.option_strings]:
            del enough[place : place + 2]
        return [name, *enough, *WITH.get((name, option), ()), f"{option}={value}"]
    positionals = [each.dest for each in commands()[name]._actions if not each.option_strings]
    place = positionals.index(action.dest)
    # Behind `--`, so that a value may start with a dash.
    return [name, *enough[len(positionals) :], "--", *enough[:place], value, *enough[place + 1 : len(positionals)]]


def outcome(capsys, arguments: list[str]) -> tuple[int, str, str]:
    try:
        code = main(arguments)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(autouse=True)
def in_an_empty_folder(monkeypatch, tmp_path, request):
    if getattr(request.node, "callspec", None) and request.node.callspec.params["name"] in NEEDS_TORCH:
        pytest.importorskip("torch")
    if getattr(request.node, "callspec", None) and request.node.callspec.params["name"] == "sweep":
        pytest.importorskip("numpy")
    monkeypatch.chdir(tmp_path)


def test_every_command_is_tried():
    assert set(ENOUGH) == set(commands())


@pytest.mark.parametrize(("name", "action"), VALUED)
def test_nonsense_is_named_in_the_message(capsys, tmp_path, name, action):
    if (name, action.dest) in ANY_NAME:
        pytest.skip("takes any name")
    code, out, err = outcome(capsys, line(name, action, NONSENSE))
    assert code in (1, 2), err
    assert NONSENSE in err
    assert out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "action"), VALUED)
def test_strange_values_are_answered_or_refused(capsys, name, action):
    for value in STRANGE:
        code, out, err = outcome(capsys, line(name, action, value))
        assert code in (0, 1, 2), value
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", out + err), value
        assert (code == 0) or err, value


@pytest.mark.parametrize(("name", "action"), [each for each in ACTIONS if each.values[1].option_strings])
def test_an_option_given_twice_is_refused_unless_it_collects(capsys, name, action):
    option = action.option_strings[-1]
    word = [] if action.nargs == 0 else [str(next(iter(action.choices), "1")) if action.choices else "1"]
    code, _, err = outcome(capsys, [name, *ENOUGH[name], option, *word, option, *word])
    collects = type(action).__name__ in ("_Append", "_Extend")
    assert collects or (code == 2 and "is given twice" in err)
