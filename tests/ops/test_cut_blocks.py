"""What borders leave of shifted blocks is compared once, however many layers ask."""

from __future__ import annotations

import pytest

from archgraph.ops import reach
from archgraph.ops.reach import AtMost, Blocks, unless_cut
from archgraph.sizes.symbols import symbol


@pytest.fixture
def compared(monkeypatch) -> list[object]:
    """The comparisons of a shift with what it leaves."""
    found: list[object] = []
    smaller = reach.Min
    monkeypatch.setattr(reach, "Min", lambda *sides: found.append(sides) or smaller(*sides))
    reach._left.cache_clear()
    return found


def test_equal_layers_ask_once(compared):
    m, s = symbol("m"), symbol("s")
    blocks = Blocks(m)
    reads = [unless_cut(blocks, {"h": s, "w": s}, {"h": m, "w": m}) for _ in range(12)]
    assert len(compared) == 2, "one along each axis"
    assert all(isinstance(read, AtMost) and read == reads[0] for read in reads)


def test_what_is_left_belongs_to_its_own_shift(compared):
    m, s = symbol("m"), symbol("s")
    whole, cut = (unless_cut(Blocks(m), {"h": shift}, {"h": m}) for shift in (m - m, s))
    assert whole.where == m
    assert cut.where == reach.Min(s, m - s)
