"""Operators without a rule: steps of which only the shapes of their results are known, as the standard says them."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import torch

from archgraph.errors import UnsupportedOpError, quoted
from archgraph.pytorch.onnx.operators.table import OnnxRule, Results
from archgraph.pytorch.onnx.reading import STANDARD
from archgraph.pytorch.onnx.stored import ONNX_TYPES, torch_type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from onnx import NodeProto, TypeProto
    from torch import Tensor

TYPE_NUMBERS = {name: number for number, name in ONNX_TYPES.items()}
LIBRARIES: list[torch.library.Library] = []
"""Operators of PyTorch live as long as the library that defines them."""


def is_standard(node: NodeProto, version: int) -> bool:
    """Whether the standard knows an operator, and so the shapes of its results."""
    from onnx import defs

    return bool(defs.has(node.op_type, version, node.domain))


def gap_rule(node: NodeProto, version: int) -> OnnxRule:
    """Return a stand-in for an operator, which a trace lists as a gap under the operator's own name."""
    domain = "ai_onnx" if node.domain in STANDARD else re.sub(r"\W", "_", node.domain)
    stand_in = _operator(f"{domain}_v{version}", re.sub(r"\W", "_", node.op_type))

    def rule(*operands: Tensor | None, **attributes: object) -> Results:
        given = [operand for operand in operands if operand is not None]
        return [stand_in(given, shape, kind) for shape, kind in _results(node, version, operands)]

    return rule


@cache
def _operator(space: str, name: str) -> Callable[[Sequence[Tensor], Sequence[int], torch.dtype], Tensor]:
    library = torch.library.Library(space, "FRAGMENT")
    library.define(f"{name}(Tensor[] values, int[] shape, ScalarType dtype) -> Tensor")
    library.impl(name, _empty, "CompositeExplicitAutograd")
    LIBRARIES.append(library)
    return getattr(getattr(torch.ops, space), name)


def _empty(values: Sequence[Tensor], shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    return torch.empty(list(shape), dtype=dtype, device=values[0].device if values else "cpu")


def _results(
    node: NodeProto, version: int, operands: Sequence[Tensor | None]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    """The shape and the type of every result, by the standard's own inference.

    Raises:
        UnsupportedOpError: the standard does not know the operator, or not its shapes.
    """
    from onnx import defs, shape_inference

    told = f"{node.op_type} of {quoted(node.domain or 'ai.onnx')} has no rule, and nothing says the shape of its result"
    refusal = UnsupportedOpError(told, hint="trace the part of the network before it", path=node.name)
    if not is_standard(node, version):
        raise refusal
    types = {name: _type(x) for name, x in zip(node.input, operands, strict=False) if name and x is not None}
    try:
        schema = defs.get_schema(node.op_type, version, node.domain)
        found = shape_inference.infer_node_outputs(schema, node, types)
        return [_known(found[name]) for name in node.output if name]
    except (KeyError, ValueError, RuntimeError, shape_inference.InferenceError) as error:
        raise refusal from error


def _type(x: Tensor) -> TypeProto:
    from onnx import helper

    return helper.make_tensor_type_proto(TYPE_NUMBERS[str(x.dtype).removeprefix("torch.")], list(x.shape))


def _known(found: TypeProto) -> tuple[tuple[int, ...], torch.dtype]:
    dims = found.tensor_type.shape.dim
    if not found.tensor_type.HasField("shape") or any(not dim.HasField("dim_value") for dim in dims):
        raise ValueError
    return tuple(dim.dim_value for dim in dims), torch_type(found.tensor_type.elem_type)
