"""Questions that would fill memory are refused before, and single positions are answered at any size."""

from __future__ import annotations

import pytest

import archgraph as ag
from archgraph.errors import ArchgraphError, QueryError

LONG = "archgraph: 1\ninputs: {x: {c: 2, h: 3000000}}\nnetwork: [conv: {out: 2, kernel: 5, padding: 2, stride: 2}]\n"
DEEP = """archgraph: 1
inputs: {{x: {{c: 2, h: 256}}}}
network:
  - {{repeat: {}, do: [conv: {{out: 2, kernel: 3, padding: 1}}]}}
"""


def test_a_single_position_of_a_long_axis_is_answered():
    field = ag.loads(LONG).receptive_field()
    assert list(field.probe(h=700_000)) == [(1_399_998 + tap,) for tap in range(5)]
    assert list(field.probe(h=0)) == [(0,), (1,), (2,)]


def test_all_positions_of_a_long_axis_are_answered():
    field = ag.loads(LONG).receptive_field()
    assert field.probe().intervals == {"h": (0, 2_999_999)}
    assert (len(field.unread), field.interior.intervals) == (0, {"h": (1, 1_499_998)})


def test_boxes_cost_the_same_at_any_size():
    g = ag.load("unet:padded-512").at(H=2**20, W=2**20)
    field = g.receptive_field("logits")
    assert field.probe().is_box
    assert len(field.probe()) == 2**40
    # Positions of both axes beside each other, and windows cut out of them.
    assert len(ag.load("dit").at(S=2**14).receptive_field("tokens").probe()) == 2**28
    assert ag.load("swin").at(H=224 * 2**5, W=224 * 2**5).receptive_field().probe().is_box


def test_holes_over_very_many_positions_are_refused_before_memory_is_taken():
    steps = "[conv: {out: 2, kernel: 2, stride: 5}]"
    field = ag.loads(f"archgraph: 1\ninputs: {{x: {{c: 2, h: 1000000000}}}}\nnetwork: {steps}\n").receptive_field()
    with pytest.raises(QueryError, match=r"holes over 200,000,000 is too large: the limit is 134,217,728"):
        field.probe()
    assert list(field.probe(h=10**8)) == [(5 * 10**8,), (5 * 10**8 + 1,)]


def test_paths_do_not_depend_on_the_side():
    g = ag.load("unet:padded-512")
    wide = g.at(H=2**20, W=2**20)
    assert wide.hops(distance=64).moves == g.hops(distance=64).moves == 5
    assert wide.max_path() == 18
    with pytest.raises(QueryError, match=r"a matrix of 8,192 x 8,192 entries is too large"):
        g.at(H=8192, W=8192).paths().matrix()


def test_tokens_by_the_million_and_blocks_by_the_million():
    g = ag.load("llama").at(N=10**6, L=10**6)
    paths = g.paths()
    assert (paths.max_path(), paths.hops(3, 10**6 - 1), paths.hops(10**6 - 1, 3)) == (1, 1, None)
    assert paths.connected == pytest.approx(0.5, abs=1e-6)


def test_outputs_that_differ_one_by_one_are_refused(monkeypatch):
    monkeypatch.setattr("archgraph.fields.paths.strips.MOST_PLACES", 8)
    steps = "  - pad: {by: {n: 20}, mode: reflect}\n  - conv: {out: 2, kernel: 41}\n"
    text = f"archgraph: 1\ninputs: {{x: {{c: 2, n: 64}}}}\nnetwork:\n{steps}"
    g = ag.loads(text)
    with pytest.raises(QueryError, match=r"differs one by one.*\n? *hint  ask for single outputs"):
        g.max_path()
    assert g.hops(distance=20).moves == 1


def test_long_networks_are_carried_back_by_what_changes():
    paths = ag.loads(DEEP.format(30)).paths()
    assert paths.max_path() == 30
    assert all(len(course.pieces) <= 3 for _, levels in paths._classes for course in levels)


@pytest.mark.parametrize(("kernel", "size", "before"), [("K", 3, 1), ("2*K + 1", 7, 1)])
def test_productivity_takes_symbols_at_their_values(kernel, size, before):
    text = "archgraph: 1\nsymbols: {K: 3, H: 8}\ninputs: {x: {c: 4, h: H}}\nnetwork:\n"
    g = ag.loads(f"{text}  - conv: {{out: 4, kernel: {kernel}, padding: same}}\n")
    (layer,) = g.productivity().layers
    assert (layer.before, layer.narrowest, layer.widest) == (before, size, size)
    assert g.at(K=1).productivity().layers == () or kernel != "K"


def test_productivity_of_a_shipped_spec_with_symbolic_sizes():
    assert ag.load("uvit").productivity().feasible == (2, 4)


def test_productivity_of_very_many_layers_is_refused():
    text = "archgraph: 1\nsymbols: {L: 65537}\ninputs: {x: {c: 4, h: 64}}\nnetwork:\n"
    with pytest.raises(ArchgraphError, match="more than 5,000 nodes"):
        ag.loads(f"{text}  - conv: {{out: 4, kernel: 3, padding: 1}}\n    repeat: L\n").productivity()
