"""Losses, which files have that were exported for training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from archgraph.pytorch.onnx.operators.table import Results, operator

if TYPE_CHECKING:
    from torch import Tensor

_NOTHING_IGNORED = -(2**31)


@operator("NegativeLogLikelihoodLoss")
def _picked(
    x: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int | None = None,
    reduction: str = "mean",
) -> Results:  # fmt: skip
    ignored = _NOTHING_IGNORED if ignore_index is None else ignore_index
    return functional.nll_loss(x, target, weight, ignore_index=ignored, reduction=reduction)


@operator("SoftmaxCrossEntropyLoss", several=True)
def _cross_entropy(
    x: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int | None = None,
    reduction: str = "mean", outputs: int = 1,
) -> Results:  # fmt: skip
    ignored = _NOTHING_IGNORED if ignore_index is None else ignore_index
    logarithms = torch.log_softmax(x, 1)
    loss = functional.nll_loss(logarithms, target, weight, ignore_index=ignored, reduction=reduction)
    return (loss, logarithms) if outputs > 1 else loss
