"""A figure is the same file whichever Python writes it."""

import builtins
from collections.abc import Iterable
from math import fsum
from pathlib import Path
from typing import Any

import pytest

import archgraph as ag

RENDERS = Path(__file__).parents[2] / "renders"
PLAIN = builtins.sum


def compensated(items: Iterable[Any], /, start: Any = 0) -> Any:
    """The sum of Python 3.12 and later: floats are added without the loss that older versions have."""
    found = [start, *items]
    return fsum(found) if any(type(item) is float for item in found) else PLAIN(found[1:], start)


@pytest.mark.parametrize("patched", [PLAIN, compensated])
def test_figures_do_not_depend_on_how_a_version_adds_floats(patched, tmp_path, monkeypatch):
    monkeypatch.setattr(builtins, "sum", patched)
    ag.contrast(ag.load("unet:padded-512"), ag.load("dit")).save(str(tmp_path / "figure.svg"))
    assert (tmp_path / "figure.svg").read_bytes() == (RENDERS / "unet-vs-dit.svg").read_bytes()
