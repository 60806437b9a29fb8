"""Logarithmic axes: where a value lies, ticks with short numbers, and a frame."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, log10

from archgraph.figures.content.mathtext import words
from archgraph.figures.drawing.diagram import MUTED, BoxPart, Path, Text
from archgraph.figures.drawing.style import FRAME, HAIR, LINE, SIZES

PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
TICK = 2.5


@dataclass(frozen=True)
class Scale:
    """One axis: the values at its ends, and where they lie."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Where a value lies."""
        share = log10(value / self.low) / log10(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def decades(self) -> list[float]:
        """The powers of ten on the axis."""
        first, last = ceil(log10(self.low) - 1e-9), floor(log10(self.high) + 1e-9)
        return [10.0**power for power in range(first, last + 1)]

    def steps(self) -> list[float]:
        """The powers of ten; with twice and five times these where there are few, so that a value can be read.

        >>> Scale(3e9, 4e10, 0.0, 100.0).steps(), Scale(3e3, 4e6, 0.0, 100.0).steps()
        ([5000000000.0, 10000000000.0, 20000000000.0], [10000.0, 100000.0, 1000000.0])
        """
        tens = self.decades()
        if len(tens) > 2:
            return tens
        first, last = floor(log10(self.low)), ceil(log10(self.high))
        every = (factor * 10.0**power for power in range(first, last + 1) for factor in (1, 2, 5))
        return [value for value in every if self.low <= value <= self.high]


@dataclass(frozen=True)
class LogAxes:
    """Two axes and their frame."""

    x: Scale
    y: Scale

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a pair of values lies."""
        return self.x.place(x), self.y.place(y)

    def frame(self) -> Iterator[BoxPart]:
        """The left and the lower edge."""
        corner = (self.x.start, self.y.start)
        yield Path(((self.x.start, self.y.end), corner, (self.x.end, self.y.start)), FRAME, LINE)

    def ticks(self, across: list[float], upwards: list[float], billion: str) -> Iterator[BoxPart]:
        """Numbers at both axes; `billion` is the letter of 10^9 upwards."""
        for value in across:
            at = self.x.place(value)
            yield Path(((at, self.y.start), (at, self.y.start + TICK)), FRAME, HAIR)
            yield Text(words(short(value), SIZES.small), color=MUTED).centered(at).moved(0, self.y.start + 10.5)
        for value in upwards:
            at = self.y.place(value)
            yield Path(((self.x.start - TICK, at), (self.x.start, at)), FRAME, HAIR)
            label = short(value, billion)
            yield Text(words(label, SIZES.small), color=MUTED).ending(self.x.start - 5).moved(0, at + 2.5)


def short(value: float, billion: str = "G") -> str:
    """Return a number with the letter of its size.

    >>> short(1e10), short(2e9, "B"), short(32), short(1.5e12)
    ('10 G', '2 B', '32', '1.5 T')
    """
    for size, letter in PREFIXES:
        if value >= size:
            return f"{value / size:g} {billion if letter == 'G' else letter}"
    return f"{value:g}"
