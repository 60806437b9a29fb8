"""open_clip: of every family of its configurations the smallest file, images and texts together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from tests.models.corpora.entry import Entry, Inputs


def entries() -> Sequence[Entry]:
    """Return one model per family."""
    import open_clip

    families: dict[str, list[str]] = {}
    for name in open_clip.list_models():
        families.setdefault(re.split(r"[\d-]", name)[0], []).append(name)
    return [Entry(name, partial(_made, name), _inputs, {}) for name in (min(of, key=_size) for of in families.values())]


def _size(name: str) -> tuple[float, str]:
    import open_clip

    found = open_clip.get_model_config(name)
    return found["embed_dim"] * (2 if "g" in name.split("-")[-1] else 1), name


def _made(name: str) -> Any:
    import open_clip

    return open_clip.create_model(name, pretrained=None, load_weights=False)


def _inputs(module: Any) -> Inputs:
    side = module.visual.image_size
    height, width = side if isinstance(side, (tuple, list)) else (side, side)
    length = getattr(module, "context_length", None) or 77
    texts = torch.zeros(1, length, dtype=torch.long, device="meta")
    return {"image": torch.empty(1, 3, height, width, device="meta"), "text": texts}
