"""segmentation_models_pytorch: every decoder with one encoder, and every family of encoders with one decoder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from tests.models.corpora.entry import Entry, on

SIDE = 128
SIDES = {"dpt": 224}
"""Images of decoders whose encoder takes one size."""


def entries() -> Sequence[Entry]:
    """Return the networks."""
    import segmentation_models_pytorch as smp

    decoders = [
        _entry(name, "tu-vit_tiny_patch16_224" if name == "dpt" else "resnet18")
        for name in smp.MODEL_ARCHITECTURES_MAPPING
    ]
    families: dict[str, str] = {}
    for encoder in smp.encoders.get_encoder_names():
        families.setdefault(re.split(r"[\d_-]", encoder.removeprefix("timm-"))[0], encoder)
    return [*decoders, *(_entry("unet", encoder) for encoder in families.values() if encoder != "resnet18")]


def _entry(decoder: str, encoder: str) -> Entry:
    return Entry(f"{decoder} {encoder}", partial(_made, decoder, encoder), on(3, *[SIDES.get(decoder, SIDE)] * 2))


def _made(decoder: str, encoder: str) -> Any:
    import segmentation_models_pytorch as smp

    return smp.create_model(decoder, encoder, encoder_weights=None)
