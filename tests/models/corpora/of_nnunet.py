"""nnU-Net: its networks of dynamic_network_architectures with the keywords that its planner writes into plans."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import nn

from tests.models.corpora.entry import Entry, on

FEATURES = (32, 64, 128, 256, 320, 320, 320, 320)
CASES = {
    "2d": (nn.Conv2d, nn.InstanceNorm2d, 7, (256, 256)),
    "3d_fullres": (nn.Conv3d, nn.InstanceNorm3d, 5, (64, 64, 64)),
    "3d_lowres": (nn.Conv3d, nn.InstanceNorm3d, 4, (48, 64, 64)),
}


def entries() -> Sequence[Entry]:
    """Return plain and residual U-Nets of every configuration, and what else there is."""
    found = []
    for case, (conv, norm, stages, patch) in CASES.items():
        common = _common(conv, norm, stages)
        plain = {"n_conv_per_stage": [2] * stages, "n_conv_per_stage_decoder": [2] * (stages - 1)}
        residual = {
            "n_blocks_per_stage": [1, 3, 4, 6, 6, 6, 6][:stages],
            "n_conv_per_stage_decoder": [1] * (stages - 1),
        }
        found += [
            Entry(f"{kind} {case}", partial(_made, kind, {**common, **more}), on(1, *patch))
            for kind, more in (
                ("PlainConvUNet", plain),
                ("ResidualUNet", {**plain, "n_blocks_per_stage": plain["n_conv_per_stage"]}),
                ("ResidualEncoderUNet", residual),
            )
        ]
    return [*found, *(Entry(name, partial(_primus, name), on(1, 64, 64, 64)) for name in ("PrimusS", "PrimusB"))]


def _common(conv: Any, norm: Any, stages: int) -> dict[str, Any]:
    return {
        "input_channels": 1,
        "num_classes": 3,
        "n_stages": stages,
        "features_per_stage": list(FEATURES[:stages]),
        "conv_op": conv,
        "kernel_sizes": 3,
        "strides": [1] + [2] * (stages - 1),
        "conv_bias": True,
        "norm_op": norm,
        "norm_op_kwargs": {"eps": 1e-5, "affine": True},
        "nonlin": nn.LeakyReLU,
        "nonlin_kwargs": {"inplace": True},
        "deep_supervision": True,
    }


def _made(kind: str, keywords: dict[str, Any]) -> Any:
    from dynamic_network_architectures.architectures import unet

    if kind == "ResidualUNet":
        keywords = {key: value for key, value in keywords.items() if key != "n_conv_per_stage"}
    return getattr(unet, kind)(**keywords)


def _primus(name: str) -> Any:
    from dynamic_network_architectures.architectures import primus

    sides = {"patch_embed_size": (8, 8, 8), "input_shape": (64, 64, 64)}
    return getattr(primus, name)(input_channels=1, output_channels=3, rope_impl=_rotary(), **sides)


def _rotary() -> Any:
    """Return timm's rotary positions, which are kept for as many axes as there are: timm itself keeps those of two."""
    from timm.layers import RotaryEmbeddingCat

    class Rotary(RotaryEmbeddingCat):
        def _create_cache(self, num_pos: int, device: Any, dtype: Any) -> None:
            kept = torch.empty(num_pos, len(self.feat_shape) * self.dim, device=device, dtype=dtype)
            self.register_buffer("pos_embed", kept, persistent=False)

    return Rotary
