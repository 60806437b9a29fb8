"""Sizes that operators say: of windows that may move by more than one place, of slices with a step, and of pads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.recording.operators import operator_of

_PADS = ("constant_pad", "pad", "reflection_pad", "replication_pad")
POOLS = ("max_pool", "avg_pool", "lp_pool")


def rounding_of(node: RecordedNode, dim: int, rank: int) -> tuple[int, int] | None:
    """Return (step, added) where a dimension of the result is `(size + added) // step` of the operand's, or None.

    The dimension is counted from 0, of `rank` in all.
    """
    if not hasattr(node.target, "_schema"):
        return None
    name = operator_of(node.target).name
    given = _given(node)
    if name == "slice" and _number(given, "dim", 0) % rank == dim:
        step = _number(given, "step", 1)
        return step, step - 1 - _number(given, "start", 0)
    if name.startswith(_PADS):
        return _padded(_listed(given.get("pad", given.get("padding"))), rank - 1 - dim)
    if name.startswith("conv") and "transpose" not in name:
        return _window(given, _weight_sides(node), dim - 2 if rank > 2 else -1, ceil=False)
    if name.startswith(POOLS):
        sides = _listed(given.get("kernel_size"))
        count = int(next((char for char in name if char.isdigit()), "1"))
        return _window(given, sides, dim - (rank - count), ceil=bool(given.get("ceil_mode")))
    return None


def _padded(widths: list[int], place: int) -> tuple[int, int] | None:
    """What a pad adds to the dimension at a place from the last, which torch lists first."""
    added = widths[2 * place : 2 * place + 2]
    return (1, sum(added)) if added and all(isinstance(number, int) for number in added) else None


def _given(node: RecordedNode) -> dict[str, Any]:
    names = (argument.name for argument in node.target._schema.arguments)
    return {**dict(zip(names, node.args, strict=False)), **node.kwargs}


def _number(given: Mapping[str, Any], name: str, default: int) -> int:
    value = given.get(name)
    return value if isinstance(value, int) else default


def _listed(value: Any) -> list[int]:
    return [value] if isinstance(value, int) else list(value or [])


def _weight_sides(node: RecordedNode) -> list[int]:
    weight = node.args[1]
    return list(weight.meta["val"].shape[2:]) if isinstance(weight, RecordedNode) else []


def _window(given: Mapping[str, Any], sides: list[int], place: int, *, ceil: bool) -> tuple[int, int] | None:
    if place < 0 or not sides:
        return None
    if given.get("padding") == "same":
        return 1, 0
    side = _at(sides, place)
    stride = _at(_listed(given.get("stride")) or sides, place)
    padding = 0 if given.get("padding") == "valid" else _at(_listed(given.get("padding")) or [0], place)
    dilation = _at(_listed(given.get("dilation")) or [1], place)
    if not all(isinstance(number, int) for number in (side, stride, padding, dilation)):
        return None
    room = 2 * padding - dilation * (side - 1) - 1
    return stride, room + stride + (stride - 1 if ceil else 0)


def _at(numbers: list[int], place: int) -> int:
    return numbers[place] if place < len(numbers) else numbers[0]
