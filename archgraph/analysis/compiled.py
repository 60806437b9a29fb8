"""Laws as vectorised functions: compiled once, exact in 64-bit integers where they fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sympy import Add, Expr, Integer, Symbol, expand, fraction, lambdify, together
from sympy import floor as floor_of

from archgraph.errors import MissingToolError
from archgraph.symbols import replaced

LARGEST = 2**62


def numpy() -> Any:
    """Return numpy.

    Raises:
        MissingToolError: it is not installed.
    """
    try:
        import numpy
    except ImportError:
        raise MissingToolError("sweeps need numpy", hint="pip install 'archgraph[sweep]'") from None
    return numpy


@dataclass(frozen=True)
class Compiled:
    """A law over arrays: integer polynomials `above` and `below` of the symbols.

    >>> from archgraph.symbols import symbol
    >>> D = symbol("D")
    >>> law = compiled(D**2 / 2 + D / 2, (D,))
    >>> law({D: numpy().arange(1, 5)}).tolist()
    [1, 3, 6, 10]
    """

    symbols: tuple[Symbol, ...]
    above: Expr
    below: Expr

    def __call__(self, arrays: Mapping[Symbol, Any]) -> Any:
        """Return the law's values: int64 where all intermediate sums fit, else float64 (rounded to 53 bits)."""
        exact = self._fits(arrays)
        values = [_as(arrays[symbol], exact) for symbol in self.symbols]
        top = _function(self.above, self.symbols)(*values)
        bottom = _function(self.below, self.symbols)(*values)
        return top // bottom if exact else top / bottom

    def exact(self, arrays: Mapping[Symbol, Any]) -> bool:
        """Return whether the values are exact integers."""
        return self._fits(arrays)

    def _fits(self, arrays: Mapping[Symbol, Any]) -> bool:
        if self.above.has(floor_of) or self.below.has(floor_of):
            return False
        largest: dict[Symbol, Expr] = {symbol: Integer(int(_max(arrays[symbol]))) for symbol in self.symbols}
        parts = [*Add.make_args(self.above), *Add.make_args(self.below)]
        return sum(abs(int(replaced(part, largest))) for part in parts) < LARGEST


def compiled(law: Expr, symbols: tuple[Symbol, ...]) -> Compiled:
    """Return a law as a vectorised function of its symbols."""
    above, below = fraction(together(expand(law)))
    return Compiled(symbols, expand(above), expand(below))


@lru_cache(maxsize=1024)
def _function(law: Expr, symbols: tuple[Symbol, ...]) -> Callable[..., Any]:
    return lambdify(symbols, law, modules="numpy", cse=True)


def _as(array: Any, exact: bool) -> Any:
    kind = "int64" if exact else "float64"
    return array.astype(kind) if hasattr(array, "astype") else numpy().asarray(array, dtype=kind)


def _max(array: Any) -> Any:
    top = array.max() if hasattr(array, "max") else max(array)
    return top.compute() if hasattr(top, "compute") else top
