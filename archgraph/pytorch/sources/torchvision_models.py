"""Models of torchvision by name."""

from __future__ import annotations

import inspect
from types import ModuleType
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

FRAMES = 16
"""How many frames the models of videos were trained on."""


def torchvision_model(name: str, options: BuilderOptions) -> NamedModel:
    """Return a model of torchvision, without its weights; keywords are those of its builder.

    Raises:
        MissingToolError: torchvision is not installed.
        SpecError: it has no such model, or the keywords do not fit.
    """
    models = library("torchvision").models
    if name not in models.list_models():
        raise unknown_model("torchvision has no model", name, models.list_models())
    taken = inspect.signature(models.get_model_builder(name)).parameters
    without = {key: None for key in ("weights", "weights_backbone") if key in taken}
    module = built(f"torchvision:{name}", lambda: models.get_model(name, **without, **options))
    own, preset = _own_sizes(module), _sizes(models, name)
    sizes, from_what = (own, "the module's image_size") if own else (preset, "the preset of torchvision's weights")
    inputs = None if sizes is None else {first_argument(module): images(*sizes)}
    return NamedModel(name, module, inputs, from_what, options)


def _own_sizes(module: nn.Module) -> tuple[int, ...] | None:
    """Channels and positions of a module that takes one size, whatever its weights were trained on."""
    side = getattr(module, "image_size", None)
    return (3, side, side) if isinstance(side, int) else None


def _sizes(models: ModuleType, name: str) -> tuple[int, ...] | None:
    """Channels and positions that the weights' preset makes of an image; None where there is none."""
    weights = next(iter(models.get_model_weights(name)), None)
    transforms = getattr(weights, "transforms", None)
    preset = getattr(transforms, "keywords", {})
    side = preset.get("crop_size") or preset.get("resize_size")
    if side is None:
        return None
    height, width = (side, side) if isinstance(side, int) else tuple(side)
    if "Video" in getattr(getattr(transforms, "func", None), "__name__", ""):
        return (3, FRAMES, height, width)
    return (3, height, width)
