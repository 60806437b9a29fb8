"""Borders as ONNX has them: first all sides before, then all sides behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


def symmetric(pads: Sequence[int]) -> bool:
    """Whether both sides of every dimension have the same border.

    >>> symmetric([1, 2, 1, 2]), symmetric([0, 0, 1, 1])
    (True, False)
    """
    half = len(pads) // 2
    return list(pads[:half]) == list(pads[half:]) and min(pads, default=0) >= 0


def border(x: Tensor, pads: Sequence[int], value: float = 0.0, mode: str = "constant") -> Tensor:
    """Return a tensor with a border along its last dimensions, as many as there are pairs of sides."""
    half = len(pads) // 2
    sides = [
        side for first, last in reversed(list(zip(pads[:half], pads[half:], strict=True))) for side in (first, last)
    ]
    if not any(sides):
        return x
    return functional.pad(x, sides, mode, value) if mode == "constant" else functional.pad(x, sides, mode)


def same_border(
    sizes: Sequence[int], kernel: Sequence[int], steps: Sequence[int], gaps: Sequence[int], mode: str
) -> list[int]:
    """Return the border with which a result has `ceil(size / step)` positions; nothing where no mode asks for it.

    >>> same_border([5], [3], [2], [1], "SAME_UPPER"), same_border([6], [3], [2], [1], "SAME_LOWER")
    ([1, 1], [1, 0])
    """
    if not mode.startswith("SAME"):
        return []
    before, behind = [], []
    for size, length, step, gap in zip(sizes, kernel, steps, gaps, strict=True):
        missing = max((-(-size // step) - 1) * step + gap * (length - 1) + 1 - size, 0)
        smaller = missing // 2
        before.append(smaller if mode == "SAME_UPPER" else missing - smaller)
        behind.append(missing - before[-1])
    return [*before, *behind]
