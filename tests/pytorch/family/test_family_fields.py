"""Fields of a configuration as symbols: laws of small members, held against members that no law was made from."""

import contextlib
import sys
import textwrap

import pytest

import archgraph as ag
from archgraph.__main__ import main
from archgraph.errors import ArchgraphError, QueryError
from archgraph.pytorch.family.varied import fields_asked

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

SOURCE = """
import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        if width % heads:
            raise ValueError(f"{width} is no multiple of {heads} heads")
        self.heads, self.joint, self.out = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        b, n, c = x.shape
        q, k, v = self.joint(x).view(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        x = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.out(x.transpose(1, 2).reshape(b, n, c))


class Layer(nn.Module):
    def __init__(self, width, heads, inner):
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(width), Attention(width, heads)
        self.mlp = nn.Sequential(nn.Linear(width, inner), nn.GELU(), nn.Linear(inner, width))

    def forward(self, x):
        x = x + self.attention(self.norm(x))
        return x + self.mlp(x)


class Text(nn.Module):
    def __init__(self, width, depth, heads, inner, words):
        super().__init__()
        self.embed = nn.Embedding(words, width)
        self.layers = nn.ModuleList(Layer(width, heads, inner) for _ in range(depth))
        self.head = nn.Linear(width, words, bias=False)

    def forward(self, tokens):
        x = self.embed(tokens)
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


def text(width=24, depth=3, heads=4, inner=40, words=50):
    return Text(width, depth, heads, inner, words)


def rounded(width=24):
    return nn.Sequential(nn.Linear(width, -(-width * 8 // 3 // 16) * 16), nn.ReLU())


def halved(width=24):
    return nn.Sequential(nn.Linear(width, round(width / 2)), nn.ReLU())


class Convolutions(nn.Module):
    def __init__(self, width, groups):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, width, 3, padding=1), nn.Conv2d(width, 2 * width, 3, stride=2, groups=groups)

    def forward(self, x):
        return self.b(self.a(x))


def convolutions(width=12, groups=1):
    return Convolutions(width, groups)


def switched(width=12):
    return nn.Sequential(nn.Linear(12, width), *([nn.ReLU()] if width > 50 else []))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.mlp = nn.LayerNorm(8), nn.Linear(8, 8)

    def forward(self, x):
        return x + self.mlp(self.norm(x)).relu()


class FirstAgain(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.blocks = nn.ModuleList(Block() for _ in range(depth))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.blocks[0].mlp(x)


def first_again(depth=2):
    return FirstAgain(depth)


def scaled(width=12):
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(width, width)

        def forward(self, x):
            return self.inner(x) * width**-0.5

    return Scaled()


def plain():
    return nn.Linear(24, 3)
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    folder = tmp_path_factory.mktemp("families")
    (folder / "family_models.py").write_text(textwrap.dedent(SOURCE))
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    sys.modules.pop("family_models", None)


TIED = {"input": {1: "width"}}
"""A dimension of an input that is as large as a field."""


def tokens(length=9):
    return {"tokens": torch.zeros(1, length, dtype=torch.long)}


def load(name, inputs, **options):
    return ag.load(f"family_models:{name}", inputs=inputs, **options)


@pytest.fixture(scope="module")
def text(own):
    fields = {"D": "width", "L": "depth", "H": "heads", "F": "inner", "V": "words"}
    return load("text", tokens(), fields=fields)


UNSEEN = ({"D": 60, "L": 6, "H": 5, "F": 33, "V": 71}, {"D": 64, "L": 4, "H": 1, "F": 18, "V": 9})


def test_laws_are_those_derived_by_hand(text):
    assert str(text.params) == "4*D**2*L + 2*D*F*L + 7*D*L + 2*D*V + F*L"
    assert str(text.macs) == "36*D**2*L + 18*D*F*L + 162*D*L + 9*D*V"


@pytest.mark.parametrize("values", UNSEEN)
def test_laws_hold_for_members_that_they_were_not_made_from(text, values):
    names = {"D": "width", "L": "depth", "H": "heads", "F": "inner", "V": "words"}
    built = load("text", tokens(), **{names[name]: value for name, value in values.items()})
    module = sys.modules["family_models"].text(**{names[name]: value for name, value in values.items()})
    at = text.at(**values)
    assert at.params == sum(parameter.numel() for parameter in module.parameters())
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with counter, torch.device("meta"):
        module.to("meta")(torch.zeros(1, 9, dtype=torch.long, device="meta"))
    assert 2 * at.macs == counter.get_total_flops()
    assert (at.flops, at.activations, at.saved("float32").bytes if hasattr(at, "saved") else 0) == (
        built.flops,
        built.activations,
        built.saved("float32").bytes if hasattr(built, "saved") else 0,
    )


def test_equal_blocks_are_a_repeat_of_a_symbolic_count(text):
    (repeat,) = [node for _, node in text.network.graph.walk() if node.label == "Layer"]
    assert str(repeat.count) == "L"


def test_a_width_is_a_multiple_of_the_heads_that_divide_it(text):
    with pytest.raises(ArchgraphError, match="symbol 'D' must be a multiple of 5, and is 24"):
        text.at(H=5)
    with pytest.raises(QueryError, match="L >= 2"):
        text.at(L=1)


def test_what_was_built_is_said(text):
    (told,) = [line for line in text.network.origin.conditions if line.startswith("built at")]
    assert "L = 2, 3" in told and "D = " in told and "24" in told


def test_an_input_has_symbols_beside_fields(own):
    dynamic = {"tokens": {1: "n"}}
    g = load("text", tokens(), fields=["depth", "inner"], dynamic=dynamic)
    assert g.at(depth=5, inner=7, n=13).macs == load("text", tokens(13), depth=5, inner=7).macs
    assert not {"depth", "inner", "n"} - set(
        g.symbols if isinstance(g.symbols, (dict, list, tuple)) else g.network.declared.names
    )


def test_images_and_channels_have_laws_at_once(own):
    image = {"x": torch.zeros(1, 3, 16, 12)}
    dynamic = {"x": {2: "h", 3: "w"}}
    g = load("convolutions", image, fields=["width"], dynamic=dynamic)
    other = load("convolutions", {"x": torch.zeros(1, 3, 21, 9)}, width=10)
    at = g.at(width=10, h=21, w=9)
    assert (at.params, at.macs, at.activations) == (other.params, other.macs, other.activations)


def test_a_rounded_width_has_a_law_in_its_own_steps_or_is_refused(own):
    g = load("rounded", torch.zeros(1, 24), fields=["width"], dynamic=TIED)
    # 8/3 of a multiple of 6 is a multiple of 16: there the rounding is none.
    assert g.network.declared.rule_of("width")[0] % 6 == 0
    for width in (6, 24, 66):
        assert g.at(width=width).params == load("rounded", torch.zeros(1, width), width=width).params
    with pytest.raises(ArchgraphError, match=r"'width' cannot vary from .* to .*: a size of .* is"):
        load("rounded", torch.zeros(1, 25), fields=["width"], width=25, dynamic=TIED)


def test_a_field_that_is_halved_is_right_wherever_it_is_answered(own):
    """Halves are rounded to even, which few members tell from down or up."""
    g = load("halved", torch.zeros(1, 24), fields=["width"], dynamic=TIED)
    answered = {}
    for width in range(8, 60):
        with contextlib.suppress(ArchgraphError):
            answered[width] = g.at(width=width).params
    assert set(answered) >= set(range(8, 60, 4))
    assert answered == {w: load("halved", torch.zeros(1, w), width=w).params for w in answered}


def test_a_field_that_changes_what_is_run_is_refused_with_the_place(own):
    with pytest.raises(ArchgraphError, match=r"no law in 'width'.*relu|cannot vary"):
        load("switched", torch.zeros(1, 12), fields=["width"], width=60)


def test_a_configuration_that_is_too_small_to_be_as_others_are_is_told(own):
    with pytest.raises(ArchgraphError, match=r"blocks.* at depth = 3 and at depth = 2") as caught:
        load("first_again", torch.zeros(1, 8), fields=["depth"])
    assert caught.value.hint == "all are alike but the configuration itself: give it values such as depth = 5"
    g = load("first_again", torch.zeros(1, 8), fields=["depth"], depth=5)
    assert g.at(depth=7).params == 7 * (16 + 72)


def test_a_field_that_others_depend_on_is_told(own):
    with pytest.raises(ArchgraphError, match=r"'heads' cannot vary from 4 to 5: .*24 is no multiple of 5 heads"):
        load("text", tokens(), fields=["heads"])


def test_numbers_that_are_no_sizes_are_said_to_be_the_configurations(own):
    g = load("scaled", {"x": torch.zeros(1, 12)}, fields=["width"], dynamic={"x": {1: "width"}})
    assert any("numbers that are no sizes" in line for line in g.network.origin.conditions)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        (["widht"], "has no field 'widht'. Did you mean 'width'"),
        ({"D": ["width", "inner"]}, "fields of one symbol have one value, and these have several"),
        ({"D": "widht"}, "has no field 'widht'"),
        (["and"], "'and' cannot be the name of a symbol"),
        ("width", "fields"),
        (["width", "width"], "asked for twice"),
    ],
)
def test_fields_that_are_none_are_refused(own, fields, rule):
    with pytest.raises(QueryError, match=rule):
        load("text", tokens(), fields=fields)


@pytest.mark.parametrize("value", [True, "wide", 2.5, 0, None])
def test_a_field_that_is_no_number_is_refused(value):
    with pytest.raises(QueryError, match=r"the field 'width' of a file is .* and a symbol is a positive number"):
        fields_asked(["width"], {"width": value}, "a file")


def test_fields_are_named_on_the_command_line(own, capsys):
    command = [
        "cost",
        "family_models:text",
        "--shape",
        "tokens=1x9:int",
        "--fields",
        "D=width,L=depth",
        "--at",
        "D=28",
        "L=2",
    ]
    assert main([*command, "--json"]) == 0
    out, err = capsys.readouterr()
    assert "assumed: L >= 2" in err and '"macs"' in out
    command = ["show", "family_models:rounded", "--shape", "1x24", "--fields", "width", "--dynamic", "input:1=width"]
    assert main(command) == 0
    assert "multiple_of: 6" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["cost", "draw"])
def test_a_value_for_a_field_asks_for_the_law_in_it(own, capsys, tmp_path, command):
    model = [command, "family_models:text", "--input", "tokens=1x9:int"]
    drawn = ["-o", str(tmp_path / "x.svg")] if command == "draw" else []
    assert main([*model, *drawn, "--at", "width=28"]) == 0
    out = capsys.readouterr().out
    assert command == "draw" or "at width=28" in out
    assert main([*model, *drawn, "--at", "widht=28"]) == 1
    assert "has no field 'widht'. Did you mean 'width'?" in capsys.readouterr().err
    assert main([*model, *drawn, "--fields", "depth", "--at", "width=28"]) == 1
    assert "there is no symbol 'width'" in capsys.readouterr().err


def test_fields_are_refused_for_specs(capsys):
    assert main(["contrast", "unet", "dit", "--fields", "D"]) == 1
    assert "is about models, and specs alone are given" in capsys.readouterr().err
    assert main(["show", "unet", "--set", "x=3"]) == 1
    assert main(["diff", "unet", "unet", "--set", "x=3"]) == 1
    with pytest.raises(QueryError, match=r"^fields belongs to a model, and 'unet' is a spec"):
        ag.load("unet", fields=["D"])


def test_a_symbol_of_a_model_without_fields_is_told_how_sizes_vary(own, capsys):
    assert main(["cost", "family_models:plain", "--shape", "input=1x24", "--at", "h=9"]) == 1
    err = capsys.readouterr().err
    assert "family_models:plain has no size 'h': all of its sizes are numbers" in err
    assert "--dynamic input:2=h,3=w makes dimensions of an input symbols" in err


def test_fields_that_can_be_symbols_are_listed(own):
    with pytest.raises(QueryError, match=r"has no field 'widht'") as caught:
        load("text", tokens(), fields=["widht"])
    assert caught.value.hint == "fields: depth, heads, inner, width, words"
