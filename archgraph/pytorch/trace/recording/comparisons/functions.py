"""Functions of `math` on numbers that are computed of sizes: what they give knows how it was made."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from archgraph.pytorch.trace.recording.comparisons.lengths import (
    OF_ONE_NUMBER,
    bare_number,
    decided_by,
    follows,
    number_made,
)

FOLLOWED = frozenset([*OF_ONE_NUMBER, "prod", "sumprod"])
"""Functions that ask numbers for their own arithmetic, which is followed already."""


def functions_of_sizes() -> Iterator[tuple[object, str, object]]:
    """Yield what stands for functions of `math` that would forget how a number was made: owner, name, replacement."""
    for name, function in list(vars(math).items()):
        if callable(function) and not name.startswith("_") and name not in FOLLOWED:
            yield math, name, _following(name, function)


def _following(name: str, function: Callable[..., object]) -> Callable[..., object]:
    def followed_through(*args: object, **options: object) -> object:
        given = [list(arg) if isinstance(arg, (Iterator, tuple)) else arg for arg in args]
        operands = [number for arg in given for number in (arg if isinstance(arg, list) else [arg])]
        if not any(map(follows, operands)):
            return function(*given, **options)
        result = function(*map(_plain_values, given), **options)
        return _result(result, name, [number for number in operands if isinstance(number, (int, float))])

    return followed_through


def _plain_values(given: object) -> object:
    if isinstance(given, list):
        return list(map(_plain_values, given))
    return bare_number(given) if follows(given) else given


def _result(result: object, name: str, operands: Sequence[float]) -> object:
    """Return what a function gave as numbers that know of it; what it decides is noted."""
    if isinstance(result, bool):
        return decided_by(name, operands, result=result)
    if isinstance(result, tuple):
        return tuple(number_made(part, name, *operands) for part in result)
    return number_made(result, name, *operands) if isinstance(result, (int, float)) else result
