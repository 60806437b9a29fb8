"""One table of all rows: what was measured before, what is now, beside what, and how it grows."""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

HEADS = {"ratio": "ratio now / peer", "exponent": "growth exponent", "promise": "at most"}


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        question: what is asked.
        before: what an earlier measurement printed, quoted: its ratios compare with today's, its milliseconds do not.
        now: milliseconds, one number per size where there are several.
        peer: what runs in turn with it, and its milliseconds.
        ratio: of the two.
        exponent: the slope of the logarithm of the time over that of the size.
        promise: the largest ratio or exponent that passes, None where the row only tells.
    """

    question: str
    before: str
    now: str
    peer: str = ""
    ratio: float | None = None
    exponent: float | None = None
    promise: float | None = None

    @property
    def missed(self) -> bool:
        """Whether a promise does not hold."""
        found = self.ratio if self.exponent is None else self.exponent
        return self.promise is not None and found is not None and found > self.promise

    @property
    def verdict(self) -> str:
        """What the last column says."""
        return "" if self.promise is None else "MISSED" if self.missed else "ok"

    def cells(self) -> dict[str, str]:
        """Return what stands in every column."""
        values = {HEADS.get(one.name, one.name): getattr(self, one.name) for one in fields(self)}
        return {name: _shown(value) for name, value in values.items()} | {"": self.verdict}


def _shown(value: object) -> str:
    return "" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)


def printed(rows: Iterable[Row]) -> list[Row]:
    """Print rows as one table and return them; what is measured is told as it comes, on the error stream."""
    import sys

    found: list[Row] = []
    for row in rows:
        print(f"{_spent():6.1f} s  {row.question}", file=sys.stderr, flush=True)
        found.append(row)
    cells = [row.cells() for row in found]
    widths = {name: max(len(name), *(len(cell[name]) for cell in cells)) for name in cells[0]}
    for line in ({name: name for name in widths}, *cells):
        print("  ".join(line[name].ljust(width) for name, width in widths.items()).rstrip())
    return found


def seconds(run: Callable[[], object]) -> float:
    """Return the processor time of a run, with that of the processes that it starts."""
    started = _spent()
    run()
    return _spent() - started


def alone(run: Callable[[], object]) -> float:
    """Return the time of a run, without that of looking through the garbage that others have left, and what they keep.

    What is kept is looked through once: to do so before each run took two thirds of the time of the gallery's rows.
    """
    gc.collect()
    gc.freeze()
    return seconds(run)


def of_all_kept(run: Callable[[], object]) -> float:
    """Return the time of a run that looks through all that is kept."""
    gc.unfreeze()
    return seconds(run)


def _spent() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
