"""A slice of the libraries that `python -m tests.models.corpora` compares whole: those of them that are installed.

A model is held by its parameters, products, its law at two other sizes, fields, a drawing, and its text as a spec.
"""

import logging
import os

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
pytest.importorskip("torch")
pytestmark = [pytest.mark.models, pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

from tests.models.corpora.comparing import compared  # noqa: E402
from tests.models.corpora.libraries import LIBRARIES  # noqa: E402

SLICE = {
    "timm": (
        *("resnet18", "vit_tiny_patch16_224", "swin_tiny_patch4_window7_224", "convnext_atto"),
        *("efficientnet_b0", "mixer_s32_224", "maxvit_pico_rw_256", "nf_resnet26"),
    ),
    "torchvision": (
        *("alexnet", "squeezenet1_1", "shufflenet_v2_x0_5", "mnasnet0_5", "regnet_y_400mf"),
        *("lraspp_mobilenet_v3_large", "fcn_resnet50", "r3d_18"),
    ),
    "transformers": (
        *("BertModel", "GPT2LMHeadModel", "LlamaForCausalLM", "T5EncoderModel"),
        *("ViTModel", "Whisper encoder", "MixtralForCausalLM", "MambaModel"),
    ),
    "diffusers": (
        *("UNet2DModel (DDPM)", "UNet2DConditionModel (SDXL-like)", "DiTTransformer2DModel"),
        *("SD3Transformer2DModel", "FluxTransformer2DModel", "AutoencoderKL decoder"),
    ),
    "monai": ("UNet", "SwinUNETR", "UNETR", "Quicknat", "PatchDiscriminator"),
    "segmentation-models-pytorch": ("unet resnet18", "fpn resnet18"),
    "ultralytics": ("yolov8", "yolov8-cls"),
    "nnU-Net": ("PlainConvUNet 2d", "PlainConvUNet 3d_fullres"),
    "onnx": ("light_squeezenet", "light_shufflenet"),
}


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize(("library", "name"), [(library, name) for library, names in SLICE.items() for name in names])
def test_a_model_is_exact(library, name):
    try:
        entry = LIBRARIES[library].entry(name)
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"{library} cannot be imported: {error}")
    found = compared(library, entry).as_json()
    assert found["status"] == "exact", found["why"]
