"""Whether forks and joins that no regions can be told apart of can be drawn in a line, each from the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from archgraph.outline.forms.form import OutlinePart, Prime, walked


def is_in_lines(tree: OutlinePart, writes: Callable[[OutlinePart], bool]) -> bool:
    """Whether a line through the maps of a tree leads to each of them from one that it reads."""
    primes = (form for form in walked(tree) if isinstance(form, Prime))
    return not any(loose for form in primes for _, loose in with_loose(form, writes))


def with_loose(form: Prime, writes: Callable[[OutlinePart], bool]) -> Iterator[tuple[OutlinePart, bool]]:
    """Every part in order, and whether it reads nothing of the last one before it that writes a map."""
    known: set[int] | None = None
    for index, part in enumerate(form.inside):
        reads = {source for source, target in form.links if target == index}
        follows = known is None or not known.isdisjoint(reads)
        yield part, writes(part) and not follows
        if writes(part):
            known = {index}
        elif known is not None and follows:
            # What writes no map hands on the one that it reads.
            known.add(index)
