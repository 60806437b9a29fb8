"""What a loss holds beside the network: of cross-entropy, normalised logits in single precision and their gradients."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Add, Expr, ceiling

from archgraph.errors import QueryError
from archgraph.graph.ir import Graph, Node, Value
from archgraph.graph.weights import weights_of
from archgraph.ops.linear import Linear
from archgraph.sizes.symbols import ZERO

_SINGLE, SCALARS = 4, 8
LOSS_CHUNKS = 8
"""Parts of the tokens whose logits are there one after another, unless another number is given: torchtune's default."""


@dataclass(frozen=True)
class LossBytes:
    """The bytes of one sample, and of scalars.

    Attributes:
        kept: from the end of the way there to the start of the backward pass.
        peak: beside it at the start of the backward pass, before the gradients of the outputs are there.
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


@dataclass(frozen=True)
class ChunkedHead:
    """The last linear layer together with cross-entropy, part by part of the tokens, each with its gradients at once.

    Liger Kernel (Hsu et al. 2024, arXiv:2410.10989) and PyTorch's `linear_cross_entropy` do so: no more logits are
    there than those of one part, and nothing is computed a second time.

    Attributes:
        node: the layer.
        before: the network up to it.
    """

    node: Node
    before: Graph

    @property
    def owner(self) -> str:
        """Whose weights it has."""
        return self.node.share or self.node.name

    def moments(self, samples: Expr, width: int, gradients: int, chunks: int) -> tuple[Expr, Expr]:
        """Return the bytes beside the layer's operand: of a part's logits in the backward pass, then of its gradients.

        Args:
            samples: of a batch.
            width: bytes of a value.
            gradients: bytes of a number of the weight's gradient.
            chunks: parts of the tokens.
        """
        (hidden,), (logits,) = self.node.inputs, self.node.outputs
        part = ceiling(samples * logits.type.area / chunks) * logits.type.channels
        given = samples * width * hidden.type.numel
        weight = gradients * self.weights
        return given + weight + 3 * _SINGLE * part, given + 2 * weight + width * part

    @property
    def weights(self) -> Expr:
        """The scalars of its weights."""
        return Add(*(each.numel for each in weights_of(self.node).values()))


def chunked_head(graph: Graph) -> ChunkedHead:
    """Return the last layer of a network whose loss is taken part by part.

    Raises:
        QueryError: the only output is not that of a linear layer.

    >>> from archgraph import load
    >>> chunked_head(load("llama").graph).node.name
    'logits'
    """
    last = next((each for each in graph.nodes if each.outputs == graph.outputs), None)
    if not isinstance(last, Node) or not isinstance(last.op.core, Linear) or last.op.core.axis != "c":
        message = "loss='chunked' takes the last linear layer and cross-entropy together, and the output is no layer's"
        raise QueryError(message, hint="loss='cross_entropy'")
    nodes = tuple(each for each in graph.nodes if each is not last)
    return ChunkedHead(last, Graph(graph.inputs, nodes, last.inputs))


def _are_logits(graph: Graph, value: Value) -> bool:
    tokens = {axis for x in graph.inputs if not x.type.has_gradient for axis in x.type.positions}
    return bool(tokens) and set(value.type.positions) == tokens and value.type.has("c")
