"""What an answer prints at a prompt says what it is, in bounded length."""

import re

import pytest

import archgraph as ag

LONGEST = 2500
"""Characters: a screen of text. Tables are their rows, and are held to none."""
ANSWERS = {
    "architecture": lambda g: g,
    "network": lambda g: g.network,
    "graph": lambda g: g.graph,
    "part": lambda g: g[g.nodes[0]],
    "costs": lambda g: g.costs,
    "diff": lambda g: g.diff(g),
    "draw": lambda g: g.draw(),
    "halo": lambda g: g.halo(),
    "hops": lambda g: g.hops(distance=2, axis="h"),
    "paths": lambda g: g.paths("h"),
    "productivity": lambda g: g.productivity(axis="h"),
    "receptive_field": lambda g: g.receptive_field(),
    "receptive_fields": lambda g: g.receptive_fields(),
    "axis": lambda g: g.receptive_field().h,
    "probe": lambda g: g.receptive_field().probe(h=0, w=0),
    "receptive_field_law": lambda g: g.receptive_field_law(),
    "effective_field": lambda g: g.effective_field()["h"],
    "peak_memory": lambda g: g.peak_memory("training"),
    "roofline": lambda g: g.roofline("a100"),
    "fits": lambda g: g.fits("t4", batch=2),
    "largest": lambda g: g.largest("B", "80GB"),
    "training_memory": lambda g: g.training_memory(batch=2),
    "communication": lambda g: g.communication(gpus=2),
    "step_flops": lambda g: g.step_flops(batch=2),
    "count_as": lambda g: g.count_as("thop"),
}


@pytest.fixture(scope="module", params=["dit:S/2", "unet"])
def network(request):
    return ag.load(request.param)


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_says_what_it_is(answer, network):
    text = repr(ANSWERS[answer](network))
    assert len(text) < LONGEST
    assert not re.search(r" at 0x[0-9a-f]+|Field\(content=|Graph\(inputs=", text)


def test_a_sweep_says_its_axes():
    pytest.importorskip("numpy")
    swept = ag.load("transformer").sweep({"D": [64, 128], "L": range(1, 1000)}, ["params"])
    assert repr(swept) == "<sweep of Transformer over D, L: params at 1,998 points>"


def test_a_long_path_is_cut_in_the_middle():
    path = ag.load("dit").hops(distance=2, axis="h")
    lines = repr(path).splitlines()
    assert len(lines) == 41 and len(path.steps) > 100
    assert lines[20].strip() == f"… {len(path.steps) + 1 - 40} more steps"
    assert lines[-1].strip() == str(path.steps[-1])
