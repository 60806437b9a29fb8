"""Networks of files in ONNX: `model.onnx`."""

from __future__ import annotations

from pathlib import Path

from archgraph.errors import SpecError, quoted
from archgraph.optional import import_torch
from archgraph.pytorch.onnx.reading import read_onnx
from archgraph.pytorch.sources.model import BuilderOptions, NamedModel


def onnx_model(path: str, options: BuilderOptions) -> NamedModel:
    """Return the graph of a file as a module; operators without a rule are refused as they are run, or gaps.

    Raises:
        MissingToolError: onnx, or PyTorch, is not installed.
        SpecError: the file cannot be read, or keywords are given, which no file takes.
    """
    model = read_onnx(path)
    import_torch()
    from archgraph.pytorch.onnx.inputs import derived_tensors
    from archgraph.pytorch.onnx.load import onnx_module, title_of

    if options:
        raise SpecError(
            f"{quoted(path)} is a file, and takes no {quoted(next(iter(options)))}", hint="--shape, --dynamic"
        )
    name = Path(path).name
    module = onnx_module(model, name)
    return NamedModel(
        title_of(model, path),
        module,
        None,
        "the file",
        completed=lambda given: derived_tensors(name, model.graph, given),
        lenient=lambda: onnx_module(model, name, allow_unsupported=True),
    )
