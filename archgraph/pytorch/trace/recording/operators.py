"""What the schema of an operator says, read once per operator."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

OF_SHAPES = frozenset(
    ("zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_ones", "new_full", "new_empty",
     "new_empty_strided")
)  # fmt: skip
"""Operators whose first operand gives its shape and type only."""
ABOUT_SHAPES = frozenset(
    ("size", "stride", "numel", "dim", "storage_offset", "is_same_size", "is_contiguous", "is_floating_point",
     "is_complex", "is_signed", "is_set_to", "is_pinned", "is_inference", "is_conj", "is_neg", "result_type",
     "can_cast", "promote_types", "_has_compatible_shallow_copy_type", "is_non_overlapping_and_dense", "sym_size",
     "sym_stride", "sym_numel", "sym_storage_offset", "sym_is_contiguous", "is_strides_like_format",
     "is_strides_like", "is_leaf", "is_coalesced", "sparse_dim", "dense_dim", "_nested_tensor_size", "retains_grad",
     "output_nr", "_version", "is_vulkan_available", "cudnn_is_acceptable", "_use_cudnn_ctc_loss",
     "_is_zerotensor", "qscheme")
)  # fmt: skip
"""Operators that give numbers of shapes and types, not of values."""


@dataclass(frozen=True)
class Operator:
    """The parts of a schema that a recorder asks for.

    Attributes:
        name: without namespace: `conv2d`; torch's own are meant where `namespace` is `aten`.
        writes: the places of arguments that are changed, and their names.
        in_place: the result is the changed argument itself.
        takes_device: the operator can be told on which device to make its result.
        gives_tensors: otherwise the result is a number or nothing.
        gives_nothing: no result at all.
        random: the result is drawn.
        of_shapes: the values of the operands do not matter.
        about_shapes: the result is a number that needs no values.
        dynamic: the shape of the result depends on values.
    """

    name: str
    full_name: str
    writes: tuple[tuple[int, str], ...]
    takes_device: bool
    gives_tensors: bool
    gives_nothing: bool
    random: bool
    of_shapes: bool
    about_shapes: bool
    dynamic: bool


@cache
def operator_of(function: Any) -> Operator:
    """Return what is known of an operator of torch (an `OpOverload`)."""
    import torch

    schema = function._schema
    space, _, name = schema.name.partition("::")
    plain = name if space == "aten" else schema.name
    arguments = schema.arguments
    results = [str(result.type) for result in schema.returns]
    return Operator(
        plain,
        schema.name,
        tuple((place, a.name) for place, a in enumerate(arguments) if a.alias_info and a.alias_info.is_write),
        any(a.name == "device" for a in arguments),
        any("Tensor" in result for result in results),
        not results,
        torch.Tag.nondeterministic_seeded in function.tags,
        plain in OF_SHAPES,
        plain in ABOUT_SHAPES,
        torch.Tag.dynamic_output_shape in function.tags,
    )
