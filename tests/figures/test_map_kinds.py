"""What a map is said to be written by: shared weights are no attention, and neither is a recurrence."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
import torch
from torch import nn

import archgraph as ag


class Heads(nn.Module):
    """One convolution on two resolutions: its weights are operands of both."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        fine = self.body(x)
        return self.head(fine), self.head(nn.functional.max_pool2d(fine, 2))


def words_of(module: nn.Module, x: torch.Tensor, **said: str) -> set[str]:
    figure = ag.trace(module.eval(), x).draw(**said)
    return {text.string for text in figure.diagram.texts()}


def test_a_convolution_whose_weights_are_shared_is_a_convolution():
    words = words_of(Heads(), torch.rand(1, 3, 32, 32), style="maps")
    assert "convolution" in words and "attention" not in words


def test_a_recurrence_is_called_so():
    words = words_of(nn.LSTM(16, 32, batch_first=True), torch.rand(1, 12, 16), style="maps")
    assert "recurrence" in words and "attention" not in words
    assert "attention or recurrence" in words_of(nn.LSTM(16, 32, batch_first=True), torch.rand(1, 12, 16), color="op")
