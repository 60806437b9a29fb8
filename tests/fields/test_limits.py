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


@pytest.mark.parametrize("ask", [lambda field: field.unread, lambda field: field.interior, lambda field: field.probe()])
def test_all_positions_of_a_long_axis_are_refused(ask):
    with pytest.raises(QueryError, match="too large a question: the limit is"):
        ask(ag.loads(LONG).receptive_field())


def test_paths_do_not_depend_on_the_side_up_to_their_limit():
    g = ag.load("unet:padded-512")
    assert g.at(H=2048, W=2048).hops(distance=64).moves == g.hops(distance=64).moves == 5
    for ask in (lambda wide: wide.hops(distance=8), lambda wide: wide.max_path()):
        with pytest.raises(QueryError, match=r"paths along h with 65,536 positions .* the limit is 8,192"):
            ask(g.at(H=65536, W=65536))
    with pytest.raises(QueryError, match=r"a matrix of 8,192 x 8,192 entries is too large"):
        g.at(H=8192, W=8192).paths().matrix()


def test_all_pairs_over_very_many_hops_are_refused(monkeypatch):
    monkeypatch.setattr("archgraph.fields.sets.limits.MOST_KEPT", 2**12)
    text = DEEP.format(9)
    with pytest.raises(QueryError, match=r"too many moves to remember.*\n? *hint  ask for single outputs"):
        ag.loads(text).max_path()
    assert ag.loads(text).hops(distance=9).moves == 9


def test_long_networks_keep_little_of_what_lies_behind():
    """A walk that kept what every operation pulls took gigabytes."""
    g = ag.loads(DEEP.format(30))
    paths = g.paths()
    assert paths.max_path() == 30 and len(paths._moves._pulled) <= 1


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
    with pytest.raises(ArchgraphError, match="more than 5000 nodes"):
        ag.loads(f"{text}  - conv: {{out: 4, kernel: 3, padding: 1}}\n    repeat: L\n").productivity()
