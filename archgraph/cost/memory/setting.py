"""How a network is run and trained: precision, kernel of attention, optimiser, checkpoints."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from archgraph.errors import QueryError, not_among
from archgraph.graph.execution import Execution, execution
from archgraph.graph.ir import Graph, Node
from archgraph.graph.locate import find_member

Mode: TypeAlias = Literal["inference", "training"]
AttentionKernel: TypeAlias = Literal["math", "flash"]
Dtype: TypeAlias = Literal["fp32", "bf16", "fp16", "mixed"]
Optimizer: TypeAlias = Literal["sgd", "momentum", "adam"]
Checkpoint: TypeAlias = bool | Collection[str]

OPTIMIZERS = {"sgd": 0, "momentum": 1, "adam": 2}
"""How many numbers an optimiser keeps per trained weight."""


@dataclass(frozen=True)
class Precision:
    """Bytes of values, weights and gradients, of an optimiser's numbers, and of its own copy of each weight."""

    values: int
    states: int
    master: int = 0


PRECISIONS = {
    "fp32": Precision(4, 4),
    "bf16": Precision(2, 2),
    "fp16": Precision(2, 2),
    "mixed": Precision(2, 4, 4),
}
"""`mixed` is half precision with single-precision weights and states in the optimiser (Rajbhandari et al. 2020,
arXiv:1910.02054, section 3.1)."""
AS_STORED = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16", "float64": "fp64"}
"""What the floating type of a network is called in a report."""
DOUBLE = Precision(8, 8)
CHOICES: Mapping[str, Collection[str]] = {
    "mode": ("inference", "training"),
    "attention": ("math", "flash"),
    "dtype": PRECISIONS,
    "optimizer": OPTIMIZERS,
}


@dataclass(frozen=True)
class Setting:
    """How a network is run and trained.

    Attributes:
        mode: with a way back or without.
        attention: its kernel.
        dtype: what all floating values and weights are cast to; None as they are stored.
        optimizer: what it keeps per weight.
        checkpoint: as in `Execution`.
        own: the floating type of the network, as it is stored.

    Raises:
        QueryError: a word that is none of the choices.

    >>> Setting(dtype="bf16").execution.width
    2
    """

    mode: Mode = "inference"
    attention: AttentionKernel = "math"
    dtype: Dtype | None = None
    optimizer: Optimizer = "sgd"
    checkpoint: bool | frozenset[str] = False
    own: str = "float32"

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            value = getattr(self, name)
            if value not in known and not (name == "dtype" and value is None):
                raise not_among(name, value, known)

    @property
    def training(self) -> bool:
        """Whether there is a way back."""
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
        return execution(self.precision.values, self.attention, checkpoint=self.checkpoint)

    def __str__(self) -> str:
        parts = [self.precision_name, f"{self.attention} attention"]
        if self.training:
            parts.append(self.optimizer)
            where = "repeats" if self.checkpoint is True else ", ".join(sorted(self.checkpoint or ()))
            parts += [f"checkpoints of {where}"] if where else []
        return ", ".join(parts)


def setting(
    graph: Graph,
    mode: Mode = "inference",
    attention: AttentionKernel = "math",
    dtype: Dtype | None = None,
    optimizer: Optimizer = "sgd",
    *,
    checkpoint: Checkpoint = False,
) -> Setting:
    """Return how a network is run, with the checkpoints that its graph has."""
    return Setting(mode, attention, dtype, optimizer, checkpoints(graph, checkpoint))


def checkpoints(graph: Graph, chosen: Checkpoint) -> bool | frozenset[str]:
    """Return the scopes of which only the inputs are kept: all iterations of repeats, or paths that exist.

    Raises:
        QueryError: a path of no scope.
    """
    if isinstance(chosen, bool):
        return chosen
    paths = frozenset([chosen] if isinstance(chosen, str) else chosen)
    for path in paths:
        if isinstance(find_member(graph, path)[0], Node):
            raise QueryError(f"'{path}' is an operation: checkpoints stand around scopes")
    return paths
