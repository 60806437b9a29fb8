"""PyTorch modules as graphs: counts equal the module's and the counter's, at every size."""

import sys
from typing import Any

import networkx
import pytest
from sympy import Expr

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402
from torch_modules import EXAMPLES, DiTBlock, traced  # noqa: E402

import archgraph as ag  # noqa: E402
from archgraph.cost.costs import Costs  # noqa: E402
from archgraph.errors import ArchgraphError, UnsupportedOpError  # noqa: E402
from archgraph.graph.ir import Node, Repeat  # noqa: E402
from archgraph.graph.network import Network  # noqa: E402
from archgraph.ops.rearrangement import Concat, Rearrangement  # noqa: E402
from archgraph.pytorch.trace.module import TracedModule, trace  # noqa: E402
from archgraph.sizes.symbols import evaluate, symbol  # noqa: E402
from archgraph.spec.declarations import Declarations  # noqa: E402


def meta(module: nn.Module) -> nn.Module:
    return module.to("meta").eval()


def total(traced: TracedModule | Network, metric: str) -> Expr:
    return Costs(traced.graph, traced.selected).total(metric)


def values_at(traced: Network, sizes: dict[str, int]) -> Any:
    fresh = Declarations(traced.declared.specs, sizes, frozenset())
    fresh.resolve_all()
    return fresh.values


def counted(module: nn.Module, inputs: dict[str, Any]) -> int:
    """What PyTorch's counter counts on the meta device; with gradients, so that no fused encoder hides its parts."""
    with FlopCounterMode(display=False) as counter:
        module(**inputs)
    return counter.get_total_flops()


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda name: name.replace(" ", "-"))
def case(request):
    return EXAMPLES[request.param], traced(request.param).network


def test_counts_are_the_modules(case):
    example, traced = case
    module = meta(example.build())
    assert total(traced, "params") == sum(p.numel() for p in module.parameters())
    assert total(traced, "params_trainable") == sum(p.numel() for p in module.parameters() if p.requires_grad)
    assert total(traced, "buffers") == sum(b.numel() for b in module.buffers())
    assert 2 * evaluate(total(traced, "macs"), traced.values) == counted(module, example.inputs())


def test_the_law_holds_at_other_sizes(case):
    example, traced = case
    macs = total(traced, "macs")
    for sizes in example.sizes:
        values = values_at(traced, sizes)
        assert 2 * evaluate(macs, values) == counted(meta(example.build()), example.inputs(**sizes))
        assert all(assumption.holds(values) for assumption in traced.assumptions)


def test_nothing_is_a_gap(case):
    assert not case[1].origin.gaps


def test_symbols_are_the_users():
    found = traced("unet").network
    assert found.show(total(found, "macs")) == 6248 * symbol("h") * symbol("w")
    rules = ("h is a multiple of 4", "h >= 4", "w is a multiple of 4", "w >= 4")
    assert found.origin.conditions == (*rules, "recorded at h = 4, 32, 76, 180; w = 4, 48, 100, 284")


def test_equal_blocks_are_one_repeat():
    graph = traced("dit").graph
    blocks = next(node for node in graph.nodes if node.name == "blocks")
    assert isinstance(blocks, Repeat) and blocks.count == 5 and blocks.block == "DiTBlock"
    names = [node.name for node in blocks.body.nodes]
    assert {"norm1", "attention", "norm2", "mlp", "ada"} <= set(names)
    own = sum(p.numel() for p in DiTBlock(24, 3).parameters())
    assert Costs(graph).member(blocks, "params") == 5 * own


def test_attention_on_a_grid_needs_no_rearrangement():
    graph = traced("dit").graph
    blocks = next(node for node in graph.nodes if node.name == "blocks")
    assert all(value.type.names == ("c", "h", "w") for value in blocks.outputs)
    kinds = [member.op.kind for _, member in blocks.body.walk() if isinstance(member, Node)]
    assert "scaled_dot_product_attention" in kinds and not {"flatten", "rearrange", "rename"} & set(kinds)


def test_written_out_attention_is_the_fused_one():
    fused, parts = traced("vit").network, traced("vit written out").network
    for metric in ("params", "macs", "elementwise", "activations"):
        assert total(fused, metric) == total(parts, metric)


def test_a_causal_mask_is_seen():
    attentions = [
        m.op
        for _, m in traced("llama").graph.walk()
        if isinstance(m, Node) and m.op.kind == "scaled_dot_product_attention"
    ]
    assert attentions and all(op.causal and op.kv_heads == 2 for op in attentions)


def test_windows_are_seen():
    (attention,) = [
        m.op
        for _, m in traced("plain windows").graph.walk()
        if isinstance(m, Node) and m.op.kind == "scaled_dot_product_attention"
    ]
    assert attention.window == 4


def test_a_batch_is_one_sample():
    x = torch.empty(7, 3, 32, 48, device="meta")
    module = meta(EXAMPLES["unet"].build())
    assert total(trace(module, x), "macs") == total(trace(module, x[:1]), "macs")


def test_module_and_inputs_may_be_on_different_devices():
    example = EXAMPLES["mobile block"]
    x = torch.zeros(1, 4, 32, 48)
    on_cpu, on_meta = example.build(), meta(example.build())
    counts = [total(trace(m, i), "macs") for m in (on_cpu, on_meta) for i in (x, x.to("meta"))]
    assert len(set(counts)) == 1


def test_tracing_leaves_the_module_as_it_was():
    module = EXAMPLES["unet"].build().train()
    module.enc1.eval()
    trace(module, torch.zeros(1, 3, 32, 48))
    assert module.training and not module.enc1.training and "forward" not in module.__dict__


# -- refusals ------------------------------------------------------------------------------------------------


class Fixed(nn.Module):
    def forward(self, x):
        return x + torch.zeros(1, 3, 32, 48, device=x.device)


class Positions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patch, self.pos = nn.Conv2d(3, 8, 4, 4), nn.Parameter(torch.zeros(1, 96, 8))

    def forward(self, x):
        return self.patch(x).flatten(2).transpose(1, 2) + self.pos


class Exponential(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU())

    def forward(self, x):
        square = lambda y: torch.matrix_exp(y[..., :32])  # noqa: E731
        return square(self.inner(square(x)))


class Decides(nn.Module):
    def forward(self, x):
        return x * 2 if x.sum() > 0 else x


IMAGE = {"x": torch.empty(1, 3, 32, 48, device="meta")}
HW = {"x": {2: "h", 3: "w"}}


@pytest.mark.parametrize("module", [Fixed, Positions])
def test_a_size_that_the_module_fixes_is_an_error_with_its_line(module):
    with pytest.raises(ArchgraphError, match=r"'h'.*cannot vary") as caught:
        trace(meta(module()), IMAGE, HW)
    assert "test_torch_trace.py" in str(caught.value)


def test_an_operator_without_a_rule_is_refused_with_its_place():
    with pytest.raises(UnsupportedOpError, match=r"linalg_matrix_exp x 2, first in the root .*test_torch_trace.py"):
        trace(meta(Exponential()), IMAGE)


def test_gaps_are_listed_when_they_are_allowed():
    traced = trace(meta(Exponential()), IMAGE, allow_unsupported=True)
    assert [(gap.operator, gap.count) for gap in traced.gaps] == [("linalg_matrix_exp", 2)]
    assert total(traced, "macs") == 3 * 4 * 32 * 32


@pytest.mark.parametrize(
    ("inputs", "dynamic", "message"),
    [
        ({"y": IMAGE["x"]}, {}, "do not fit"),
        ((IMAGE["x"], IMAGE["x"]), {}, "do not fit UNet: too many positional arguments"),
        ({"x": 3}, {}, "at least one input tensor"),
        (IMAGE, {"z": {2: "h"}}, "no input is named 'z'"),
        (IMAGE, {"x": {7: "h"}}, "has no dimension 7"),
        (IMAGE, {"x": {0: "b"}}, "is 1 in the example"),
        (IMAGE, {"x": {2: "h w"}}, "cannot be the name of a symbol"),
    ],
)
def test_wrong_inputs_are_explained(inputs, dynamic, message):
    with pytest.raises(ArchgraphError, match=message):
        trace(meta(EXAMPLES["unet"].build()), inputs, dynamic)


def test_control_flow_on_data_is_explained():
    with pytest.raises(ArchgraphError, match=r"decides on the values of a tensor: is_nonzero at test_torch_trace.py"):
        trace(Decides(), torch.zeros(1, 3))


def test_a_number_of_positions_that_depends_on_data_is_explained_without_the_noise_of_torch(capsys):
    class Picks(nn.Module):
        def forward(self, x):
            print("what the user prints", file=sys.stderr)
            picked = (x > 0).nonzero()
            return x[picked] if len(picked) else x

    with pytest.raises(ArchgraphError, match="decides on the values of a tensor: nonzero at"):
        trace(Picks(), torch.zeros(3))
    printed = capsys.readouterr().err
    assert "what the user prints" in printed and "def forward" not in printed


def test_two_sizes_that_must_agree_share_a_name():
    class Square(nn.Module):
        def forward(self, x):
            return x + x.transpose(1, 2)

    x = {"x": torch.empty(1, 8, 8, device="meta")}
    with pytest.raises(ArchgraphError, match="cannot vary"):
        trace(Square(), x, {"x": {1: "a", 2: "b"}})
    assert trace(Square(), x, {"x": {1: "n", 2: "n"}}).values


# -- what is lowered comes back ------------------------------------------------------------------------------

SPECS = {
    "unet:padded-512": {"C": 4, "levels": 2, "H": 16, "W": 16},
    "unet": {"C": 4, "levels": 2, "H": 44, "W": 44},
    "dit:S/2": {"D": 24, "heads": 3, "L": 2, "S": 8},
    "nnunet": {"features": [4, 8, 16], "Z": 8, "H": 8, "W": 8},
    "nnunet_resenc": {
        "features": [4, 8],
        "blocks": [1, 2],
        "kernels": [3, 3],
        "strides": [1, 2],
        "Z": 8,
        "H": 8,
        "W": 8,
    },
    "unet3d": {"C": 2, "levels": 2, "Z": 60, "H": 60, "W": 60},
    "conv_stack": {"C": 4, "L": 3, "H": 8, "W": 8},
    "transformer": {"D": 16, "L": 2, "heads": 2, "N": 6},
    "vgg:11": {"H": 64, "W": 64},
    "resnet:18": {"H": 64, "W": 64},
    "vit": {"D": 24, "L": 2, "heads": 2, "H": 32, "W": 32},
    "convnext": {"C": 4, "H": 64, "W": 64},
    "mobilenet_v2": {"H": 64, "W": 64},
}
LARGER_SPECS = {
    "resnet": {"H": 64, "W": 64},
    "uvit": {},
    "pixart": {"L": 2},
    "ddpm": {"C": 32, "H": 16, "W": 16},
    "sd": {"C": 32, "X": 16, "H": 16, "W": 16, "heads": [2, 2, 2, 2]},
}
VANISHING = ("dropout", "drop_path", "clone")
"""The identity in evaluation, of which an export keeps nothing; and copies in memory, which compute nothing."""


def flow(graph) -> networkx.MultiDiGraph:
    """The operations that compute, joined by who reads whom; rearrangements are passed through."""
    result = networkx.MultiDiGraph()
    source: dict[Any, Any] = dict.fromkeys(graph.inputs)
    for node in graph.unroll().nodes:
        reaches = node.op.reach(*node.types) if node.op.kind != "split" else (None,)
        read = [v for v, reach in zip(node.inputs, reaches, strict=True) if reach is None or reach.reads]
        if (isinstance(node.op, Rearrangement) and not isinstance(node.op, Concat)) or node.op.kind in VANISHING:
            source.update(dict.fromkeys(node.outputs, source[read[0]]))
            continue
        cost = (node.op.macs(*node.types), sum(w.numel for w in node.op.weights(*node.types).values()))
        _add(result, node.name, node.op.kind, cost, [source[v] for v in read])
        source.update(dict.fromkeys(node.outputs, node.name))
    return result


def _add(result, name: str, kind: str, cost, read) -> None:
    """Add an operation; a sinusoid is what a module computes for it."""
    if kind != "sinusoid":
        result.add_node(name, kind=kind, cost=cost)
        result.add_edges_from((other, name) for other in read if other is not None)
        return
    result.add_node(f"{name} angles", kind="multiply", cost=(0, 0))
    result.add_node(f"{name} table", kind="constant", cost=(0, 0))
    result.add_node(name, kind="concat", cost=(0, 0))
    result.add_edge(f"{name} table", f"{name} angles")
    result.add_edges_from((other, f"{name} angles") for other in read if other is not None)
    for part in ("cos", "sin"):
        result.add_node(f"{name} {part}", kind="function", cost=(0, 0))
        result.add_edge(f"{name} angles", f"{name} {part}")
        result.add_edge(f"{name} {part}", name)


@pytest.mark.parametrize("name", [*SPECS, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGER_SPECS)])
def test_a_lowered_spec_traces_back_to_its_graph(name):
    spec = ag.load(name)
    sizes = {**SPECS, **LARGER_SPECS}[name]
    bound = spec.bound(**sizes)
    inputs = tuple(
        torch.zeros(
            1, *map(int, t.sizes.values()), dtype=torch.long if t.dtype == "int" else torch.float, device="meta"
        )
        for t in bound.inputs.values()
    )
    traced = trace(spec.to_torch(device="meta", **sizes), inputs)
    assert total(traced, "params") == bound.at().params
    assert total(traced, "macs") == bound.at().macs
    same = networkx.algorithms.isomorphism.categorical_node_match(["kind", "cost"], [None, None])
    assert networkx.is_isomorphic(flow(bound.graph), flow(traced.graph), node_match=same)


def test_functional_layers_need_no_module():
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.zeros(5, 3))

        def forward(self, x):
            return F.relu(F.linear(x, self.w)) @ self.w

    traced = trace(Plain(), torch.zeros(1, 7, 3))
    assert (total(traced, "params"), total(traced, "macs")) == (15, 2 * 7 * 15)
