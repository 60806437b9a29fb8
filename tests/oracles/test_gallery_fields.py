"""The receptive fields of the shipped specs against the structural gradient of their modules, on small inputs."""

from __future__ import annotations

import pytest

import archgraph as ag
from archgraph.pytorch.verify.fields import verify_fields
from archgraph.spec.load import shipped_names

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.slow]

TOKENS = {"D": 32, "L": 2, "heads": 4}
LANGUAGE = {**TOKENS, "N": 48, "V": 64}
STREAMS = {"D": 48, "heads": 2, "H": 16, "W": 16, "T": 24, "X": 8, "P": 8}

SMALL = {
    ("adm", "image"): {"C": 64, "H": 32, "W": 64, "blocks": 1},
    ("bert", "ids"): LANGUAGE,
    ("conv_stack", "image"): {"H": 24, "W": 24},
    ("convnext", "image"): {"C": 8, "H": 96, "W": 96},
    ("ddpm", "image"): {"C": 32},
    ("dit:S/8", "latent"): TOKENS,
    ("edm2", "latents"): {
        "C": 64,
        "mult": [1, 2],
        "attends": [False, True],
        "blocks": 1,
        "H": 12,
        "W": 16,
        "classes": 3,
    },
    ("efficientnet", "image"): {"H": 96, "W": 96},
    ("flux", "latent"): {**STREAMS, "double": 2, "single": 2},
    ("flux", "text"): {**STREAMS, "double": 1, "single": 1},
    ("gpt2", "ids"): LANGUAGE,
    ("hunyuan_dit", "latent"): {
        "D": 32,
        "heads": 4,
        "half": 1,
        "F": 48,
        "H": 12,
        "W": 16,
        "T": 3,
        "U": 5,
        "X": 8,
        "Y": 16,
    },
    ("hunyuan_dit", "t5"): {"D": 32, "heads": 4, "half": 1, "F": 48, "H": 8, "W": 8, "T": 3, "U": 5, "X": 8, "Y": 16},
    ("llama", "ids"): {**LANGUAGE, "F": 64, "kv_heads": 2},
    ("mamba", "ids"): {"D": 32, "L": 2, "S": 4, "V": 64, "N": 24},
    ("mednext", "image"): {"C": 4, "classes": 3, "depths": [1] * 9, "Z": 16, "H": 32, "W": 16},
    ("mistral", "ids"): {**LANGUAGE, "F": 64, "kv_heads": 2, "d": 8, "span": 8},
    ("mixtral", "ids"): {**LANGUAGE, "F": 64, "kv_heads": 2},
    ("mobilenet_v2", "image"): {"H": 96, "W": 96},
    ("nnunet", "image"): {"C": 4, "Z": 32, "H": 64, "W": 32},
    ("nnunet:2d", "image"): {"C": 4, "H": 128, "W": 256},
    ("nnunet_resenc", "image"): {"C": 4, "Z": 32, "H": 32, "W": 64},
    ("pixart", "latent"): {**TOKENS, "H": 16, "W": 24, "T": 12, "X": 8},
    ("pixart", "text"): {**TOKENS, "H": 16, "W": 24, "T": 12, "X": 8},
    ("replknet", "image"): {"C": 8, "depths": [1, 1, 1, 1], "kernels": [7, 5, 5, 3], "H": 96, "W": 64},
    ("resnet", "image"): {"H": 128, "W": 96},
    ("sana", "latent"): {**TOKENS, "text_heads": 2, "F": 48, "H": 8, "W": 12, "T": 6, "X": 8},
    ("sana", "text"): {**TOKENS, "text_heads": 2, "F": 48, "H": 8, "W": 8, "T": 6, "X": 8},
    ("sd", "latent"): {"C": 32, "H": 32, "W": 40},
    ("sd", "text"): {"C": 32, "H": 16, "W": 16},
    ("sd3", "latent"): {**STREAMS, "L": 2},
    ("sd3", "text"): {**STREAMS, "L": 2},
    ("stunet", "image"): {"C": 4, "classes": 3, "factors": [1, 2, 4], "Z": 16, "H": 32, "W": 16},
    ("swin", "image"): {"C": 32},
    ("swin_unetr", "image"): {"C": 4, "head_dim": 4, "window": 3, "classes": 3, "Z": 32, "H": 32, "W": 64},
    ("transformer", "tokens"): {"N": 24},
    ("unet", "image"): {"C": 4, "H": 188, "W": 204},
    ("unet:padded-512", "image"): {"C": 4, "H": 224, "W": 256},
    ("unet3d", "volume"): {"C": 4, "levels": 2, "H": 44, "W": 48, "Z": 44},
    ("unetr", "image"): {"D": 32, "L": 4, "heads": 4, "F": 48, "C": 4, "classes": 3, "Z": 32, "H": 32, "W": 48},
    ("uvit", "image"): {"D": 32, "heads": 4, "half": 2},
    ("vgg", "image"): {},
    ("vit", "image"): {**TOKENS, "H": 96, "W": 64},
}


@pytest.mark.parametrize(("spec", "source"), SMALL, ids=map("-".join, SMALL))
def test_gallery(spec, source):
    torch.set_num_threads(1)
    report = verify_fields(ag.load(spec).bind(**SMALL[spec, source]).network, source)
    assert report.ok, str(report)
    assert all(check.positions for check in report.rows)


def test_every_shipped_spec_is_here():
    names = {spec.split(":")[0] for spec, _ in SMALL}
    assert names == set(shipped_names())
