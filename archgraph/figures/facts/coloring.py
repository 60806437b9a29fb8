"""What the colour of a box can stand for besides locality, as a place from 0 to 1 on the ramp."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import log2

from sympy import Expr

from archgraph.graph.ir import Member, Repeat, Value
from archgraph.ops.traced.values import Convolve
from archgraph.outline.items import Item
from archgraph.outline.mixing import kinds_of
from archgraph.outline.resolution import ratio
from archgraph.sizes.types import TensorType

#: Kinds of operations by what they do: the strongest one in a box counts.
COLOR_KINDS: tuple[tuple[str, float], ...] = (
    ("no weights or products", 0.0),
    ("position by position", 0.12),
    ("convolution", 0.42),
    ("attention or recurrence", 1.0),
)


def kind_tint(items: Sequence[Item], learned: frozenset[Value]) -> float:
    """Attention or recurrence, else convolution, else products within a position, else nothing of these."""
    return COLOR_KINDS[max((_strength(item.member, learned) for item in items), default=0)][1]


@lru_cache(maxsize=4096)
def _strength(member: Member, learned: frozenset[Value]) -> int:
    if isinstance(member, Repeat):
        return max((_strength(node, learned) for node in member.body.nodes), default=0)
    kinds = kinds_of(member, learned)
    multiplies = member.op.macs(*member.types) != 0
    # Its weights are an operand, such as a table that several layers share.
    if isinstance(member.op, Convolve):
        return 2
    return 3 if "dynamic" in kinds else 0 if not multiplies else 2 if "static" in kinds else 1


def level_scale(input: TensorType, output: TensorType, value: Callable[[Expr], float]) -> float | None:
    """How many times coarser an output is than the input, in the limit of a large one: borders do not count."""
    shared = [axis for axis in input.positions if output.has(axis)]
    return max((value(ratio(input.size(axis), output.size(axis))) for axis in shared), default=None)


def level_tint(scale: float | None, coarsest: float) -> float | None:
    """Finest 0, coarsest 1, evenly by powers of two; the ramp takes roots, so that this is a square."""
    if scale is None or coarsest <= 1:
        return None if scale is None else 0.0
    return (log2(max(1.0, scale)) / log2(coarsest)) ** 2
