"""Numbers as they are printed: what rounding leaves open, and the unit that a cell or its heading says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from archgraph.errors import QueryError, quoted

UNIT_SCALES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9, "t": 10**12}
"""What a letter multiplies by: `b` are billions, as in 7B parameters."""
_WORDS = {"thousand": "k", "thousands": "k", "million": "m", "millions": "m", "billion": "g", "billions": "g"}
_POWERS = {"3": "k", "6": "m", "9": "g", "12": "t"}
_NUMBER = re.compile(
    r"[~≈]?\s*(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<part>\d*))?(?:[eE]\+?(?P<power>\d{1,2}))?"
    r"\s*(?P<unit>[kKmMgGbBtT]?)\s*(?:params|parameters|flops?|macs?|m-?adds?|mult-?adds?|ops)?",
    re.ASCII | re.IGNORECASE,
)
_COUNTS = {
    "params": r"(?P<unit>[kmgbt]?)(?:param(?:eter)?s?|weights)",
    "operations": r"(?P<unit>[kmgbt]?)(?:flops?|macs?|m-?adds?|mult(?:i|iply)?-?adds?|multiply-accumulates?|ops)",
    "activations": r"(?P<unit>[kmgbt]?)(?:activations?|acts?)",
}
_UNIT = re.compile(
    r"[(\[/,]\s*(?:(?P<letter>[kmgbt])|(?P<word>[a-z]+)|(?:[x×]?\s*10\^?|1e)(?P<power>\d+))\s*(?:[)\]]|\Z)"
)


@dataclass(frozen=True)
class ColumnHeading:
    """What a column of a published table counts, and the letter of its unit where one is said."""

    kind: str
    unit: str = ""


PUBLISHED_KINDS = tuple(_COUNTS)


def heading(text: str) -> ColumnHeading | None:
    """Read the heading of a column: `Params (M)`, `GFLOPs`, `#MACs [G]`, `Mult-Adds`; None where it counts nothing.

    >>> heading("Params (M)"), heading("GFLOPs")
    (ColumnHeading(kind='params', unit='m'), ColumnHeading(kind='operations', unit='g'))
    >>> heading("top-1") is heading("GFLOPs/s") is None
    True
    """
    words = text.strip().lower()
    if re.search(r"/\s*s(?:ec(?:ond)?)?\b|\bper\b", words):
        return None
    for kind, pattern in _COUNTS.items():
        found = re.search(rf"(?<![a-z]){pattern}(?![a-z])", words)
        if found:
            return ColumnHeading(kind, found["unit"] or _unit_of(words[found.end() :]))
    return None


def _unit_of(rest: str) -> str:
    found = _UNIT.search(rest)
    if not found:
        return ""
    return found["letter"] or _WORDS.get(found["word"] or "") or _POWERS.get(found["power"] or "", "")


@dataclass(frozen=True)
class Printed:
    """A number as printed, and the values that it may stand for.

    Attributes:
        text: the number as it stands there.
        value: what it says, before its unit.
        step: the place of its last digit.
        zeros: how many zeros a whole number ends with, which may be digits or the rounding.
        units: the letters of the units that may be meant: one where a unit is said.
    """

    text: str
    value: Fraction
    step: Fraction
    zeros: int
    units: tuple[str, ...]

    def readings(self) -> Iterator[PrintedRange]:
        """Yield the ranges of values that it may stand for, the one that is meant most often first."""
        zeros = Fraction(10) ** self.zeros
        for how, step in (("", self.step), ("zeros are rounding", self.step * zeros), ("cut off", self.step)):
            for unit in self.units if how != "zeros are rounding" or self.zeros else ():
                below, above = (0, step) if how == "cut off" else (step / 2, step / 2)
                scale = UNIT_SCALES[unit]
                yield PrintedRange((self.value - below) * scale, (self.value + above) * scale, unit, how)


@dataclass(frozen=True)
class PrintedRange:
    """Values that a printed number may stand for: a closed range, or where digits are cut off, a half-open one.

    Attributes:
        how: what is assumed beyond that its last digit is rounded, in words.
    """

    low: Fraction
    high: Fraction
    unit: str
    how: str = ""

    def holds(self, value: int) -> bool:
        """Return whether a value is printed so."""
        return self.low <= value < self.high if self.how == "cut off" else self.low <= value <= self.high


def printed_number(text: str, unit: str = "") -> Printed:
    """Read a number: `25.6M`, `4.1`, `25,557,032`, `~118.6 GFLOPs`; `unit` is what its heading says.

    Raises:
        QueryError: it is no number.

    >>> read = printed_number("4.1", "g")
    >>> [(float(each.low), float(each.high), each.how) for each in read.readings()]
    [(4050000000.0, 4150000000.0, ''), (4100000000.0, 4200000000.0, 'cut off')]
    >>> [(int(each.low), int(each.high)) for each in printed_number("390M").readings()]
    [(389500000, 390500000), (385000000, 395000000), (390000000, 391000000)]
    """
    found = _NUMBER.fullmatch(text.strip())
    if not found:
        raise QueryError(f"cannot read {quoted(text)} as a number", hint="such as 25.6M, 4.1 or 25,557,032")
    digits, part = found["whole"].replace(",", ""), found["part"] or ""
    power = Fraction(10) ** int(found["power"] or 0)
    zeros = len(digits) - len(digits.rstrip("0")) if not part else 0
    step = Fraction(10) ** -len(part) * power
    said = found["unit"].lower() or unit
    value = Fraction(f"{digits}.{part or 0}") * power
    return Printed(text.strip(), value, step, zeros if value else 0, (said,) if said else _likely(value))


def _likely(value: Fraction) -> tuple[str, ...]:
    """The units that a number without any may have: a large one is a count."""
    return ("",) if value >= 10**5 else ("", "k", "m", "g", "t")
