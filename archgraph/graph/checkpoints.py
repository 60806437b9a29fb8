"""Activation checkpoints: which scopes and operations keep their inputs alone, and are run again in the backward pass.

A policy is one class; a scope that a module marks by itself is a checkpoint under each of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass
from math import isqrt
from typing import ClassVar, cast

from sympy import Expr

from archgraph.errors import QueryError, quoted
from archgraph.graph.ir import Node, Repeat
from archgraph.ops.attention import ScaledDotProductAttention
from archgraph.sizes.symbols import ONE, size

FIRST_TURN = "(first)"
"""At the end of a name: the first iteration of a repeat that stands apart, and is a block as the others are."""
Checkpoint = bool | int | str | Collection[str]
"""How a policy is asked for: a word of `POLICIES`, a number of blocks, or the paths of scopes."""


@dataclass(frozen=True)
class CheckpointPolicy(ABC):
    """What is computed again in the backward pass."""

    meaning: ClassVar[str] = ""
    by_path: ClassVar[bool] = False
    """Whether two calls of one body may be treated differently."""

    @abstractmethod
    def run(self, repeat: Repeat, path: str) -> Expr | None:
        """Return how many iterations are computed again together; None where a scope keeps what its inside keeps."""

    def again(self, node: Node) -> bool:
        """Return whether one operation is computed again by itself."""
        return False

    def at(self, measure: Callable[[Expr], int]) -> CheckpointPolicy:
        """Return the policy where counts have values."""
        return self


@dataclass(frozen=True)
class KeepAll(CheckpointPolicy):
    """Nothing is computed again."""

    meaning: ClassVar[str] = "no checkpoints"

    def run(self, repeat: Repeat, path: str) -> Expr | None:
        """Return that everything is kept."""
        return None


@dataclass(frozen=True)
class EachBlock(CheckpointPolicy):
    """Every block of a series, the outermost where series stand in series: iterations of repeats, and turns of a `for`.

    What is inside of a block is computed again with it.
    """

    meaning: ClassVar[str] = "checkpoints of every block"

    def run(self, repeat: Repeat, path: str) -> Expr | None:
        """Return one block at a time."""
        if repeat.experts is not None:
            return None
        return ONE if not repeat.once or _is_turn(repeat) else None


@dataclass(frozen=True)
class EachAttention(CheckpointPolicy):
    """Attention without its projections, so that no scores are kept."""

    meaning: ClassVar[str] = "checkpoints of attention"

    def run(self, repeat: Repeat, path: str) -> Expr | None:
        """Return that scopes keep what is inside of them."""
        return None

    def again(self, node: Node) -> bool:
        """Return whether it is attention."""
        return isinstance(node.op.core, ScaledDotProductAttention)


@dataclass(frozen=True)
class Runs(CheckpointPolicy):
    """So many blocks of a series at a time."""

    length: int = 2

    @property
    def name(self) -> str:
        """How many blocks are computed again together."""
        return f"checkpoints of {self.length} blocks at a time"

    def run(self, repeat: Repeat, path: str) -> Expr | None:
        """Return the number of blocks; a call that a `for` makes stands alone."""
        one = EachBlock().run(repeat, path)
        return one if one is None or repeat.once else size(self.length)


@dataclass(frozen=True)
class SquareRoot(CheckpointPolicy):
    """As many blocks at a time as there are runs: the square root of their number, rounded up."""

    meaning: ClassVar[str] = "checkpoints of the square root of the blocks at a time"
    measure: Callable[[Expr], int] = int

    def run(self, repeat: Repeat, path: str) -> Expr | None:
        """Return the square root of the count."""
        one = EachBlock().run(repeat, path)
        count = 0 if one is None or repeat.once else self.measure(repeat.count)
        return one if count < 2 else size(isqrt(count - 1) + 1)

    def at(self, measure: Callable[[Expr], int]) -> CheckpointPolicy:
        """Return the policy at the values of counts: laws hold as long as the root stays what it is there."""
        return SquareRoot(measure)


@dataclass(frozen=True)
class Scopes(CheckpointPolicy):
    """The scopes at some paths; of a repeat, each iteration."""

    by_path: ClassVar[bool] = True
    paths: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The paths."""
        return f"checkpoints of {', '.join(sorted(self.paths))}"

    def run(self, repeat: Repeat, path: str) -> Expr | None:
        """Return one iteration at a time, where the path was chosen."""
        return ONE if path in self.paths or path.removesuffix(FIRST_TURN) in self.paths else None


KEEP_ALL = KeepAll()
POLICIES: dict[str, CheckpointPolicy] = {
    "none": KEEP_ALL,
    "block": EachBlock(),
    "attention": EachAttention(),
    "sqrt": SquareRoot(),
}


def policy(chosen: Checkpoint) -> CheckpointPolicy:
    """Return a policy: by its word, True for every block, a number of blocks at a time, or paths of scopes.

    Raises:
        QueryError: a number below 1.

    >>> policy("sqrt"), policy(3), policy(False)
    (SquareRoot(measure=<class 'int'>), Runs(length=3), KeepAll())
    """
    if isinstance(chosen, bool):
        return POLICIES["block" if chosen else "none"]
    if isinstance(chosen, int):
        if chosen < 1:
            raise QueryError(f"checkpoint is {chosen}; blocks at a time are at least 1", hint="or a word: block")
        return Runs(chosen) if chosen > 1 else POLICIES["block"]
    if isinstance(chosen, str):
        return POLICIES[chosen] if chosen in POLICIES else Scopes(frozenset((chosen,)))
    if not _are_texts(chosen):
        raise QueryError(f"cannot read checkpoint={quoted(chosen)}", hint=f"{', '.join(POLICIES)}, 2, or paths")
    return Scopes(frozenset(chosen)) if chosen else POLICIES["none"]


def _are_texts(given: object) -> bool:
    return isinstance(given, list | tuple | set | frozenset) and all(
        isinstance(each, str) for each in cast("Collection[object]", given)
    )


def described(chosen: CheckpointPolicy) -> str:
    """Return what a policy does in words.

    >>> described(policy(2)), described(policy("block"))
    ('checkpoints of 2 blocks at a time', 'checkpoints of every block')
    """
    return chosen.name if isinstance(chosen, (Runs, Scopes)) else chosen.meaning


def _is_turn(repeat: Repeat) -> bool:
    """Whether a scope is a turn of a `for`, which are named by an index."""
    return repeat.name.endswith(")")
