"""Values while a graph runs, each with the memory that it views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from sympy import Expr

from archgraph.cost.memory.ledger import LiveStorage


@dataclass(eq=False)
class Tensor:
    """A value while the graph runs: the memory it views, its bytes, and whether gradients flow into it."""

    storage: LiveStorage
    law: Expr
    flows: bool = False


Tensors: TypeAlias = tuple[Tensor, ...]
