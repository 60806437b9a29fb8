"""Every public function shows its use: what `import archgraph` gives, and what its queries return."""

import inspect
from functools import cached_property

import pytest

import archgraph as ag
from archgraph.cost.memory.peak_report import PeakMemory
from archgraph.cost.reconciliation import Reconciliation
from archgraph.cost.roofline import Roofline
from archgraph.errors import ArchgraphError
from archgraph.figures.figure import Figure
from archgraph.report.table import Table
from archgraph.studies.sweep import Sweep

CLASSES = (ag.Architecture, Table, Sweep, Figure, PeakMemory, Roofline, Reconciliation)


def public_functions():
    for name in ag.__all__:
        thing = getattr(ag, name)
        if inspect.isfunction(thing):
            yield f"archgraph.{name}", thing
    for kind in CLASSES:
        for name, member in vars(kind).items():
            if name.startswith("_"):
                continue
            function = member.fget if isinstance(member, property) else getattr(member, "func", member)
            if inspect.isfunction(function) or isinstance(member, cached_property):
                yield f"{kind.__name__}.{name}", function


@pytest.mark.parametrize(
    ("path", "function"), list(public_functions()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_public_function_has_a_doctest(path, function):
    text = inspect.getdoc(function) or ""
    assert text, f"{path} has no docstring"
    assert ">>>" in text, f"{path} shows no example"


def test_every_error_is_one_of_ours():
    errors = [getattr(ag, name) for name in ag.__all__ if name.endswith("Error")]
    assert all(issubclass(error, ArchgraphError) for error in errors)
