"""Who asks for it hears how far a call is, and can end it; nobody else hears anything."""

from __future__ import annotations

import itertools
import logging
import sys
from fractions import Fraction
from importlib.util import find_spec

import pytest

import archgraph as ag
from archgraph.cli import main
from archgraph.errors import QueryError
from archgraph.report import waiting
from archgraph.steps import LISTENER, MOST_TOLD, Listener, Progress, heard, stepping
from tests.report.test_waiting import Screen, Terminal

CALLS = {
    "hops": lambda g: g.hops(distance=3),
    "max_path": lambda g: g.max_path(),
    "matrix": lambda g: g.paths().matrix(),
    "rows": lambda g: g.paths().rows(range(4)),
    "receptive_field": lambda g: g.receptive_field(),
    "effective_field": lambda g: g.effective_field(),
    "interior": lambda g: g.receptive_field().interior,
    "productivity": lambda g: g.productivity(),
    "peak_memory": lambda g: g.peak_memory(),
    "fits_table": lambda g: ag.fits_table([g], ["t4"], [1, 2]),
    "solve": lambda g: g.solve("C", macs=("<=", 1e10), within=(1, 64)),
    "iso": lambda g: g.iso("C", over={"H": [64, 128]}, macs=("<=", 1e10)),
    "frontier": lambda g: g.frontier("params", {"macs": 1e10}, {"C": [8, 16]}),
}


NUMPY = pytest.mark.skipif(not find_spec("numpy"), reason="needs numpy")
NAMES = [pytest.param(name, marks=NUMPY) if name == "frontier" else name for name in CALLS]


def small() -> ag.Architecture:
    return ag.load("unet:padded-512").at(C=4, H=64, W=64)


def told_of(ask) -> list[ag.Progress]:
    told: list[ag.Progress] = []
    with ag.progress(told.append):
        ask()
    return told


@pytest.mark.parametrize("name", NAMES)
def test_long_calls_tell_their_name_and_how_far_they_are(name):
    told = told_of(lambda: CALLS[name](small()))
    assert {each.what.partition(":")[0] for each in told} >= {name}
    assert all(0 <= each.done <= each.total for each in told)
    for what, loop in itertools.groupby(told, lambda each: each.what):
        parts = [Fraction(each.done, each.total) for each in loop]
        rises = [after >= before for before, after in itertools.pairwise(parts)]
        assert all(rises) or parts[rises.index(False) + 1] == 0, f"{what} goes back only where it begins again"


def test_sweeps_tell_of_metrics_and_blocks(tmp_path, monkeypatch):
    pytest.importorskip("numpy")
    monkeypatch.setattr("archgraph.laws.blocks.BLOCK", 8)
    monkeypatch.setattr("archgraph.studies.sweep.SLAB", 8)
    made = []
    told = told_of(lambda: made.append(ag.load("dit").sweep({"L": range(1, 33)}, ["params", "macs"])))
    assert Progress("sweep: metrics: blocks", 3, 4) in told and Progress("sweep: metrics", 2, 2) in told
    assert Progress("save: written blocks", 4, 4) in told_of(lambda: made[0].save(str(tmp_path / "x.csv")))


@pytest.mark.torch
def test_calls_of_torch_tell_how_far_they_are():
    torch = pytest.importorskip("torch")

    assert told_of(lambda: ag.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)))[0].what == "trace: operations"
    assert {each.what for each in told_of(lambda: ag.verify(small()))} >= {"verify: layers", "verify: operations"}
    assert told_of(lambda: small().to_torch())[0].what == "to_torch: layers"


class EnoughError(RuntimeError):
    """Of a kind that calls on the way deal with."""


def raising(error: BaseException):
    def report(progress: ag.Progress) -> None:
        raise error

    return report


@pytest.mark.parametrize("kind", [StopIteration, StopAsyncIteration, GeneratorExit, RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("name", ["hops", "matrix", "solve"])
def test_whatever_the_listener_raises_comes_out_as_it_is(name, kind):
    """Generators, of which a StopIteration would become a RuntimeError, are on the way."""
    error = kind("enough")
    with pytest.raises(kind) as caught, ag.progress(raising(error)):
        CALLS[name](small())
    assert caught.value is error


def test_a_listener_may_ask_itself_and_hears_nothing_of_that():
    told = []

    def report(progress: ag.Progress) -> None:
        told.append(progress.what)
        ag.load("conv_stack").at(H=8, W=8).max_path()

    with ag.progress(report):
        small().hops(distance=3)
    assert told and not any("max_path" in what for what in told)


def test_progress_can_be_logged(caplog):
    """As what `%s` stands for, which a tuple would fill as if it were several."""
    logging.getLogger().warning("%s" % Progress("sweep: macs", 3, 12))  # noqa: UP031 — what is tested
    assert caplog.messages == ["sweep: macs 3/12"]


@pytest.mark.parametrize("name", NAMES)
def test_what_the_listener_raises_ends_the_call_and_nothing_else(name):
    g = small()

    def stop(progress: ag.Progress) -> None:
        raise EnoughError

    with ag.progress(stop), pytest.raises(EnoughError):
        CALLS[name](g)
    with pytest.raises(EnoughError), ag.progress(stop):
        CALLS[name](small())
    assert str(CALLS[name](g)) == str(CALLS[name](small())), "nothing half done is remembered"


@pytest.mark.torch
def test_a_listener_ends_what_deals_with_errors_of_its_own():
    pytest.importorskip("torch")

    def stop(progress: ag.Progress) -> None:
        if progress.what == "verify: operations":
            raise EnoughError

    with ag.progress(stop), pytest.raises(EnoughError):
        ag.verify(small())
    assert ag.verify(small()).ok


def test_nobody_is_told_outside_of_the_block():
    told = []
    with ag.progress(told.append):
        pass
    small().hops(distance=3)
    assert told == [] and LISTENER.get() is None
    assert stepping([1], "x") == [1], "and nothing is taken for it"


def test_a_long_loop_tells_of_itself_a_thousand_times():
    told = []
    with heard(Listener(told.append)):
        assert list(stepping(range(10**5), "numbers")) == list(range(10**5))
    assert len(told) == MOST_TOLD + 1 and told[-1] == Progress("numbers", 10**5, 10**5)


def test_a_loop_that_is_left_is_no_longer_told_of():
    told = []
    with heard(Listener(told.append)):
        for _ in stepping([1, 2], "outer"):
            next(iter(stepping([1, 2], "inner")))
        list(stepping([1], "later"))
    assert told[-1] == Progress("later", 1, 1)


def test_very_deep_loops_part_no_step_any_finer():
    def deep(levels: int) -> None:
        for _ in stepping([0] * 10, "operations"):
            if levels:
                deep(levels - 1)
                break

    told = []
    with heard(Listener(told.append)):
        deep(30)
    assert max(each.total for each in told) == 10**7


def test_a_line_is_drawn_in_a_notebook_and_wiped(monkeypatch):
    """Whose standard error is no terminal; it is drawn until something is seen."""
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    for name in ("_PATIENCE", "_EVERY"):
        monkeypatch.setattr(waiting, name, 0.001)
    with ag.progress():
        while "max_path: " not in screen.getvalue():
            small().max_path()
    assert screen.shown == "" and "an interrupt stops it" in screen.getvalue()


def test_a_command_draws_how_far_it_is(monkeypatch, capsys):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    for name in ("_PATIENCE", "_EVERY"):
        monkeypatch.setattr(waiting, name, 0.001)
    second = {"conv_stack": lambda: terminal.wait_for("specs 1/2")}
    monkeypatch.setattr("archgraph.gallery.variants_of", lambda name: second.get(name, tuple)() or ())
    assert main(["check", "unet", "conv_stack"]) == 0
    assert "archgraph check: specs 1/2 [#####.....]: 0 s, Ctrl-C stops it" in terminal.getvalue()
    assert terminal.shown == ""


@pytest.mark.parametrize("report", [3, "print", [print]])
def test_a_report_is_a_function(report):
    with pytest.raises(QueryError, match="a function or None, and not"), ag.progress(report):
        pass


def test_a_spec_of_many_steps_tells_of_its_iterations():
    text = "archgraph: 1\ninputs: {x: {c: 4}}\nnetwork:\n  - {for: {i: 1..300}, do: [{linear: {out: i + 3}}, relu]}\n"
    told: list[Progress] = []
    with ag.progress(told.append):
        ag.loads(text)
    assert [(each.done, each.total) for each in told if each.what.endswith("iterations")][-1] == (300, 300)
