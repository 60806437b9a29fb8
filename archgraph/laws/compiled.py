"""Laws as vectorised functions: compiled once, exact in 64-bit integers where they fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from sympy import Add, Expr, Integer, Symbol, ceiling, fraction, horner, lambdify, together
from sympy import floor as floor_of

from archgraph.errors import QueryError
from archgraph.laws.blocks import Array, in_blocks, is_lazy, numpy
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import replaced

LARGEST = 2**62
BEYOND_FLOATS = 2**1000


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

    def __call__(self, arrays: Mapping[Symbol, Array]) -> Array:
        """Return the law's values: int64 where all intermediate sums fit, else float64 (rounded to 53 bits)."""
        law, values = self.over(arrays), [arrays[symbol] for symbol in self.symbols]
        return law(values) if any(map(is_lazy, values)) else in_blocks(law, list(map(numpy().asarray, values)))

    def over(self, arrays: Mapping[Symbol, Array]) -> Callable[[Sequence[Array]], Array]:
        """Return the law as a function of these arrays or blocks of them, in the order of the symbols."""
        return partial(self._of, exact=self.exact(arrays))

    def _of(self, parts: Sequence[Array], *, exact: bool) -> Array:
        values = [_as(part, exact=exact) for part in parts]
        if any(map(is_lazy, values)):
            from dask.array.core import asarray, map_blocks

            # A law travels as expressions, which can be pickled, and is compiled where it is computed.
            return map_blocks(self._values, *map(asarray, values), exact=exact, dtype="int64" if exact else "float64")
        return self._values(*values, exact=exact)

    def _values(self, *values: Array, exact: bool) -> Array:
        np = numpy()
        result = _function(self.above, self.symbols)(*values)
        if self.below != 1:
            bottom = _function(self.below, self.symbols)(*values)
            result = result // bottom if exact else result / bottom
        shape = np.broadcast_shapes(*(value.shape for value in values))
        return np.broadcast_to(np.asarray(result, dtype="int64" if exact else "float64"), shape)

    def exact(self, arrays: Mapping[Symbol, Array]) -> bool:
        """Return whether the values are exact integers.

        Raises:
            QueryError: they are too large even for rounded numbers.
        """
        largest: dict[Symbol, Expr] = {symbol: Integer(int(_max(arrays[symbol]))) for symbol in self.symbols}
        parts = [*Add.make_args(self.above), *Add.make_args(self.below)]
        most = sum(abs(int(replaced(part, largest))) for part in parts)
        if most >= BEYOND_FLOATS:
            raise QueryError(
                "a law reaches numbers of more than 300 digits", hint="smaller values, or one by one: at(...)"
            )
        return most < LARGEST and not self.above.has(floor_of, ceiling) and not self.below.has(floor_of, ceiling)


@lru_cache(maxsize=1024)
def compiled(law: Expr, symbols: tuple[Symbol, ...]) -> Compiled:
    """Return a law as a vectorised function of its symbols."""
    above, below = fraction(together(expanded(law)))
    return Compiled(symbols, expanded(above), expanded(below))


@lru_cache(maxsize=1024)
def _function(law: Expr, symbols: tuple[Symbol, ...]) -> Callable[..., Array]:
    return lambdify(symbols, _nested(law, symbols), modules="numpy", cse=True)


def _nested(law: Expr, symbols: tuple[Symbol, ...]) -> Expr:
    """Nest a polynomial by the last symbol first: what the earlier ones give is computed on fewer dimensions."""
    return horner(law, wrt=list(reversed(symbols))) if law.is_polynomial(*symbols) and law.free_symbols else law


def _as(array: Array, *, exact: bool) -> Array:
    kind = "int64" if exact else "float64"
    return array.astype(kind) if hasattr(array, "astype") else numpy().asarray(array, dtype=kind)


def _max(array: Array) -> Array:
    top = array.max() if hasattr(array, "max") else max(array)
    return top.compute() if hasattr(top, "compute") else top
