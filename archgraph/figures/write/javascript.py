"""Laws as JavaScript over exact rational numbers: the functions that the interactive page defines on BigInts."""

from __future__ import annotations

import json

from sympy import Add, Expr, Integer, Max, Min, Mod, Mul, Pow, Rational, Symbol, ceiling, floor

_CALLS = {Add: "add", Mul: "mul", Max: "max", Min: "min", floor: "floor", ceiling: "ceil", Mod: "mod"}


def javascript(expression: Expr) -> str:
    """Print a law as a JavaScript expression in ``v``, which maps names of symbols to rational numbers.

    Raises:
        ValueError: the law has a part that rational numbers do not have.

    >>> from sympy import Symbol
    >>> javascript(3 * Symbol("C")**2 / 2 + 1)
    'add(q(1n),mul(q(3n,2n),pow(v["C"],2n)))'
    """
    if isinstance(expression, Symbol):
        return f"v[{script_json(expression.name)}]"
    if isinstance(expression, Rational):
        return f"q({expression.p}n)" if expression.q == 1 else f"q({expression.p}n,{expression.q}n)"
    if isinstance(expression, Pow) and isinstance(expression.exp, Integer):
        return f"pow({_part(expression.base)},{int(expression.exp)}n)"
    call = _CALLS.get(expression.func)
    if call is None:
        raise ValueError(f"{expression.func.__name__} has no exact form in JavaScript")
    return f"{call}({','.join(_part(part) for part in sorted(expression.args, key=str))})"


def _part(part: object) -> str:
    if not isinstance(part, Expr):
        raise ValueError(f"{part} has no exact form in JavaScript")
    return javascript(part)


def script_json(value: object) -> str:
    """A value as JSON that can stand inside a script element.

    >>> script_json("</script>")
    '"\\\\u003c/script>"'
    """
    return json.dumps(value).replace("<", "\\u003c")
