"""Recurrent layers, whose gates PyTorch has in another order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch

from archgraph.errors import UnsupportedOpError
from archgraph.pytorch.onnx.operators.table import Results, operator

if TYPE_CHECKING:
    from torch import Tensor

ORDERS: dict[str, tuple[int, ...]] = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
"""PyTorch's gates by their places in ONNX: an LSTM's input, forget, cell and output, a GRU's reset, update and new."""
USUAL: dict[str, tuple[str, ...]] = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh"), "RNN": ("Tanh",)}


def torch_weights(kind: str, weight: Tensor, recurrent: Tensor, bias: Tensor | None) -> list[Tensor]:
    """Return the weights of a layer as PyTorch has them: of every direction input, state and both biases."""
    found: list[Tensor] = []
    for place in range(len(weight)):
        found += [_in_order(kind, weight[place]), _in_order(kind, recurrent[place])]
        if bias is not None:
            found += [_in_order(kind, half) for half in bias[place].chunk(2)]
    return found


def _in_order(kind: str, rows: Tensor) -> Tensor:
    parts = rows.chunk(len(ORDERS[kind]))
    return torch.cat([parts[place] for place in ORDERS[kind]]).clone()


def _checked(
    kind: str, activations: Sequence[str], direction: str, lengths: Tensor | None, given: dict[str, object]
) -> None:
    """Refuse what PyTorch's layers cannot do."""
    usual = not activations or tuple(activations) in (USUAL[kind], USUAL[kind] * 2)
    told = [name for name, value in given.items() if value]
    told += [] if usual else ["activations"]
    told += ["sequence_lens"] if lengths is not None else []
    told += ["direction"] if direction == "reverse" else []
    if told:
        raise UnsupportedOpError(f"{kind} with {', '.join(told)} has no rule", hint="export it without")


@operator("LSTM")
def _lstm(
    x: Tensor, weights: Sequence[Tensor], lengths: Tensor | None = None, state: Tensor | None = None,
    cell: Tensor | None = None, peepholes: Tensor | None = None, *, hidden_size: int, direction: str = "forward",
    layout: int = 0, activations: Sequence[str] = (), clip: float = 0.0, input_forget: int = 0,
    activation_alpha: Sequence[float] = (), activation_beta: Sequence[float] = (),
) -> Results:  # fmt: skip
    more = {"clip": clip, "input_forget": input_forget, "peepholes": peepholes is not None}
    _checked("LSTM", activations, direction, lengths, more)
    starts = [_start(x, part, direction, hidden_size, layout) for part in (state, cell)]
    made, last, cells = torch.lstm(x, starts, list(weights), *_options(weights, direction, layout))
    return _results(made, [last, cells], direction, layout)


@operator("GRU")
def _gru(
    x: Tensor, weights: Sequence[Tensor], lengths: Tensor | None = None, state: Tensor | None = None, *,
    hidden_size: int, direction: str = "forward", layout: int = 0, linear_before_reset: int = 0,
    activations: Sequence[str] = (), clip: float = 0.0, activation_alpha: Sequence[float] = (),
    activation_beta: Sequence[float] = (),
) -> Results:  # fmt: skip
    more = {"clip": clip, "linear_before_reset=0": not linear_before_reset}
    _checked("GRU", activations, direction, lengths, more)
    start = _start(x, state, direction, hidden_size, layout)
    made, last = torch.gru(x, start, list(weights), *_options(weights, direction, layout))
    return _results(made, [last], direction, layout)


@operator("RNN")
def _rnn(
    x: Tensor, weights: Sequence[Tensor], lengths: Tensor | None = None, state: Tensor | None = None, *,
    hidden_size: int, direction: str = "forward", layout: int = 0, activations: Sequence[str] = (),
    clip: float = 0.0, activation_alpha: Sequence[float] = (), activation_beta: Sequence[float] = (),
) -> Results:  # fmt: skip
    relu = set(activations) == {"Relu"}
    _checked("RNN", () if relu else activations, direction, lengths, {"clip": clip})
    start = _start(x, state, direction, hidden_size, layout)
    function = torch.rnn_relu if relu else torch.rnn_tanh
    made, last = function(x, start, list(weights), *_options(weights, direction, layout))
    return _results(made, [last], direction, layout)


def _options(weights: Sequence[Tensor], direction: str, layout: int) -> tuple[bool, int, float, bool, bool, bool]:
    """Biases, layers, dropout, training, directions, and whether samples come first."""
    both = direction == "bidirectional"
    return len(weights) == (8 if both else 4), 1, 0.0, False, both, bool(layout)


def _start(x: Tensor, state: Tensor | None, direction: str, hidden: int, layout: int) -> Tensor:
    if state is not None:
        return state.transpose(0, 1) if layout else state
    ways = 2 if direction == "bidirectional" else 1
    return torch.zeros((ways, x.shape[0 if layout else 1], hidden), dtype=x.dtype, device=x.device)


def _results(made: Tensor, states: Sequence[Tensor], direction: str, layout: int) -> list[Tensor]:
    """The result of every step with a dimension for directions, and the states at the end."""
    ways = 2 if direction == "bidirectional" else 1
    parts = made.unflatten(-1, (ways, -1))
    return [parts if layout else parts.transpose(1, 2), *_turned(states, layout)]


def _turned(states: Sequence[Tensor], layout: int) -> Iterator[Tensor]:
    for state in states:
        yield state.transpose(0, 1) if layout else state
