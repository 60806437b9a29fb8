"""An error in the words of the spec: sizes in its symbols with their numbers, and the symbols' values."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sympy import Expr

from archgraph.errors import ArchgraphError, ShapeError
from archgraph.graph.tracer import Show, rewritten
from archgraph.sizes.types import TensorType
from archgraph.spec.declarations import Declarations

_NUMBER = re.compile(r"(-?\d+(?:/\d+)?)")


class Narrator:
    """Tells the errors of one trace in the symbols of its spec."""

    def __init__(self, declarations: Declarations) -> None:
        self.declarations = declarations

    def retell(self, error: ShapeError, rule: Callable[..., object], parts: tuple[object, ...]) -> ShapeError:
        """Break a rule again with the symbols of the spec, and with numbers, and tell both: `H/2 = 32`."""
        symbolic = _broken(rule, parts, self.declarations.show)
        numeric = _broken(rule, parts, self.declarations.number)
        if symbolic is None:
            return error
        if numeric is not None:
            symbolic.message = merged(symbolic.message, numeric.message)
            symbolic.hint = merged(symbolic.hint, numeric.hint)
        return symbolic

    def complete(self, error: ArchgraphError) -> None:
        """Write the operands in the symbols of the spec, and add the values of those symbols."""
        shapes = [shape for _, shape in error.operands if isinstance(shape, TensorType)]
        error.operands = tuple((name, self._told(shape)) for name, shape in error.operands)
        if isinstance(error, ShapeError) and not error.bindings:
            sizes = [length for shape in shapes for length in shape.sizes.values()]
            error.bindings = self._bindings([*sizes, *error.about])

    def _told(self, shape: object) -> object:
        if not isinstance(shape, TensorType):
            return shape
        axes = (f"{axis}: {self.declarations.tell(length)}" for axis, length in shape.axes)
        return "{" + ", ".join(axes) + "}"

    def _bindings(self, sizes: list[Any]) -> str:
        shown = [self.declarations.show(length) for length in sizes if isinstance(length, Expr)]
        names = {str(free) for length in shown for free in length.free_symbols}
        names |= self.declarations.switched_off()
        values = {name: self.declarations.lookup(name) for name in self.declarations.specs if name in names}
        return ", ".join(f"{name}={self.declarations.number(value)}" for name, value in values.items())


def _broken(rule: Callable[..., object], parts: tuple[object, ...], show: Show) -> ShapeError | None:
    """The error of a rule when all sizes are written differently; None where it is no longer broken."""
    try:
        rule(*(rewritten(part, show) for part in parts))
    except ShapeError as error:
        return error
    except ArchgraphError:
        return None
    return None


def merged(symbolic: str, numeric: str) -> str:
    """Return one message out of the same message with symbols and with numbers.

    >>> merged("h differs (H and H/2)", "h differs (64 and 32)")
    'h differs (H = 64 and H/2 = 32)'
    """
    words = _NUMBER.split(numeric)
    pattern = "".join("(.+?)" if place % 2 else re.escape(word) for place, word in enumerate(words))
    match = re.fullmatch(pattern, symbolic)
    if match is None:
        return symbolic
    told = (old if old == new else f"{old} = {new}" for old, new in zip(match.groups(), words[1::2], strict=True))
    return "".join(next(told) if place % 2 else word for place, word in enumerate(words))
