"""The comparisons of sizes that a module's own code makes: where it may go another way at other sizes."""

from __future__ import annotations

import sys
from collections import Counter
from typing import NamedTuple

from archgraph.pytorch.trace.recording.lines import is_users
from archgraph.pytorch.trace.recording.node import SourceLine


class ComparedAt(NamedTuple):
    """Where a comparison stands: the line, the relation, and how often that was met before."""

    line: SourceLine
    relation: str
    time: int


class Compared(NamedTuple):
    """Two sizes, and whether the relation held."""

    left: int
    right: int
    holds: bool


class Comparisons:
    """What was compared, by where.

    Attributes:
        found: the comparisons that decide something.
        of_elements: whether elements of known tensors were compared, such as places when a mask is made.
    """

    def __init__(self) -> None:
        self.found: dict[ComparedAt, Compared] = {}
        self.of_elements: bool = False
        self._times: Counter[tuple[SourceLine, str]] = Counter()

    def note(self, relation: str, left: int, right: int, *, holds: bool) -> None:
        """Note a comparison that the user's code makes."""
        frame = sys._getframe(2)
        code = frame.f_code
        if not is_users(code):
            return
        line = SourceLine(code.co_filename, frame.f_lineno, code.co_name)
        self.note_at(line, relation, Compared(int(left), int(right), holds))

    def note_at(self, line: SourceLine, relation: str, found: Compared | None) -> None:
        """Note a comparison at a line; of None, that there was one which decides nothing."""
        time = self._times[line, relation]
        self._times[line, relation] += 1
        if found is not None:
            self.found[ComparedAt(line, relation, time)] = found
