"""Which operand of an operator on elements lets another one through, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from archgraph.pytorch.trace.attention_patterns import name_of

if TYPE_CHECKING:
    from torch import Tensor

    from archgraph.pytorch.trace.recording.node import RecordedNode

Letting: TypeAlias = "Callable[[Tensor], Tensor]"


class Gate(NamedTuple):
    """An operand by its place, what lets it through, a place or the name of a number, and at which of its values."""

    operand: int
    factor: int | str
    open: Letting

    def factor_of(self, step: RecordedNode) -> object:
        """Return the factor of a step: an operand, or a number; None where it is not given."""
        if isinstance(self.factor, str):
            return step.kwargs.get(self.factor)
        return step.args[self.factor] if self.factor < len(step.args) else None


def _nonzero(value: Tensor) -> Tensor:
    return value != 0


def _not_one(value: Tensor) -> Tensor:
    return value != 1


def _finite(value: Tensor) -> Tensor:
    return ~value.isinf()


def _grows(value: Tensor) -> Tensor:
    """Whether a power of this base depends on its exponent."""
    return (value != 0) & (value != 1)


def _nonzero_rows(value: Tensor) -> Tensor:
    return (value != 0).unsqueeze(-1)


PRODUCT = (Gate(0, 1, _nonzero), Gate(1, 0, _nonzero))
# A zero above is zero whatever it is divided by; nothing is divided by what is zero.
QUOTIENT = (Gate(0, 1, _finite), Gate(1, 0, _nonzero))
POWER = (Gate(0, 1, _nonzero), Gate(1, 0, _grows))
SUM = (Gate(1, "alpha", _nonzero),)
SCALED = (Gate(1, "value", _nonzero), Gate(2, "value", _nonzero))
GATES: Mapping[str, tuple[Gate, ...]] = {
    "mul": PRODUCT,
    "multiply": PRODUCT,
    "div": QUOTIENT,
    "true_divide": QUOTIENT,
    "pow": POWER,
    "float_power": POWER,
    "add": SUM,
    "sub": SUM,
    "rsub": (Gate(0, "alpha", _nonzero),),
    "addcmul": (Gate(1, 2, _nonzero), Gate(2, 1, _nonzero), *SCALED),
    "addcdiv": (Gate(1, 2, _finite), Gate(2, 1, _nonzero), *SCALED),
    "lerp": (Gate(1, 2, _nonzero), Gate(0, 2, _not_one)),
    "outer": (Gate(0, 1, _nonzero), Gate(1, 0, _nonzero_rows)),
    "xlogy": (Gate(1, 0, _nonzero),),
    "atan2": PRODUCT,
    "arctan2": PRODUCT,
}
"""What is said element by element."""


def gates_of(step: RecordedNode) -> tuple[Gate, ...]:
    """Return what the operator of a step lets through."""
    return GATES.get(name_of(step), ())
