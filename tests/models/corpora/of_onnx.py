"""Files of ONNX that installed packages ship: onnx's own models without weights, and those of applications."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.models.corpora.entry import Entry, Inputs

PACKAGES = ("rapidocr_onnxruntime", "rapidocr", "nudenet", "silero_vad", "basic_pitch", "magika", "ddddocr")


def entries() -> Sequence[Entry]:
    """Return the files that are there."""
    import onnx

    light = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    files = [*sorted(light.glob("*.onnx")), *(file for package in PACKAGES for file in _files(package))]
    return [Entry(file.stem, partial(_made, str(file)), partial(_inputs, str(file)), {}) for file in files]


def _files(package: str) -> Sequence[Path]:
    found = find_spec(package)
    places = [Path(place) for place in found.submodule_search_locations or ()] if found else []
    return [file for place in places for file in sorted(place.rglob("*.onnx"))]


def _made(file: str) -> Any:
    import torch

    from archgraph.pytorch.onnx.load import onnx_module
    from archgraph.pytorch.onnx.reading import read_onnx

    has_values = torch.get_default_device().type != "meta"
    return onnx_module(read_onnx(file), Path(file).name, values=has_values, allow_unsupported=True)


def _inputs(file: str, module: Any) -> Inputs:
    from archgraph.pytorch.sources.model import called_with
    from archgraph.pytorch.sources.table import named_model

    given, _ = called_with(named_model(f"onnx:{file}", {}), None)
    return given  # type: ignore[return-value]
