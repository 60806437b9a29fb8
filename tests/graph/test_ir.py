"""The graph: readable, checked on construction, convertible, and the same when it is unrolled."""

import pytest

import archgraph as ag
from archgraph.errors import ArchgraphError
from archgraph.graph.ir import Graph, Node, Repeat, Value
from archgraph.ops.pointwise import Relu
from archgraph.sizes.types import tensor

X = Value(tensor(c=4, n=8), "x")
Y = Value(tensor(c=4, n=8), "y")
RELU = Node("relu", Relu(), (X,), (Y,))

TWO_LAYERS = """
archgraph: 1
symbols: {C: 4, L: 3, N: 8}
inputs:
  x: {c: C, n: N}
network:
  - do:
      - linear: {out: C}
      - relu
    repeat: L
    as: layers
"""


def test_text_shows_operations_bodies_counts_and_types():
    assert str(ag.loads(TWO_LAYERS).graph) == (
        "(x: {c: C, n: N}) -> layers\n"
        "  layers = repeat (x) x L -> {c: C, n: N}\n"
        "      linear = [out=C] (x) -> {c: C, n: N}\n"
        "      relu = (linear) -> {c: C, n: N}"
    )


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (lambda: Graph((X,), (RELU, RELU), (Y,)), "two nodes are named 'relu'"),
        (lambda: Graph((), (RELU,), (Y,)), "'relu' uses x: {c: 4, n: 8} before it is defined"),
        (lambda: Graph((X,), (), (Y,)), "output y: {c: 4, n: 8} is not defined"),
        (lambda: Graph((X,), (RELU, Node("again", Relu(), (X,), (Y,))), (Y,)), "'again' defines a value again"),
    ],
)
def test_a_broken_graph_cannot_be_made(graph, message):
    with pytest.raises(ArchgraphError, match=message.replace("{", r"\{").replace("(", r"\(")):
        graph()


def test_a_repeat_must_match_its_body():
    body = Graph((X,), (RELU,), (Y,))
    wide = Value(tensor(c=5, n=8), "wide")
    with pytest.raises(ArchgraphError, match="'twice' does not match its body"):
        Graph((wide,), (Repeat("twice", "b", body, tensor(c=2).channels, (wide,), (Y,)),), (Y,))


def test_a_graph_is_frozen():
    graph = Graph((X,), (RELU,), (Y,))
    with pytest.raises(AttributeError):
        graph.nodes = ()


def test_unrolled_names_count_iterations():
    flat = ag.loads(TWO_LAYERS).flat()
    assert [node.name for node in flat.nodes][:3] == ["layers.0.linear", "layers.0.relu", "layers.1.linear"]
    assert len(flat.nodes) == 6


def test_unrolling_needs_numbers_and_has_a_limit():
    graph = ag.loads(TWO_LAYERS).graph
    with pytest.raises(ArchgraphError, match="cannot unroll 'layers': its count L is symbolic"):
        graph.unroll()
    with pytest.raises(ArchgraphError, match="more than 4 nodes"):
        ag.loads(TWO_LAYERS).bind(L=3, C=4, N=8).graph.unroll(limit=4)


def test_networkx_has_members_and_values():
    graph = ag.load("unet").to_networkx()
    assert graph.nodes["enc(0)"]["label"] == "double_conv"
    assert graph.has_edge("enc(3)", "crop_like")
    assert graph.out_degree("input image") == 1
    flat = ag.load("transformer").to_networkx(unroll=True)
    assert sum(1 for _, data in flat.nodes(data=True) if data["label"] == "linear") == 24


def test_bodies_are_traced_once_and_shared():
    g = ag.loads(
        TWO_LAYERS.replace("  - do:", "  - double:\n  - double:\n  - do:").replace(
            "inputs:", "blocks:\n  double:\n    do: [linear: {out: 2 * x.c}, linear: {out: x.c}]\ninputs:"
        )
    )
    first, second, _ = g.graph.nodes
    assert first.body is second.body


def test_a_shared_weight_is_counted_once_and_named():
    text = "archgraph: 1\ninputs: {x: {c: 4, n: 8}}\nnetwork:\n" + "  - linear: {out: 4}\n    share: w\n" * 2
    g = ag.loads(text).at()
    assert g.params == 20
    assert [row["params"] for row in g.table(by="node").rows] == [20, 0]
    assert g.table(by="node").rows[1]["op"] == "linear (shared with linear)"
