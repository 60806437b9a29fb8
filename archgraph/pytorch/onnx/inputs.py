"""Inputs of a graph of ONNX: their types and sizes stand in the file, but for those that it leaves open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import torch

from archgraph.errors import SpecError, did_you_mean, printable, quoted
from archgraph.pytorch.onnx.stored import torch_type

if TYPE_CHECKING:
    from onnx import GraphProto, ValueInfoProto
    from torch import Tensor

BATCH = re.compile(r"^(n|b|bs|batch.*|.*batch(_?size)?|unk.*|\?|s0)?$", re.IGNORECASE)
"""How a first dimension that counts samples is called, if it is called anything."""
LAST: dict[int, tuple[str, ...]] = {
    3: ("length", "channels"),
    4: ("channels", "height", "width"),
    5: ("channels", "depth", "height", "width"),
}
"""What dimensions after the first mean, by the rank of a tensor, as text."""
CUT_BEHIND = "cut the file behind it: onnx.utils.extract_model"
"""The way on from an input that no tensor stands for."""


def graph_inputs(graph: GraphProto) -> dict[str, ValueInfoProto]:
    """Return the inputs that are no stored tensors, by a name that is an identifier.

    >>> identifier("input.1"), identifier("0")
    ('input_1', '_0')
    """
    stored = {tensor.name for tensor in graph.initializer}
    return {identifier(given.name): given for given in graph.input if given.name not in stored}


def identifier(name: str) -> str:
    """Return a name that Python can call an argument by."""
    found = re.sub(r"\W", "_", name)
    return f"_{found}" if not found or found[0].isdigit() else found


def derived_tensors(name: str, graph: GraphProto, given: object) -> dict[str, Tensor]:
    """Return tensors without values for all inputs: of the file's own sizes, or of those that are given.

    Args:
        name: of the file, for messages.
        graph: whose inputs they are.
        given: tensors, or shapes, by the names of inputs, or in their order; one alone of one input.

    Raises:
        SpecError: there is no such input, or a size is open that nobody says.
    """
    inputs = graph_inputs(graph)
    by_name = _by_name(given, list(inputs))
    for key in by_name:
        if key not in inputs:
            raise SpecError(
                f"{quoted(name)} has no input {quoted(key)}.{did_you_mean(key, inputs)}",
                hint=f"inputs: {', '.join(inputs)}",
            )
    found: dict[str, Tensor] = {}
    for key, info in inputs.items():
        said = by_name.get(key)
        if isinstance(said, torch.Tensor) and not said.is_meta:
            found[key] = said
            continue
        # A tensor without values says a shape, and the file knows the type.
        kind = _type_of(name, key, info)
        sizes = tuple(_sizes(name, key, info)) if said is None else _said_sizes(name, key, info, said)
        found[key] = torch.empty(sizes, dtype=kind, device="meta")
    return found


def _type_of(name: str, key: str, info: ValueInfoProto) -> torch.dtype:
    """The type of an input.

    Raises:
        SpecError: it is no tensor of PyTorch's.
    """
    kind = info.type.WhichOneof("value")
    if kind != "tensor_type":
        told = f"is no tensor but a {kind.removesuffix('_type')}" if kind else "has no type"
        raise SpecError(f"the input {key} of {quoted(name)} {told}", hint=CUT_BEHIND)
    try:
        return torch_type(info.type.tensor_type.elem_type)
    except SpecError as error:
        raise SpecError(
            f"the input {key} of {quoted(name)} is no tensor of PyTorch's: {error.message}", hint=CUT_BEHIND
        ) from None


def _said_sizes(name: str, key: str, info: ValueInfoProto, said: object) -> tuple[int, ...]:
    """The sizes that are given of an input.

    Raises:
        SpecError: they are no sizes, or not as many as the file has.
    """
    shape = said.shape if isinstance(said, torch.Tensor) else said
    given = list(shape) if isinstance(shape, Sequence) else [None]
    sizes = tuple(size for size in given if isinstance(size, int) and not isinstance(size, bool) and size > 0)
    dims = info.type.tensor_type.shape.dim
    usual = [dim.dim_value or 1 for dim in dims] or [1, 3, 224, 224]
    if len(sizes) != len(given):
        raise SpecError(f"{quoted(printable(str(said)))} is no shape of {key}", hint=_hint(key, usual))
    if info.type.tensor_type.HasField("shape") and len(sizes) != len(dims):
        told = "x".join(map(str, sizes))
        raise SpecError(
            f"{key} of {quoted(name)} has {len(dims)} dimensions, and {told} has {len(sizes)}", hint=_hint(key, usual)
        )
    return sizes


def _by_name(given: object, names: Sequence[str]) -> dict[str, object]:
    """What is given of every input, by an identifier."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {identifier(str(key)): value for key, value in given.items()}
    several = isinstance(given, (tuple, list)) and not all(isinstance(part, int) for part in given)
    return dict(zip(names, given if several else [given], strict=False))  # type: ignore[arg-type]


def _sizes(name: str, key: str, info: ValueInfoProto) -> Iterator[int]:
    """The sizes of an input; one sample where the first dimension counts them and is open."""
    dims = info.type.tensor_type.shape.dim
    if not info.type.tensor_type.HasField("shape"):
        raise SpecError(f"{quoted(name)} leaves the shape of {key} open", hint=_hint(key, (1, 3, 224, 224)))
    open_ones = {d: dim.dim_param for d, dim in enumerate(dims) if dim.dim_value < 1}
    if 0 in open_ones and BATCH.match(open_ones[0]):
        del open_ones[0]
    if open_ones:
        told = " and ".join(_told(d, param, len(dims)) for d, param in open_ones.items())
        what = "dimension" if len(open_ones) == 1 else "dimensions"
        usual = [dim.dim_value or (1 if d == 0 else 224 if len(dims) > 3 else 128) for d, dim in enumerate(dims)]
        raise SpecError(f"{quoted(name)} leaves {what} {told} of {key} open", hint=_hint(key, usual))
    yield from (dim.dim_value or 1 for dim in dims)


def _told(dim: int, param: str, rank: int) -> str:
    names = LAST.get(rank, ())
    meaning = param or (names[dim - 1] if 1 <= dim <= len(names) else "")
    return f"{dim} ({meaning})" if meaning else str(dim)


def _hint(key: str, sizes: Sequence[int]) -> str:
    return f"inputs={{'{key}': {tuple(sizes)}}}, or --shape {key}={'x'.join(map(str, sizes))}"
