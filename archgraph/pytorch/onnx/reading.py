"""A file of ONNX as a checked graph: nothing in it is run, and no other file is opened."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from archgraph.errors import SpecError, quoted
from archgraph.optional import missing
from archgraph.report.reading import regular_file

if TYPE_CHECKING:
    from onnx import ModelProto

LARGEST_MODEL_FILE = 2**31 - 1
"""Bytes of the largest file: no message of protobuf is larger."""
OLDEST_OPSET = 7
"""Operators before this version broadcast in another way."""
STANDARD = ("", "ai.onnx")
"""How the standard's own domain is called."""


def import_onnx() -> ModuleType:
    """Return the onnx package.

    Raises:
        MissingToolError: it is not installed.
    """
    try:
        import onnx
        import onnx.inliner
    except ImportError:
        raise missing("onnx", "onnx is not installed") from None
    return onnx


def read_onnx(path: str) -> ModelProto:
    """Return the model of a file, with its own functions written out.

    Raises:
        MissingToolError: onnx is not installed.
        SpecError: there is no such file, it is too large, is no model, or of operators that are too old or too new.
    """
    place = regular_file(path, "a model.onnx, as torch.onnx.export writes it")
    onnx = import_onnx()
    if place.stat().st_size > LARGEST_MODEL_FILE:
        raise SpecError(
            f"{quoted(path)} has {place.stat().st_size:,} bytes, and a model has {LARGEST_MODEL_FILE:,} at most",
            hint="save its weights beside it, as external data: they are not read",
        )
    model = onnx.ModelProto()
    try:
        model.ParseFromString(place.read_bytes())
    except OSError as error:
        raise SpecError(f"cannot read {quoted(path)}: {error.strerror or error}") from None
    except Exception as error:
        raise SpecError(f"{quoted(path)} is no model of ONNX: {type(error).__name__}") from None
    if not model.graph.node or not model.graph.output:
        raise SpecError(f"{quoted(path)} holds no graph", hint="a model.onnx, as torch.onnx.export writes it")
    _check_version(path, model, onnx.defs.onnx_opset_version())
    return onnx.inliner.inline_local_functions(model) if model.functions else model


def opset_of(model: ModelProto) -> int:
    """Return the version of the standard's operators that a model is written in."""
    return max((used.version for used in model.opset_import if used.domain in STANDARD), default=1)


def _check_version(path: str, model: ModelProto, newest: int) -> None:
    version = opset_of(model)
    if not OLDEST_OPSET <= version <= newest:
        how = "export it with a newer one" if version < OLDEST_OPSET else "install a newer onnx"
        raise SpecError(
            f"{quoted(path)} is written in version {version} of the operators, and {OLDEST_OPSET} to {newest} are read",
            hint=how,
        )
