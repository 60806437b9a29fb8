"""Where gradients flow: regions without them, parts whose result is dropped, scopes that are computed again."""

from dataclasses import replace

import archgraph as ag
from archgraph.cost.memory.memory import Memory
from archgraph.cost.memory.saved import SavedBytes
from archgraph.cost.memory.saved_nodes import SavedByNode
from archgraph.cost.memory.setting import Setting
from archgraph.graph.gradients import GradientFlow
from archgraph.graph.ir import Graph, Repeat

CHAIN = """
archgraph: 1
inputs:
  x: {n: 5, c: 8}
network:
  - linear: {out: 8}
  - silu
  - linear: {out: 8}
"""


def marked(graph: Graph, name: str) -> Graph:
    """The graph with one node that runs without gradients."""
    nodes = tuple(replace(node, no_grad=True) if node.name == name else node for node in graph.nodes)
    return Graph(graph.inputs, nodes, graph.outputs)


def test_what_runs_without_gradients_keeps_nothing():
    graph = ag.loads(CHAIN).graph
    assert SavedBytes().total(graph) == 3 * 160
    # The layer keeps its input no more, the function's operand needs no gradient: the last layer keeps its own.
    assert SavedBytes().total(marked(graph, "linear")) == 160
    assert SavedBytes().total(marked(graph, "silu")) == 160
    assert SavedByNode().of(marked(graph, "silu")) == {"silu": 160}
    assert SavedBytes().total(marked(graph, "linear_2")) == 0


def test_gradients_reach_what_is_before_a_wanted_result_only():
    graph = ag.loads(CHAIN).graph
    found = GradientFlow().of(graph, (False,), (False,))
    assert found.flags(graph.outputs) == (True,)
    assert not found.reached


def test_a_scope_that_is_a_checkpoint_keeps_its_inputs():
    g = ag.load("transformer")
    (repeat,) = [node for node in g.graph.nodes if isinstance(node, Repeat)]
    nodes = tuple(replace(node, checkpoint=True) if node is repeat else node for node in g.graph.nodes)
    graph = Graph(g.graph.inputs, nodes, g.graph.outputs)
    kept = Memory(graph, graph.outputs, Setting("training")).saved
    assert g.network.show(kept) == g.saved_memory(checkpoint=True)
