"""A file of ONNX as a checked graph: nothing in it is run, and no other file is opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from archgraph.errors import SpecError, quoted
from archgraph.optional import missing
from archgraph.report.reading import regular_file

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

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
    return _inlined(path, model, onnx) if model.functions else model


def _inlined(path: str, model: ModelProto, onnx: ModuleType) -> ModelProto:
    """Return a model whose functions are written out where they are called.

    Raises:
        SpecError: they call themselves, or are written in other versions of the operators than what calls them.
    """
    try:
        found = onnx.inliner.inline_local_functions(model)
    except (onnx.checker.ValidationError, RuntimeError, ValueError) as error:
        told = str(error).strip().partition("\n")[0]
        raise SpecError(f"the functions of {quoted(path)} cannot be written out: {told}") from None
    kept = {(each.domain, each.name): each for each in found.functions}
    left = next((each for node in every_node(found.graph) if (each := kept.get((node.domain, node.op_type)))), None)
    if left is not None:
        versions = ", ".join(f"{used.domain or STANDARD[1]} {used.version}" for used in left.opset_import)
        raise SpecError(
            f"the function {quoted(left.name)} of {quoted(path)} is written in other versions of the operators than "
            f"the graph that calls it: {versions}",
            hint="export both in one version, or convert the function with onnx.version_converter",
        )
    return found


@dataclass(frozen=True)
class Versions:
    """The versions of operators that a file is written in, by their domains.

    >>> versions = Versions({"ai.onnx": 17, "com.own": 2})
    >>> versions.of(""), versions.of("com.own"), versions.of("com.other")
    (17, 2, 0)
    """

    stated: Mapping[str, int]

    def of(self, domain: str) -> int:
        """Return the version of a domain's operators; 0 where the file states none."""
        names = STANDARD if domain in STANDARD else (domain,)
        return max((self.stated[name] for name in names if name in self.stated), default=0)


def versions_of(model: ModelProto) -> Versions:
    """Return the versions that a model is written in."""
    return Versions({used.domain: used.version for used in model.opset_import})


def inner_graphs(node: NodeProto) -> Iterator[GraphProto]:
    """Yield the graphs that an operator holds."""
    for item in node.attribute:
        if item.HasField("g"):
            yield item.g
        yield from item.graphs


def every_node(graph: GraphProto) -> Iterator[NodeProto]:
    """Yield all nodes, those of graphs inside of nodes too."""
    for node in graph.node:
        yield node
        for inner in inner_graphs(node):
            yield from every_node(inner)


def _check_version(path: str, model: ModelProto, newest: int) -> None:
    version = versions_of(model).of("")
    if not version and all(node.domain not in STANDARD for node in every_node(model.graph)):
        return
    if not version:
        raise SpecError(
            f"{quoted(path)} does not say in which version of the operators it is written",
            hint=f"opset_import says it: onnx.helper.make_opsetid('', {newest})",
        )
    if not OLDEST_OPSET <= version <= newest:
        old = f"export it with opset_version={OLDEST_OPSET} or more, or onnx.version_converter.convert_version"
        raise SpecError(
            f"{quoted(path)} is written in version {version} of the operators, and {OLDEST_OPSET} to {newest} are read",
            hint=old if version < OLDEST_OPSET else "pip install -U onnx, or export it with a smaller opset_version",
        )
