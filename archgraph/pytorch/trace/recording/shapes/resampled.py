"""The shapes of results on a grid of other sides: resampled ones, and means of regions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from torch import Tensor

from archgraph.pytorch.trace.recording.shapes.lying import LyingTensor, PlainSides, are_plain, lying_in_rows

_MODES = {"nearest": (1, 2, 3), "linear": (1,), "bilinear": (2,), "trilinear": (3,), "bicubic": (2,)}
"""How many sides an operator resamples, by the name of its way."""


def _resampled(sides: int, operand: Tensor, asked: PlainSides | None, *settings: object) -> LyingTensor | None:
    """A grid of the sides that are asked for, else of the operand's times the last argument."""
    factors = settings[-1] if settings else None
    if asked is None and isinstance(factors, Sequence) and len(factors) == sides:
        # As PyTorch rounds: towards nothing.
        asked = [int(side * factor) for side, factor in zip(operand.shape[2:], factors, strict=False)]
    return None if asked is None else _on_grid(sides, operand, asked)


def _pooled(sides: int, operand: Tensor, asked: PlainSides) -> LyingTensor | None:
    return _on_grid(sides, operand, [*asked] * (sides if len(asked) == 1 else 1))


def _on_grid(sides: int, operand: Tensor, asked: PlainSides) -> LyingTensor | None:
    fits = operand.ndim == sides + 2 and len(asked) == sides and all(side > 0 for side in asked)
    return (
        lying_in_rows((*operand.shape[:2], *map(int, asked)), operand.dtype) if fits and are_plain([operand]) else None
    )


GRIDS: Mapping[str, Callable[..., LyingTensor | None]] = {
    **{f"upsample_{way}{sides}d": partial(_resampled, sides) for way, many in _MODES.items() for sides in many},
    **{f"adaptive_avg_pool{sides}d": partial(_pooled, sides) for sides in (2, 3)},
}
