"""The comparisons of sizes that a module's own code makes: where it may go another way at other sizes."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import count
from pathlib import Path
from types import FrameType
from typing import NamedTuple, TypeAlias

from archgraph.pytorch.trace.recording.lines import is_users
from archgraph.pytorch.trace.recording.node import SourceLine

ROOM = str(Path(__file__).parent)
"""Numbers that note what they are compared with; whoever compares them is not here."""

_RECORDINGS = count(1)
LOOKED_UP = "in"
"""Relates a size to the keys among which it is looked up, of which only those are known that are equal to it."""

MADE_PLAIN = "as"
"""Relates a number to what it is turned into, which does not know how it was made: a plain number or text."""


class ComparedAt(NamedTuple):
    """Where a comparison stands: the line, the relation, and how often that was met before.

    To round is to compare as well, with what comes out; the relation is the name of the way then.
    """

    line: SourceLine
    relation: str
    time: int


class Formula(NamedTuple):
    """A step of arithmetic on sizes.

    Attributes:
        operator: by its name in Python.
        operands: how they were made.
        steps: how many there are, with those of the operands.
    """

    operator: str
    operands: tuple[Made, ...]
    steps: int


Made: TypeAlias = "Formula | int | float"
"""How a number was made, or the number, where it is a size or a constant."""


class Compared(NamedTuple):
    """Two numbers, and whether the relation held.

    Attributes:
        left, right: what was compared.
        holds: what came out.
        made: how both were made, where that is known.
    """

    left: float
    right: float
    holds: bool
    made: tuple[Made, Made] | None = None


class Comparisons:
    """What was compared, by where.

    Attributes:
        recording: a number of its own.
        found: the comparisons that decide something.
        of_elements: whether elements of known tensors were compared, such as places when a mask is made.
    """

    def __init__(self) -> None:
        self.recording: int = next(_RECORDINGS)
        self.found: dict[ComparedAt, Compared] = {}
        self.of_elements: bool = False
        self._times: Counter[tuple[SourceLine, str]] = Counter()

    def note(self, relation: str, left: Made, right: Made, values: tuple[float, float], *, holds: bool) -> None:
        """Note a comparison that the user's code makes."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith(ROOM):
            frame = frame.f_back
        if frame is not None and is_users(frame.f_code):
            line = SourceLine(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
            self.note_at(line, relation, Compared(*values, holds, (left, right)))

    def note_at(self, line: SourceLine, relation: str, found: Compared | None) -> None:
        """Note a comparison at a line; of None, that there was one which decides nothing."""
        time = self._times[line, relation]
        self._times[line, relation] += 1
        if found is not None:
            self.found[ComparedAt(line, relation, time)] = found
