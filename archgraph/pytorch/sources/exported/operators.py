"""Which operators of a stored program are run: those of ATen, and arithmetic of sizes."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping

from archgraph.errors import SpecError, quoted
from archgraph.optional import import_torch

ATEN = re.compile(r"torch\.ops\.aten\.(\w+)\.(\w+)\Z")
IDLE = frozenset(
    (
        "_assert_async",
        "_assert_scalar",
        "_assert_tensor_metadata",
        "_functional_assert_async",
        "_functional_assert_scalar",
        "sym_constrain_range",
        "sym_constrain_range_for_size",
    )
)
"""Operators that check something, and compute nothing."""
FORBIDDEN = frozenset(("from_file", "_print", "save", "warn"))
"""Operators that reach outside of the program."""
OF_SIZES = (
    "add",
    "eq",
    "floordiv",
    "ge",
    "getitem",
    "gt",
    "le",
    "lt",
    "mod",
    "mul",
    "ne",
    "neg",
    "pos",
    "sub",
    "truediv",
)
NUMBER_OPERATORS: Mapping[str, Callable[..., object]] = {
    **{f"_operator.{name}": getattr(operator, name) for name in OF_SIZES},
    "math.ceil": math.ceil,
    "math.floor": math.floor,
    "math.trunc": math.trunc,
    "torch.sym_float": float,
    "torch.sym_int": int,
    "torch.sym_max": max,
    "torch.sym_min": min,
    "torch.sym_not": operator.not_,
}
"""Arithmetic of sizes by its name in a file."""


def stored_operator(target: str) -> Callable[..., object] | None:
    """Return the operator of a name, or None for one that only checks.

    Nothing is looked up but ATen's own operators and a table of arithmetic.

    Raises:
        SpecError: it is another, or there is no such operator in this torch.
    """
    if target in NUMBER_OPERATORS:
        return NUMBER_OPERATORS[target]
    found = ATEN.match(target)
    if found is None or found[1] in FORBIDDEN:
        raise SpecError(
            f"the program runs {quoted(target)}, and only operators of ATen are run",
            hint="load the module itself: package.file:name",
        )
    if found[1] in IDLE:
        return None
    torch = import_torch()
    packet = getattr(torch.ops.aten, found[1], None)
    overload = getattr(packet, found[2], None) if isinstance(packet, torch._ops.OpOverloadPacket) else None
    if not isinstance(overload, torch._ops.OpOverload):
        raise SpecError(f"the program runs {quoted(target)}, which this torch does not have")
    return overload
