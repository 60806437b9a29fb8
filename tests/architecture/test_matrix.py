"""Two ways in, one graph, many ways out: every query answers for a spec and for a module that was traced."""

import inspect
import re

import pytest

import archgraph as ag
from archgraph.cli import main

torch = pytest.importorskip("torch")
pytest.importorskip("numpy")

TEXT = """\
archgraph: 1
name: small
symbols:
  H: 8
  W: 12
inputs:
  image: {c: 3, h: H, w: W}
network:
  - conv: {out: 4, kernel: 3, padding: same}
    as: stem
  - residual:
      - conv: {out: 4, kernel: 3, padding: same}
      - relu
    repeat: 2
    as: body
  - conv: {out: 2, kernel: 3}
    as: logits
"""
VIEWS = ("overview", "blocks", "full", "unrolled", "ladder", "matrix", "hops", "levels", "laws")
SIZES = {"H": 16, "W": 12}


@pytest.fixture(scope="module")
def networks():
    spec = ag.loads(TEXT)
    image = torch.zeros(1, 3, 8, 12, device="meta")
    traced = ag.trace(spec.to_torch("meta"), image, {"tensors_0": {2: "H", 3: "W"}}, name="small")
    return {"spec": spec, "module": traced}


def first(g):
    """The first operation: the two ways in name it otherwise."""
    return g.nodes[0]


def unserved(g):
    """Why a network without causal attention is not served."""
    with pytest.raises(ag.QueryError) as told:
        g.serving()
    return told.value.message


#: How every public name is asked, so that a new one must join. What is compared is the same for both ways in.
QUERIES = {
    "activations": lambda g: g.activations,
    "assumptions": lambda g: len(g.assumptions) >= 0,
    "at": lambda g: g.at(**SIZES).macs,
    "bind": lambda g: g.bind(H=8).macs,
    "bindings": lambda g: g.bindings,
    "bound": lambda g: g.bound(**SIZES).macs,
    "buffers": lambda g: g.buffers,
    "conditions": lambda g: isinstance(g.conditions, tuple),
    "costs": lambda g: g.costs.total("params"),
    "count_as": lambda g: g.count_as("thop").theirs,
    "crossover": lambda g: g.crossover("H*W", "W", "H", by="term"),
    "dead": lambda g: g.dead,
    "defaults": lambda g: g.defaults,
    "definition": lambda g: g.definition("H"),
    "degree": lambda g: g.degree("macs", "H"),
    "depth_to_cover": lambda g: g.depth_to_cover(2),
    "diff": lambda g: g.diff(g).broken("field=same", "macs=same"),
    "draw": lambda g: bool(g.draw().svg),
    "effective_field": lambda g: str(g.effective_field()["h"]),
    "efficiency": lambda g: g.efficiency(by="op").total["macs"],
    "elasticity": lambda g: g.elasticity("macs", "H"),
    "elementwise": lambda g: g.elementwise,
    "evaluate": lambda g: g.evaluate(g.graph.inputs[0].type.numel),
    "evaluated": lambda g: g.evaluated,
    "expectations": lambda g: g.expectations,
    "expression": lambda g: g.expression("macs"),
    "flat": lambda g: len(g.flat().nodes),
    "flops": lambda g: g.flops,
    "gaps": lambda g: g.gaps,
    "graph": lambda g: len(g.graph.outputs),
    "halo": lambda g: str(g.halo()).partition("\n")[2],
    "hops": lambda g: g.hops(distance=2, axis="h").moves,
    "inputs": lambda g: [str(type_) for type_ in g.inputs.values()],
    "iso": lambda g: g.iso("H", {"W": [12, 24]}, macs=("<=", 1e6)).rows,
    "knobs": lambda g: g.knobs({"H": 2}).rows,
    "law": lambda g: g.law(g.graph.inputs[0].type.numel),
    "law_in": lambda g: g.law_in("macs", "H")[0],
    "layer_outputs": lambda g: g.layer_outputs,
    "leading": lambda g: g.leading("macs", "H"),
    "macs": lambda g: g.macs,
    "max_path": lambda g: g.max_path(),
    "metric": lambda g: g.metric("flops"),
    "name": lambda g: g.name,
    "nodes": lambda g: len(g.nodes),
    "outputs": lambda g: [str(type_) for type_ in g.outputs.values()],
    "params": lambda g: g.params,
    "params_active": lambda g: g.params_active,
    "params_frozen": lambda g: g.params_frozen,
    "params_trainable": lambda g: g.params_trainable,
    "paths": lambda g: g.paths().at_distance(2),
    "peak_memory": lambda g: g.peak_memory("training").bytes,
    "point": lambda g: g.point(),
    "productivity": lambda g: g.productivity().feasible,
    "ratio": lambda g: g.ratio("macs", "params"),
    "receptive_field": lambda g: g.receptive_field().h.size_max,
    "receptive_field_law": lambda g: str(g.receptive_field_law()),
    "receptive_field_table": lambda g: g.receptive_field_table(laws=True).rows[-1]["law"],
    "receptive_fields": lambda g: g.receptive_fields().at(first(g)).w.size_max,
    "report": lambda g: g.report(["macs"], g.at()),
    "roofline": lambda g: g.roofline("a100").seconds,
    "rows": lambda g: len(g.rows()),
    "rule_law": lambda g: g.rule_law("H"),
    "rule_of": lambda g: g.rule_of("H"),
    "fits": lambda g: (g.fits("t4", batch=2).fits, g.fits("t4", batch=2).margin),
    "largest": lambda g: g.largest("B", "1GB").value,
    "frontier": lambda g: g.frontier("params", {"macs": None}, {"H": [8, 16]}).members[0].numbers,
    "growth": lambda g: (g.growth("B").symbol, g.growth("B").multiple_of),
    "outline": lambda g: (len(g.outline().sides), len(g.outline().exits)),
    "mfu": lambda g: g.mfu("h100", 1000),
    "saved_bytes": lambda g: g.saved_bytes,
    "step_flops": lambda g: (g.step_flops(batch=2).forward, g.step_flops(batch=2).backward),
    "training_memory": lambda g: g.training_memory(batch=2).by_kind,
    "saved_doubt": lambda g: g.saved_doubt,
    "communication": lambda g: g.communication(gpus=2).by_kind,
    "saved_memory": lambda g: g.saved_memory(dtype="bf16"),
    "scale": lambda g: g.scale(H="x2").rows,
    "scopes": lambda g: len(g.scopes) > 0,
    "select": lambda g: g.select(*g.outputs).macs,
    "selected": lambda g: len(g.selected),
    "serving": unserved,
    "share": lambda g: g.share("macs"),
    "show": lambda g: g.show(g.graph.inputs[0].type.numel),
    "solve": lambda g: g.solve("H", macs=("<=", 1e6)).value,
    "structural": lambda g: g.structural,
    "sweep": lambda g: g.sweep({"H": [8, 16]}, ["macs"])["macs"].tolist(),
    "symbolic": lambda g: g.at(**SIZES).symbolic().macs,
    "symbols": lambda g: g.symbols,
    "table": lambda g: g.table(by="op").total,
    "terms": lambda g: g.terms("macs"),
    "to_networkx": lambda g: g.to_networkx(unroll=True).number_of_edges(),
    "to_spec": lambda g: ag.loads(g.to_spec()).macs,
    "to_torch": lambda g: sum(weight.numel() for weight in g.to_torch(H=16).parameters()),
    "type": lambda g: str(g.type(g.graph.inputs[0].type)),
    "variant": lambda g: g.variant,
    "variants": lambda g: g.variants,
    "what_if": lambda g: g.what_if(H=16).rows,
    "where": lambda g: g.where("H", multiple_of=4).macs,
}

#: What one way in refuses, and why that is right.
REFUSED = {("bind", "module"): "a traced module cannot be bound"}


def test_every_public_name_is_asked():
    public = {name for name in vars(ag.Architecture) if not name.startswith("_")}
    assert public == QUERIES.keys()


@pytest.mark.parametrize("name", QUERIES)
def test_a_spec_and_its_module_answer_alike(name, networks):
    answers = {}
    for way, g in networks.items():
        if (name, way) in REFUSED:
            with pytest.raises(ag.QueryError, match=re.escape(REFUSED[name, way])):
                QUERIES[name](g)
        else:
            answers[way] = QUERIES[name](g)
    assert len(answers) < 2 or answers["spec"] == answers["module"]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("way", ["spec", "module"])
def test_every_view_draws_both(view, way, networks):
    assert networks[way].draw(view).svg.startswith("<svg")


def test_the_views_are_all():
    text = inspect.getdoc(ag.Architecture.draw) or ""
    assert all(f"`{view}`" in text for view in VIEWS)


@pytest.mark.parametrize("way", ["spec", "module"])
def test_what_takes_architectures_takes_both(way, networks):
    g = networks[way]
    assert ag.verify(g).ok
    assert ag.contrast(g, ag.load("conv_stack")).svg.startswith("<svg")
    assert {row[""]: row["small"] for row in ag.compare(g, ag.load("conv_stack")).rows}["connectivity"] == "local"


@pytest.mark.parametrize("way", ["spec", "module"])
def test_parts_answer_alike(way, networks):
    g = networks[way]
    conv = g[first(g)]
    assert conv.params == 3 * 4 * 9 + 4
    assert conv.terms("macs")["conv"] == conv.macs


COMMANDS = (
    *(["cost"], ["memory"], ["efficiency"], ["roofline", "a100"], ["rf"], ["rf", "--laws"], ["verify"]),
    *(["hops", "--distance", "2"], ["solve", "H", "--macs", "<=1e6"], ["scale", "H=x2"], ["sweep", "H=8,16"]),
    *(["draw", "-o", "x.svg"], ["check"], ["cost", "--as", "thop"], ["verify", "--rf"]),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("way", ["spec", "module"])
def test_every_command_answers_for_a_spec_and_for_the_spec_of_a_module(command, way, networks, tmp_path, monkeypatch):
    """Commands take files; `archgraph trace -o model.yaml` writes that of a module."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(networks[way].to_spec(), encoding="utf-8")
    name, *rest = command
    assert main([name, "small.yaml", *rest]) == 0
