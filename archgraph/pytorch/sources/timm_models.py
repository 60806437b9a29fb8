"""Models of timm by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from archgraph.pytorch.sources.model import (
    BuilderOptions,
    NamedModel,
    built,
    first_argument,
    images,
    library,
    unknown_model,
)

if TYPE_CHECKING:
    from torch import nn


def timm_model(name: str, options: BuilderOptions) -> NamedModel:
    """Return a model of timm, without its weights; keywords are those of `timm.create_model`.

    Raises:
        MissingToolError: timm is not installed.
        SpecError: it has no such model, or the keywords do not fit.
    """
    timm = library("timm")
    if not timm.is_model(name.partition(".")[0]):
        raise unknown_model("timm has no model", name, timm.list_models())
    module = built(f"timm:{name}", lambda: timm.create_model(name, pretrained=False, **options))
    return NamedModel(
        name, module, {first_argument(module): images(*input_size(module, options))}, "timm's input_size", options
    )


def input_size(module: nn.Module, options: BuilderOptions) -> tuple[int, int, int]:
    """Return channels, height and width: what the keywords say, else what the model was trained on."""
    configured = getattr(module, "pretrained_cfg", None) or {}
    get = configured.get if isinstance(configured, Mapping) else lambda key, other: getattr(configured, key, other)
    channels, height, width = get("input_size", None) or (3, 224, 224)
    side = options.get("img_size")
    if side is not None:
        height, width = side if isinstance(side, (list, tuple)) else (side, side)
    return int(options.get("in_chans", channels)), int(height), int(width)
