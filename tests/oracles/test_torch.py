"""Shipped specs against PyTorch: numbers node by node, and modules that compute what the papers say."""

import copy

import pytest
from sympy import Integer

import archgraph as ag
from archgraph import verify
from archgraph.errors import ArchgraphError, UnboundSymbolError, UnsupportedOpError
from archgraph.gallery import members_of
from archgraph.graph.execution import _saved_for
from archgraph.ops.base import Saved
from archgraph.ops.convolution import Conv
from archgraph.ops.pointwise import Relu
from archgraph.pytorch.lower.lower import leaves, lower
from archgraph.spec.load import shipped_names

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

pytestmark = pytest.mark.torch
torch.set_num_threads(1)

FAST = [
    "unet", "unet:padded-512", "unet:no-up-bias", "dit:S/2", "dit:S/8", "dit", "nnunet", "nnunet:inference",
    "nnunet:2d", "transformer", "conv_stack", "mixtral", "vit", "resnet:18", "vgg:11", "unet3d",
]  # fmt: skip
NAMES = [member for name in shipped_names() for member in members_of(name)]


def text(steps: str, head: str = "inputs: {x: {c: 4, n: 6}}") -> ag.Architecture:
    return ag.loads(f"archgraph: 1\n{head}\nnetwork:\n{steps}")


# -- numbers, on the meta device -----------------------------------------------------------------------------


def check(name: str) -> None:
    g = ag.load(name)
    report = verify(g)
    assert report.ok, report
    assert len(report.rows) == len(g.nodes)
    for expectation in g.expectations:
        if expectation.metric == "params":
            counts = report.total.torch_counts
            assert counts["params_trainable"] + counts["params_frozen"] == expectation.value
        if expectation.metric == "macs":
            assert report.total.torch_counts["macs"] == expectation.value


@pytest.mark.parametrize("name", FAST)
def test_spec_agrees_node_by_node(name):
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name not in FAST])
def test_every_spec_agrees_node_by_node(name):
    check(name)


def test_other_sizes_agree():
    assert verify(ag.load("unet"), C=6, H=236, W=188).ok
    assert verify(ag.load("dit:S/2"), D=48, L=3, heads=4, S=8, p=4).ok
    g = ag.load("dit")
    blocks = sum(path.startswith("blocks.") for path in g.nodes)
    assert verify(g, L=3, D=64).total.torch_counts["runs"] == len(g.nodes) + 2 * blocks


def test_a_disagreement_is_named(monkeypatch):
    honest = Conv.macs
    monkeypatch.setattr(Conv, "macs", lambda self, *x: honest(self, *x) + (self.kernel == 1))
    report = verify(ag.load("unet"), C=2, H=188, W=188)
    assert not report.ok
    assert report.disagreement.path == "logits"
    assert report.table.title == "U-Net disagrees with PyTorch at logits: macs 65, torch 64"
    assert [row["node"] for row in report.table.rows if row["agree"] != "yes"] == ["logits"]


@pytest.fixture
def unremembered():
    """What operations keep is asked anew, and what is answered here is forgotten."""
    _saved_for.cache_clear()
    yield
    _saved_for.cache_clear()


@pytest.mark.usefixtures("unremembered")
def test_a_disagreement_in_saved_bytes_is_named(monkeypatch):
    monkeypatch.setattr(Relu, "saved", lambda self, x: Saved())
    report = verify(ag.load("conv_stack"), C=2, L=3, H=4, W=4)
    assert report.disagreement.path == "layers.relu"
    # each of the three results has 128 bytes; the next convolution keeps the first two all the same
    assert report.disagreement.difference == "saved_bytes 256, torch 384"


def test_a_failure_of_torch_names_the_node(monkeypatch):
    honest = Conv.infer
    monkeypatch.setattr(Conv, "infer", lambda self, x: (honest(self, x)[0].with_channels(Integer(9)),))
    g = text("  - conv: {out: 5, kernel: 3}\n  - conv: {out: 5, kernel: 1}\n    as: last\n")
    with pytest.raises(ArchgraphError, match="PyTorch cannot run 'last'"):
        verify(g)


def test_the_report_reads_like_a_table():
    report = verify(text("  - linear: {out: 5}\n  - split: {parts: 5}\n    as: [a, b, _, _, d]\n  - add: [a, d]\n"))
    lines = repr(report).splitlines()
    assert lines[0] == "<text> agrees with PyTorch in shapes, parameters, MACs and saved bytes: 3 nodes"
    assert any(line.split()[:2] == ["split", "split"] and "5 x (1, 6)" in line for line in lines)
    assert lines[-1].split()[0] == "total"


# -- modules that run ----------------------------------------------------------------------------------------

TINY = {
    "unet": {"C": 2, "H": 188, "W": 188},
    "unet:padded-512": {"C": 2, "H": 32, "W": 16},
    "nnunet": {"features": [2, 4, 4], "Z": 8, "H": 8, "W": 12},
    "dit": {"D": 8, "L": 2, "heads": 2, "S": 8},
    "transformer": {"D": 8, "L": 2, "heads": 2, "N": 5},
    "conv_stack": {"C": 2, "L": 3, "H": 6, "W": 5},
    "mixtral": {"D": 16, "L": 2, "heads": 4, "kv_heads": 2, "V": 11, "N": 5, "F": 8, "E": 4, "k": 2},
}


def operands(g: ag.Architecture, batch: int = 2) -> list:
    made = []
    for type_ in g.bound().inputs.values():
        size = (batch, *map(int, type_.sizes.values()))
        made.append(torch.randint(0, 10, size) if type_.dtype == "int" else torch.randn(size))
    return made


def listed(results) -> list:
    return list(results) if isinstance(results, tuple) else [results]


@pytest.mark.parametrize("name", TINY)
def test_module_computes_and_every_parameter_gets_a_gradient(name):
    torch.manual_seed(0)
    g = ag.load(name).at(**TINY[name])
    module, inputs = g.to_torch(), operands(g)
    results = listed(module(*inputs))
    assert [tuple(out.shape[1:]) for out in results] == [
        tuple(map(int, type_.sizes.values())) for type_ in g.bound().outputs.values()
    ]
    assert all(out.shape[0] == 2 and out.isfinite().all() for out in results)
    sum(out.square().mean() for out in results).backward()
    for path, parameter in module.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, path
        assert parameter.grad is None or parameter.grad.isfinite().all(), path


@pytest.mark.parametrize("name", TINY)
def test_state_dict_goes_around(name):
    g = ag.load(name).at(**TINY[name])
    first, second, inputs = g.to_torch().eval(), g.to_torch().eval(), operands(g)
    second.load_state_dict(first.state_dict(), strict=True)
    duplicate = copy.deepcopy(first)
    with torch.no_grad():
        for one, two, three in zip(*(listed(m(*inputs)) for m in (first, second, duplicate)), strict=True):
            assert torch.equal(one, two) and torch.equal(one, three)


def test_samples_of_a_batch_do_not_meet():
    g = ag.load("dit").at(**TINY["dit"])
    module, inputs = g.to_torch().eval(), operands(g, batch=3)
    with torch.no_grad():
        whole = module(*inputs)
        alone = module(*(x[1:2] for x in inputs))
    torch.testing.assert_close(whole[1:2], alone)


# -- modules that compute what the papers say ----------------------------------------------------------------


class PaperUNet(nn.Module):
    """Ronneberger et al. 2015, figure 1, written by hand."""

    def __init__(self, c: int) -> None:
        super().__init__()
        widths = [c, 2 * c, 4 * c, 8 * c, 16 * c]
        self.down = nn.ModuleList(self.double(a, b) for a, b in zip([1, *widths], widths, strict=False))
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, stride=2) for w in reversed(widths[:-1]))
        self.merge = nn.ModuleList(self.double(2 * w, w) for w in reversed(widths[:-1]))
        self.last = nn.Conv2d(c, 2, 1)

    @staticmethod
    def double(before: int, after: int) -> nn.Module:
        return nn.Sequential(nn.Conv2d(before, after, 3), nn.ReLU(), nn.Conv2d(after, after, 3), nn.ReLU())

    def forward(self, x):
        skips = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else nn.functional.max_pool2d(x, 2))
            skips.append(x)
        for up, merge, skip in zip(self.up, self.merge, reversed(skips[:-1]), strict=True):
            x = up(x)
            cut = (skip.shape[-1] - x.shape[-1]) // 2
            x = merge(torch.cat([skip[..., cut : cut + x.shape[-1], cut : cut + x.shape[-1]], x], dim=1))
        return self.last(x)


def test_unet_computes_what_the_paper_draws():
    g = ag.load("unet").at(C=2, H=188, W=188)
    module, paper = g.to_torch(), PaperUNet(2)
    ours = list(module.state_dict().values())
    encoder, rest = ours[:20], ours[20:]
    ups = [tensor for level in range(4) for tensor in rest[6 * level : 6 * level + 2]]
    merges = [tensor for level in range(4) for tensor in rest[6 * level + 2 : 6 * level + 6]]
    ordered = [*encoder, *ups, *merges, *rest[24:]]
    paper.load_state_dict(dict(zip(paper.state_dict(), ordered, strict=True)))
    image = torch.randn(2, 1, 188, 188)
    with torch.no_grad():
        torch.testing.assert_close(module(image), paper(image))


def test_transformer_block_computes_what_torch_does():
    g = ag.load("transformer").at(D=8, L=1, heads=2, N=5)
    module = g.to_torch()
    torch_block = nn.TransformerEncoderLayer(
        8, 2, 32, dropout=0.0, activation="gelu", norm_first=True, batch_first=True
    )
    names = ["norm1", "self_attn.in_proj_", "self_attn.out_proj", "norm2", "linear1", "linear2"]
    keys = [f"{name}{'' if name.endswith('_') else '.'}{part}" for name in names for part in ("weight", "bias")]
    torch_block.load_state_dict(dict(zip(keys, module.state_dict().values(), strict=True)))
    tokens = torch.randn(3, 5, 8)
    with torch.no_grad():
        torch.testing.assert_close(module(tokens), torch_block(tokens))


# -- the tree ------------------------------------------------------------------------------------------------


def test_tree_reads_like_the_spec():
    module = ag.load("conv_stack").to_torch("meta", C=2, L=3, H=8, W=8)
    assert repr(module) == (
        "Conv stack(\n"
        "  (image: {c: 2, h: 8, w: 8}) -> layers\n"
        "  (layers): Repeat(\n"
        "    (0-2): 3 x repeat(\n"
        "      (conv): Conv2d(2, 2, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))\n"
        "      (relu): ReLU()\n"
        "    )\n"
        "  )\n"
        ")"
    )


def test_children_are_named_after_nodes():
    module = ag.load("unet").to_torch("meta", C=2, H=188, W=188)
    assert list(dict(module.named_children()))[:5] == ["enc_0", "max_pool", "enc_1", "max_pool_2", "enc_2"]
    assert "dec_3.conv_2.bias" in module.state_dict()


def test_names_that_modules_have_already():
    first = "  - linear: {out: 3}\n    as: forward\n"
    steps = f"{first}  - linear: {{out: 4}}\n    as: type\n  - relu:\n    as: train\n"
    g = text(steps)
    module = g.to_torch()
    assert list(module.state_dict()) == ["forward_.weight", "forward_.bias", "type_.weight", "type_.bias"]
    assert module(torch.randn(2, 4, 6)).shape == (2, 4, 6)


def test_the_full_transformer_takes_no_memory():
    module = ag.load("dit").to_torch("meta")
    assert sum(p.numel() for p in module.parameters()) == 675129632
    assert all(tensor.is_meta for tensor in module.state_dict().values())


def test_selected_outputs_alone_are_computed():
    module = ag.load("nnunet:inference").to_torch("meta", C=2, Z=32, H=32, W=64)
    everything = ag.load("nnunet").to_torch("meta", C=2, Z=32, H=32, W=64)
    image = torch.empty(1, 1, 32, 32, 64, device="meta")
    assert module(image).shape == (1, 14, 32, 32, 64)
    assert len(everything(image)) == 5
    assert list(module.state_dict()) == list(everything.state_dict())


def test_shared_nodes_have_the_same_weights():
    g = text("  - linear: {out: 4}\n    share: w\n  - relu\n  - linear: {out: 4}\n    share: w\n    as: second\n")
    module = g.to_torch()
    assert module.linear.weight is module.second.weight
    assert sum(p.numel() for p in module.parameters()) == g.at().params == 20
    assert verify(g).ok


def test_a_shared_repeat_has_one_set_of_weights():
    attention = "  - attention: {heads: 2}\n    share: w\n"
    g = text(f"{attention}    repeat: 3\n    as: blocks\n{attention}    as: last\n")
    module = g.to_torch()
    assert len({id(body.qkv.weight) for body in [*module.blocks, module.last]}) == 1
    assert sum(p.numel() for p in module.parameters()) == g.at().params
    assert verify(g).ok


def test_a_repeat_of_none_owns_no_weights():
    attention = "  - attention: {heads: 2}\n    share: w\n"
    g = text(f"{attention}    repeat: 0\n    as: first\n{attention}    as: second\n")
    assert g.at().params == 80
    assert verify(g).ok


def test_a_repeat_carries_and_keeps_the_rest():
    steps = "  - do:\n      - add\n      - add: [_, kept]\n    from: [a, b]\n    repeat: 3\n"
    g = text(steps, "inputs: {a: {n: 2}, b: {n: 2}, kept: {n: 2}}")
    a, b, kept = torch.randn(3, 1, 2)
    torch.testing.assert_close(g.to_torch()(a, b, kept), a + 3 * (b + kept))


def test_a_repeat_of_none_is_the_identity():
    x = torch.randn(1, 4, 6)
    g = text("  - do: [relu: , linear: {out: 4}]\n    repeat: L\n", "symbols: {L: 0}\ninputs: {x: {c: 4, n: 6}}")
    assert torch.equal(g.to_torch()(x), x)


def test_a_parameter_without_operand_has_the_batch_of_the_rest():
    g = text("  - parameter: {shape: {c: 4}}\n    as: token\n  - concat: {axis: n}\n    from: [token, x]\n")
    assert g.to_torch()(torch.randn(5, 4, 6)).shape == (5, 4, 7)


def mixed(expert: str, axes: str = "n: 5, c: 4"):
    mixture = f"mixture: {{experts: 3, active: 2, do: [{{{expert}}}]}}"
    steps = f"  - linear: {{out: 3}}\n    as: scores\n  - {mixture}\n    from: [x, scores]\n    as: mixed\n"
    return text(steps, f"inputs: {{x: {{{axes}}}}}")


@pytest.mark.parametrize(
    ("expert", "axes"),
    [
        ("linear: {out: 4, bias: false}", "n: 5, c: 4"),
        ("linear: {out: 4, bias: false}", "c: 4"),
        ("conv: {out: 4, kernel: 1}", "c: 4, h: 3, w: 2"),
        ("attention: {heads: 2}", "n: 5, c: 4"),
        ("rotary: {heads: 1}", "n: 5, c: 4"),
        ("position_embedding: {}", "n: 5, c: 4"),
        ("batch_norm: {}", "n: 5, c: 4"),
        ("layer_scale: {}", "n: 5, c: 4"),
    ],
)
def test_mixture_sums_the_best_experts(expert, axes):
    g = mixed(expert, axes)
    module, x = g.to_torch(), torch.randn(2, *(int(size) for _, size in g.graph.inputs[0].type.axes))
    axis = g.graph.inputs[0].type.names.index("c") + 1
    scores = module.scores(x)
    weights = torch.zeros_like(scores).scatter(axis, scores.topk(2, dim=axis).indices, 1.0) * scores
    (child,) = [name for name, _ in module.mixed[0].named_children()][:1]
    outputs = [getattr(expert, child)(x) for expert in module.mixed]
    wanted = sum(output * weights.narrow(axis, index, 1) for index, output in enumerate(outputs))
    torch.testing.assert_close(module(x), wanted)


@pytest.mark.parametrize("expert", ["linear: {out: 4, bias: false}", "linear: {out: 4}}, {layer_scale: {}"])
def test_every_token_costs_its_own_experts_alone(expert):
    g = mixed(expert)
    with FlopCounterMode(display=False) as counter:
        g.to_torch()(torch.randn(7, 5, 4))
    assert counter.get_total_flops() == 2 * g.macs * 7


@pytest.mark.parametrize("active", [1, 3])
def test_what_is_kept_of_the_sum_of_experts_is_the_mixtures(active):
    head = "inputs: {x: {n: 7, c: 4}}"
    mixture = f"mixture: {{experts: 3, active: {active}, do: [linear: {{out: 4}}]}}"
    steps = "  - linear: {out: 3}\n    as: s\n  - linear: {out: 4}\n    from: x\n    as: a\n"
    g = text(f"{steps}  - {mixture}\n    from: [a, s]\n  - linear: {{out: 5}}\n", head)
    assert verify(g).ok


def test_an_exported_mixture_gives_the_same():
    module, x = mixed("linear: {out: 4}").to_torch(), torch.randn(2, 5, 4)
    torch.testing.assert_close(torch.export.export(module, (x,)).module()(x), module(x))
    torch.testing.assert_close(torch.func.vmap(module)(x[:, None])[:, 0], module(x))


def test_batch_norm_in_an_expert_trains_on_all_positions():
    module = mixed("linear: {out: 4}}, {batch_norm: {}").to_torch().train()
    for seed in range(5):
        torch.manual_seed(seed)
        assert module(torch.randn(1, 5, 4)).isfinite().all()


def test_an_expert_that_nobody_chose_is_left_out():
    module = mixed("linear: {out: 4}").to_torch()
    torch.nn.init.zeros_(module.scores.weight)
    module.scores.bias.data = torch.tensor([3.0, 2.0, 1.0])
    module(torch.randn(2, 5, 4)).sum().backward()
    assert [expert.linear.weight.grad is None for expert in module.mixed] == [False, False, True]


def test_free_symbols_are_refused():
    g = ag.load("conv_stack")
    with pytest.raises(UnboundSymbolError, match=r"cannot build 'conv'.*\{c: C"):
        lower(g.bind(L=2).graph)
    with pytest.raises(UnboundSymbolError, match="its count is L"):
        lower(g.graph)


def test_ranks_that_torch_lacks_are_refused():
    g = text("  - conv: {out: 2, kernel: 1}\n", "inputs: {x: {c: 1, a: 2, b: 2, d: 2, e: 2}}")
    with pytest.raises(UnsupportedOpError, match="no Conv over 4 position axes"):
        g.to_torch()


def test_leaves_name_every_node_of_every_iteration():
    g = ag.load("transformer").bound(D=8, L=3, heads=2, N=4)
    found = list(leaves(g.graph, lower(g.graph)))
    assert len(found) == 3 * len(g.nodes)
    assert {path for path, _, _ in found} == set(g.nodes)


def test_wrong_number_of_tensors_is_refused():
    module = ag.load("dit").to_torch("meta", L=1)
    with pytest.raises(TypeError, match="DiT takes 3 tensors, and got 1"):
        module(torch.empty(1, 4, 32, 32, device="meta"))


def test_module_exports():
    g = ag.load("transformer").at(D=8, L=2, heads=2, N=5)
    exported = torch.export.export(g.to_torch().eval(), tuple(operands(g)))
    names = [str(node.target) for node in exported.graph.nodes if node.op == "call_function"]
    assert names.count("aten.scaled_dot_product_attention.default") == 2
