"""What optimisers keep per weight tensor, and need while they step. A new optimiser is one row of the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr, ceiling, prod

from archgraph.ops.base import Weight
from archgraph.sizes.symbols import ZERO

SCALED_TOGETHER = 256
"""Numbers that share a scale in 8-bit states."""
LEAST_IN_EIGHT_BITS = 4096
"""Tensors with fewer numbers keep their states in single precision."""
STEP_COUNTER = 4


@dataclass(frozen=True)
class TrainedWeight:
    """A weight as an optimiser meets it.

    Attributes:
        weight: the tensor.
        width: the bytes of one number of state.
        hidden: whether it is a matrix between the first and the last layer.
        measure: the value of a law, for what depends on sizes.
    """

    weight: Weight
    width: int
    hidden: bool
    measure: Callable[[Expr], int]

    @property
    def numel(self) -> Expr:
        """Its scalars."""
        return self.weight.numel

    @property
    def plain(self) -> Expr:
        """The bytes of one number of state per scalar."""
        return self.width * self.numel


@dataclass(frozen=True)
class Optimizer:
    """What an optimiser keeps.

    Attributes:
        states: bytes of one weight's states.
        meaning: what they are.
        counter: bytes of a step counter, of one weight.
        once: bytes that all weights share.
        loop: temporaries of a weight's size in a step that goes weight by weight.
        held: whether the last of them lives on while the next weight's are made; else `loop` is a bound.
        per_scalar: numbers per scalar, where they are the same for every one.
        foreach: temporaries of all weights' size in a step that takes all of them at once; None where there is none.
    """

    states: Callable[[TrainedWeight], Expr]
    meaning: str
    counter: Callable[[TrainedWeight], int] = lambda weight: 0
    once: int = 0
    loop: int = 0
    held: bool = False
    foreach: int | None = 0
    per_scalar: int | None = None


def _none(weight: TrainedWeight) -> Expr:
    return ZERO


def _first(weight: TrainedWeight) -> Expr:
    return weight.plain


def _two(weight: TrainedWeight) -> Expr:
    return 2 * weight.plain


def _three(weight: TrainedWeight) -> Expr:
    return 3 * weight.plain


def _factored(weight: TrainedWeight) -> Expr:
    """A mean per row and per column of the last two axes; of a vector one number per scalar."""
    *leading, rows, columns = (ZERO, ZERO, *weight.weight.shape)
    if len(weight.weight.shape) < 2:
        return weight.plain
    return weight.width * prod(leading[2:]) * (rows + columns)


def _by_role(weight: TrainedWeight) -> Expr:
    return _first(weight) if weight.hidden else _two(weight)


def _eight_bits(weight: TrainedWeight) -> Expr:
    """A byte per number and a scale per block of them; small tensors in single precision."""
    if weight.measure(weight.numel) < LEAST_IN_EIGHT_BITS:
        return 8 * weight.numel
    return 2 * weight.numel + 8 * ceiling(weight.numel / SCALED_TOGETHER)


def _counted(weight: TrainedWeight) -> int:
    return STEP_COUNTER


def _counted_by_role(weight: TrainedWeight) -> int:
    return 0 if weight.hidden else STEP_COUNTER


ADAM = Optimizer(
    _two, "two moments and a step counter per tensor", _counted, loop=2, held=True, foreach=1, per_scalar=2
)
OPTIMIZERS = {
    "sgd": Optimizer(_none, "nothing", per_scalar=0),
    "momentum": Optimizer(_first, "one moment", per_scalar=1),
    "adam": ADAM,
    "adamw": ADAM,
    "amsgrad": Optimizer(
        _three, "two moments and the largest second one", _counted, loop=2, held=True, foreach=1, per_scalar=3
    ),
    "adafactor": Optimizer(_factored, "means of rows and columns of the last two axes", _counted, loop=3, foreach=1),
    "muon": Optimizer(
        _by_role,
        "one moment of hidden matrices; AdamW's of tables, vectors and last layers",
        _counted_by_role,
        loop=3,
        foreach=None,
    ),
    "adamw-8bit": Optimizer(_eight_bits, "two moments of a byte, with scales", once=2048, foreach=None),
}
"""AdamW, Adafactor without a first moment, and Muon are PyTorch's; 8 bits are those of bitsandbytes."""
