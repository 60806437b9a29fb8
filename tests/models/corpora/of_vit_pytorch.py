"""vit-pytorch: every class that classifies images, whose arguments the table knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.models.corpora.entry import Entry, on
from tests.models.corpora.filled import classes, filled

ARGUMENTS: dict[str, Any] = {
    "image_size": 256,
    "patch_size": 32,
    "num_classes": 10,
    "dim": 64,
    "depth": 2,
    "heads": 4,
    "mlp_dim": 128,
    "frames": 4,
    "image_patch_size": 32,
    "frame_patch_size": 2,
    "spatial_depth": 2,
    "temporal_depth": 2,
    "seq_len": 64,
    "channels": 3,
    "stages": 3,
    "num_patches": 64,
}
MORE: dict[str, dict[str, Any]] = {
    "CaiT": {"cls_depth": 2},
    "LocalViT": {"dim": 8},
    "LookViT": {"patch_size": 32, "highres_patch_size": 16},
    "T2TViT": {"depth": 2, "heads": 4, "mlp_dim": 128},
    "LoopedViT": {"image_size": 256, "patch_size": 32},
    "CrossViT": {"image_size": 256, "num_classes": 10},
    "LeViT": {"image_size": 256, "num_classes": 10, "dim": (32, 48, 64), "heads": (2, 3, 4), "mlp_mult": 2, "depth": 2},
    "NesT": {"image_size": 256, "patch_size": 4, "num_hierarchies": 3, "block_repeats": (1, 1, 2)},
    "MobileViT": {
        "image_size": (256, 256),
        "dims": [32, 40, 48],
        "channels": [16, 16, 24, 24, 32, 32, 40, 40, 48, 48, 64],
    },
    "PiT": {"patch_size": 8, "depth": (2, 2)},
    "MaxViT": {"depth": (1, 1), "window_size": 4},
    "RegionViT": {"dim": (32, 64, 96, 128), "depth": (1, 1, 1, 1), "window_size": 2, "num_classes": 10},
    "ScalableViT": {
        "heads": (2, 4, 4, 8),
        "depth": (1, 1, 1, 1),
        "ssa_dim_key": (8, 8, 8, 8),
        "window_size": (16, None, None, None),
    },
    "SepViT": {"dim_head": 16, "heads": (1, 2, 4), "depth": (1, 1, 1)},
    "ViTND": {"ndim": 3, "input_shape": (8, 32, 32), "patch_size": (2, 8, 8), "heads": 2, "dim_head": 16},
    "XCiT": {"cls_depth": 2},
}
"""What needs other arguments: LocalViT runs where its width is that of its grid, which it normalizes."""
SIDES = {"CrossFormer": 224, "SepViT": 224, "TwinsSVT": 224}
"""Images that windows of seven divide."""
PARTS = ("TransformerClassifier",)
"""Classes that take no image but what an image was made into."""


def entries() -> Sequence[Entry]:
    """Return all of its models that the table can build."""
    import vit_pytorch

    found: dict[str, Entry] = {}
    for kind in classes(vit_pytorch):
        made = filled(kind, ARGUMENTS, MORE.get(kind.__name__, {}))
        if made is not None and kind.__name__ not in PARTS and "num_classes" in _taken(kind):
            file = kind.__module__.rpartition(".")[2]
            found[f"{file}.{kind.__name__}"] = Entry(f"{file}.{kind.__name__}", made, on(*_shape(made, kind)))
    return list(found.values())


def _taken(kind: Any) -> Sequence[str]:
    import inspect

    return list(inspect.signature(kind).parameters)


def _shape(made: Any, kind: Any) -> tuple[int, ...]:
    """What a class takes, by what it is made of: channels and an image, frames or a sequence."""
    given = made.keywords
    if "input_shape" in given:
        return 3, *given["input_shape"]
    if "frames" in given:
        return 3, given["frames"], given["image_size"], given["image_size"]
    side = SIDES.get(kind.__name__, 256)
    return (3, given["seq_len"]) if "seq_len" in given else (3, side, side)
