"""Laws as vectorised functions: compiled once, exact in 64-bit integers where they fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

from sympy import Add, Expr, Integer, Symbol, ceiling, fraction, horner, lambdify, together
from sympy import floor as floor_of

from archgraph.optional import missing
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import replaced

LARGEST = 2**62
BLOCK = 2**16
"""Elements worked on at once: their intermediate results stay in the cache of a core."""


def numpy() -> Any:
    """Return numpy.

    Raises:
        MissingToolError: it is not installed.
    """
    try:
        import numpy
    except ImportError:
        raise missing("numpy", "sweeps need numpy") from None
    return numpy


@dataclass(frozen=True)
class Compiled:
    """A law over arrays: integer polynomials `above` and `below` of the symbols.

    >>> from archgraph.sizes.symbols import symbol
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
        exact = self.exact(arrays)
        values = [_as(arrays[symbol], exact=exact) for symbol in self.symbols]
        if any(hasattr(value, "dask") for value in values):
            from dask.array.core import asarray, map_blocks

            # A law travels as expressions, which can be pickled, and is compiled where it is computed.
            return map_blocks(self._values, *map(asarray, values), exact=exact, dtype="int64" if exact else "float64")
        return _in_blocks(lambda parts: self._values(*parts, exact=exact), values)

    def _values(self, *values: Any, exact: bool) -> Any:
        np = numpy()
        result = _function(self.above, self.symbols)(*values)
        if self.below != 1:
            bottom = _function(self.below, self.symbols)(*values)
            result = result // bottom if exact else result / bottom
        shape = np.broadcast_shapes(*(value.shape for value in values))
        return np.broadcast_to(np.asarray(result, dtype="int64" if exact else "float64"), shape)

    def exact(self, arrays: Mapping[Symbol, Any]) -> bool:
        """Return whether the values are exact integers."""
        if self.above.has(floor_of, ceiling) or self.below.has(floor_of, ceiling):
            return False
        largest: dict[Symbol, Expr] = {symbol: Integer(int(_max(arrays[symbol]))) for symbol in self.symbols}
        parts = [*Add.make_args(self.above), *Add.make_args(self.below)]
        return sum(abs(int(replaced(part, largest))) for part in parts) < LARGEST


@lru_cache(maxsize=1024)
def compiled(law: Expr, symbols: tuple[Symbol, ...]) -> Compiled:
    """Return a law as a vectorised function of its symbols."""
    above, below = fraction(together(expanded(law)))
    return Compiled(symbols, expanded(above), expanded(below))


@lru_cache(maxsize=1024)
def _function(law: Expr, symbols: tuple[Symbol, ...]) -> Callable[..., Any]:
    return lambdify(symbols, _nested(law, symbols), modules="numpy", cse=True)


def _nested(law: Expr, symbols: tuple[Symbol, ...]) -> Expr:
    """Nest a polynomial by the last symbol first: what the earlier ones give is computed on fewer dimensions."""
    return horner(law, wrt=list(reversed(symbols))) if law.is_polynomial(*symbols) and law.free_symbols else law


def _in_blocks(function: Callable[[list[Any]], Any], arrays: list[Any]) -> Any:
    """Apply a function of broadcasting arrays to parts of their first dimension, one after the other."""
    np = numpy()
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    if prod(shape) <= BLOCK or len(shape) == 0:
        return function(arrays)
    rows = max(1, BLOCK // prod(shape[1:]))

    def block(start: int) -> Any:
        return function([_part(array, len(shape), start, start + rows) for array in arrays])

    first = block(0)
    whole = np.empty(shape, first.dtype)  # parts kept in a list would be copied once more
    whole[:rows] = first
    for start in range(rows, shape[0], rows):
        whole[start : start + rows] = block(start)
    return whole


def _part(array: Any, rank: int, start: int, end: int) -> Any:
    return array[start:end] if array.ndim == rank and array.shape[0] > 1 else array


def _as(array: Any, *, exact: bool) -> Any:
    kind = "int64" if exact else "float64"
    return array.astype(kind) if hasattr(array, "astype") else numpy().asarray(array, dtype=kind)


def _max(array: Any) -> Any:
    top = array.max() if hasattr(array, "max") else max(array)
    return top.compute() if hasattr(top, "compute") else top
