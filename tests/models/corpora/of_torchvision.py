"""torchvision: every builder that it lists."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import nn

from tests.models.corpora.entry import Dynamic, Entry, Inputs, on

SIDE = 320
"""Of an image in which things are detected: detectors have no size of their own."""
SHORTENED = " up to its boxes"


def entries() -> Sequence[Entry]:
    """Return all of its models; the smallest of every file of them at sizes that vary, the others at their own."""
    from torchvision import models

    names = models.list_models()
    families: dict[str, list[str]] = {}
    for name in names:
        families.setdefault(models.get_model_builder(name).__module__, []).append(name)
    smallest = {min(family, key=_weights) for family in families.values()}
    return [_entry(name, None if name in smallest else {}) for name in names]


def _entry(name: str, dynamic: Dynamic | None) -> Entry:
    from torchvision import models

    if models.get_model_builder(name).__module__.startswith("torchvision.models.detection"):
        return Entry(f"{name}{SHORTENED}", partial(_detector, name), on(3, SIDE, SIDE), dynamic)
    return Entry(name, partial(_made, name), partial(_inputs, name), dynamic)


def _weights(name: str) -> int:
    """Return the parameters that the published weights have."""
    from torchvision import models

    return next(iter(models.get_model_weights(name))).meta["num_params"]


def _made(name: str) -> Any:
    from torchvision import models

    taken = inspect.signature(models.get_model_builder(name)).parameters
    return models.get_model(name, **{key: None for key in ("weights", "weights_backbone") if key in taken})


def _detector(name: str) -> UpToBoxes:
    return UpToBoxes(_made(name))


class UpToBoxes(nn.Module):
    """A detector without its last step, which chooses boxes by their scores: no graph says how many are left.

    Of a detector in two stages it is the first, which proposes boxes.
    """

    def __init__(self, detector: Any) -> None:
        super().__init__()
        self.backbone = detector.backbone
        self.head = detector.rpn.head if hasattr(detector, "rpn") else detector.head

    def forward(self, x: Any) -> Any:
        return self.head(list(self.backbone(x).values()))


def _inputs(name: str, module: Any) -> Inputs:
    from archgraph.pytorch.sources.table import named_model

    taken = list(inspect.signature(module.forward).parameters)
    if taken[:2] == ["image1", "image2"]:
        return {argument: torch.empty(1, 3, 128, 128, device="meta") for argument in taken[:2]}
    return dict(named_model(f"torchvision:{name}", {}).inputs or {})
