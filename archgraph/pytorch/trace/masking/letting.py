"""Which operand of an operator on elements lets another one through, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from archgraph.pytorch.trace.attention_patterns import name_of

if TYPE_CHECKING:
    from torch import Tensor

    from archgraph.pytorch.trace.recording.node import RecordedNode

Letting: TypeAlias = "Callable[[Tensor], Tensor]"


class Passage(NamedTuple):
    """Where an operand is let through.

    Attributes:
        operand: its place.
        factor: what lets it through: the place of another operand, or the name of a number.
        open: at which values of that.
    """

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


def _nonzero_rows(value: Tensor) -> Tensor:
    return (value != 0).unsqueeze(-1)


PRODUCT = (Passage(0, 1, _nonzero), Passage(1, 0, _nonzero))
# A zero above is zero whatever it is divided by.
DIVISOR = Passage(0, 1, _finite)
QUOTIENT = (DIVISOR, Passage(1, 0, _nonzero))
OUTER = (Passage(0, 1, _nonzero), Passage(1, 0, _nonzero_rows))
# A power of one is one. Of zero it is zero, one or infinite: `POWERS` are bounds there.
POWER = (Passage(0, 1, _nonzero), Passage(1, 0, _not_one))
SUM = (Passage(1, "alpha", _nonzero),)
BY_VALUE = (Passage(1, "value", _nonzero), Passage(2, "value", _nonzero))
PASSAGES: Mapping[str, tuple[Passage, ...]] = {
    "mul": PRODUCT,
    "multiply": PRODUCT,
    "div": QUOTIENT,
    "true_divide": QUOTIENT,
    "pow": POWER,
    "float_power": POWER,
    "add": SUM,
    "sub": SUM,
    "rsub": (Passage(0, "alpha", _nonzero),),
    "addcmul": (Passage(1, 2, _nonzero), Passage(2, 1, _nonzero), *BY_VALUE),
    "addcdiv": (DIVISOR._replace(operand=1, factor=2), Passage(2, 1, _nonzero), *BY_VALUE),
    "lerp": (Passage(1, 2, _nonzero), Passage(0, 2, _not_one)),
    "outer": OUTER,
    "ger": OUTER,
    "xlogy": (Passage(1, 0, _nonzero),),
    "atan2": PRODUCT,
    "arctan2": PRODUCT,
    "fmod": (Passage(1, 0, _nonzero),),
    "remainder": (Passage(1, 0, _nonzero),),
    "copysign": (Passage(1, 0, _nonzero),),
}
"""What is said element by element."""


POWERS = frozenset(("pow", "float_power"))


def tells(step: RecordedNode, factor: object) -> bool:
    """Whether it is said element by element what a factor that is zero lets through."""
    name = name_of(step)
    return name in PASSAGES and not (name in POWERS and factor is step.args[0])


def passages_of(step: RecordedNode) -> tuple[Passage, ...]:
    """Return what the operator of a step lets through."""
    return PASSAGES.get(name_of(step), ())
