"""Files, classes and modules hold the same after a question as before it, and modules that cannot run say why."""

from typing import ClassVar

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402

import archgraph as ag  # noqa: E402
from archgraph.errors import ArchgraphError  # noqa: E402
from archgraph.pytorch.measure.structure import GradientStructure  # noqa: E402

GRIDS, SEEN, LAST = {}, [], None
X = torch.ones(1, 6, 8)


class Shelf:
    """Is no module, and keeps tables for one."""

    last = None
    tables: ClassVar = {}


def grid(count):
    """Numbers of positions, in a table of this file."""
    if count not in GRIDS:
        GRIDS[count] = torch.arange(count).float()[:, None]
    return GRIDS[count]


class Warp(nn.Module):
    """Remembers in its file, in classes, in an attribute of a function, and in itself."""

    memo = None

    def __init__(self):
        super().__init__()
        self.layer, self.calls, self.kept = nn.Linear(8, 8), 0, None
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x):
        global LAST
        y = self.layer(x) + grid(x.shape[1])
        SEEN.append(y)
        LAST = Warp.memo = Shelf.last = Shelf.tables[1] = grid.last = self.kept = y
        self.calls += 1
        self.count += 1
        torch.manual_seed(1)
        return y


def remembered(module):
    own = (module.calls, module.kept, float(module.count), module.training)
    return GRIDS, SEEN, LAST, Warp.memo, Shelf.last, Shelf.tables, hasattr(grid, "last"), own


@pytest.mark.parametrize("dynamic", [None, {"x": {1: "n"}}])
def test_tables_of_files_and_classes_are_put_back(dynamic):
    module, drawn = Warp(), torch.get_rng_state()
    g = ag.trace(module, X, dynamic)
    assert remembered(module) == ({}, [], None, None, None, {}, False, (0, None, 0.0, True))
    assert g.saved_doubt == ""
    assert remembered(module) == ({}, [], None, None, None, {}, False, (0, None, 0.0, True))
    assert torch.equal(torch.get_rng_state(), drawn)
    assert ag.trace(module, X).macs == g.at().macs == 6 * 64


def test_a_measured_field_leaves_the_module_alone():
    module = Warp()
    assert GradientStructure(module, [X]).reads([(2,)]) != [set()]
    assert remembered(module) == ({}, [], None, None, None, {}, False, (0, None, 0.0, True))


class Learns(nn.Module):
    """Makes its layer when it sees the first input."""

    def __init__(self):
        super().__init__()
        self.layer = None

    def forward(self, x):
        if self.layer is None:
            self.layer = nn.Linear(x.shape[-1], 3)
        return self.layer(x)


def test_parameters_that_are_made_by_the_first_call_are_asked_for():
    module = Learns()
    with pytest.raises(ArchgraphError, match=r"Learns makes parameters while it runs, such as 'layer.weight'") as error:
        ag.trace(module, X)
    assert "call it once" in str(error.value) and module.layer is None
    module(X)
    assert ag.trace(module, X).params == 27


class Unmade(nn.Module):
    """Does not call the constructor of its class."""

    def __init__(self):
        pass

    def forward(self, x):
        return x * 2


class MuteError(Exception):
    """Cannot say what it means."""

    def __str__(self):
        raise TypeError


class Raises(nn.Module):
    """Stops with an error that cannot be shown."""

    def forward(self, x):
        raise MuteError


@pytest.mark.parametrize(
    ("module", "message"),
    [(Unmade(), r"super\(\).__init__"), (Raises(), r"stops with MuteError at test_left_alone.py:\d+")],
)
def test_what_cannot_run_says_so(module, message):
    with pytest.raises(ArchgraphError, match=message):
        ag.trace(module, X)


def test_an_exported_program_is_traced_in_the_mode_that_it_has():
    program = torch.export.export(nn.Linear(8, 8), (X,)).module()
    assert ag.trace(program, X).macs == 6 * 64
