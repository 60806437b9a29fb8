"""Work that takes long says so on a terminal, and leaves the line to whoever writes next."""

from __future__ import annotations

import io
import re
import time

import pytest

from archgraph.cli.output import remark, say
from archgraph.report import waiting as module
from archgraph.report.progress import progress
from archgraph.report.waiting import hush, waiting


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def wait_for(self, pattern: str) -> None:
        while not re.search(pattern, self.getvalue()):
            time.sleep(0.001)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE", 0.001)
    monkeypatch.setattr(module, "_EVERY", 0.001)


def shown(written: str) -> str:
    """What stands on the line of a terminal that knows how to go back and erase."""
    return re.split(r"\r\x1b\[K", written)[-1]


def test_the_line_names_the_work_and_the_way_out_and_is_wiped():
    terminal = Terminal()
    with waiting("archgraph cost", terminal):
        terminal.wait_for("archgraph cost: 0 s, Ctrl-C stops it")
    assert shown(terminal.getvalue()) == ""


@pytest.mark.parametrize(
    "speak", [hush, lambda: say("x"), lambda: remark("x"), lambda: list(progress([], "x", Terminal()))]
)
def test_nothing_is_drawn_once_something_else_is_said(speak, capsys):
    terminal = Terminal()
    with waiting("work", terminal):
        terminal.wait_for("work")
        speak()
        said = terminal.getvalue()
        time.sleep(0.02)
        assert terminal.getvalue() == said and shown(said) == ""


def test_a_pipe_hears_nothing():
    pipe = io.StringIO()
    with waiting("work", pipe):
        time.sleep(0.01)
    assert pipe.getvalue() == ""


def test_an_interrupted_block_wipes_the_line_too():
    terminal = Terminal()
    with pytest.raises(KeyboardInterrupt), waiting("work", terminal):
        terminal.wait_for("work")
        raise KeyboardInterrupt
    assert shown(terminal.getvalue()) == ""


def test_a_terminal_that_has_gone_ends_nothing():
    terminal = Terminal()
    with waiting("work", terminal):
        terminal.wait_for("work")
        terminal.close()
        time.sleep(0.01)
