"""What a module does beside its steps: it may run parts in threads, or end the program."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor as Pool

import pytest

import archgraph as ag
from archgraph.errors import ArchgraphError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


class Threaded(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 3)

    def forward(self, x):
        found = []
        thread = threading.Thread(target=lambda: found.append(self.layer(x)))
        thread.start()
        thread.join()
        return found[0]


class Computes(torch.nn.Module):
    """It runs a function on its input in a thread: no module is called there."""

    def __init__(self, run, pool=None) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 3)
        self.run, self.pool = run, pool

    def forward(self, x):
        return self.layer(x) + (self.pool or Pool(1)).submit(self.run, x).result()


class Waits(torch.nn.Module):
    """A thread that computes nothing does no harm."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 3)

    def forward(self, x):
        return self.layer(x) * Pool(1).submit(lambda: 2).result()


class Exits(torch.nn.Module):
    def forward(self, x):
        sys.exit(4)


@pytest.mark.parametrize("shape", [(1, 3), (2, 3)])
def test_a_part_that_runs_in_a_thread_is_refused(shape):
    """No step of it would be seen: it had no MACs."""
    with pytest.raises(ArchgraphError, match="Threaded calls layer in another thread"):
        ag.trace(Threaded(), torch.zeros(shape))


class InAThreadOfAThread(Threaded):
    def forward(self, x):
        found = []

        def start_another():
            inner = threading.Thread(target=lambda: found.append(self.layer(x)))
            inner.start()
            inner.join()

        outer = threading.Thread(target=start_another)
        outer.start()
        outer.join()
        return found[0]


@pytest.mark.parametrize("kind", [Threaded, InAThreadOfAThread])
def test_a_thread_that_fails_as_it_is_refused_prints_nothing(kind, monkeypatch):
    told = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    with pytest.raises(ArchgraphError):
        ag.trace(kind(), torch.zeros(2, 3))
    assert told == []


def test_a_thread_that_fails_before_it_computes_is_heard(monkeypatch):
    class Fails(torch.nn.Module):
        def forward(self, x):
            thread = threading.Thread(target=lambda: 1 // 0)
            thread.start()
            thread.join()
            return x + 1

    told = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    ag.trace(Fails(), torch.zeros(1, 4, 3))
    assert [each.exc_type for each in told] == [ZeroDivisionError] * len(told) != []


@pytest.mark.parametrize("run", [lambda x: x.cumsum(0), lambda x: x @ torch.ones(3, 3), torch.zeros_like])
def test_a_thread_that_computes_is_refused(run):
    """Its result was taken for a constant, and the field for one position, as exact."""
    with pytest.raises(ArchgraphError, match="Computes computes in another thread, where nothing is seen of it"):
        ag.trace(Computes(run), torch.zeros(2, 3))


def test_a_thread_that_ran_before_is_refused_by_what_it_makes():
    with Pool(1) as pool:
        pool.submit(int).result()
        with pytest.raises(ArchgraphError, match="a tensor that no operator of PyTorch made"):
            ag.trace(Computes(lambda x: x.cumsum(0), pool), torch.zeros(2, 3))


def test_a_thread_that_computes_nothing_is_let_run():
    assert ag.trace(Waits(), torch.zeros(1, 4, 3)).at().macs == 4 * 9


def test_tensors_without_values_may_be_attributes():
    class Held(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scales = {"all": [torch.rand(3)]}

        def forward(self, x):
            return x * self.scales["all"][0]

    with torch.device("meta"):
        module = Held()
    assert ag.trace(module, torch.zeros(1, 3)).at().params == 0


def test_a_module_does_not_end_the_program():
    with pytest.raises(ArchgraphError, match="Exits stops with SystemExit"):
        ag.trace(Exits(), torch.zeros(1, 3))
