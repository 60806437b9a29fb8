"""How a network is run and trained: precision, kernel of attention, optimiser, checkpoints."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from sympy import Expr

from archgraph.cost.memory.loss import LOSS_CHUNKS
from archgraph.cost.memory.precision import AS_STORED, DOUBLE, PRECISIONS, Precision
from archgraph.data.question_words import CHOICES
from archgraph.errors import QueryError, not_among
from archgraph.graph.checkpoints import KEEP_ALL, POLICIES, Checkpoint, CheckpointPolicy, Scopes, described, policy
from archgraph.graph.execution import Execution, execution
from archgraph.graph.ir import Graph, Member, Node
from archgraph.graph.locate import find_member
from archgraph.sizes.symbols import ONE

Mode: TypeAlias = Literal["inference", "training"]
AttentionKernel: TypeAlias = Literal["math", "flash"]
Autocast: TypeAlias = Literal["bf16-autocast", "bf16-autocast-cpu"]
Dtype: TypeAlias = (
    Literal["fp32", "bf16", "fp16", "mixed", "bf16-mixed", "bf16-mixed-fp32-grads", "bf16-fsdp"] | Autocast
)
OptimizerName: TypeAlias = Literal["sgd", "momentum", "adam", "adamw", "amsgrad", "adafactor", "muon", "adamw-8bit"]


@dataclass(frozen=True)
class Setting:
    """How a network is run and trained.

    Attributes:
        mode: with or without a backward pass.
        attention: its kernel.
        dtype: what all floating values and weights are cast to; None keeps them as they are stored.
        optimizer: what it keeps per weight.
        checkpoint: as in `Execution`; and `samples`.
        own: the floating type of the network, as it is stored.
        accumulating: whether gradients of an earlier batch are already there.
        hands_on: whether gradients of weights go to other ranks as soon as they are made, and are not counted.
        loss: what the outputs go into, as in `loss_bytes`; None where they are held and nothing is computed from them.
        chunks: parts of the tokens, of a chunked loss.

    Raises:
        QueryError: a word that is none of the choices.

    >>> Setting(dtype="bf16").execution.width
    2
    """

    mode: Mode = "inference"
    attention: AttentionKernel = "math"
    dtype: Dtype | None = None
    optimizer: OptimizerName = "sgd"
    checkpoint: CheckpointPolicy = KEEP_ALL
    own: str = "float32"
    samples: Expr = ONE
    accumulating: bool = False
    loss: str | None = None
    chunks: int = LOSS_CHUNKS
    hands_on: bool = False

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            value = getattr(self, name)
            if value not in known and not (name == "dtype" and value is None):
                raise not_among(name, value, known)

    @property
    def training(self) -> bool:
        """Whether there is a backward pass."""
        return self.mode == "training"

    @property
    def precision(self) -> Precision:
        """The bytes of its numbers."""
        return PRECISIONS.get(self.precision_name, DOUBLE)

    @property
    def precision_name(self) -> str:
        """What its floating type is called: `fp32`, or `bf16`."""
        return self.dtype or AS_STORED[self.own]

    @property
    def execution(self) -> Execution:
        """How the operations are computed."""
        chosen = execution(self.precision.values, self.attention, checkpoint=self.checkpoint, samples=self.samples)
        # The operands of every attention are in half precision, which its math kernel copies to single.
        upcast = self.precision.autocast and self.attention == "math"
        # Fused kernels are those of a GPU, and so is what is cast.
        chosen = replace(chosen, as_stored=self.dtype is None and self.attention == "math")
        return replace(chosen, kernel="upcast") if upcast else chosen

    def __str__(self) -> str:
        parts = [self.precision_name, f"{self.attention} attention"]
        if self.training:
            parts.append(self.optimizer)
            parts += [] if self.checkpoint == KEEP_ALL else [described(self.checkpoint)]
        return ", ".join(parts)


def setting(
    graph: Graph,
    mode: Mode = "inference",
    attention: AttentionKernel = "math",
    dtype: Dtype | None = None,
    optimizer: OptimizerName = "sgd",
    *,
    checkpoint: Checkpoint = False,
) -> Setting:
    """Return how a network is run, with the checkpoints that its graph has."""
    return Setting(mode, attention, dtype, optimizer, checkpoints(graph, checkpoint))


def checkpoints(graph: Graph, chosen: Checkpoint) -> CheckpointPolicy:
    """Return what is computed again: a policy by its word, a number of blocks at a time, or paths of scopes that exist.

    Raises:
        QueryError: a path of no scope.
    """
    found = policy(chosen)
    for path in sorted(found.paths) if isinstance(found, Scopes) else ():
        if isinstance(scope_at(graph, path), Node):
            raise QueryError(f"'{path}' is an operation: checkpoints stand around scopes")
    return found


def scope_at(graph: Graph, path: str) -> Member:
    """Return what stands at a path that is no word of a policy.

    Raises:
        QueryError: nothing does, with the words that there are.
    """
    try:
        return find_member(graph, path)[0]
    except QueryError as error:
        words = ", ".join(POLICIES)
        raise QueryError(error.message, hint=f"{words}, a number of blocks, or paths of scopes") from None
