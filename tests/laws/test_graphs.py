"""Laws of every graph: totals are sums, binding commutes with analysing, unrolled is repeated."""

import os
import subprocess
import sys

import pytest
from sympy import Integer, expand

import archgraph as ag
from archgraph.cost.costs import METRICS, Costs
from archgraph.errors import ArchgraphError
from archgraph.graph.ir import Graph, Node, Repeat, Value
from archgraph.ops.linear import Linear
from archgraph.ops.pointwise import Relu
from archgraph.sizes.types import tensor
from archgraph.spec.load import shipped_names

NAMES = shipped_names()
LARGE = {"adm", "ddpm", "flux", "sd", "pixart", "sd3"}
SMALL = [name for name in NAMES if name not in LARGE]
VARIANTS = ["unet:padded-512", "nnunet:inference", "nnunet:2d", "dit:S/8", "vgg:11"]
GROUPINGS = ["node", "scope", "op", "level", "block"]


def edited(text: str, variant: str = "") -> ag.Architecture:
    return ag.loads("archgraph: 1\n" + text, variant)


@pytest.mark.parametrize("name", [*NAMES, *VARIANTS])
def test_totals_are_sums_of_rows(name):
    g = ag.load(name).at()
    table = g.table(by="op" if name in LARGE else "node", metrics=METRICS)
    for metric in METRICS:
        assert sum(row[metric] for row in table.rows) == table.total[metric] == g.metric(metric)


@pytest.mark.parametrize("by", GROUPINGS)
@pytest.mark.parametrize("name", ["unet", "dit", "nnunet:inference", "mixtral", "swin"])
def test_totals_are_sums_of_groups(name, by):
    g = ag.load(name).at()
    table = g.table(by=by, metrics=METRICS)
    for metric in METRICS:
        assert sum(row[metric] for row in table.rows) == table.total[metric] == g.metric(metric)


@pytest.mark.parametrize("name", ["unet", "dit", "nnunet:inference", "mixtral", "swin"])
def test_laws_are_sums_of_laws(name):
    g = ag.load(name)
    for by in ("node", "scope"):
        table = g.table(by=by, metrics=METRICS)
        for metric in METRICS:
            assert expand(sum(row[metric] for row in table.rows) - g.metric(metric)) == 0


@pytest.mark.parametrize("name", [*SMALL, *VARIANTS])
def test_a_scope_is_the_sum_of_its_nodes(name):
    g = ag.load(name).at()
    rows = g.table(by="node", metrics=["params", "macs"]).rows
    for step in g.graph.nodes:
        if isinstance(step, Repeat) and step.share is None:
            inside = [row for row in rows if row["node"].startswith(f"{step.name}.")]
            assert sum(row["params"] for row in inside) == g[step.name].params


@pytest.mark.parametrize("name", [*NAMES, *VARIANTS])
def test_binding_then_analysing_is_analysing_then_binding(name):
    g = ag.load(name)
    for values in ({}, *([] if name in LARGE else changes(g))):
        at, bound = g.at(**values), g.bound(**values)
        assert bound.symbols == {}
        for metric in METRICS:
            assert at.metric(metric) == bound.metric(metric), values


def changes(g) -> list[dict]:
    """Other values of one symbol at a time, where the rules of the spec allow them."""
    allowed = []
    for name in g.symbols:
        if g.definition(name) is not None:
            continue
        values = {name: 2 * g.defaults[name]}
        try:
            _ = g.at(**values).macs  # some rules are an operation's own: a kernel must be odd
        except ArchgraphError:
            continue
        allowed.append(values)
    return allowed[:2]


@pytest.mark.parametrize("name", ["unet", "dit", "nnunet", "transformer", "mobilenet_v2"])
def test_binding_one_by_one_is_binding_together(name):
    g = ag.load(name)
    values = {name: g.defaults[name] for name in g.symbols if g.definition(name) is None}
    for symbol in values:
        rest = g.bind(**{symbol: values[symbol]})
        assert symbol not in rest.symbols
        assert rest.at().params == g.at().params
        assert rest.at().macs == g.at().macs


@pytest.mark.parametrize("name", [*SMALL, "sd", "dit:S/8", "vgg:11"])
def test_unrolled_costs_what_repeated_costs(name):
    g = ag.load(name).at()
    flat = g.flat()
    assert all(isinstance(node, Node) or node.experts is not None for node in flat.nodes)
    costs = Costs(flat)
    for metric in METRICS:
        assert costs.total(metric) == g.metric(metric)


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_a_repeat_of_few_iterations_is_its_unrolling(count):
    g = edited(
        "symbols: {L: 3}\ninputs:\n  x: {n: 4, c: 6}\n  y: {c: 6}\n"
        "network:\n  - do: [linear: {out: 6}, add: [_, y], relu: ]\n    from: x\n    repeat: L\n"
        "  - add: [_, y]\n"
    ).at(L=count)
    assert g.params == 42 * count and g.macs == 4 * 36 * count
    assert len(g.flat().nodes) == 3 * count + 1
    assert Costs(g.flat()).total("flops") == g.flops


def test_a_long_repeat_is_counted_in_closed_form():
    g = edited("symbols: {L: 3}\ninputs: {x: {c: 6}}\nnetwork:\n  - linear: {out: 6}\n    repeat: L\n")
    assert g.at(L=10**9).params == 42 * 10**9
    with pytest.raises(ArchgraphError, match="more than 1,000 nodes"):
        g.bound(L=10**9).graph.unroll(limit=1000)


@pytest.mark.parametrize("name", ["unet", "dit"])
def test_text_of_a_graph_does_not_depend_on_the_run(name):
    code = f"import archgraph; g = archgraph.load({name!r}); print(g.graph); print(g.params, g.macs)"
    texts = {run(code, seed) for seed in ("1", "2")}
    assert len(texts) == 1


def run(code: str, seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize("name", SMALL)
def test_text_and_networkx_name_every_node(name):
    g = ag.load(name)
    text = str(g.graph)
    assert text == str(ag.load(name).graph)
    paths = [path for path, _ in g.graph.walk()]
    assert len(set(paths)) == len(paths)
    for node in g.graph.nodes:
        assert f"\n  {node.name} = " in text
    assert set(g.to_networkx().nodes) >= {node.name for node in g.graph.nodes}


# -- broken graphs -------------------------------------------------------------------------------------------

X = tensor(n=3, c=4)


def node(name, operand, output=None):
    return Node(name, Relu(), (operand,), (output or Value(operand.type, name),))


def test_a_graph_refuses_a_name_used_twice():
    x = Value(X, "x")
    first, second = node("relu", x), node("relu", x)
    with pytest.raises(ArchgraphError, match="two nodes are named 'relu'"):
        Graph((x,), (first, second), second.outputs)


def test_a_graph_refuses_an_operand_that_comes_later():
    x = Value(X, "x")
    first = node("first", x)
    second = node("second", first.outputs[0])
    with pytest.raises(ArchgraphError, match="before it is defined"):
        Graph((x,), (second, first), second.outputs)


def test_a_graph_refuses_a_value_defined_twice():
    x = Value(X, "x")
    first = node("first", x)
    with pytest.raises(ArchgraphError, match="defines a value again"):
        Graph((x,), (first, node("second", x, first.outputs[0])), first.outputs)


def test_a_graph_refuses_an_output_of_nowhere():
    x = Value(X, "x")
    with pytest.raises(ArchgraphError, match="not defined"):
        Graph((x,), (node("relu", x),), (Value(X, "other"),))


def test_a_graph_refuses_a_body_of_other_types():
    x, inner = Value(X, "x"), Value(tensor(n=3, c=5), "x")
    relu = node("relu", inner)
    body = Graph((inner,), (relu,), relu.outputs)
    with pytest.raises(ArchgraphError, match="does not match its body"):
        Graph((x,), (Repeat("r", "block", body, Integer(1), (x,), (Value(X, "r"),)),), ())


def test_a_graph_refuses_a_repeat_that_carries_more_than_it_takes():
    linear = Node("linear", Linear(Integer(4)), (), (Value(X, "linear"),))
    body = Graph((), (linear,), linear.outputs)
    with pytest.raises(ArchgraphError, match="carries more"):
        Graph((), (Repeat("r", "block", body, Integer(2), (), (Value(X, "r"),)),), ())
