"""The files that pages speak of and only their reader has: networks of one's own, configurations, a repository."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = """\
from torch import nn


class Net(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


def build(width=64):
    return Net(nn.Conv2d(3, width, 7, stride=2, padding=3), nn.ReLU(), nn.Conv2d(width, 10, 1))


def old():
    return build()


def new():
    return build(96)


def mlp(width=64):
    return Net(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
"""
LLAMA = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": 100,
}
"""A small configuration: laws in its fields take seconds."""
KEYWORDS = {
    "n_stages": 2,
    "features_per_stage": [8, 16],
    "conv_op": "torch.nn.modules.conv.Conv3d",
    "kernel_sizes": [[3, 3, 3]] * 2,
    "strides": [[1, 1, 1], [2, 2, 2]],
    "n_conv_per_stage": [2, 2],
    "n_conv_per_stage_decoder": [2],
    "conv_bias": True,
    "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
    "norm_op_kwargs": {"eps": 1e-05, "affine": True},
    "nonlin": "torch.nn.LeakyReLU",
    "nonlin_kwargs": {"inplace": True},
}
PLAN = {
    "patch_size": [16, 16, 16],
    "architecture": {
        "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
        "arch_kwargs": KEYWORDS,
        "_kw_requires_import": ["conv_op", "norm_op", "nonlin"],
    },
}
"""A small network as nnU-Net plans it."""


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _written(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _own_spec(folder: Path) -> None:
    """The spec that the README tells its reader to save."""
    found = re.search(r"```yaml\n(.*?)```", page("README.md"), flags=re.DOTALL)
    assert found is not None
    for name in ("tiny.yaml", "mine.yaml"):
        _written(folder / name, found[1])


def _configurations(folder: Path) -> None:
    for name in ("llama.json", "config.json", "old/config.json"):
        _written(folder / name, json.dumps(LLAMA))


def the_llama_of_the_page() -> str:
    """The configuration that the page of models tells its reader to save as `llama.json`."""
    found = re.search(r"`(\{.*?\})` as `llama\.json`", page("docs/models.md"))
    assert found is not None
    return found[1]


def _plans(folder: Path) -> None:
    _written(folder / "plans.json", json.dumps({"configurations": {"3d_fullres": PLAN}}))
    _written(folder / "dataset.json", json.dumps({"channel_names": {"0": "CT"}, "labels": {"background": 0, "a": 1}}))


def _exported(folder: Path) -> None:
    import torch

    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU())
    torch.export.save(torch.export.export(module, (torch.zeros(1, 3, 8, 8),)), folder / "model.pt2")


def _package(folder: Path) -> None:
    _written(folder / "mypkg" / "models.py", PACKAGE)


def _repository(folder: Path) -> None:
    """Two commits, of which the second renames a network."""

    def git(*words: str) -> None:
        named = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *named, *words], cwd=folder, check=True, capture_output=True)

    text = page("specs/unet.yaml")
    git("init", "-b", "main")
    for version in (text, text.replace("name: U-Net", "name: Our U-Net")):
        _written(folder / "specs" / "unet.yaml", version)
        git("add", "specs")
        git("commit", "-m", "a change")


FILES: Mapping[str, Callable[[Path], None]] = {
    r"\b(tiny|mine)\.yaml\b": _own_spec,
    r"\bhf:": _configurations,
    r"\bplans\.json\b": _plans,
    r"\bmodel\.pt2\b": _exported,
    r"\bmypkg\b": _package,
    r"\bspecs/unet\.yaml\b": _repository,
}
"""What makes the files that a text names."""


def write_files(text: str, folder: Path) -> None:
    """Write the files that a text names into a folder."""
    for named, write in FILES.items():
        if re.search(named, text):
            write(folder)
