"""Where models come from by name: one row per source, each of which is imported when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from os import getcwd
from pathlib import Path

from archgraph.errors import SpecError
from archgraph.pytorch.sources.model import BuilderOptions, NamedModel

MODEL_SOURCES: Mapping[str, tuple[str, str]] = {
    "timm": ("timm_models", "timm_model"),
    "torchvision": ("torchvision_models", "torchvision_model"),
    "hf": ("hugging_face", "hugging_face_model"),
    "nnunet": ("nnunet_plans", "nnunet_model"),
    "pt2": ("exported_program", "exported_program"),
    "onnx": ("onnx_file", "onnx_model"),
}
"""The prefix of a name: the file beside this one that reads the rest, and its function."""
SOURCES_BY_SUFFIX: Mapping[str, str] = {".pt2": "pt2", ".onnx": "onnx"}
"""The suffix of a file: the source that reads it."""


def source_of(name: str) -> str | None:
    """Return the source that a name asks for: a prefix of the table, `own` for `package.file:name`, or None.

    Nothing is imported for it.

    >>> [source_of(name) for name in ("timm:resnet50", "unet:padded-512", "runs/plans.json", "m.pt2", "m.onnx")]
    ['timm', None, 'nnunet', 'pt2', 'onnx']
    """
    prefix, colon, rest = name.partition(":")
    if colon and prefix in MODEL_SOURCES:
        return prefix
    if Path(name).suffix in SOURCES_BY_SUFFIX:
        return SOURCES_BY_SUFFIX[Path(name).suffix]
    if Path(name.rpartition(":")[0] if _has_suffix(name) else name).name == "plans.json":
        return "nnunet"
    return "own" if colon and rest.isidentifier() and _can_be_imported(prefix) else None


def is_model(name: str) -> bool:
    """Whether a name asks for a model of a library, of a file, or of the user's own code.

    >>> is_model("hf:config.json"), is_model("unet")
    (True, False)
    """
    return source_of(name) is not None


def _has_suffix(name: str) -> bool:
    return name.rpartition(":")[0].endswith(".json")


def _can_be_imported(place: str) -> bool:
    if not place or not all(part.isidentifier() for part in place.split(".")):
        return False
    top = place.partition(".")[0]
    here = Path(getcwd())
    if (here / top).is_dir() or (here / f"{top}.py").is_file():
        return True
    return top in sys.modules or find_spec(top) is not None


def named_model(name: str, options: BuilderOptions) -> NamedModel:
    """Return the model that a name asks for.

    Raises:
        MissingToolError: its library is not installed.
        SpecError: there is no such model, or it cannot be built.
    """
    source = source_of(name)
    if source is None:
        raise SpecError(f"no source knows the model '{name}'", hint=f"prefixes: {', '.join(MODEL_SOURCES)}")
    if source == "own":
        from archgraph.pytorch.sources.builders import own_model

        return own_model(name, options)
    if name == f"{source}:":
        raise SpecError(f"'{name}' names no model behind its colon", hint="such as timm:resnet50 or hf:config.json")
    place, function = MODEL_SOURCES[source]
    build: Callable[..., NamedModel] = getattr(import_module(f"archgraph.pytorch.sources.{place}"), function)
    return build(name.removeprefix(f"{source}:"), options)
