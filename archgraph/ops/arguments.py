"""The types of operation arguments, and how one number serves for every position axis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, cast

from sympy import Expr, Integer

from archgraph.errors import ShapeError, did_you_mean, quoted
from archgraph.sizes.symbols import require
from archgraph.sizes.types import TensorType


class Named(tuple[tuple[str, Any], ...]):
    """A mapping of names to values as it stands in a spec, in order and hashable."""

    __slots__ = ()

    def __new__(cls, items: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> Named:
        """Make it from a dict or from (name, value) pairs."""
        pairs = items.items() if isinstance(items, Mapping) else items
        return super().__new__(cls, tuple(cast("Iterable[tuple[str, Any]]", pairs)))


Entry: TypeAlias = "Expr | tuple[Expr, Expr]"
PerAxis: TypeAlias = "Expr | tuple[Expr, ...] | Named"
"""One size for all position axes, a list in axis order, or a mapping by name."""
Padding: TypeAlias = "Expr | str | tuple[Expr, ...] | Named"
"""As `PerAxis`, or `same` or `valid`, or `{before: 1, after: 0}`, or pairs by axis: `{h: [0, 1]}`."""
SIDES = {"before", "after"}
Axes: TypeAlias = "str | tuple[str, ...]"
"""The name of one axis, or a list of them."""
SummedAxes: TypeAlias = "str | tuple[str, ...]"
"""As `Axes`, or an empty list: then nothing is summed, and each element of a product stays."""

Ratio: TypeAlias = "Expr"
"""A number that need be no integer, and is no size: `1/8`."""

StoredName: TypeAlias = str
"""The name of a stored type, such as `float`, `bool` or `int32`."""
FunctionName: TypeAlias = str
"""PyTorch's name of a function of one element, of the table of functions."""
ReductionName: TypeAlias = str
"""PyTorch's name of a reduction over axes."""
MoveName: TypeAlias = str
"""PyTorch's name of what moves or selects elements."""


def named_axes(axes: Axes) -> tuple[str, ...]:
    """Return the axes as a tuple.

    >>> named_axes("h"), named_axes(("h", "w"))
    (('h',), ('h', 'w'))
    """
    return (axes,) if isinstance(axes, str) else axes


def plain_number(value: Ratio) -> int | float:
    """Return a number as PyTorch takes it.

    >>> plain_number(Integer(1) / 8), plain_number(Integer(3))
    (0.125, 3)
    """
    return int(value) if value.is_integer else float(value)


def per_axis(value: PerAxis, positions: tuple[str, ...], argument: str) -> dict[str, Expr]:
    """Return one size per position axis.

    Raises:
        ShapeError: a list of another length, a mapping that misses an axis, or an entry that is no number.

    >>> from archgraph.sizes.symbols import size
    >>> per_axis(size(3), ("h", "w"), "kernel")
    {'h': 3, 'w': 3}
    """
    entries = entries_per_axis(value, positions, argument)
    for axis, entry in entries.items():
        _refuse_several(entry, f"{argument} of axis {axis} is one number")
    return entries


def entries_per_axis(value: PerAxis, positions: tuple[str, ...], argument: str) -> dict[str, Expr]:
    """Return what is given for each position axis, which may be a pair.

    Raises:
        ShapeError: a list of another length, or a mapping that misses an axis.
    """
    if isinstance(value, Named):
        return _by_name(value, positions, argument)
    if isinstance(value, tuple):
        if len(value) != len(positions):
            raise ShapeError(
                f"{argument} {_listed(value)} has {len(value)} entries for the "
                f"{len(positions)} position axes ({', '.join(positions)})"
            )
        return dict(zip(positions, value, strict=True))
    return dict.fromkeys(positions, value)


def _refuse_several(entry: object, rule: str) -> None:
    if isinstance(entry, (tuple, str)):
        told = "a mapping" if isinstance(entry, Named) else "a list" if isinstance(entry, tuple) else quoted(entry)
        raise ShapeError(f"{rule}, and not {told}")


def _by_name(value: Named, positions: tuple[str, ...], argument: str) -> dict[str, Any]:
    given = dict(value)
    for name in given:
        if name not in positions:
            raise ShapeError(
                f"{argument} names axis '{name}', which is not a position axis "
                f"({', '.join(positions)}).{did_you_mean(name, positions)}"
            )
    missing = [axis for axis in positions if axis not in given]
    if missing:
        raise ShapeError(f"{argument} gives no value for axis {', '.join(missing)}")
    return {axis: given[axis] for axis in positions}


def _listed(value: tuple[object, ...]) -> str:
    return "[" + ", ".join(map(str, value)) + "]"


def padding_pairs(padding: Padding, kernel: dict[str, Expr], dilation: dict[str, Expr]) -> dict[str, tuple[Expr, Expr]]:
    """Return (before, after) per axis; `valid` is none, `same` is dilation*(kernel-1)/2 on both sides.

    Raises:
        ShapeError: `same` with an even kernel.
    """
    positions = tuple(kernel)
    if padding == "valid":
        return dict.fromkeys(positions, (Integer(0), Integer(0)))
    if isinstance(padding, str):
        return {axis: _same(axis, kernel[axis], dilation[axis]) for axis in positions}
    if isinstance(padding, Named) and {name for name, _ in padding} <= SIDES:
        return dict.fromkeys(positions, _sides(padding, "padding"))
    entries = entries_per_axis(padding, positions, "padding")
    return {axis: _pair(axis, entry) for axis, entry in entries.items()}


def _sides(value: Named, argument: str) -> tuple[Expr, Expr]:
    """What `{before: 1, after: 0}` says; a side that is left out has nothing."""
    for name, length in value:
        if name not in SIDES or not isinstance(length, Expr):
            raise ShapeError(f"{argument} is a number, [before, after] or {{before: …, after: …}}")
    sides = dict(value)
    return sides.get("before", Integer(0)), sides.get("after", Integer(0))


def _pair(axis: str, entry: Entry) -> tuple[Expr, Expr]:
    if isinstance(entry, Named):
        return _sides(entry, f"padding of axis {axis}")
    if not isinstance(entry, tuple):
        return entry, entry
    if len(entry) != 2:
        raise ShapeError(f"padding of axis {axis} is a number or a pair [before, after]")
    for side in entry:
        _refuse_several(side, f"a side of padding of axis {axis} is one number")
    return entry[0], entry[1]


def _same(axis: str, kernel: Expr, dilation: Expr) -> tuple[Expr, Expr]:
    total = dilation * (kernel - 1)
    rule = "padding 'same' needs an odd kernel, and the kernel on axis {} is {}"
    require(kernel - 1, "multiple of", Integer(2), rule, axis, kernel, hint="give the padding as {before: …, after: …}")
    return total / 2, total / 2


def positions_of(operand: TensorType, kind: str) -> tuple[str, ...]:
    """Return the position axes, of which the operation needs at least one.

    Raises:
        ShapeError: the operand has none, or no channel axis.
    """
    if not operand.has("c"):
        raise ShapeError(f"{kind} needs a channel axis c, and its operand is {operand}")
    if not operand.positions:
        raise ShapeError(f"{kind} needs a position axis, and its operand is {operand}")
    return operand.positions
