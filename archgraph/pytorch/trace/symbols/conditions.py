"""Conditions on sizes that a module's own code decides by: laws of what it compares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sympy import Symbol

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.recording.compared import ComparedAt
from archgraph.pytorch.trace.symbols.laws import FittedLaws, Known
from archgraph.pytorch.trace.symbols.sampling import Sample
from archgraph.sizes.symbols import Assumption, Context, SizeRelation, is_ordered, same_size

OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
STRICT: Mapping[str, tuple[SizeRelation, int]] = {
    "==": ("==", 0),
    "!=": ("!=", 0),
    ">=": (">=", 0),
    "<=": ("<=", 0),
    ">": (">=", 1),
    "<": ("<=", -1),
}
"""Relations of integers as assumptions have them: the relation, and what is added to the right side."""
Points = Sequence[Mapping[Symbol, int]]
"""The values of the symbols at every sample."""


def decided(samples: Sequence[Sample], points: Points, laws: FittedLaws, among: Sequence[int]) -> list[Assumption]:
    """Return what held in every comparison of sizes that all samples make, the strictest of every kind.

    A comparison that came out differently while the steps stayed the same decides nothing.

    Args:
        laws: of the sizes.
        among: the places of the samples that laws are found from.
    """
    own = [(symbol, tuple(points[place][symbol] for place in among)) for symbol in points[0]]
    context = Context()
    for at in samples[0].comparisons:
        if all(at in sample.comparisons for sample in samples):
            for fact in _facts(at, samples, laws, among, own):
                if _holds_everywhere(fact, points):
                    context.assume(fact)
    return list(context.assumptions)


def _facts(
    at: ComparedAt, samples: Sequence[Sample], laws: FittedLaws, among: Sequence[int], own: Sequence[Known]
) -> Iterator[Assumption]:
    found = [sample.comparisons[at] for sample in samples]
    sides = (tuple(found[place].left for place in among), tuple(found[place].right for place in among))
    if len({item.holds for item in found}) > 1 or all(len(set(values)) == 1 for values in sides):
        return
    left, right = (laws.find(values, [own]) for values in sides)
    if left is None or right is None:
        return
    relation, margin = STRICT[at.relation if found[0].holds else OPPOSITE[at.relation]]
    fact = Assumption(left, relation, right + margin, f"decided at {at.line.short}")
    if not _is_certain(fact):
        yield fact


def _is_certain(fact: Assumption) -> bool:
    if fact.relation in ("==", "!="):
        same = same_size(fact.left, fact.right)
        return same is not None and same == (fact.relation == "==")
    return bool(is_ordered(fact.left, fact.relation, fact.right)) if fact.relation in (">=", "<=") else False


def _holds_everywhere(fact: Assumption, points: Points) -> bool:
    try:
        return all(fact.holds(values) for values in points)
    except ArchgraphError:
        return False
