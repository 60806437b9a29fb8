"""Operators without a rule: steps of which only the shapes of their results are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import torch
from torch import nn

from archgraph.errors import ArchgraphError, UnsupportedOpError, quoted
from archgraph.pytorch.onnx.reading import STANDARD, Versions, inner_graphs
from archgraph.pytorch.onnx.stated import StatedRun, StatedShapes
from archgraph.pytorch.onnx.stored import ONNX_TYPES, torch_type
from archgraph.pytorch.onnx.weights import register_weight
from archgraph.pytorch.trace.registry import STAND_INS

if TYPE_CHECKING:
    from onnx import NodeProto, TypeProto
    from torch import Tensor

ResultShape: TypeAlias = "tuple[tuple[int, ...], torch.dtype]"
"""The shape of a result, and its type."""
TYPE_NUMBERS = {name: number for number, name in ONNX_TYPES.items()}
LIBRARIES: list[torch.library.Library] = []
"""Operators of PyTorch live as long as the library that defines them."""
FIXED_SIZES = "export the model for inputs of fixed sizes, whose steps are written out one after another"
"""The way on from an operator that runs a graph as often as values say."""
CUT_BEFORE = "cut the file before it: onnx.utils.extract_model"
"""The way on from one of which nothing is known."""


def operator_text(node: NodeProto, versions: Versions) -> str:
    """Return what messages call an operator.

    >>> from onnx import helper
    >>> node = helper.make_node("Fused", [], [], domain="com.own")
    >>> operator_text(node, Versions({"com.own": 2})), operator_text(node, Versions({}))
    ('Fused (com.own, version 2)', 'Fused (com.own, no version)')
    """
    domain = "ai.onnx" if node.domain in STANDARD else node.domain
    version = versions.of(node.domain)
    return f"{node.op_type} ({domain}, {f'version {version}' if version else 'no version'})"


class OnnxGap(nn.Module):
    """An operator without a rule, which a trace lists as a gap; `refusal` where gaps were not asked for."""

    def __init__(
        self,
        node: NodeProto,
        versions: Versions,
        stated: StatedShapes,
        weights: Mapping[str, Tensor],
        refusal: UnsupportedOpError | None,
    ) -> None:
        super().__init__()
        self.kind: str = node.op_type
        self._node, self._versions, self._stated, self._refusal = node, versions, stated, refusal
        self._called = operator_text(node, versions)
        # Here, for a recording forgets what functions remember of it.
        self._stand_in = _operator(self._called)
        own = {name: weights[name] for name in dict.fromkeys(node.input) if name in weights}
        self._labels: dict[str, str] = {name: f"weight_{place}" for place, name in enumerate(own)}
        for name, tensor in own.items():
            register_weight(self, self._labels[name], tensor)

    def _get_name(self) -> str:
        return self.kind

    def forward(self, values: dict[str, Tensor]) -> None:
        """Put results of the right shapes among the values."""
        if self._refusal is not None:
            raise self._refusal
        shapes = dict(self._results(values))
        operands = [self._operand(values, name) for name in self._node.input if name]
        values.update({name: self._stand_in(operands, shape, kind) for name, (shape, kind) in shapes.items()})

    def _operand(self, values: Mapping[str, Tensor], name: str) -> Tensor:
        if name in self._labels:
            return getattr(self, self._labels[name])
        if name not in values:
            raise UnsupportedOpError(
                f"no step gives {quoted(name)}", hint="a further result of an operator has no rule"
            )
        return values[name]

    def _results(self, values: Mapping[str, Tensor]) -> Iterator[tuple[str, ResultShape]]:
        """The shape of every result: as the standard infers it, else as the file states it."""
        read = {name: self._operand(values, name) for name in self._node.input if name}
        run = StatedRun(self._called, self._node.name, read, values)
        if any(True for _ in inner_graphs(self._node)):
            hint = FIXED_SIZES if self._node.domain in STANDARD else CUT_BEFORE
            raise run.refused("runs a graph of its own, whose work and weights would be missing", hint)
        inferred = _inferred(self._node, self._versions.of(self._node.domain), read)
        for name in (name for name in self._node.output if name):
            try:
                yield name, inferred[name] if name in inferred else self._stated.result(name, run)
            except UnsupportedOpError:
                raise
            except ArchgraphError as error:
                raise run.refused(
                    f"{quoted(name)}, which it gives, is no tensor of PyTorch's: {error.message}", error.hint
                ) from None


@cache
def _operator(name: str) -> Callable[[Sequence[Tensor], Sequence[int], torch.dtype], Tensor]:
    """Return the operator of PyTorch that stands for one of a file."""
    space, made = "archgraph_onnx", f"{re.sub(r'[^A-Za-z0-9]', '_', f'gap_{name}')}_{len(LIBRARIES)}"
    library = torch.library.Library(space, "FRAGMENT")
    # As one that draws its result, it has no value that could be known, whatever is known of its operands.
    library.define(
        f"{made}(Tensor[] values, int[] shape, ScalarType dtype) -> Tensor", tags=(torch.Tag.nondeterministic_seeded,)
    )
    library.impl(made, _empty, "CompositeExplicitAutograd")
    LIBRARIES.append(library)
    STAND_INS[f"{space}::{made}"] = name
    return getattr(getattr(torch.ops, space), made)


def _empty(values: Sequence[Tensor], shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    return torch.empty(list(shape), dtype=dtype, device="meta")


def _inferred(node: NodeProto, version: int, operands: Mapping[str, Tensor]) -> dict[str, ResultShape]:
    """The results of which the standard says the shape, from the shapes of the operands alone."""
    from onnx import checker, defs, shape_inference

    domain = "" if node.domain in STANDARD else node.domain
    try:
        if not defs.has(node.op_type, version, domain):
            return {}
        types = {name: _type(x) for name, x in operands.items()}
        found = shape_inference.infer_node_outputs(defs.get_schema(node.op_type, version, domain), node, types)
    except (KeyError, ValueError, RuntimeError, checker.ValidationError, shape_inference.InferenceError):
        return {}
    known = ((name, _known(kind)) for name, kind in found.items())
    return {name: shaped for name, shaped in known if shaped is not None}


def _type(x: Tensor) -> TypeProto:
    from onnx import helper

    return helper.make_tensor_type_proto(TYPE_NUMBERS[str(x.dtype).removeprefix("torch.")], list(x.shape))


def _known(found: TypeProto) -> ResultShape | None:
    dims = found.tensor_type.shape.dim
    if not found.tensor_type.HasField("shape") or any(not dim.HasField("dim_value") for dim in dims):
        return None
    if found.tensor_type.elem_type not in ONNX_TYPES:
        return None
    return tuple(dim.dim_value for dim in dims), torch_type(found.tensor_type.elem_type)
