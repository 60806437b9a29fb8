"""How a law is printed: every rounding in its shortest words, and functions by the names that specs have for them."""

from __future__ import annotations

from sympy import Expr, Max, Min, ceiling, floor

from archgraph.sizes.rounding import shortly_rounded

PRINTED_FUNCTIONS = {"Max(": "max(", "Min(": "min(", "ceiling(": "ceil("}
"""What sympy prints, and what specs and figures say."""


def law_text(law: object) -> str:
    """Return a law as text; anything else as it prints itself.

    >>> from sympy import Integer, Max
    >>> from archgraph.sizes.symbols import symbol
    >>> h = symbol("h")
    >>> law_text(72*floor(h/2 - Integer(1)/2) + 72), law_text(h * Max(h, 4)), law_text(12)
    ('72*ceil(h/2)', 'h*max(4, h)', '12')
    """
    if not isinstance(law, Expr) or not law.has(floor, ceiling, Max, Min):
        return str(law)
    text = str(shortly_rounded(law))
    for printed, said in PRINTED_FUNCTIONS.items():
        text = text.replace(printed, said)
    return text
