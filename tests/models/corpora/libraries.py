"""The libraries of the corpora: what lists the models of each, and the package that it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NamedTuple

from tests.models.corpora.entry import Entry


class Library(NamedTuple):
    """Where the models of a library are listed: a file beside this one, its function and what that takes."""

    package: str
    file: str
    function: str = "entries"
    arguments: tuple[object, ...] = ()

    def entries(self) -> Sequence[Entry]:
        """Return its models.

        Raises:
            ImportError, RuntimeError: the library cannot be imported.
        """
        import_module(self.package)
        return getattr(import_module(f"tests.models.corpora.{self.file}"), self.function)(*self.arguments)

    def entry(self, name: str) -> Entry:
        """Return the model of a name.

        Raises:
            ImportError, RuntimeError: the library cannot be imported.
        """
        import_module(self.package)
        one = getattr(import_module(f"tests.models.corpora.{self.file}"), "entry", None)
        return one(name) if one else next(entry for entry in self.entries() if entry.name == name)


LIBRARIES: Mapping[str, Library] = {
    "torchvision": Library("torchvision", "of_torchvision"),
    "timm": Library("timm", "of_timm"),
    "transformers": Library("transformers", "of_hugging_face", "transformers"),
    "diffusers": Library("diffusers", "of_hugging_face", "diffusers"),
    "monai": Library("monai", "of_monai"),
    "segmentation-models-pytorch": Library("segmentation_models_pytorch", "of_smp"),
    "nnU-Net": Library("dynamic_network_architectures", "of_nnunet"),
    "ultralytics": Library("ultralytics", "of_ultralytics"),
    "vit-pytorch": Library("vit_pytorch", "of_vit_pytorch"),
    "open_clip": Library("open_clip", "of_open_clip"),
    "onnx": Library("onnx", "of_onnx"),
}


def drawn(how_many: int, seed: str) -> Mapping[str, Library]:
    """Return models of timm that a seed draws, such as the date: so nobody can tune to a list."""
    return {f"timm, {how_many} drawn by {seed}": Library("timm", "of_timm", "drawn", (how_many, seed))}
