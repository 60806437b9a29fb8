"""What the words of a command line say of tensors: shapes of inputs, and which of their sizes are symbols."""

from __future__ import annotations

from math import prod
from typing import Any

from archgraph.cli.values import distinct
from archgraph.errors import QueryError, SpecError, counted, quoted
from archgraph.optional import import_torch
from archgraph.sizes.whole_numbers import read_whole

INPUT_DTYPES = {"float": "float32", "int": "int64"}


def read_inputs(texts: list[str]) -> Any:
    """Read the inputs of a call: all by name, or none."""
    read = [_input(text) for text in texts]
    named = [name for name, _ in read if name]
    if len(named) == len(read):
        return distinct(read, "given")
    if named:
        raise QueryError(f"{counted(len(named), 'input')} of {len(read)} has a name", hint="name all of them, or none")
    return tuple(tensor for _, tensor in read)


def _input(text: str) -> tuple[str, Any]:
    """Read `x=1x3x224x224:float` as a tensor on the meta device."""
    name, equals, rest = text.partition("=")
    shape, _, dtype = (rest if equals else text).partition(":")
    try:
        sizes = [read_whole(size) for size in shape.split("x")] if shape else []
        kind = INPUT_DTYPES[dtype or "float"]
        if min(sizes, default=1) < 1 or prod(sizes) >= 2**62:
            raise ValueError
    except (ValueError, KeyError):
        hint = f"sizes are whole numbers from 1 on: 1x3x224x224, ids=1x128:int (of {', '.join(INPUT_DTYPES)})"
        raise SpecError(f"cannot read the input {quoted(text)}", hint=hint) from None
    torch = import_torch()
    return (name if equals else ""), torch.empty(sizes, dtype=getattr(torch, kind), device="meta")


def read_dynamic(text: str) -> tuple[str, dict[int, str]]:
    """Read `x:2=h,3=w`."""
    name, _, rest = text.partition(":")
    try:
        pairs = [part.split("=") for part in rest.split(",")]
        return name, distinct(((read_whole(dim), size) for dim, size in pairs), "named")
    except ValueError:
        raise SpecError(f"cannot read the dynamic sizes {quoted(text)}", hint="write x:2=h,3=w") from None
