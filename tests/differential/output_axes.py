"""Which dimension of a tensor every axis of its type is: by their sizes, as they stand first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from math import prod
from typing import Any

Position = tuple[int, ...]


@dataclass(frozen=True)
class Mapped:
    """Which dimension of an output every axis of its type is, and the places to look at."""

    key: tuple[str, ...]
    pairs: tuple[tuple[tuple[Sequence[int], ...], Mapping[str, int]], ...]


def readings(
    kind: Any, shape: Sequence[int], asked: Sequence[str], choose: Callable[[list[Position]], list[Position]]
) -> Iterator[Mapped]:
    """Yield every way to read the axes of a type as the dimensions of a shape without its batch, as they stand first.

    Args:
        kind: the type.
        shape: the sizes of the dimensions.
        asked: the axes along which a place is chosen; of others it has all indices.
        choose: which of all places to look at.
    """
    axes = [(name, int(size)) for name, size in kind.axes if int(size) != 1]
    for order in permutations(axes):
        dims = _dims(order, shape)
        if dims is None:
            continue
        extents = {name: size for name, size in order if name in asked}
        every = list(product(*map(range, extents.values())))
        given = [dict(zip(extents, place, strict=True)) for place in choose(every)]
        yield Mapped(tuple(name for name, _ in order), tuple((_index(dims, one), one) for one in given))


def _dims(order: Sequence[tuple[str, int]], shape: Sequence[int]) -> list[list[tuple[str, int]]] | None:
    """Return the axes of every dimension, row-major; None where they do not fit."""
    rest, found = list(order), []
    for size in shape:
        taken: list[tuple[str, int]] = []
        while prod(n for _, n in taken) < size:
            if not rest:
                return None
            taken.append(rest.pop(0))
        if prod(n for _, n in taken) != size:
            return None
        found.append(taken)
    return None if rest else found


def _index(dims: Sequence[Sequence[tuple[str, int]]], given: Mapping[str, int]) -> tuple[Any, ...]:
    """Return the indices of every dimension that fit."""
    found: list[Any] = []
    for axes in dims:
        places = [0]
        for name, size in axes:
            inside = [given[name]] if name in given else range(size)
            places = [place * size + i for place in places for i in inside]
        found.append(places)
    return tuple(found)
