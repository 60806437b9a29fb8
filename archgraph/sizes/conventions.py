"""What was taken to hold whatever the sizes are, beside the assumptions on these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sympy import Expr, Symbol

from archgraph.sizes.symbols import ZERO, Assumption


@dataclass(frozen=True)
class Convention(Assumption):
    """Something that a module does not say, and that is no relation of sizes: how it was read.

    >>> str(convention("a score far below the largest counts as masked"))
    'a score far below the largest counts as masked'
    """

    text: str = ""

    def holds(self, values: Mapping[Symbol, int]) -> bool:
        """Return true: no binding breaks it."""
        return True

    def normal(self) -> Convention:
        """Return the same."""
        return self

    def shown(self, show: Callable[[Expr], Expr]) -> Convention:
        """Return the same: it names no sizes."""
        return self

    def __str__(self) -> str:
        return self.text


def convention(text: str) -> Convention:
    """Return something that was taken to hold, in words."""
    return Convention(ZERO, "==", ZERO, "", text)
