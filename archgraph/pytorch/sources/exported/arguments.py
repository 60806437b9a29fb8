"""What the arguments of a stored program are: values by name, numbers, and words of torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from archgraph.errors import SpecError, quoted
from archgraph.optional import import_torch
from archgraph.pytorch.sources.exported.archive import Json

if TYPE_CHECKING:
    import torch

ProgramValues = Mapping[str, object]
"""The values of a program by name."""
TYPES_BY_NUMBER = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    9: "complex32",
    10: "complex64",
    11: "complex128",
    12: "bool",
    13: "bfloat16",
    28: "uint16",
    29: "float8_e4m3fn",
    30: "float8_e5m2",
}
"""How torch's schema of exported programs numbers types."""
MEMORY_FORMATS = {1: "contiguous_format", 2: "channels_last", 3: "channels_last_3d", 4: "preserve_format"}
"""How it numbers the order of dimensions in memory."""


def stored_dtype(number: object) -> torch.dtype:
    """Return a type of torch by its number.

    Raises:
        SpecError: there is no such type.
    """
    return _word(TYPES_BY_NUMBER, number, "type")


def _word(names: Mapping[int, str], number: object, what: str) -> torch.dtype:
    name = names.get(number) if isinstance(number, int) else None
    if name is None:
        raise SpecError(f"the program has a {what} of number {quoted(number)}, which is not known")
    return getattr(import_torch(), name)


def argument(item: Json, values: ProgramValues) -> object:
    """Return one argument, `{"as_tensor": {"name": "x"}}` or `{"as_int": 3}`.

    Raises:
        SpecError: it is of a kind that is not read.
    """
    ((kind, content),) = item.items()
    if kind not in READ_ARGUMENTS:
        raise SpecError(f"the program has an argument of the kind {quoted(kind)}, which is not read")
    return READ_ARGUMENTS[kind](content, values)


def _named(content: Mapping[str, str], values: ProgramValues) -> object:
    return values[content["name"]]


def _plain(content: object, values: ProgramValues) -> object:
    return content


def _symbolic(content: Json, values: ProgramValues) -> object:
    return values[content["as_name"]] if "as_name" in content else next(iter(content.values()))


def _device(content: Json, values: ProgramValues) -> object:
    return import_torch().device("cpu")


READ_ARGUMENTS: Mapping[str, Callable[[Any, ProgramValues], object]] = {
    "as_none": lambda content, values: None,
    "as_tensor": _named,
    "as_tensors": lambda content, values: [_named(each, values) for each in content],
    "as_optional_tensor": lambda content, values: argument(content, values),
    "as_optional_tensors": lambda content, values: [argument(each, values) for each in content],
    "as_int": _plain,
    "as_ints": _plain,
    "as_float": _plain,
    "as_floats": _plain,
    "as_bool": _plain,
    "as_bools": _plain,
    "as_string": _plain,
    "as_strings": _plain,
    "as_sym_int": _symbolic,
    "as_sym_bool": _symbolic,
    "as_sym_float": _symbolic,
    "as_sym_ints": lambda content, values: [_symbolic(each, values) for each in content],
    "as_sym_bools": lambda content, values: [_symbolic(each, values) for each in content],
    "as_sym_floats": lambda content, values: [_symbolic(each, values) for each in content],
    "as_scalar_type": lambda content, values: stored_dtype(content),
    "as_memory_format": lambda content, values: _word(MEMORY_FORMATS, content, "memory format"),
    "as_layout": lambda content, values: import_torch().strided,
    "as_device": _device,
}
"""What reads an argument, by its kind in the file."""
