"""Counts beyond every float are drawn or refused in words, at once; a description stays short."""

from __future__ import annotations

import pytest

import archgraph as ag
from archgraph.cost.memory.forward import Forward
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


def calls_in_calls(depth: int) -> ag.Architecture:
    blocks = "".join(f"  b{i}: {{do: [b{i - 1}, b{i - 1}]}}\n" for i in range(1, depth))
    text = f"archgraph: 1\ninputs: {{x: {{c: 4, n: 16}}}}\nblocks:\n  b0: {{do: [linear: {{out: x.c}}]}}\n{blocks}"
    return ag.loads(f"{text}network: [b{depth - 1}]\n")


def test_memory_of_training_goes_through_a_body_once_for_all_calls_that_are_alike(monkeypatch):
    """Twenty blocks that call the one before twice: half a million operations, there and back."""
    run, runs = Forward.run, []
    monkeypatch.setattr(Forward, "run", lambda self, graph, *given: runs.append(graph) or run(self, graph, *given))
    g = calls_in_calls(20)
    peak = g.at().peak_memory("training")
    assert len(runs) < 15 * 20
    # Every layer keeps what it reads; in the last one two gradients of values are there, and that of its weights.
    values = 4 * 4 * 16
    assert peak.bytes == 4 * 20 * 2**19 + (2**19 + 1) * values + 2 * values + 4 * 20
    assert g.training_memory(optimizer="sgd", loss="none").moments["step"] == 2 * 4 * 20 * 2**19 + values


def tied_calls(depth: int) -> ag.Architecture:
    twice = "[{{b{0}: {{}}, share: tied}}, {{b{0}: {{}}, share: tied}}]"
    blocks = "".join(f"  b{i}: {{do: {twice.format(i - 1)}}}\n" for i in range(1, depth))
    text = f"archgraph: 1\ninputs: {{x: {{c: 4, n: 16}}}}\nblocks:\n  b0: {{do: [linear: {{out: x.c}}]}}\n{blocks}"
    return ag.loads(f"{text}network: [b{depth - 1}]\n")


def test_memory_of_training_through_calls_in_calls_that_share_weights_is_refused():
    g = tied_calls(19)
    assert g.at().params == 20
    for ask in (g.peak_memory, g.training_memory):
        with pytest.raises(ArchgraphError, match=r"walks through 262,145 operations and blocks.* 50,000"):
            ask("training") if ask == g.peak_memory else ask()
    assert tied_calls(6).peak_memory("training").by_kind["weights"] == 80


def test_memory_of_inference_runs_a_body_once_for_all_calls(monkeypatch):
    """Twenty blocks that call the one before twice: a million operations, and a run of each block or two."""
    run, runs = Forward.run, []
    monkeypatch.setattr(Forward, "run", lambda self, graph, *given: runs.append(graph) or run(self, graph, *given))
    peak = calls_in_calls(21).peak_memory()
    assert len(runs) < 5 * 21
    # The weights; the input, what each of twenty callers holds for its second call, and what the last one makes.
    assert peak.bytes == 4 * (20 * 2**20 + 22 * 4 * 16)


def nested_repeats() -> ag.Architecture:
    inside = "[{conv: {out: 8, kernel: 1}}]"
    for _ in range(12):
        inside = f"[{{repeat: 10**9, do: {inside}}}]"
    return ag.loads(f"archgraph: 1\ninputs: {{x: {{c: 8, h: 8, w: 8}}}}\nnetwork: {inside}\n")


def test_training_through_repeats_in_repeats_is_gone_through_once_per_body():
    assert nested_repeats().at().params == 72 * 10**108
    peak = nested_repeats().at().peak_memory("training")
    values = 4 * 8 * 8 * 8
    assert peak.bytes == 4 * 72 * 10**108 + (10**108 + 1) * values + 2 * values + 4 * 72


def test_runs_of_too_many_blocks_are_refused_before_they_are_walked_through():
    g = ag.load("dit").at(L=10**10)
    assert g.peak_memory("training", checkpoint=1000).bytes > 10**12
    for checkpoint in ("sqrt", 10**6):
        with pytest.raises(ArchgraphError, match=r"walks through .* operations and blocks, and the limit is 50,000"):
            g.peak_memory("training", checkpoint=checkpoint)


def test_inference_through_repeats_in_repeats_is_run_once_per_body():
    assert nested_repeats().at().peak_memory().bytes == 4 * (72 * 10**108 + 14 * 8 * 8 * 8)
