"""Laws as vectorised functions: compiled once, exact in 64-bit integers where they fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial

from sympy import Add, Expr, Integer, Symbol, ceiling, fraction, horner, lambdify, together
from sympy import floor as floor_of

from archgraph.errors import QueryError
from archgraph.laws.blocks import Array, in_blocks, is_lazy, numpy
from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import replaced

LARGEST = 2**62
WHOLE_FLOATS = 2**53
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
        return partial(self._of, kind="int64" if self.exact(arrays) else "float64")

    def unrounded_over(self, arrays: Mapping[Symbol, Array]) -> Callable[[Sequence[Array]], Array]:
        """Return the same in fractions of Python where 64 bits would round: what is compared has no last digit to lose.

        >>> from archgraph.sizes.symbols import symbol
        >>> D = symbol("D")
        >>> arrays = {D: numpy().array([2**62 + 2])}
        >>> law = compiled(D, (D,))
        >>> [int(found(list(arrays.values()))[0] % 4) for found in (law.over(arrays), law.unrounded_over(arrays))]
        [0, 2]
        """
        rounds = self._most(arrays) >= WHOLE_FLOATS and not self.exact(arrays)
        return partial(self._of, kind="object") if rounds else self.over(arrays)

    def _of(self, parts: Sequence[Array], *, kind: str) -> Array:
        if any(map(is_lazy, parts)):
            from dask.array.core import asarray, map_blocks

            # A law travels as expressions, which can be pickled, and is compiled where it is computed.
            return map_blocks(self._values, *map(asarray, parts), kind=kind, dtype=kind)
        return self._values(*parts, kind=kind)

    def _values(self, *parts: Array, kind: str) -> Array:
        np = numpy()
        own = self.above.free_symbols | self.below.free_symbols
        # What the law does not name gives its shape alone, and may be larger than any number of the kind.
        values = [_as(part, kind) if symbol in own else part for symbol, part in zip(self.symbols, parts, strict=True)]
        result = _function(self.above, self.symbols)(*values)
        if self.below != 1:
            bottom = _function(self.below, self.symbols)(*values)
            result = result // bottom if kind == "int64" else result / bottom
        shape = np.broadcast_shapes(*(np.shape(value) for value in values))
        return np.broadcast_to(np.asarray(result, dtype=kind), shape)

    def exact(self, arrays: Mapping[Symbol, Array]) -> bool:
        """Return whether the values are exact integers.

        Raises:
            QueryError: they are too large even for rounded numbers.
        """
        most = self._most(arrays)
        if most >= BEYOND_FLOATS:
            raise QueryError(
                "a law reaches numbers of more than 300 digits", hint="smaller values, or one by one: at(...)"
            )
        return most < LARGEST and not self.above.has(floor_of, ceiling) and not self.below.has(floor_of, ceiling)

    def _most(self, arrays: Mapping[Symbol, Array]) -> int:
        """What no sum on the way is larger than."""
        largest: dict[Symbol, Expr] = {symbol: Integer(int(_max(arrays[symbol]))) for symbol in self.symbols}
        parts = [*Add.make_args(self.above), *Add.make_args(self.below)]
        return sum(abs(int(replaced(part, largest))) for part in parts)


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


def _as(array: Array, kind: str) -> Array:
    if kind == "object":
        # By way of Python's own numbers, for those of numpy have an end.
        return numpy().frompyfunc(Fraction, 1, 1)(numpy().asarray(array).astype(object))
    return array.astype(kind) if hasattr(array, "astype") else numpy().asarray(array, dtype=kind)


def _max(array: Array) -> Array:
    top = array.max() if hasattr(array, "max") else max(array)
    return top.compute() if hasattr(top, "compute") else top
