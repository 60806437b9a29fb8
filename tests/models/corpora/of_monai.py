"""MONAI: every network of `monai.networks.nets` whose arguments the table knows, on volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch

from tests.models.corpora.entry import BY_RANK, Entry, Inputs, on
from tests.models.corpora.filled import classes, filled

SIDE = 64
VOLUME = (SIDE,) * 3
ARGUMENTS: dict[str, Any] = {
    "spatial_dims": 3,
    "in_channels": 1,
    "out_channels": 2,
    "img_size": VOLUME,
    "patch_size": (16, 16, 16),
    "channels": (8, 16, 32),
    "strides": (2, 2),
    "in_shape": (1, *VOLUME),
    "num_classes": 2,
    "kernel_size": (3, 3, 3),
    "upsample_kernel_size": (2, 2),
    "hidden_size": 64,
    "mlp_dim": 128,
    "num_heads": 4,
    "latent_size": 8,
    "out_shape": (2,),
    "classes": 2,
    "latent_shape": (1, 4, 4, 4),
    "image_size": SIDE,
    "num_channel_initial": 8,
    "depth": 3,
    "input_channels": 1,
    "growth_rate": 8,
    "feature_size": 12,
}
PARTS = ("Topology", "Bert", "Pooler", "HighResBlock", "ControlNet")
"""How classes begin that are a part of a network, or take what another network makes."""
OFFLINE = {"pretrained": False}
EFFICIENT = {**OFFLINE, "model_name": "efficientnet-b0"}
RESIDUAL = {**OFFLINE, "model_name": "resnet10"}
SQUEEZED = {"spatial_dims": 3, "in_channels": 1}
"""What families of networks take; the last of them only name it in the class that they are made from."""
SHAPES: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("EfficientNetBN", "EfficientNetBNFeatures", "EfficientNetEncoder"), (3, SIDE, SIDE)),
    "HoVerNet": (3, 256, 256),
    "MILModel": (4, 3, SIDE, SIDE),
    "Quicknat": (1, SIDE, SIDE),
    "TorchVisionFCModel": (3, 224, 224),
}
"""What networks take that take no volume: an image, or many images together."""
STEPPED = ("DiffusionModelUNet",)
"""Networks that take the number of a step besides."""
PAIRED = {"VoxelMorph": ("moving", "fixed")}
PAIRED_SIDE = 32
"""Networks that take several volumes of one size, by the names of these: small ones, whose grids are written into."""
MORE: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("EfficientNetBN", "EfficientNetBNFeatures", "EfficientNetEncoder"), EFFICIENT),
    **dict.fromkeys(("ResNetFeatures", "ResNetEncoder"), RESIDUAL),
    **dict.fromkeys(("SENet154", "SEResNet50", "SEResNet101", "SEResNet152", "SEResNext50", "SEResNext101"), SQUEEZED),
    "GlobalNet": {"image_size": list(VOLUME)},
    "MILModel": OFFLINE,
    "PatchDiscriminator": {"channels": 8},
    "AHNet": {"psp_block_num": 2},
    "AutoEncoder": {"channels": (8, 16, 32), "strides": (2, 2, 2)},
    "DynUNet": {"kernel_size": (3, 3, 3), "strides": (1, 2, 2), "upsample_kernel_size": (2, 2)},
    "SwinUNETR": {"feature_size": 12, "in_channels": 1, "out_channels": 2},
    "DiffusionModelUNet": {
        "channels": (16, 32),
        "attention_levels": (False, True),
        "num_res_blocks": 1,
        "num_head_channels": 8,
        "norm_num_groups": 8,
    },
    "AutoencoderKL": {
        "channels": (8, 16),
        "num_res_blocks": 1,
        "attention_levels": (False, False),
        "norm_num_groups": 8,
        "latent_channels": 3,
    },
    "VQVAE": {
        "channels": (16, 32),
        "num_res_channels": 16,
        "num_res_layers": 1,
        "downsample_parameters": ((2, 4, 1, 1),) * 2,
        "upsample_parameters": ((2, 4, 1, 1, 0),) * 2,
        "num_embeddings": 32,
        "embedding_dim": 16,
    },
    "VarAutoEncoder": {"strides": (2, 2, 2)},
    "Discriminator": {"strides": (2, 2, 2)},
    "Classifier": {"strides": (2, 2, 2)},
    "Critic": {"strides": (2, 2, 2)},
    "Regressor": {"strides": (2, 2, 2)},
    "ResNet": {"block": "basic", "layers": [1, 1, 1, 1], "block_inplanes": [8, 16, 32, 64], "n_input_channels": 1},
}


def entries() -> Sequence[Entry]:
    """Return all of its networks that the table can build."""
    from monai.networks import nets

    found: dict[str, Entry] = {}
    for kind in classes(nets):
        made = filled(kind, ARGUMENTS, MORE.get(kind.__name__, {})) if _is_network(kind.__name__, vars(nets)) else None
        if made is not None:
            dynamic = dict.fromkeys(PAIRED.get(kind.__name__, ()), BY_RANK[5])
            found[kind.__name__] = Entry(kind.__name__, made, partial(_inputs, kind.__name__), dynamic or None)
    return list(found.values())


def _is_network(name: str, exported: Mapping[str, Any]) -> bool:
    return name in exported and not name.startswith(PARTS)


def _inputs(name: str, module: Any) -> Inputs:
    if name in PAIRED:
        return {volume: torch.empty(1, 1, *(PAIRED_SIDE,) * 3, device="meta") for volume in PAIRED[name]}
    steps = {"timesteps": torch.zeros(1, dtype=torch.long, device="meta")}
    return {**on(*SHAPES.get(name, (1, *VOLUME)))(module), **(steps if name in STEPPED else {})}
