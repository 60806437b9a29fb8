"""Work that takes long says so on a terminal, and leaves the line to whoever writes next."""

from __future__ import annotations

import io
import re
import time

import pytest

from archgraph.cli.output import remark, say
from archgraph.report import waiting as module
from archgraph.report.waiting import hush, waiting
from archgraph.steps import Progress


class Screen(io.StringIO):
    """A line that is written over, as a terminal and a notebook show it."""

    def wait_for(self, pattern: str) -> None:
        while not re.search(pattern, self.getvalue()):
            time.sleep(0.001)

    @property
    def shown(self) -> str:
        line = ""
        for part in self.getvalue().split("\r"):
            line = part + line[len(part) :]
        return line.rstrip()


class Terminal(Screen):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE", 0.001)
    monkeypatch.setattr(module, "_EVERY", 0.001)


def test_the_line_names_the_work_and_the_way_out_and_is_wiped():
    terminal = Terminal()
    with waiting("archgraph cost", terminal):
        terminal.wait_for("archgraph cost: 0 s, Ctrl-C stops it")
    assert terminal.shown == ""


def test_the_line_says_how_far_the_work_is():
    screen = Screen()
    with waiting("verify", screen) as speaking:
        screen.wait_for("verify: 0 s")
        speaking.told(Progress("verify: operations", 30, 40))
        screen.wait_for(re.escape("verify: operations 30/40 [#######...]: 0 s, an interrupt stops it"))
        speaking.told(Progress("verify", 1, 2))
        screen.wait_for(re.escape("verify 1/2 [#####.....]"))
        assert "operations" not in screen.shown, "nothing is left of a longer line"
    assert screen.shown == ""


def test_a_line_fits_a_terminal():
    line = module.line(Progress("x" * 200, 1_000_000, 2_000_000), 12345, "Ctrl-C stops it")
    assert len(line) == 79 and line.endswith("x… 1,000,000/2,000,000 [#####.....]: 12345 s, Ctrl-C stops it")


@pytest.mark.parametrize("speak", [hush, lambda: say("x"), lambda: remark("x")])
def test_nothing_is_drawn_once_something_else_is_said(speak, capsys):
    terminal = Terminal()
    with waiting("work", terminal):
        terminal.wait_for("work")
        speak()
        said = terminal.getvalue()
        time.sleep(0.02)
        assert terminal.getvalue() == said and terminal.shown == ""


def test_an_interrupted_block_wipes_the_line_too():
    terminal = Terminal()
    with pytest.raises(KeyboardInterrupt), waiting("work", terminal):
        terminal.wait_for("work")
        raise KeyboardInterrupt
    assert terminal.shown == ""


def test_a_terminal_that_has_gone_ends_nothing():
    terminal = Terminal()
    with waiting("work", terminal):
        terminal.wait_for("work")
        terminal.close()
        time.sleep(0.01)
