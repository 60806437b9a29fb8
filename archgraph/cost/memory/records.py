"""What a forward run writes down for the backward pass, a record for every step of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from sympy import Expr

from archgraph.cost.memory.bodies import BodyCall
from archgraph.cost.memory.ledger import LiveStorage
from archgraph.cost.memory.tensors import Tensor, Tensors
from archgraph.graph.ir import Node


@dataclass(frozen=True, eq=False)
class RunScope:
    """Where a body stands.

    Attributes:
        path: of its nodes.
        weights: the path of their weights, which iterations may share.
        is_shared: whether another run of some body may have the same weights.
    """

    path: str = ""
    weights: str = ""
    is_shared: bool = False


@dataclass(frozen=True, eq=False)
class Done:
    """A node that has run, with what it keeps for the backward pass."""

    node: Node
    scope: RunScope
    operands: Tensors
    results: Tensors
    kept: tuple[LiveStorage, ...]

    @property
    def owner(self) -> str:
        """Whose weights the node has: those of another one that it shares them with, or its own."""
        return f"{self.scope.weights}{self.node.share or self.node.name}"


@dataclass(frozen=True, eq=False)
class Again:
    """What is computed again in the backward pass, from the operands it keeps."""

    replay: Callable[[], Tensors]
    place: str
    operands: Tensors
    results: Tensors


@dataclass(frozen=True, eq=False)
class Skipped:
    """Iterations that are not run one by one: what they keep, and the bytes of their weights' gradients."""

    kept: LiveStorage
    gradients: Expr


@dataclass(frozen=True, eq=False)
class Summed:
    """A mixture: the sum of the results of its active experts, and the gradients of the others' weights."""

    total: Tensor
    parts: Tensors
    gradients: Expr


@dataclass(frozen=True, eq=False)
class BodyRecord:
    """A body that has run, as one record: what the way back keeps of it, and how often each storage that others see."""

    call: BodyCall
    path: str
    operands: Tensors
    results: Tensors
    kept: LiveStorage
    storages: tuple[LiveStorage, ...]
    held: tuple[int, ...]


RunRecord: TypeAlias = Done | Again | Skipped | Summed | BodyRecord
