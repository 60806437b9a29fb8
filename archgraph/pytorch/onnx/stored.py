"""Tensors of a file as PyTorch's: of the file alone, never of another one beside it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import torch

from archgraph.errors import SpecError, quoted

if TYPE_CHECKING:
    from onnx import TensorProto
    from torch import Tensor

ONNX_TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16",
    11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16",
}  # fmt: skip
"""PyTorch's types by their numbers in ONNX."""
EXTERNAL = 1
"""Where a tensor's values lie: in another file."""
LARGEST_VALUES = 2**20
"""Elements of the largest tensor of a kind without gradients whose values are read where only shapes are asked for."""


def torch_type(number: int) -> torch.dtype:
    """Return a type by its number in ONNX.

    Raises:
        SpecError: PyTorch has no such type.

    >>> torch_type(7)
    torch.int64
    """
    if number not in ONNX_TYPES:
        raise SpecError(
            f"values of ONNX's type {number} have no counterpart in PyTorch", hint=", ".join(ONNX_TYPES.values())
        )
    return getattr(torch, ONNX_TYPES[number])


@dataclass(frozen=True)
class StoredTensor:
    """A tensor that the file holds, or says by its shape and the number that fills it.

    Attributes:
        proto: what the file holds; of a filled one, the number.
        filled: the shape that one number fills.
    """

    proto: TensorProto
    filled: tuple[int, ...] | None = None

    @property
    def kind(self) -> int:
        """The type, by its number in ONNX."""
        return self.proto.data_type

    @property
    def is_elsewhere(self) -> bool:
        """Whether its values lie in another file."""
        return self.proto.data_location == EXTERNAL

    @property
    def numel(self) -> int:
        """How many elements it has."""
        return prod(self.proto.dims if self.filled is None else self.filled)

    def tensor(self, *, values: bool) -> Tensor:
        """Return it in PyTorch, without values where these are not asked for."""
        if self.filled is None:
            return tensor_of(self.proto, values=values)
        number = tensor_of(self.proto).reshape(-1)[:1]
        return number.to("cpu" if values else "meta").expand(self.filled).contiguous()


def tensor_of(stored: TensorProto, *, values: bool = True) -> Tensor:
    """Return a tensor of the file; without values where these are not asked for, or lie in another file.

    Raises:
        SpecError: it is damaged.
    """
    kind = torch_type(stored.data_type)
    if stored.data_location == EXTERNAL or not values:
        return torch.empty(tuple(stored.dims), dtype=kind, device="meta")
    from onnx import numpy_helper

    try:
        found = numpy_helper.to_array(stored)
        return torch.from_numpy(found.copy()).to(kind).reshape(tuple(stored.dims))
    except (ValueError, TypeError, RuntimeError) as error:
        raise SpecError(f"cannot read the tensor {quoted(stored.name)}: {error}") from None
