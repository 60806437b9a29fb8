"""A file of ONNX as a traced network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from archgraph.errors import SpecError, quoted
from archgraph.pytorch.onnx.gaps import OnnxGap
from archgraph.pytorch.onnx.inputs import derived_tensors, graph_inputs
from archgraph.pytorch.onnx.network import OnnxBuilder, OnnxNetwork
from archgraph.pytorch.onnx.reading import read_onnx, versions_of
from archgraph.pytorch.onnx.rules import onnx_rule, without_rule
from archgraph.pytorch.onnx.wiring import refuse_loose_ends
from archgraph.pytorch.trace.module import trace
from archgraph.pytorch.trace.source import network_of

if TYPE_CHECKING:
    from onnx import ModelProto

    from archgraph.graph.network import Network
    from archgraph.pytorch.trace.batch.find import AskedBatch
    from archgraph.pytorch.trace.symbols.asked import Dynamic


def onnx_module(model: ModelProto, name: str, *, values: bool = False, allow_unsupported: bool = False) -> OnnxNetwork:
    """Return the graph of a model as a module that takes inputs, and gives outputs, by name.

    Args:
        model: as it was read.
        name: what messages call it.
        values: whether weights get their values; shapes need none.
        allow_unsupported: let operators without a rule give tensors of the right shapes; otherwise the module refuses
            to run one.

    Raises:
        SpecError: the file is damaged.
        UnsupportedOpError: an operator has an attribute that its rule does not know.
    """
    refuse_loose_ends(name, model.graph)
    versions = versions_of(model)
    refusal = None if allow_unsupported else without_rule(name, model.graph, versions)
    gap = lambda node, stated, weights: OnnxGap(node, versions, stated, weights, refusal)  # noqa: E731
    try:
        body = OnnxBuilder(onnx_rule, gap, versions.of("") or 1, values=values).scope(model.graph)
    except (AttributeError, IndexError, KeyError, OverflowError, RuntimeError, TypeError, ValueError) as error:
        told = str(error).strip().partition("\n")[0]
        raise SpecError(f"{quoted(name)} is damaged: {type(error).__name__}: {told}") from None
    inputs = {key: info.name for key, info in graph_inputs(model.graph).items()}
    return OnnxNetwork(body, inputs, [out.name for out in model.graph.output]).eval()


def load_onnx(
    path: str,
    inputs: Mapping[str, object] | None = None,
    dynamic: Dynamic | None = None,
    *,
    batch_axis: AskedBatch = "found",
    allow_unsupported: bool = False,
) -> Network:
    """Return the network of a file of ONNX; weights are read as shapes, and external ones not at all.

    Args:
        path: the file.
        inputs: shapes or tensors of inputs by name, where the file leaves sizes open or others are meant.
        dynamic, batch_axis, allow_unsupported: as for `trace`.

    Raises:
        MissingToolError: onnx, or PyTorch, is not installed.
        SpecError: the file cannot be read, or leaves sizes open.
        UnsupportedOpError: an operator has no rule.
    """
    model = read_onnx(path)
    name = Path(path).name
    given = derived_tensors(name, model.graph, inputs or {})
    module = onnx_module(model, name, allow_unsupported=allow_unsupported)
    title = title_of(model, path)
    found = trace(module, given, dynamic, batch_axis=batch_axis, name=title, allow_unsupported=allow_unsupported)
    return network_of(found, module, "")


def title_of(model: ModelProto, path: str) -> str:
    """Return what a network is called: as the file is, unless its graph has a name that says more."""
    name = model.graph.name
    return name if name.isidentifier() and name not in ("main_graph", "graph", "torch_jit") else Path(path).stem
