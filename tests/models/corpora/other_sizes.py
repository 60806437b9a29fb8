"""Sizes at which a law is compared that took no part in finding it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count, islice
from typing import Any

import torch

import archgraph as ag

FACTORS = ((1.3, 1.7), (1.9, 1.2), (0.8, 1.6), (2.3, 2.6), (3.1, 2.2), (0.6, 0.7))
"""By how much the sizes grow, one after the other: no square, and no power of two."""
TRIES = 40
SMALL = (32, 48, 64, 96, 128, 160, 224, 256)


def other_sizes(g: Any, how_many: int = 2) -> list[dict[str, int]]:
    """Return sizes that the conditions allow, other than those of the trace."""
    return list(islice(_allowed(g), how_many))


def _allowed(g: Any) -> Iterator[dict[str, int]]:
    names = [str(symbol) for symbol in g.symbols]
    start = {name: int(g.defaults[name]) for name in names}
    seen = [start]
    for factors in FACTORS:
        for step in islice(count(), TRIES):
            values = {name: _valid(g, name, int(start[name] * factors[i % 2]) + step) for i, name in enumerate(names)}
            if values not in seen and _fits(g, values):
                seen.append(values)
                yield values
                break


def small_sizes(g: Any, most: float) -> dict[str, int] | None:
    """Return the first sizes of about 32 on that the conditions allow; None where they take more MACs than `most`."""
    names = [str(symbol) for symbol in g.symbols]
    for side in SMALL:
        values = {name: _valid(g, name, min(side, int(g.defaults[name]))) for name in names}
        if _fits(g, values):
            return values if g.at(**values).macs <= most else None
    return None


def _valid(g: Any, name: str, size: int) -> int:
    """Return the next size that a symbol can have."""
    multiple, offset = g.rule_of(name)
    return size + (offset - size) % multiple


def _fits(g: Any, values: Mapping[str, int]) -> bool:
    try:
        g.at(**values)
    except ag.ArchgraphError:
        return False
    return True


def resized(
    inputs: Mapping[str, Any], dynamic: Mapping[str, Mapping[int, str]], sizes: Mapping[str, int]
) -> dict[str, Any]:
    """Return inputs at other sizes."""
    found = dict(inputs)
    for name, dims in dynamic.items():
        shape = list(found[name].shape)
        for dim, letter in dims.items():
            shape[dim] = sizes[letter]
        found[name] = torch.empty(shape, dtype=found[name].dtype, device="meta")
    return found
