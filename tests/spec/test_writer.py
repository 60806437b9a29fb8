"""Graphs written as specs: what is read again has the same laws, and what cannot be written is told."""

import pytest

import archgraph as ag
from archgraph.errors import UnsupportedOpError
from archgraph.gallery import members_of
from archgraph.spec.load import shipped_names

FAMILIES = shipped_names()
VARIANTS = [member for name in FAMILIES for member in members_of(name)[1:]]
LAWS = (
    "params",
    "params_trainable",
    "params_active",
    "buffers",
    "macs",
    "flops",
    "activations",
    "layer_outputs",
    "saved_bytes",
)


def text(steps: str, head: str = "inputs: {x: {c: 4, n: 6}}") -> ag.Architecture:
    return ag.loads(f"archgraph: 1\n{head}\nnetwork:\n{steps}")


def again(g: ag.Architecture) -> ag.Architecture:
    return ag.loads(g.to_spec())


def assert_same(g: ag.Architecture) -> ag.Architecture:
    read = again(g)
    for law in LAWS:
        assert read.expression(law) == g.expression(law), law
    assert read.inputs == g.inputs
    assert [read.type(value.type) for value in read.selected] == [g.type(value.type) for value in g.selected]
    assert [row.node.op for row in read.rows()] == [row.node.op for row in g.rows()]
    assert read.defaults == {name: g.defaults[name] for name in read.defaults}
    # What a module returns is called by its place, and a step by what it is.
    assert read.outputs.keys() == g.outputs.keys() or g.network.origin.module is not None
    return read


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_has_the_same_laws(name):
    assert_same(ag.load(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_has_the_same_laws(name):
    assert_same(ag.load(name))


def selections(g: ag.Architecture) -> list[tuple[str, ...]]:
    """Some values that a spec names: the first and the last, one in the middle, and two together."""
    names = [name for name, value in g.network.named.items() if value not in g.graph.inputs]
    ends = [(names[place],) for place in (0, len(names) // 2, -1)] if names else []
    return [*dict.fromkeys(ends), *([(names[0], names[-1])] if len(names) > 1 else [])]


@pytest.mark.parametrize("name", FAMILIES)
def test_every_selection_has_the_same_laws(name):
    g = ag.load(name)
    for names in selections(g):
        assert_same(g.select(*names))


def test_a_variant_with_outputs_of_its_own_is_that_variant():
    steps = (
        "  - linear: {out: 6}\n    as: body\n"
        "  - for: {i: 0..2}\n    do:\n      - linear: {out: 2}\n        from: body\n        as: head(i)\n"
        "outputs: [head]\nvariants:\n  one: {outputs: ['head(1)', body]}\n"
    )
    one = ag.loads(f"archgraph: 1\ninputs: {{x: {{n: 3, c: 5}}}}\nnetwork:\n{steps}", "one")
    read = assert_same(one)
    assert (read.at().macs, list(read.outputs)) == (3 * (5 * 6 + 6 * 2), ["head(1)", "body"])


def test_only_one_result_of_a_block_is_selected():
    block = (
        "blocks:\n  both:\n    do:\n      - relu:\n        as: one\n"
        "      - linear: {out: 4}\n        as: two\n    outputs: [one, two]\n"
    )
    steps = "network:\n  - both:\n    as: [a, b]\n  - add: [a, b]\n"
    g = ag.loads(f"archgraph: 1\ninputs: {{x: {{n: 3, c: 4}}}}\n{block}{steps}")
    assert assert_same(g.select("a")).macs == 0
    assert assert_same(g.select("b")).macs == 48


@pytest.mark.parametrize("steps", ["  - nothing:\n", "  - nothing:\n    repeat: 3\n"])
def test_a_network_without_operations_is_refused(steps):
    head = "inputs: {x: {c: 4, n: 6}}\nblocks: {nothing: {do: []}}"
    with pytest.raises(UnsupportedOpError, match="it has no operation"):
        text(steps, head).to_spec()


def test_an_input_among_the_outputs_goes_around():
    assert_same(text("  - relu:\n    as: y\noutputs: [x, y]\n"))


@pytest.mark.parametrize("power", [12, 20, 30, 32])
def test_sizes_that_multiply_out_to_long_expressions_go_around(power):
    g = ag.loads(f"archgraph: 1\nsymbols: {{C: 8}}\ninputs: {{x: {{c: C, h: (C+1)**{power}}}}}\nnetwork: [relu]\n")
    assert assert_same(g).at().activations == g.at().activations == 8 * 9**power


@pytest.mark.parametrize("name", ["unet", "swin", "resnet:18", "convnext"])
def test_receptive_fields_are_the_same(name):
    g = ag.load(name)
    one, two = g.receptive_field().h, again(g).receptive_field().h
    assert (one.size_min, one.size_max, one.stride) == (two.size_min, two.size_max, two.stride)


def test_what_is_written_is_stable():
    g = ag.load("dit")
    assert again(g).to_spec() == g.to_spec()


def test_the_spec_reads_like_one_written_by_hand():
    g = ag.loads(
        "archgraph: 1\nname: small\n"
        "symbols: {C: 8, H: {default: 16, multiple_of: 2, doc: side}}\n"
        "inputs: {x: {c: 3, h: H, w: H}}\n"
        "blocks:\n  unit:\n    args: [width]\n    do: [conv: {out: width, kernel: 3, padding: same}, relu: ]\n"
        "network:\n"
        "  - unit: {width: C}\n    as: stem\n"
        "  - unit: {width: C}\n    repeat: 3\n    as: body\n"
        "  - add: [stem, _]\n"
        "  - max_pool: {kernel: 2}\n"
    )
    assert g.to_spec() == (
        "archgraph: 1\n"
        "name: small\n"
        "symbols:\n"
        "  C: {default: 8}\n"
        "  H: {default: 16, multiple_of: 2, doc: side}\n"
        "inputs:\n"
        "  x: {c: 3, h: H, w: H}\n"
        "blocks:\n"
        "  unit:\n"
        "    do:\n"
        "      - conv: {out: C, kernel: 3, padding: same}\n"
        "      - relu\n"
        "network:\n"
        "  - unit:\n"
        "    as: stem\n"
        "  - unit:\n"
        "    as: body\n"
        "    repeat: 3\n"
        "  - add: [stem, _]\n"
        "  - max_pool: {kernel: 2}\n"
    )


def test_values_given_become_defaults():
    g = ag.load("unet").at(C=8, H=188)
    assert again(g).defaults["C"] == 8
    assert again(g).at().params == g.params


def test_bound_symbols_are_numbers():
    g = ag.load("transformer").bind(D=64, heads=4)
    assert set(again(g).symbols) == set(g.symbols) and "D" not in again(g).symbols
    assert_same(g)


def test_derived_symbols_stay_derived():
    assert "N: {derived:" in ag.load("dit").to_spec()
    assert again(ag.load("dit")).degree("macs", "N") == ag.load("dit").degree("macs", "N")


@pytest.mark.parametrize(
    "steps",
    [
        "  - linear: {out: 4}\n    share: w\n  - relu\n  - linear: {out: 4}\n    share: w\n    as: second\n",
        "  - attention: {heads: 2}\n    share: w\n    repeat: 3\n    as: blocks\n"
        "  - attention: {heads: 2}\n    share: w\n    as: last\n",
        "  - split: {parts: 2}\n    as: [a, b]\n  - linear: {out: 2}\n    from: b\n  - add: [a, _]\n",
        "  - split: {parts: 2}\n    as: [_, b]\n  - linear: {out: 2}\n    from: b\n",
        "  - parameter: {shape: {c: 4}}\n    as: token\n  - concat: {axis: n}\n    from: [token, x]\n",
        "  - linear: {out: 3}\n    as: scores\n"
        "  - mixture: {experts: 3, active: 2, do: [linear: {out: 4}, add: [_, x]]}\n    from: [x, scores]\n",
        "  - linear: {out: 4}\n    as: class\n  - relu\n  - add: [class, _]\n",
    ],
    ids=["shared", "shared repeats", "parts", "second part", "token", "mixture with a value from outside", "class"],
)
def test_every_way_to_write_a_step_goes_around(steps):
    assert_same(text(steps))


def test_a_repeat_carries_several_values():
    steps = "  - do:\n      - add\n      - add: [_, kept]\n    from: [a, b]\n    repeat: 3\n"
    assert_same(text(steps, "inputs: {a: {n: 2}, b: {n: 2}, kept: {n: 2}}"))


def test_names_that_the_language_reserves_are_changed():
    g = text("  - linear: {out: 3}\n    as: x_2\n  - relu\n    \n  - add: [x_2, _]\n".replace("    \n", ""))
    assert_same(g)


# -- traced modules ------------------------------------------------------------------------------------------


LOWERED = {
    "unet": {"C": 4, "levels": 2, "H": 44, "W": 44},
    "unet:padded-512": {"C": 4, "levels": 2, "H": 16, "W": 16},
    "nnunet": {"features": [4, 8, 16], "Z": 8, "H": 8, "W": 8},
    "conv_stack": {"C": 4, "L": 3, "H": 8, "W": 8},
    "transformer": {"D": 16, "L": 2, "heads": 2, "N": 6},
    "vgg:11": {"H": 64, "W": 64},
    "resnet:18": {"H": 64, "W": 64},
    "vit": {"D": 24, "L": 2, "heads": 2, "H": 32, "W": 32},
}


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


@pytest.mark.torch
@pytest.mark.parametrize("name", LOWERED)
def test_a_traced_lowering_goes_around(name, torch):
    bound = ag.load(name).bound(**LOWERED[name])
    inputs = tuple(torch.zeros(1, *map(int, t.sizes.values()), device="meta") for t in bound.inputs.values())
    traced = ag.trace(bound.to_torch(device="meta").eval(), inputs)
    read = assert_same(traced)
    assert (read.params, read.macs) == (bound.params, bound.macs)


@pytest.mark.torch
def test_symbols_and_conditions_of_a_traced_module_are_written(torch):
    from torch import nn

    module = nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.ReLU(), nn.Conv2d(8, 8, 3)).to("meta")
    g = ag.trace(module, torch.empty(1, 3, 32, 32, device="meta"), {"input": {2: "h", 3: "w"}})
    assert_same(g)
    assert g.to_spec().startswith("# Holds where h >= 12.\n# Holds where w >= 12.\n")


@pytest.mark.torch
def test_all_that_no_spec_can_say_is_told(torch):
    from torch import nn

    class Wave(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.spare = nn.Linear(4, 4), nn.Linear(4, 3)

        def forward(self, x):
            self.spare(x)
            return torch.cdist(self.inner(torch.cos(x)), torch.fft.rfft(torch.fft.rfft(x).real, n=6).real)

    with pytest.raises(UnsupportedOpError) as caught:
        ag.trace(Wave(), torch.zeros(1, 6, 4)).to_spec()
    assert caught.value.message == (
        "Wave cannot be written as a spec, whose language has no work that no output depends on x 1, first at spare; "
        "fourier x 2, first at fourier; pairs_of_complex x 2, first at pairs_of_complex; "
        "move 'pad' x 1, first at move; distances x 1, first at distances"
    )


def test_weights_that_nothing_reads_are_written():
    unused = "{parameter: {shape: {c: 2}, unused: true}}"
    text = f"archgraph: 1\ninputs: {{x: {{c: 4}}}}\nnetwork:\n  - {unused}\n  - linear: {{out: 3}}\n  - {unused}\n"
    text += f"  - do: {{inner: [{unused}, relu, {unused}]}}\n"
    assert again(ag.loads(text)).params == ag.loads(text).params == 4 * 3 + 3 + 4 * 2
