"""Shapes that a file states of its tensors, and when they hold: at the sizes of one run, or where sizes have names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from archgraph.errors import UnsupportedOpError, quoted
from archgraph.pytorch.onnx.stored import torch_type

if TYPE_CHECKING:
    import torch
    from onnx import GraphProto, TypeProto, ValueInfoProto
    from torch import Tensor

StatedSizes: TypeAlias = "tuple[int | str, ...]"
"""The sizes of a tensor: numbers, names of sizes, or nothing where the file leaves one open."""
KEEP_SIZES = "keep the sizes that the file states, or name in it those that vary: dim_param in graph.value_info"
STATE_SHAPE = (
    "state it in the file's value_info: onnx.shape_inference.infer_shapes does, where it knows the operator; "
    "or give the operator a function of standard ones: onnx.helper.make_function"
)


@dataclass(frozen=True)
class StatedShapes:
    """What a graph states of its tensors, by their names.

    Attributes:
        types: of inputs, outputs and whatever else has a shape in the file.
        inputs: the names of what the whole graph takes, on which all else depends.
        stored: the names of tensors that the file holds, whose shapes never change.
    """

    types: Mapping[str, TypeProto]
    inputs: tuple[str, ...]
    stored: frozenset[str] = frozenset()

    @classmethod
    def of(cls, graph: GraphProto, stored: Iterable[str], around: StatedShapes | None = None) -> StatedShapes:
        """Return what a graph states, and what the graph around it does."""
        infos: Sequence[ValueInfoProto] = [*graph.input, *graph.value_info, *graph.output]
        own = {info.name: info.type for info in infos if info.type.tensor_type.HasField("shape")}
        if around is None:
            return cls(own, tuple(info.name for info in graph.input), frozenset(stored))
        return cls({**around.types, **own}, around.inputs, around.stored | frozenset(stored))

    def sizes(self, name: str) -> StatedSizes | None:
        """Return the sizes of a tensor, None where nothing is stated of them."""
        if name not in self.types:
            return None
        dims = self.types[name].tensor_type.shape.dim
        return tuple(dim.dim_value if dim.dim_value > 0 else dim.dim_param for dim in dims)

    def result(self, name: str, run: StatedRun) -> tuple[tuple[int, ...], torch.dtype]:
        """Return the shape and type of a result at the sizes of a run.

        Raises:
            UnsupportedOpError: the file does not state it, or states it for other sizes.
        """
        sizes = self.sizes(name)
        if sizes is None:
            raise run.refused(f"the file does not say what shape {quoted(name)} has", STATE_SHAPE)
        bound = run.bound(self)
        for dim, size in enumerate(sizes):
            if isinstance(size, str) and size not in bound:
                called = f" ({size})" if size else ""
                raise run.refused(f"the file leaves dimension {dim}{called} of {quoted(name)} open", STATE_SHAPE)
        found = tuple(size if isinstance(size, int) else bound[size] for size in sizes)
        return found, torch_type(self.types[name].tensor_type.elem_type)


@dataclass(frozen=True)
class StatedRun:
    """One run of an operator: the shapes at which its results are asked for.

    Attributes:
        operator: what it is called, for messages.
        place: its name in the file.
        operands: what it reads, by name.
        every: all tensors that are there.
    """

    operator: str
    place: str
    operands: Mapping[str, Tensor]
    every: Mapping[str, Tensor] = field(repr=False)

    def bound(self, stated: StatedShapes) -> dict[str, int]:
        """Return the sizes that have names, of what is read and of what the whole graph takes.

        What is stated of a result holds where what is stated of these does. Inputs whose sizes have neither number nor
        name are let pass, as a batch may be, unless something is told by them alone.

        Raises:
            UnsupportedOpError: a tensor has not the sizes that the file states of it, or the file states none.
        """
        operands = {name: tensor for name, tensor in self.operands.items() if name not in stated.stored}
        inputs = {name: self.every[name] for name in stated.inputs if name in self.every}
        bound: dict[str, int] = {}
        for name, tensor in {**operands, **inputs}.items():
            self._match(name, stated.sizes(name), tuple(tensor.shape), bound)
        unsaid = next((name for name in operands if not _is_told(stated.sizes(name))), None)
        if unsaid is not None and not all(_is_told(stated.sizes(name)) for name in inputs):
            raise self.refused(f"the file does not say what shape {quoted(unsaid)} has, which it reads", STATE_SHAPE)
        return bound

    def _match(self, name: str, sizes: StatedSizes | None, shape: tuple[int, ...], bound: dict[str, int]) -> None:
        """Compare a shape with what the file states of it, and note sizes that have names.

        Raises:
            UnsupportedOpError: they differ.
        """
        if sizes is None:
            return
        here = dict(bound)
        for size, length in zip(sizes, shape, strict=False):
            if isinstance(size, str) and size:
                here.setdefault(size, length)
        known = [here.get(size, "") if isinstance(size, str) else size for size in sizes]
        if len(sizes) != len(shape) or any(size not in ("", length) for size, length in zip(known, shape, strict=True)):
            why = f"the file states its results where {quoted(name)} is {_text(known)}, and here it is {_text(shape)}"
            raise self.refused(why, KEEP_SIZES)
        bound.update(here)

    def refused(self, why: str, hint: str) -> UnsupportedOpError:
        """Return the error of a run whose results have no shape."""
        return UnsupportedOpError(f"{self.operator} has no rule, and {why}", hint=hint, path=self.place)


def _is_told(sizes: StatedSizes | None) -> bool:
    """Whether every size is a number or has a name."""
    return sizes is not None and "" not in sizes


def _text(sizes: Sequence[int | str]) -> str:
    return "x".join(str(size) or "?" for size in sizes) or "one number"
