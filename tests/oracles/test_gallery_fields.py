"""The receptive fields of the shipped specs against the structural gradient of their modules, on small inputs."""

from __future__ import annotations

import pytest

import archgraph as ag
from archgraph.frontend.load import shipped_names
from archgraph.measure import verify_fields

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.slow]

SMALL = {
    ("adm", "image"): {"H": 64, "W": 64},
    ("bert", "ids"): {"N": 48},
    ("conv_stack", "image"): {"H": 24, "W": 24},
    ("convnext", "image"): {"H": 64, "W": 64},
    ("ddpm", "image"): {},
    ("dit:S/8", "latent"): {},
    ("flux", "latent"): {"H": 16, "W": 16, "T": 24},
    ("gpt2", "ids"): {"N": 48},
    ("llama", "ids"): {"N": 48},
    ("mixtral", "ids"): {"N": 48},
    ("mobilenet_v2", "image"): {"H": 96, "W": 96},
    ("nnunet", "image"): {"Z": 32, "H": 32, "W": 32},
    ("nnunet:2d", "image"): {"H": 128, "W": 128},
    ("nnunet_resenc", "image"): {"Z": 32, "H": 32, "W": 32},
    ("pixart", "latent"): {"S": 16},
    ("pixart", "text"): {"S": 16},
    ("resnet", "image"): {"H": 96, "W": 96},
    ("sd", "latent"): {"H": 32, "W": 32},
    ("sd", "text"): {"H": 16, "W": 16},
    ("sd3", "latent"): {"H": 16, "W": 16, "T": 24},
    ("sd3", "text"): {"H": 16, "W": 16, "T": 24},
    ("swin", "image"): {},
    ("transformer", "tokens"): {"N": 24},
    ("unet", "image"): {"H": 188, "W": 204},
    ("unet:padded-512", "image"): {"H": 224, "W": 240},
    ("unet3d", "volume"): {"H": 92, "W": 92, "Z": 92},
    ("uvit", "image"): {},
    ("vgg", "image"): {"H": 224, "W": 224},
    ("vit", "image"): {"H": 224},
}


@pytest.mark.parametrize(("spec", "source"), SMALL, ids="-".join)
def test_gallery(spec, source):
    torch.set_num_threads(1)
    report = verify_fields(ag.load(spec).bind(**SMALL[spec, source]), source)
    assert report.ok, str(report)
    assert all(check.positions for check in report.rows)


def test_every_shipped_spec_is_here():
    names = {spec.split(":")[0] for spec, _ in SMALL}
    assert names == set(shipped_names())
