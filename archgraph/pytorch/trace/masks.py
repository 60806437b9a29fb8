"""Masks whose values are known, for they depend on sizes and stored tensors only: whether they are causal."""

from __future__ import annotations

from typing import Any

from archgraph.pytorch.trace.recording.node import RecordedNode

LEAST_SCORE = -1e4
"""Scores above this are not masked."""


def is_causal(step: RecordedNode, mask: RecordedNode) -> bool:
    """Whether a mask, as a step finds it, lets position i read exactly the positions up to i, wherever it is known."""
    shape = mask.meta["val"].shape
    if len(shape) < 2 or shape[-1] != shape[-2] or shape[-1] == 1:
        return False
    value = step.known_operand(mask)
    others = (other.known_operand(same) for other, same in zip(step.elsewhere, mask.elsewhere, strict=True))
    return value is not None and all(map(_is_lower, (value, *(other for other in others if other is not None))))


def _is_lower(value: Any) -> bool:
    import torch

    if value.is_floating_point():
        value = value > LEAST_SCORE
    lower = torch.ones(value.shape[-2:], dtype=torch.bool).tril()
    return bool((value.bool() == lower).all()) or bool((value.bool() == ~lower).all())
