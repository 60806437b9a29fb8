"""Ways that a module's code may go and no recording went: decisions by sizes in a combination that was not seen."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from archgraph.pytorch.trace.recording.comparisons.compared import ComparedAt
from archgraph.pytorch.trace.symbols.sampling import Sample

OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
"""Relations of two numbers, each with the one that holds where it does not."""


def not_taken(samples: Sequence[Sample]) -> Iterator[ComparedAt]:
    """Yield comparisons that only some samples make, after others came out one way, and that go one way themselves.

    Steps may be the same whichever way `h > 40` goes and whichever way `w > 40` goes, and be others where both hold.
    What all samples make and goes one way is a condition, and what goes both ways after the same others decides
    nothing; so the ways that are left are these.

    Args:
        samples: all of them whole.
    """
    for at, outcomes in _crossings(samples):
        if len(outcomes) == 1 and outcomes.total() < len(samples):
            yield at


def _crossings(samples: Sequence[Sample]) -> Iterator[tuple[ComparedAt, Counter[bool]]]:
    """Yield every comparison after every way that leads to it, with how many samples go on in which way."""
    fixed = _fixed(samples)
    reached: dict[tuple[int, ComparedAt, bool], int] = {}
    crossings: Mapping[tuple[int, ComparedAt], Counter[bool]] = defaultdict(Counter)
    for sample in samples:
        way = 0
        for at, found in sample.comparisons.items():
            if at.relation in OPPOSITE and at not in fixed and found.made:
                crossings[way, at][found.holds] += 1
                way = reached.setdefault((way, at, found.holds), len(reached) + 1)
    for (_, at), outcomes in crossings.items():
        yield at, outcomes


def _fixed(samples: Sequence[Sample]) -> set[ComparedAt]:
    """The comparisons of numbers that are the same at all samples."""
    sides: Mapping[ComparedAt, list[object]] = defaultdict(list)
    for sample in samples:
        for at, found in sample.comparisons.items():
            sides[at].append(found.made)
    return {at for at, made in sides.items() if len(made) == len(samples) and len(set(made)) == 1}
