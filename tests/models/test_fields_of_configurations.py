"""Laws in the fields of configurations of transformers and diffusers, at configurations that no law was made from.

Right are the parameters of the module that the library builds there, and what its own trace counts, which
`test_real_models.py` holds against PyTorch's counter.
"""

import json
import logging
import os

import pytest
from sympy import parse_expr

import archgraph as ag
from archgraph.sizes.symbols import symbol

os.environ.setdefault("HF_HUB_OFFLINE", "1")
torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("diffusers")
pytestmark = [pytest.mark.models, pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

TEXT = {"hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 96, "vocab_size": 200}
GROUPED = {**TEXT, "num_key_value_heads": 4, "pad_token_id": 0}
HEADS = {**GROUPED, "head_dim": 16}
WORDS = ["num_hidden_layers", "hidden_size", "intermediate_size"]
TEXT_AT = (
    {"num_hidden_layers": 5, "hidden_size": 192, "intermediate_size": 77},
    {"num_hidden_layers": 4, "hidden_size": 320, "intermediate_size": 150},
)
GPT = {"n_embd": 64, "n_layer": 3, "n_head": 4, "vocab_size": 200}
GPT_WORDS, GPT_AT = ["n_layer", "n_embd"], ({"n_layer": 5, "n_embd": 192}, {"n_layer": 4, "n_embd": 320})
IMAGE = {**TEXT, "image_size": 64, "patch_size": 16}
DIFFUSION = {"num_attention_heads": 4, "attention_head_dim": 8, "num_layers": 3, "sample_size": 16, "in_channels": 4}


def text(family, given=TEXT, fields=WORDS, at=TEXT_AT):
    return {"model_type": family, **given}, fields, at


FAMILIES = {
    **{name: text(name) for name in ("bert", "roberta", "electra", "gpt_neox", "phi")},
    **{name: text(name, GROUPED) for name in ("llama", "mistral", "qwen2", "phi3", "olmo", "granite", "starcoder2")},
    **{name: text(name, HEADS) for name in ("qwen3", "gemma", "gemma2")},
    **{name: text(name, GPT, GPT_WORDS, GPT_AT) for name in ("gpt2", "gpt_bigcode")},
    "codegen": text("codegen", {**GPT, "rotary_dim": 8}, GPT_WORDS, GPT_AT),
    "opt": text(
        "opt",
        {
            "hidden_size": 64,
            "word_embed_proj_dim": 64,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "ffn_dim": 96,
            "vocab_size": 200,
        },
        {"D": ["hidden_size", "word_embed_proj_dim"], "L": "num_hidden_layers", "F": "ffn_dim"},
        ({"D": 192, "L": 5, "F": 77}, {"D": 320, "L": 4, "F": 150}),
    ),
    "distilbert": text(
        "distilbert",
        {"dim": 64, "n_layers": 3, "n_heads": 4, "hidden_dim": 96, "vocab_size": 200},
        ["n_layers", "dim", "hidden_dim"],
        ({"n_layers": 5, "dim": 192, "hidden_dim": 77}, {"n_layers": 4, "dim": 320, "hidden_dim": 150}),
    ),
    "t5": text(
        "t5",
        {"d_model": 64, "d_kv": 16, "d_ff": 96, "num_layers": 3, "num_heads": 4, "vocab_size": 200},
        ["d_model", "d_ff", "num_heads"],
        ({"d_model": 100, "d_ff": 77, "num_heads": 7}, {"d_model": 50, "d_ff": 31, "num_heads": 3}),
    ),
    **{name: text(name, IMAGE) for name in ("vit", "deit", "vit_mae", "beit")},
    "dinov2": text(
        "dinov2",
        IMAGE,
        ["num_hidden_layers", "hidden_size"],
        ({"num_hidden_layers": 5, "hidden_size": 192}, {"num_hidden_layers": 4, "hidden_size": 320}),
    ),
    "UNet2DConditionModel": (
        {
            "_class_name": "UNet2DConditionModel",
            "sample_size": 16,
            "block_out_channels": [32, 64],
            "layers_per_block": 1,
            "cross_attention_dim": 24,
            "attention_head_dim": 8,
            "norm_num_groups": 8,
            "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
            "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
        },
        ["cross_attention_dim", "in_channels"],
        ({"cross_attention_dim": 40, "in_channels": 9}, {"cross_attention_dim": 17, "in_channels": 2}),
    ),
    "AutoencoderKL": (
        {
            "_class_name": "AutoencoderKL",
            "block_out_channels": [16, 32],
            "sample_size": 32,
            "norm_num_groups": 8,
            "down_block_types": ["DownEncoderBlock2D"] * 2,
            "up_block_types": ["UpDecoderBlock2D"] * 2,
        },
        ["latent_channels", "in_channels"],
        ({"latent_channels": 9, "in_channels": 5}, {"latent_channels": 2, "in_channels": 1}),
    ),
    "DiTTransformer2DModel": (
        {"_class_name": "DiTTransformer2DModel", **DIFFUSION, "patch_size": 2, "norm_num_groups": 8},
        ["num_layers", "num_attention_heads", "attention_head_dim"],
        (
            {"num_layers": 6, "num_attention_heads": 9, "attention_head_dim": 24},
            {"num_layers": 4, "num_attention_heads": 6, "attention_head_dim": 16},
        ),
    ),
    "FluxTransformer2DModel": (
        {
            "_class_name": "FluxTransformer2DModel",
            "num_attention_heads": 2,
            "attention_head_dim": 16,
            "num_layers": 3,
            "num_single_layers": 3,
            "in_channels": 8,
            "joint_attention_dim": 24,
            "pooled_projection_dim": 20,
            "axes_dims_rope": [4, 4, 8],
        },
        ["num_layers", "num_single_layers", "num_attention_heads"],
        (
            {"num_layers": 6, "num_single_layers": 8, "num_attention_heads": 5},
            {"num_layers": 4, "num_single_layers": 5, "num_attention_heads": 3},
        ),
    ),
    "SD3Transformer2DModel": (
        {
            "_class_name": "SD3Transformer2DModel",
            **DIFFUSION,
            "patch_size": 2,
            "joint_attention_dim": 24,
            "caption_projection_dim": 32,
            "pooled_projection_dim": 20,
        },
        ["num_layers", "joint_attention_dim", "pooled_projection_dim"],
        (
            {"num_layers": 6, "joint_attention_dim": 50, "pooled_projection_dim": 33},
            {"num_layers": 5, "joint_attention_dim": 11, "pooled_projection_dim": 7},
        ),
    ),
}
QUICK = ("llama", "gpt2", "vit", "SD3Transformer2DModel")
"""Of every kind one: the gate holds these, and `pytest -m families tests/models` all."""


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.families) for n in FAMILIES])
def test_laws_hold_at_configurations_that_they_were_not_made_from(name, tmp_path):
    config, fields, unseen = FAMILIES[name]
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    g = ag.load(f"hf:{path}", fields=fields)
    sets = fields if isinstance(fields, dict) else {each: each for each in fields}
    for values in unseen:
        names = {symbol: [sets[symbol]] if isinstance(sets[symbol], str) else sets[symbol] for symbol in values}
        options = {field: value for symbol, value in values.items() for field in names[symbol]}
        built = ag.load(f"hf:{path}", **options)
        at = g.at(**values)
        assert at.params == sum(p.numel() for p in built.network.origin.module.parameters())
        assert (at.macs, at.flops, at.activations) == (built.macs, built.flops, built.activations)


def sizes_of_fields(g):
    inputs = [value.name for value in g.graph.inputs if value.type.positions]
    return [size_of_field(g.receptive_field(value, input=name)) for value in g.outputs for name in inputs]


def size_of_field(field):
    """Sizes by axis; of fields with too many rows to list, what some positions read."""
    try:
        return {axis: (one.size_min, one.size_max) for axis, one in field.axes.items()}
    except ag.QueryError as error:
        places = (0, 1, 5, 127)
        return str(error), [field.probe("stat", **dict.fromkeys(field.axes, place)).area for place in places]


LAWS = ("params", "params_trainable", "buffers", "macs", "flops", "elementwise", "activations", "saved_bytes")


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.families) for n in FAMILIES])
def test_a_spec_in_the_fields_of_a_configuration_has_its_laws(name, tmp_path):
    config, fields, unseen = FAMILIES[name]
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    g = ag.load(f"hf:{path}", fields=fields)
    # What no output depends on is left out, as no spec has it.
    g = g.select(*g.outputs)
    read = ag.loads(g.to_spec())
    assert set(read.symbols) == set(g.symbols)
    for values in unseen:
        one, two = g.at(**values), read.at(**values)
        assert {law: one.expression(law) for law in LAWS} == {law: two.expression(law) for law in LAWS}
        assert sizes_of_fields(one) == sizes_of_fields(two)


@pytest.mark.parametrize(
    ("config", "wrong", "nearest"),
    [
        (FAMILIES["llama"][0], "hiden_size", "hidden_size"),
        (FAMILIES["gpt2"][0], "n_embed", "n_embd"),
        (FAMILIES["DiTTransformer2DModel"][0], "num_layer", "num_layers"),
    ],
)
def test_a_slip_in_the_name_of_a_field_is_told(config, wrong, nearest, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    with pytest.raises(ag.ArchgraphError, match=f"has no field '{wrong}'. Did you mean '{nearest}'"):
        ag.load(f"hf:{path}", **{wrong: 2})


def test_heads_divide_the_width_and_tokens_are_a_symbol(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"model_type": "llama", **GROUPED}))
    fields = {
        "D": "hidden_size",
        "H": ["num_attention_heads", "num_key_value_heads"],
        "L": "num_hidden_layers",
        "n": "n",
    }
    g = ag.load(f"hf:{path}", fields=fields)
    assert str(g.params) == "4*D**2*L + 290*D*L + 201*D"
    assert g.macs.equals(parse_expr("4*D**2*L*n + 288*D*L*n + 2*D*L*n**2", {each: symbol(each) for each in "DLn"}))
    with pytest.raises(ag.ArchgraphError, match="must be a multiple of"):
        g.at(D=64, H=5)
