"""What a loss holds beside the network: of cross-entropy, normalised logits in single precision and their gradients."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Add, Expr

from archgraph.graph.ir import Graph, Value
from archgraph.sizes.symbols import ZERO

_SINGLE, SCALARS = 4, 8


@dataclass(frozen=True)
class LossBytes:
    """The bytes of one sample, and of scalars.

    Attributes:
        kept: from the end of the way there to the start of the way back.
        peak: beside it at the start of the way back, before the gradients of the outputs are there.
        data: targets, which stay.
        scalars: of a loss and its gradient, whatever the batch.
        holds: whether the outputs live on until the way back has begun.
    """

    kept: Expr = ZERO
    peak: Expr = ZERO
    data: Expr = ZERO
    scalars: int = 0
    holds: bool = False


def loss_of(graph: Graph, loss: str) -> str:
    """Return which loss is meant: cross-entropy where the outputs are logits of tokens.

    >>> from archgraph import load
    >>> loss_of(load("llama").graph, "auto"), loss_of(load("dit").graph, "auto")
    ('cross_entropy', 'none')
    """
    if loss != "auto":
        return loss
    return "cross_entropy" if any(_are_logits(graph, value) for value in graph.outputs) else "none"


def loss_bytes(graph: Graph, loss: str | None, width: int) -> LossBytes:
    """Return what a loss holds.

    Args:
        graph: whose outputs it takes.
        loss: by its name; None where the outputs are held and nothing is computed from them.
        width: bytes of one number of an output.

    >>> from archgraph import load
    >>> print(loss_bytes(load("llama").graph, "cross_entropy", 2).kept)
    4*N*V
    """
    numel = Add(*(value.type.numel for value in graph.outputs))
    if loss == "cross_entropy":
        return LossBytes(_SINGLE * numel, 2 * _SINGLE * numel, scalars=SCALARS, holds=True)
    if loss == "mse":
        return LossBytes(data=width * numel, scalars=SCALARS, holds=True)
    return LossBytes(holds=True) if loss is None else LossBytes(scalars=SCALARS)


def _are_logits(graph: Graph, value: Value) -> bool:
    tokens = {axis for x in graph.inputs if not x.type.has_gradient for axis in x.type.positions}
    return bool(tokens) and set(value.type.positions) == tokens and value.type.has("c")
