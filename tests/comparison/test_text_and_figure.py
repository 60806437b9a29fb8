"""The text and the figure of a contrast show one comparison: the same operation, the same factors, the same sizes."""

import re

import pytest

import archgraph as ag
from archgraph.comparison.knobs import knobs, main_knobs
from archgraph.comparison.report import comparison
from archgraph.comparison.seen import seen
from archgraph.errors import ArchgraphError
from archgraph.fields.report.receptive_field import ReceptiveFields
from archgraph.figures.charts.sides import sides
from archgraph.figures.contrast.table import laws
from archgraph.figures.drawing.diagram import Text
from archgraph.figures.facts.facts import Facts
from archgraph.graph.ir import Node
from archgraph.graph.letters import lettered
from archgraph.graph.locate import find_member
from archgraph.outline.wording import called
from archgraph.spec.load import shipped_names

NAMES = shipped_names()


@pytest.fixture(scope="module")
def shown():
    """The rows of the table and of the figure, per spec, each asked for once."""
    known = {}

    def of(name):
        if name not in known:
            g = ag.load(name).network
            known[name] = g, {row[""]: str(row[g.name]) for row in comparison([g]).rows}, drawn(g)
        return known[name]

    return of


def drawn(g):
    """The lines of the figure's first column by the label of their row, beside a second network."""
    networks = [Facts(g), Facts(ag.load("conv_stack").network)]
    (box,) = laws(sides(networks, effective=False), 486).boxes
    texts = [part for part in box.parts if isinstance(part, Text)]
    labels = [text for text in texts if text.x < 1]
    rows = {}
    for label, below in zip(labels, [*labels[1:], None], strict=True):
        end = below.y if below is not None else float("inf")
        rows[label.string] = [text.string for text in texts if text.x == 118 and label.y <= text.y < end]
    return rows


@pytest.mark.parametrize("name", NAMES)
def test_global_since_is_the_same_operation(name, shown):
    """The text has its path, and the figure the name of the row or of the operation."""
    g, text, figure = shown(name)
    found = re.search(r"(global|before) since (\S+?)(;|$)", text["connectivity"])
    cell = " ".join(figure["global since"])
    if found is None:
        assert cell.startswith("never") and "all before" not in cell
        return
    assert cell.startswith("never; all before since ") == (found[1] == "before")
    said = cell.removeprefix("never; all before since ").lower()
    rows = [step.words.lower() for step in sides([Facts(g)], effective=False)[0].steps if step.holds(found[2])]
    own = called(find_member(g.graph, found[2])[0]).lower()
    assert said in (own, *rows[:1], *(f"{own} in {row}" for row in rows[:1])), (said, own, rows)


@pytest.mark.parametrize("name", NAMES)
def test_no_path_of_a_graph_stands_in_a_figure(name, shown):
    g, _, figure = shown(name)
    paths = {path for path, _ in g.graph.walk() if "." in path or "(" in path or "_" in path}
    said = " ".join(figure["global since"])
    assert not [path for path in paths if re.search(rf"(?<![\w.]){re.escape(path)}(?![\w.(])", said)]


@pytest.mark.parametrize("name", NAMES)
def test_field_sizes_are_the_same(name, shown):
    _, text, figure = shown(name)
    axes = dict(re.findall(r"(\w+): ((?:up to |all )?[\d-]+) of \d+", text["receptive field of the output"]))
    extents = set(re.findall(r" of (\d+)", text["receptive field of the output"]))
    (cell,) = figure["receptive field at the end"]
    size, _, extent = re.match(r"((?:up to |all )?[\d–]+)( of (\d+))?", cell).groups()
    assert size.replace("–", "-") in axes.values()
    assert extent is None or extent in extents


@pytest.mark.parametrize("name", NAMES)
def test_knobs_have_the_same_factors(name, shown):
    g, text, figure = shown(name)
    lines = [line.replace(" ", "") for line in figure["what a knob buys"]]
    expected = [
        f"{','.join(knob.names)}{knob.change}:{'≈' if knob.label else ''}θ× {knob.params:.3g},MACs× {knob.macs:.3g}"
        for knob in main_knobs(lettered(g))
    ]
    assert lines == [line.replace(" ", "") for line in expected]
    for knob in knobs(g):
        if knob.change == "+ 1":
            _, bought = text[f"knob {knob.names[0]}"].split(": ", 1)
            more = {metric: float(part) for metric, part in re.findall(r"(params|macs) ([+-]\S+) %", bought)}
            assert knob.params == pytest.approx(1 + more.get("params", 0) / 100, rel=6e-3)
            assert knob.macs == pytest.approx(1 + more.get("macs", 0) / 100, rel=6e-3)


@pytest.mark.parametrize("name", ["unet:padded-512", "dit", "conv_stack", "ddpm", "vgg", "gpt2", "nnunet"])
def test_a_doubled_symbol_is_the_network_of_that_symbol(name):
    """The oracle builds the network at the doubled values, where there is one."""
    g = ag.load(name).network
    before = ag.load(name).at()
    built = 0
    for knob in knobs(g):
        if knob.change == "× 2" and not knob.label and all(one in g.symbols for one in knob.names):
            try:
                after = ag.load(name).at(**{one: 2 * g.defaults[one] for one in knob.names})
            except ArchgraphError:
                continue
            built += 1
            assert (knob.params, knob.macs) == pytest.approx((after.params / before.params, after.macs / before.macs))
    assert built


def test_a_factor_at_sizes_that_no_network_has_is_an_estimate():
    """1144 = 2 * 572 is not 12 more than a multiple of 16."""
    labels = {knob.names: knob.label for knob in knobs(ag.load("unet").network)}
    assert labels == {("C",): "", ("H", "W"): "estimate", ("levels",): ""}


def beside_gates(graph):
    """The operations whose values reach the main output, and not only as the factors of gates."""
    wanted, found = {graph.outputs[0]}, []
    for node in reversed(graph.nodes):
        if wanted.intersection(node.outputs):
            found.append(node.name)
            wanted |= {value for value, gate in zip(node.inputs, gates(node), strict=True) if not gate}
    return found[::-1]


def gates(node):
    # A mixture of experts stays one member of a flat graph.
    if not isinstance(node, Node):
        return [False] * len(node.inputs)
    return [reach.gate for reach in node.op.reach(*node.types)]


@pytest.mark.parametrize("name", NAMES)
def test_global_since_is_the_first_of_all_operations(name):
    """The oracle asks every operation of the unrolled network in turn, but for what only scales the others."""
    g = ag.load(name)
    graph, found = g.flat(), seen(g.network)
    fields = ReceptiveFields(graph, found.field.input)
    asked = beside_gates(graph)
    first = next((path for path in asked if all(axis.is_global for axis in fields.at(path).axes.values())), "")
    assert re.sub(r"\.\d+(?=\.)", "", first) == found.since.everything
