"""A comparison as data: a row per trait, and in each row a cell per network."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from sympy import Expr

CellLabel: TypeAlias = Literal["", "bound", "estimate"]
"""What a number is where it is not exact."""


@dataclass(frozen=True)
class Cell:
    """What one network is like in one respect.

    Attributes:
        text: in words; of a failed question, why it has no answer.
        law: in the user's symbols, where there is one.
        number: its value at the defaults.
        label: of the number.
        fact: what the text was written from, for whoever writes it otherwise, as figures do.
    """

    text: str
    law: Expr | None = None
    number: int | float | Fraction | None = None
    label: CellLabel = ""
    fact: object = None

    @property
    def value(self) -> object:
        """The law or the integer where the text is nothing else, and else the text."""
        if self.law is not None:
            return self.law
        return self.number if isinstance(self.number, int) and self.text == f"{self.number:,}" else self.text

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class ComparisonRow:
    """One trait of all networks, in their order."""

    trait: str
    cells: tuple[Cell, ...]


NONE = Cell("–")
"""The cell of a network that has no such thing."""
