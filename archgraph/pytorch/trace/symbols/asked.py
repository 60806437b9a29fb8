"""The dimensions of inputs that are asked to be symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archgraph.errors import ArchgraphError, did_you_mean
from archgraph.pytorch.trace.recording.recording import Recording
from archgraph.spec.spec import NAME, RESERVED

Dynamic = Mapping[str, Mapping[int, str]]
"""Which dimensions of which inputs are symbols: `{"sample": {2: "h", 3: "w"}}`."""
SymbolSizes = Mapping[str, int]
"""A size for every symbol."""


@dataclass(frozen=True)
class Asked:
    """One symbol: its size in the example, and the dimensions that it stands for, by input and place."""

    name: str
    default: int
    places: tuple[tuple[str, int], ...]


def asked_for(example: Recording, dynamic: Dynamic) -> tuple[Asked, ...]:
    """Return the symbols in the order in which they are named.

    Raises:
        ArchgraphError: an input or a dimension is not there, a name cannot be a symbol's, or one symbol has two
            sizes.
    """
    found: dict[str, Asked] = {}
    for name, dims in dynamic.items():
        for dim, symbol in dims.items():
            size = _size(example, name, dim)
            if not NAME.match(symbol) or symbol in RESERVED:
                raise ArchgraphError(f"'{symbol}' cannot be the name of a symbol", hint="letters, digits and _")
            known = found.get(symbol, Asked(symbol, size, ()))
            if known.default != size:
                raise ArchgraphError(
                    f"'{symbol}' is {known.default} in the example, and {size} in dimension {dim} of '{name}'",
                    hint="give them names of their own, or an example where they are equal",
                )
            found[symbol] = Asked(symbol, size, (*known.places, (name, dim)))
    return tuple(found.values())


def _size(example: Recording, name: str, dim: int) -> int:
    if name not in example.inputs:
        known = ", ".join(example.inputs)
        raise ArchgraphError(
            f"no input is named '{name}'.{did_you_mean(name, example.inputs)}", hint=f"inputs: {known}"
        )
    shape = example.inputs[name].meta["val"].shape
    if not -len(shape) <= dim < len(shape):
        raise ArchgraphError(f"input '{name}' of shape {tuple(shape)} has no dimension {dim}")
    if shape[dim] == 1:
        raise ArchgraphError(f"dimension {dim} of '{name}' is 1 in the example, and cannot be a symbol")
    return int(shape[dim])


def input_sizes(asked: tuple[Asked, ...], sizes: SymbolSizes) -> dict[str, dict[int, int]]:
    """Return the sizes of inputs that symbols at these sizes give.

    >>> input_sizes((Asked("n", 4, (("x", 1), ("mask", 1), ("mask", 2))),), {"n": 7})
    {'x': {1: 7}, 'mask': {1: 7, 2: 7}}
    """
    result: dict[str, dict[int, int]] = {}
    for item in asked:
        for name, dim in item.places:
            result.setdefault(name, {})[dim] = sizes[item.name]
    return result
