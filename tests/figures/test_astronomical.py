"""Counts beyond every float are drawn or refused in words, at once; a description stays short."""

from __future__ import annotations

import pytest

import archgraph as ag
from archgraph.errors import ArchgraphError


def network(exponent: int) -> ag.Architecture:
    text = "archgraph: 1\nsymbols: {{C: 8, L: {}}}\ninputs: {{x: {{c: C, h: 64}}}}\nnetwork: [linear: {{out: 2**L}}]\n"
    return ag.loads(text.format(exponent))


@pytest.mark.parametrize("view", ["overview", "full", "levels"])
def test_large_counts_are_drawn(view):
    assert network(800).draw(view=view).svg.startswith("<svg")


@pytest.mark.parametrize("view", ["overview", "full", "levels", "laws"])
@pytest.mark.parametrize("exponent", [1100, 5000, 10**9])
def test_astronomical_counts_are_refused(view, exponent):
    with pytest.raises(ArchgraphError, match=r"is larger than (10\*\*308|2\*\*8192)"):
        network(exponent).draw(view=view)


def test_laws_that_leave_the_chart_are_refused():
    with pytest.raises(ArchgraphError, match=r"grows beyond 10\*\*308 with L"):
        network(200).draw(view="laws")


def test_costs_beyond_machine_integers_are_exact():
    assert network(800).at().params == 9 * 2**800


def test_a_description_stays_short():
    symbols = "".join(f"  S{i}: {i + 1}\n" for i in range(3000))
    g = ag.loads(f"archgraph: 1\nsymbols:\n{symbols}inputs: {{x: {{c: S1, h: 8}}}}\nnetwork: [relu]\n")
    assert len(repr(g)) < 300 and repr(g).endswith("…>")


def test_memory_of_calls_in_calls_is_refused():
    blocks = "".join(f"  b{i}: {{do: [b{i - 1}, b{i - 1}]}}\n" for i in range(1, 19))
    text = f"archgraph: 1\ninputs: {{x: {{c: 4, n: 16}}}}\nblocks:\n  b0: {{do: [linear: {{out: x.c}}]}}\n{blocks}"
    g = ag.loads(f"{text}network: [b18]\n")
    assert g.at().params == 20 * 2**18
    with pytest.raises(ArchgraphError, match="walks through 262,144 operations, and the limit is 50,000"):
        g.peak_memory()


def test_repeats_in_repeats_are_refused_before_they_are_walked_through():
    inside = "[{conv: {out: 8, kernel: 1}}]"
    for _ in range(12):
        inside = f"[{{repeat: 10**9, do: {inside}}}]"
    g = ag.loads(f"archgraph: 1\ninputs: {{x: {{c: 8, h: 8, w: 8}}}}\nnetwork: {inside}\n")
    assert g.at().params == 72 * 10**108
    with pytest.raises(ArchgraphError, match="walks through 16,777,216 operations"):
        g.at().peak_memory()
