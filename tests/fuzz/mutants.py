"""Damaged specs and command lines, and what may come of them: an answer or an `ArchgraphError`."""

from __future__ import annotations

import contextlib
import functools
import io
import re
from random import Random
from typing import Any

import yaml

from archgraph import ArchgraphError, loads
from archgraph.cli import main
from archgraph.spec.load import shipped_folder
from tests.cli.test_every_option import ENOUGH, NEEDS_TORCH, STRANGE, commands
from tests.fuzz import grammar, trees

SPECS = [path.read_text(encoding="utf-8") for path in sorted(shipped_folder().iterdir(), key=lambda path: path.name)]
SMALL = sorted(SPECS, key=len)[:12]
GENERATED = 300  # valid specs that mutants share
SIGNS = (
    "0",
    "-1",
    "10**9",
    "2**500",
    "1 / 0",
    "0...3",
    "..",
    "_",
    "x.c",
    "enc(i)",
    "[]",
    "{}",
    "null",
    "*a",
    "&a",
    "\t",
)
WORDS = sorted({word for text in SPECS for word in re.findall(r"\w+", text)})
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@functools.cache
def generated(seed: int) -> str:
    """A valid spec that mutants share: generating each anew would cost more than asking it."""
    return grammar.spec(Random(f"base {seed}"))


@functools.cache
def parsed(text: str) -> Any:
    """The tree of a base, read once, and in C where that is there: in Python it took a quarter of the fuzzer's time."""
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def mutant(random: Random) -> str:
    """A spec with lines or words of its text changed, or with parts of its tree; shipped ones are rarer bases."""
    small = generated(random.randrange(GENERATED))
    if random.random() < 0.5:
        return lines_changed(random.choice((small, small, random.choice(SMALL))), random)
    base = random.choice(SPECS) if random.random() < 0.1 else small
    return trees.mutant(parsed(base), parsed(random.choice(SPECS)), random)


def lines_changed(text: str, random: Random) -> str:
    """A spec with one to three lines or words changed."""
    lines = text.split("\n")
    for _ in range(random.randint(1, 3)):
        damage(lines, random)
    return "\n".join(lines)


def damage(lines: list[str], random: Random) -> None:
    """Delete, repeat, move, indent or change one line."""
    at = random.randrange(len(lines))
    other = random.choice(lines)
    match random.randrange(6):
        case 0 if len(lines) > 1:
            del lines[at]
        case 1:
            lines.insert(at, other)
        case 2:
            lines[at] = random.choice(("  ", " ", "\t", "- ")) + lines[at]
        case 3:
            lines[at] = lines[at][random.choice((1, 2, 4)) :]
        case _:
            tokens = re.findall(r"\w+|\W", lines[at]) or [""]
            tokens[random.randrange(len(tokens))] = random.choice((*SIGNS, random.choice(WORDS), ""))
            lines[at] = "".join(tokens)


def ask_mutant(text: str) -> bool:
    """Ask a damaged spec for what every command needs; return whether it is one."""
    try:
        g = loads(text)
        numbers = g.at()
        answers = (g.params, g.macs, numbers.params, numbers.macs, numbers.table("level").to("csv"), repr(g))
    except ArchgraphError as error:
        assert str(error) and not RAW.search(str(error))
        return False
    assert all(answer is not None for answer in answers)
    return True


def command_line(random: Random) -> list[str]:
    """A command with some of its options and with values of which few make sense."""
    name = random.choice(sorted(set(ENOUGH) - NEEDS_TORCH - {"check", "list"}))
    line = [name, *ENOUGH[name]]
    options = [action for action in commands()[name]._actions if action.option_strings and action.dest != "help"]
    for action in random.sample(options, min(len(options), random.randint(1, 3))):
        line.append(random.choice(action.option_strings))
        if action.nargs != 0:
            known = list(action.choices or ())
            line.append(random.choice([*STRANGE, "h", "C=8", "image", "1..9", "x.svg", "3", *known]))
    if len(line) > 1 and random.random() < 0.2:
        line[random.randrange(1, len(line))] = random.choice(STRANGE)
    return line


def ask_command(line: list[str]) -> int:
    """Run a command line; return its status, which is one of the documented ones, with a message where it failed."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(line)
        except SystemExit as stopped:
            status = int(stopped.code or 0)
    assert status in (0, 1, 2), line
    assert status == 0 or err.getvalue(), line
    assert not RAW.search(out.getvalue() + err.getvalue()), line
    return status
