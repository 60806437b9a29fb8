"""What a module does beside its steps: it may run parts in threads, or end the program."""

from __future__ import annotations

import sys
import threading

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


class Exits(torch.nn.Module):
    def forward(self, x):
        sys.exit(4)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("shape", [(1, 3), (2, 3)])
def test_a_part_that_runs_in_a_thread_is_refused(shape):
    """No step of it would be seen: it had no MACs."""
    with pytest.raises(ArchgraphError, match="Threaded calls layer in another thread"):
        ag.trace(Threaded(), torch.zeros(shape))


def test_a_module_does_not_end_the_program():
    with pytest.raises(ArchgraphError, match="Exits stops with SystemExit"):
        ag.trace(Exits(), torch.zeros(1, 3))
