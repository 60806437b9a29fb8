"""Models of transformers and diffusers, built from configurations: how to make each, its inputs, what varies.

`python tests/models/real_models.py` writes the page that shows what became of them.
"""

import warnings
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import torch


class Real(NamedTuple):
    """A model of a library: what builds it, its inputs on the meta device, the dimensions that vary."""

    name: str
    build: Callable[[], Any]
    inputs: dict[str, Any]
    dynamic: dict[str, dict[int, str]]


def floats(*shape: int) -> Any:
    return torch.empty(*shape, device="meta")


def ints(*shape: int) -> Any:
    return torch.zeros(*shape, dtype=torch.long, device="meta")


def hugging(model: str, config: str | None = None, **arguments: Any) -> Callable[[], Any]:
    """Return a builder of a model of transformers."""

    def build() -> Any:
        import transformers

        kind = getattr(transformers, model)
        made = kind.config_class if config is None else getattr(transformers, config)
        return kind(made(**arguments))

    return build


def diffuser(model: str, **arguments: Any) -> Callable[[], Any]:
    """Return a builder of a model of diffusers."""

    def build() -> Any:
        import diffusers

        return getattr(diffusers, model)(**arguments)

    return build


IDS = {"input_ids": ints(1, 24), "return_dict": False}
TEXT = {"input_ids": {1: "n"}}
TOKENS = {**IDS, "use_cache": False}
SMALL = {
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "vocab_size": 500,
}
GROUPED = {**SMALL, "num_key_value_heads": 2}
PIXELS = {"pixel_values": floats(1, 3, 64, 64), "return_dict": False}
SIDES = {"pixel_values": {2: "h", 3: "w"}}
VISION = {
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "image_size": 64,
}
STAGES = {"hidden_sizes": [16, 32, 48, 64], "depths": [2, 2, 3, 2]}
SAMPLE = {"sample": {2: "h", 3: "w"}}
LATENT = {"hidden_states": {2: "h", 3: "w"}}
NO_DICT = {"return_dict": False}


def text_to_image(context: int, side: int = 16) -> dict[str, Any]:
    return {
        "sample": floats(1, 4, side, side),
        "timestep": floats(1),
        "encoder_hidden_states": floats(1, 7, context),
        **NO_DICT,
    }


CROSS = {
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
}
SD15 = {
    "sample_size": 64,
    "cross_attention_dim": 768,
    "block_out_channels": (320, 640, 1280, 1280),
    "attention_head_dim": 8,
}
SDXL = {
    "block_out_channels": (32, 64, 128),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 1, 2),
    "layers_per_block": 1,
    "attention_head_dim": (4, 8, 16),
    "norm_num_groups": 8,
    "use_linear_projection": True,
    "cross_attention_dim": 48,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 16,
    "projection_class_embeddings_input_dim": 96 + 80,
}
ADDED = {"text_embeds": floats(1, 80), "time_ids": floats(1, 6)}

DIFFUSERS = [
    Real(
        "UNet2DModel (DDPM)",
        diffuser(
            "UNet2DModel",
            sample_size=32,
            block_out_channels=(32, 64, 64),
            norm_num_groups=8,
            down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
        ),
        {"sample": floats(1, 3, 32, 32), "timestep": floats(1), **NO_DICT},
        SAMPLE,
    ),
    Real("UNet2DConditionModel (SD 1.5)", diffuser("UNet2DConditionModel", **SD15), text_to_image(768, 64), SAMPLE),
    Real(
        "UNet2DConditionModel (SDXL-like)",
        diffuser("UNet2DConditionModel", **SDXL),
        {**text_to_image(48), "added_cond_kwargs": ADDED},
        SAMPLE,
    ),
    Real(
        "ControlNetModel",
        diffuser(
            "ControlNetModel",
            block_out_channels=(32, 64),
            norm_num_groups=8,
            cross_attention_dim=32,
            attention_head_dim=4,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            conditioning_embedding_out_channels=(16, 32),
        ),
        {**text_to_image(32), "controlnet_cond": floats(1, 3, 32, 32)},
        {},
    ),
    Real(
        "AutoencoderKL decoder",
        lambda: (
            diffuser(
                "AutoencoderKL",
                block_out_channels=(32, 64),
                norm_num_groups=8,
                latent_channels=4,
                down_block_types=("DownEncoderBlock2D",) * 2,
                up_block_types=("UpDecoderBlock2D",) * 2,
            )().decoder
        ),
        {"sample": floats(1, 4, 16, 16)},
        SAMPLE,
    ),
    Real(
        "AutoencoderKL encoder",
        lambda: (
            diffuser(
                "AutoencoderKL",
                block_out_channels=(32, 64),
                norm_num_groups=8,
                latent_channels=4,
                down_block_types=("DownEncoderBlock2D",) * 2,
                up_block_types=("UpDecoderBlock2D",) * 2,
            )().encoder
        ),
        {"sample": floats(1, 3, 32, 32)},
        SAMPLE,
    ),
    Real("AutoencoderTiny", diffuser("AutoencoderTiny"), {"sample": floats(1, 3, 64, 64), **NO_DICT}, SAMPLE),
    Real(
        "VQModel",
        diffuser(
            "VQModel",
            block_out_channels=(32, 64),
            norm_num_groups=8,
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
        ),
        {"sample": floats(1, 3, 32, 32), **NO_DICT},
        {},
    ),
    Real(
        "DiTTransformer2DModel",
        diffuser("DiTTransformer2DModel", num_attention_heads=4, attention_head_dim=16, num_layers=28, sample_size=16),
        {"hidden_states": floats(1, 4, 16, 16), "timestep": ints(1), "class_labels": ints(1), **NO_DICT},
        {},
    ),
    Real(
        "PixArtTransformer2DModel",
        diffuser(
            "PixArtTransformer2DModel",
            num_attention_heads=4,
            attention_head_dim=16,
            num_layers=6,
            sample_size=16,
            cross_attention_dim=64,
            caption_channels=96,
            use_additional_conditions=False,
        ),
        {
            "hidden_states": floats(1, 4, 16, 16),
            "timestep": ints(1),
            "encoder_hidden_states": floats(1, 9, 96),
            "added_cond_kwargs": {"resolution": None, "aspect_ratio": None},
            **NO_DICT,
        },
        {"encoder_hidden_states": {1: "m"}},
    ),
    Real(
        "SD3Transformer2DModel",
        diffuser(
            "SD3Transformer2DModel",
            num_attention_heads=4,
            attention_head_dim=16,
            num_layers=6,
            sample_size=32,
            joint_attention_dim=96,
            caption_projection_dim=64,
            pooled_projection_dim=48,
            pos_embed_max_size=32,
            in_channels=16,
        ),
        {
            "hidden_states": floats(1, 16, 16, 16),
            "encoder_hidden_states": floats(1, 9, 96),
            "pooled_projections": floats(1, 48),
            "timestep": ints(1),
            **NO_DICT,
        },
        {"encoder_hidden_states": {1: "m"}},
    ),
    Real(
        "FluxTransformer2DModel",
        diffuser(
            "FluxTransformer2DModel",
            num_attention_heads=4,
            attention_head_dim=16,
            num_layers=3,
            num_single_layers=4,
            in_channels=16,
            joint_attention_dim=96,
            pooled_projection_dim=48,
            axes_dims_rope=(4, 4, 8),
        ),
        {
            "hidden_states": floats(1, 20, 16),
            "encoder_hidden_states": floats(1, 9, 96),
            "pooled_projections": floats(1, 48),
            "timestep": floats(1),
            "img_ids": floats(20, 3),
            "txt_ids": floats(9, 3),
            **NO_DICT,
        },
        {"hidden_states": {1: "n"}, "img_ids": {0: "n"}},
    ),
    Real(
        "UVit2DModel",
        diffuser(
            "UVit2DModel",
            hidden_size=64,
            cond_embed_dim=48,
            micro_cond_encode_dim=8,
            micro_cond_embed_dim=40,
            encoder_hidden_size=48,
            vocab_size=64,
            codebook_size=60,
            block_out_channels=64,
            num_hidden_layers=3,
            num_attention_heads=4,
            in_channels=64,
            intermediate_size=128,
            block_num_heads=4,
            num_res_blocks=1,
        ),
        {
            "input_ids": ints(1, 8, 8),
            "encoder_hidden_states": floats(1, 7, 48),
            "pooled_text_emb": floats(1, 48),
            "micro_conds": floats(1, 5),
        },
        {},
    ),
    Real(
        "PriorTransformer",
        diffuser(
            "PriorTransformer",
            num_attention_heads=4,
            attention_head_dim=16,
            num_layers=3,
            embedding_dim=32,
            num_embeddings=7,
        ),
        {
            "hidden_states": floats(1, 32),
            "timestep": ints(1),
            "proj_embedding": floats(1, 32),
            "encoder_hidden_states": floats(1, 7, 32),
            **NO_DICT,
        },
        {},
    ),
    Real(
        "AuraFlowTransformer2DModel",
        diffuser(
            "AuraFlowTransformer2DModel",
            sample_size=16,
            num_mmdit_layers=2,
            num_single_dit_layers=2,
            attention_head_dim=16,
            num_attention_heads=4,
            joint_attention_dim=96,
            caption_projection_dim=64,
            pos_embed_max_size=64,
        ),
        {
            "hidden_states": floats(1, 4, 16, 16),
            "encoder_hidden_states": floats(1, 9, 96),
            "timestep": floats(1),
            **NO_DICT,
        },
        {},
    ),
    Real(
        "SanaTransformer2DModel",
        diffuser(
            "SanaTransformer2DModel",
            in_channels=8,
            out_channels=8,
            num_attention_heads=4,
            attention_head_dim=16,
            num_layers=3,
            num_cross_attention_heads=4,
            cross_attention_head_dim=16,
            cross_attention_dim=64,
            caption_channels=96,
            sample_size=16,
        ),
        {
            "hidden_states": floats(1, 8, 16, 16),
            "encoder_hidden_states": floats(1, 9, 96),
            "timestep": ints(1),
            **NO_DICT,
        },
        LATENT,
    ),
]

TRANSFORMERS = [
    Real("ViTModel", hugging("ViTModel", **VISION), PIXELS, {}),
    Real("DeiTModel", hugging("DeiTModel", **VISION), PIXELS, {}),
    Real("BeitModel", hugging("BeitModel", **VISION, use_relative_position_bias=True), PIXELS, {}),
    Real("Dinov2Model", hugging("Dinov2Model", **{**VISION, "patch_size": 16}), PIXELS, {}),
    Real("ViTMAEModel", hugging("ViTMAEModel", **VISION, mask_ratio=0.5), PIXELS, {}),
    Real(
        "SwinModel",
        hugging("SwinModel", embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=4, image_size=64),
        PIXELS,
        {},
    ),
    Real(
        "Swinv2Model",
        hugging("Swinv2Model", embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=4, image_size=64),
        PIXELS,
        {},
    ),
    Real("ConvNextModel", hugging("ConvNextModel", **STAGES), PIXELS, SIDES),
    Real("ConvNextV2Model", hugging("ConvNextV2Model", **STAGES), PIXELS, SIDES),
    Real("ResNetModel", hugging("ResNetModel", embedding_size=16, **STAGES), PIXELS, SIDES),
    Real("RegNetModel", hugging("RegNetModel", embedding_size=16, groups_width=8, **STAGES), PIXELS, SIDES),
    Real("MobileNetV2Model", hugging("MobileNetV2Model", depth_multiplier=0.35), PIXELS, {}),
    Real(
        "EfficientNetModel",
        hugging("EfficientNetModel", width_coefficient=0.5, depth_coefficient=0.5, hidden_dim=640),
        PIXELS,
        SIDES,
    ),
    Real(
        "SegformerForSemanticSegmentation",
        hugging(
            "SegformerForSemanticSegmentation",
            hidden_sizes=[16, 32, 40, 64],
            depths=[1, 1, 2, 1],
            decoder_hidden_size=48,
        ),
        PIXELS,
        SIDES,
    ),
    Real("PoolFormerModel", hugging("PoolFormerModel", **STAGES), PIXELS, SIDES),
    Real(
        "LevitModel",
        hugging(
            "LevitModel",
            image_size=64,
            hidden_sizes=[32, 48, 64],
            key_dim=[8, 8, 8],
            num_attention_heads=[2, 3, 4],
            depths=[2, 2, 2],
        ),
        PIXELS,
        {},
    ),
    Real(
        "MobileViTModel",
        hugging(
            "MobileViTModel", image_size=64, hidden_sizes=[32, 40, 48], neck_hidden_sizes=[8, 16, 24, 32, 40, 48, 64]
        ),
        PIXELS,
        {},
    ),
    Real(
        "DPTForDepthEstimation",
        hugging(
            "DPTForDepthEstimation",
            **{**VISION, "num_hidden_layers": 12},
            neck_hidden_sizes=[16, 24, 32, 48],
            fusion_hidden_size=32,
        ),
        PIXELS,
        {},
    ),
    Real(
        "DetrModel",
        lambda: hugging(
            "DetrModel",
            use_timm_backbone=False,
            use_pretrained_backbone=False,
            d_model=32,
            encoder_layers=2,
            decoder_layers=2,
            encoder_ffn_dim=64,
            decoder_ffn_dim=64,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            num_queries=10,
            backbone_config=_resnet(),
        )(),
        {**PIXELS, "pixel_mask": ints(1, 64, 64)},
        {},
    ),
    Real("BertModel", hugging("BertModel", **SMALL), IDS, TEXT),
    Real("RobertaModel", hugging("RobertaModel", **SMALL), IDS, TEXT),
    Real(
        "DistilBertModel",
        hugging("DistilBertModel", dim=64, n_layers=3, n_heads=4, hidden_dim=128, vocab_size=500),
        IDS,
        TEXT,
    ),
    Real("AlbertModel", hugging("AlbertModel", **SMALL, embedding_size=32), IDS, TEXT),
    Real("ElectraModel", hugging("ElectraModel", **SMALL), IDS, TEXT),
    Real(
        "DebertaV2Model",
        hugging("DebertaV2Model", **SMALL, relative_attention=True, pos_att_type=["c2p", "p2c"]),
        IDS,
        {},
    ),
    Real("MPNetModel", hugging("MPNetModel", **SMALL), IDS, {}),
    Real("ModernBertModel", hugging("ModernBertModel", **SMALL, pad_token_id=0), IDS, {}),
    Real("GPT2LMHeadModel", hugging("GPT2LMHeadModel", n_embd=64, n_layer=3, n_head=4, vocab_size=500), TOKENS, TEXT),
    Real("GPTNeoXModel", hugging("GPTNeoXModel", **SMALL), TOKENS, TEXT),
    Real(
        "OPTForCausalLM",
        hugging(
            "OPTForCausalLM",
            hidden_size=64,
            num_hidden_layers=3,
            num_attention_heads=4,
            ffn_dim=128,
            vocab_size=500,
            word_embed_proj_dim=64,
        ),
        TOKENS,
        TEXT,
    ),
    Real("BloomModel", hugging("BloomModel", hidden_size=64, n_layer=3, n_head=4, vocab_size=500), TOKENS, TEXT),
    Real("LlamaForCausalLM", hugging("LlamaForCausalLM", **GROUPED), TOKENS, TEXT),
    Real("MistralForCausalLM", hugging("MistralForCausalLM", **GROUPED), TOKENS, TEXT),
    Real("Qwen2ForCausalLM", hugging("Qwen2ForCausalLM", **GROUPED), TOKENS, TEXT),
    Real("Qwen3ForCausalLM", hugging("Qwen3ForCausalLM", **GROUPED, head_dim=16), TOKENS, TEXT),
    Real("GemmaForCausalLM", hugging("GemmaForCausalLM", **GROUPED, head_dim=16), TOKENS, TEXT),
    Real("Gemma2ForCausalLM", hugging("Gemma2ForCausalLM", **GROUPED, head_dim=16), TOKENS, TEXT),
    Real("PhiForCausalLM", hugging("PhiForCausalLM", **SMALL), TOKENS, TEXT),
    Real("Phi3ForCausalLM", hugging("Phi3ForCausalLM", **GROUPED, pad_token_id=0), TOKENS, TEXT),
    Real(
        "FalconModel",
        hugging("FalconModel", hidden_size=64, num_hidden_layers=3, num_attention_heads=4, vocab_size=500),
        TOKENS,
        TEXT,
    ),
    Real("StableLmForCausalLM", hugging("StableLmForCausalLM", **GROUPED), TOKENS, TEXT),
    Real(
        "MambaModel",
        hugging("MambaModel", hidden_size=64, num_hidden_layers=3, vocab_size=500, state_size=8),
        TOKENS,
        {},
    ),
    Real("MixtralForCausalLM", hugging("MixtralForCausalLM", **GROUPED), TOKENS, {}),
    Real(
        "T5EncoderModel",
        hugging("T5EncoderModel", d_model=64, d_kv=16, d_ff=128, num_layers=3, num_heads=4, vocab_size=500),
        IDS,
        TEXT,
    ),
    Real("CLIPTextModel", hugging("CLIPTextModel", **SMALL), IDS, TEXT),
    Real("CLIPVisionModel", hugging("CLIPVisionModel", **{**VISION, "patch_size": 16}), PIXELS, {}),
    Real("SiglipVisionModel", hugging("SiglipVisionModel", **{**VISION, "patch_size": 16}), PIXELS, {}),
    Real(
        "Whisper encoder",
        lambda: (
            hugging(
                "WhisperModel",
                d_model=64,
                encoder_layers=3,
                decoder_layers=1,
                encoder_attention_heads=4,
                decoder_attention_heads=4,
                encoder_ffn_dim=128,
                max_source_positions=50,
                vocab_size=500,
                pad_token_id=0,
            )().encoder
        ),
        {"input_features": floats(1, 80, 100), **NO_DICT},
        {},
    ),
    Real(
        "Wav2Vec2Model",
        hugging(
            "Wav2Vec2Model",
            **{**SMALL, "vocab_size": 32},
            conv_dim=(32,) * 7,
            num_conv_pos_embeddings=16,
            num_conv_pos_embedding_groups=4,
        ),
        {"input_values": floats(1, 4000), **NO_DICT},
        {"input_values": {1: "n"}},
    ),
    Real(
        "HubertModel",
        hugging(
            "HubertModel",
            **{**SMALL, "vocab_size": 32},
            conv_dim=(32,) * 7,
            num_conv_pos_embeddings=16,
            num_conv_pos_embedding_groups=4,
        ),
        {"input_values": floats(1, 4000), **NO_DICT},
        {"input_values": {1: "n"}},
    ),
    Real(
        "ASTModel",
        hugging("ASTModel", **{k: v for k, v in VISION.items() if k != "image_size"}, max_length=64, num_mel_bins=32),
        {"input_values": floats(1, 64, 32), **NO_DICT},
        {},
    ),
    Real(
        "SamVisionModel",
        hugging(
            "SamVisionModel",
            hidden_size=32,
            num_hidden_layers=3,
            num_attention_heads=2,
            image_size=64,
            patch_size=8,
            window_size=4,
            global_attn_indexes=[2],
            output_channels=16,
        ),
        PIXELS,
        {},
    ),
]


def _resnet() -> Any:
    import transformers

    return transformers.ResNetConfig(embedding_size=16, **STAGES, out_features=["stage4"])


MODELS = {real.name: real for real in (*DIFFUSERS, *TRANSFORMERS)}
SLOW = ("UNet2DConditionModel (SD 1.5)",)
"""Models whose export takes more than a few seconds."""


class Measured(NamedTuple):
    """What was traced of one model, beside what PyTorch says."""

    name: str
    params: int
    torch_params: int
    macs: int
    torch_macs: int
    nodes: int
    law: str
    conditions: tuple[str, ...]
    gaps: tuple[str, ...]

    @property
    def status(self) -> str:
        if (self.params, self.macs) != (self.torch_params, self.torch_macs):
            return "differs"
        return "exact but for gaps" if self.gaps else "exact"


def measure(real: Real) -> Measured:
    """Trace one model and count it with PyTorch."""
    from archgraph.cost.costs import Costs
    from archgraph.pytorch.trace.module import trace
    from archgraph.sizes.symbols import evaluate

    with torch.device("meta"):
        model = real.build().eval()
    traced = trace(model, real.inputs, real.dynamic, name=real.name, allow_unsupported=True)
    costs = Costs(traced.graph, traced.selected)
    law = costs.total("macs")
    macs = evaluate(law, traced.values)
    params = evaluate(costs.total("params"), traced.values)
    torch_params = sum(p.numel() for p in model.parameters())
    nodes = sum(1 for _ in traced.graph.walk())
    gaps = tuple(f"{gap.operator} x {gap.count}" for gap in traced.gaps)
    shown = str(traced.show(law)) if real.dynamic else ""
    return Measured(
        real.name, params, torch_params, macs, _counted(real, model) // 2, nodes, shown, traced.conditions, gaps
    )


def _counted(real: Real, model: Any) -> int:
    """Count on the meta device; on the CPU where the model asks for values."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    own = _formulas_of_libraries()
    try:
        with FlopCounterMode(display=False, custom_mapping=own) as counter:
            model(**real.inputs)
    except (RuntimeError, AssertionError):
        inputs = torch.utils._pytree.tree_map(_zeros, real.inputs)
        counter = FlopCounterMode(display=False, custom_mapping=own)
        with counter, sdpa_kernel(SDPBackend.MATH), torch.no_grad():
            real.build().eval().requires_grad_(False)(**inputs)
    return counter.get_total_flops()


def _formulas_of_libraries() -> dict[Any, Any]:
    """What PyTorch's counter does not know: products of rows with the matrix of an expert, and inside of distances."""
    from transformers.integrations import moe  # noqa: F401  registers it

    def grouped(rows: Any, matrices: Any, *ends: Any, **more: Any) -> int:
        return 2 * rows[0] * matrices[-2] * matrices[-1]

    def pairs(rows: Any, others: Any, **more: Any) -> int:
        return 2 * prod(rows) * others[-2]

    experts = dict.fromkeys((torch.ops.transformers.grouped_mm_fallback, torch.ops.aten._grouped_mm), grouped)
    return {**experts, torch.ops.aten._euclidean_dist: pairs}


def _zeros(item: Any) -> Any:
    return torch.zeros(item.shape, dtype=item.dtype) if isinstance(item, torch.Tensor) else item


PAGE = Path(__file__).parents[2] / "docs" / "traced-models.md"
HEAD = """\
# Traced models

Models of transformers and diffusers, built from (mostly small) configurations and traced without weights.
Parameters and multiply-accumulates are compared with the module's own parameters and with half of what
`torch.utils.flop_counter.FlopCounterMode` counts, on the meta device (on the
CPU with the math kernel if a model needs values). Costs that the counter does not know, of
grouped products of experts and distances to codes, are supplied to it. *Nodes* are
those of the traced graph, repeats folded. [Whole libraries](corpora.md) has others, such as timm and torchvision.

| model | params | MACs | nodes | varies | status |
|---|---:|---:|---:|---|---|
"""


def row(found: Measured) -> str:
    """Return the row of one model."""
    status = found.status + (f": {', '.join(found.gaps)}" if found.gaps else "")
    numbers = (f"{found.params:,}", f"{found.macs:,}", str(found.nodes))
    return "| " + " | ".join((found.name, *numbers, ", ".join(found.conditions) or "-", status)) + " |\n"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    PAGE.write_text(HEAD + "".join(row(measure(real)) for real in MODELS.values()))
