"""Equal parts in a row, of up to eight steps each."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

_LONGEST = 8


def runs(keys: Sequence[Hashable]) -> Iterator[tuple[int, int, int]]:
    """Yield (start, length, count) of the parts of a row, of which equal ones in a row are one.

    From the left, each time the repetition that covers most; of those that cover as much, the shortest part.

    >>> list(runs("abababc"))
    [(0, 2, 3), (6, 1, 1)]
    >>> list(runs("aab" * 2))
    [(0, 3, 2)]
    """
    same = _equal_ahead(keys)
    start = 0
    while start < len(keys):
        covered, shortest = max((_covered(ahead[start], length), -length) for length, ahead in same.items())
        yield start, -shortest if covered > 1 else 1, covered // -shortest if covered > 1 else 1
        start += covered


def _covered(ahead: int, length: int) -> int:
    """How many steps a repetition of parts of a length covers; one if there is none."""
    return length * (1 + ahead // length) if ahead >= length else 1


def _equal_ahead(keys: Sequence[Hashable]) -> dict[int, list[int]]:
    """For every length and place, for how many steps on each is equal to the one a length later."""
    found: dict[int, list[int]] = {}
    for length in range(1, min(_LONGEST, max(1, len(keys))) + 1):
        ahead = [0] * (len(keys) + 1)
        for place in range(len(keys) - length - 1, -1, -1):
            ahead[place] = ahead[place + 1] + 1 if keys[place] == keys[place + length] else 0
        found[length] = ahead
    return found
