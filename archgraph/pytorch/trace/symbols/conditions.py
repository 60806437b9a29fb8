"""Conditions on sizes that a module's own code decides by: laws of what it compares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import isclose
from typing import TypeAlias

from sympy import Expr, Rational, Symbol

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.recording.comparisons.compared import LOOKED_UP, MADE_PLAIN, Compared, ComparedAt, Made
from archgraph.pytorch.trace.symbols.branches import OPPOSITE, not_taken
from archgraph.pytorch.trace.symbols.composed import FindLaw, composed, exact_number, whole_sides
from archgraph.pytorch.trace.symbols.laws import FittedLaws
from archgraph.pytorch.trace.symbols.sampling import Sample
from archgraph.sizes.conventions import convention
from archgraph.sizes.exact import Number, number_of
from archgraph.sizes.symbols import ONE, ZERO, Assumption, Context, SizeRelation, is_ordered, same_size

STRICT: Mapping[str, tuple[SizeRelation, int]] = {
    "==": ("==", 0),
    "!=": ("!=", 0),
    ">=": (">=", 0),
    "<=": ("<=", 0),
    ">": (">=", 1),
    "<": ("<=", -1),
}
"""Relations of integers as assumptions have them: the relation, and what is added to the right side."""
UNKNOWN_KEYS = "{} looks a size up in a set or a dict; what it finds is taken to be the same at all sizes"
FORGOTTEN = "{} makes a plain number or text of a size; what that decides is taken to be the same at all sizes"
SOMETIMES = "{} compares a size at some of the recorded sizes only; what comes out is taken to be the same at all sizes"
UNFOLLOWED = "{} compares a number without a law; what comes out is taken to be the same at all sizes"
Points: TypeAlias = "Sequence[Mapping[Symbol, int]]"
"""The values of the symbols at every sample."""


def decided(samples: Sequence[Sample], points: Points, laws: FittedLaws, among: Sequence[int]) -> list[Assumption]:
    """Return what held in every comparison of sizes that all samples make, the strictest of every kind.

    A comparison that came out differently while the steps stayed the same decides nothing by itself.

    Args:
        samples: those of which only the beginning was recorded last; they may end before a comparison.
        points: the values of the symbols at these.
        laws: of the sizes.
        among: the places of the samples that laws are found from.
    """
    context = Context()
    for at, own, places in _shared(samples, points):
        for fact in _facts(at, own, places, laws, among):
            if _holds_everywhere(fact, points):
                context.assume(fact)
    whole = [sample for sample in samples if sample.whole]
    for at in _made_by_some(whole):
        context.assume(convention((FORGOTTEN if at.relation == MADE_PLAIN else UNFOLLOWED).format(at.line.short)))
    for at in not_taken(whole):
        context.assume(convention(SOMETIMES.format(at.line.short)))
    return list(context.assumptions)


def _made_by_some(samples: Sequence[Sample]) -> Iterator[ComparedAt]:
    """Yield what some samples alone round, look up or forget, if it may vary and comes out the same where they do."""
    for at in dict.fromkeys(at for sample in samples for at in sample.comparisons if at.relation not in OPPOSITE):
        found = [sample.comparisons[at] for sample in samples if at in sample.comparisons]
        varies = len({item.made for item in found}) > 1 or len(found) == 1
        same = at.relation == MADE_PLAIN or len({_outcome(at, item) for item in found}) == 1
        if len(found) < len(samples) and varies and same and all(item.made for item in found):
            yield at


def _outcome(at: ComparedAt, found: Compared) -> float:
    """What came out, which decides something where it is the same at all samples."""
    return found.right if at.relation in ROUNDED_BETWEEN or at.relation == MADE_PLAIN else found.holds


def _shared(samples: Sequence[Sample], points: Points) -> Iterator[tuple[ComparedAt, Sequence[Sample], Points]]:
    """Yield every comparison that all whole samples make, with the samples that make it, and their points."""
    for at in samples[0].comparisons:
        making = [place for place, sample in enumerate(samples) if at in sample.comparisons]
        if all(at in sample.comparisons for sample in samples if sample.whole):
            yield at, [samples[place] for place in making], [points[place] for place in making]


def decides_without_law(samples: Sequence[Sample], points: Points, laws: FittedLaws, among: Sequence[int]) -> bool:
    """Whether a comparison that all samples make comes out the same of a size that has no law, such as a rest."""
    shared = _shared(samples, points)
    return any(None in (_sides(at, own, places, laws, among) or ()) for at, own, places in shared)


def _sides(
    at: ComparedAt, samples: Sequence[Sample], points: Points, laws: FittedLaws, among: Sequence[int]
) -> tuple[Expr | None, Expr | None] | None:
    """The laws of both sides; None where they do not vary, or decide nothing."""
    found = [sample.comparisons[at] for sample in samples]
    if at.relation == MADE_PLAIN or len({_outcome(at, item) for item in found}) > 1:
        return None
    find = partial(_proved_law, points=points, laws=laws, among=among)
    made = zip(*(item.made or (item.left, item.right) for item in found), strict=True)
    values = zip(*((item.left, item.right) for item in found), strict=True)
    left, right = (_law_of_side(*side, points, find) for side in zip(values, made, strict=True))
    constant = left is not None and right is not None and not left.free_symbols | right.free_symbols
    return None if constant else (left, right)


def _law_of_side(values: Sequence[float], made: Sequence[Made], points: Points, find: FindLaw) -> Expr | None:
    """The law of what is computed of sizes; it has none if a step has none, even where the values are all the same."""
    if len(set(made)) == 1:
        return exact_number(values[0])
    law = composed(made, find)
    return law if law is not None and _is_law(law, values, points) else None


def _proved_law(values: Sequence[int], points: Points, laws: FittedLaws, among: Sequence[int]) -> Expr | None:
    """The law of a number, where it has one that holds at the samples too that took no part in finding it."""
    own = [(symbol, tuple(points[place][symbol] for place in among)) for symbol in points[0]]
    law = laws.find(tuple(values[place] for place in among), [own])
    return law if law is not None and _is_law(law, values, points) else None


def _is_law(law: Expr, values: Sequence[float], points: Points) -> bool:
    try:
        return all(_is_value(number_of(law, at), value) for at, value in zip(points, values, strict=True))
    except ArchgraphError:
        return False


def _is_value(number: Number, value: float) -> bool:
    """Whether a number is what code computed, which rounds fractions at every step."""
    try:
        return number == value if isinstance(value, int) else isclose(number, value, rel_tol=1e-12, abs_tol=1e-12)
    except OverflowError:  # a fraction that no float is as large as
        return False


def _facts(
    at: ComparedAt, samples: Sequence[Sample], points: Points, laws: FittedLaws, among: Sequence[int]
) -> Iterator[Assumption]:
    where = at.line.short
    if at.relation == MADE_PLAIN and len({_outcome(at, sample.comparisons[at]) for sample in samples}) > 1:
        yield convention(FORGOTTEN.format(where))
    sides = _sides(at, samples, points, laws, among)
    if sides is None:
        return
    left, right = sides
    if at.relation == LOOKED_UP:
        yield convention(UNKNOWN_KEYS.format(where))
        return
    for relation, beside in _relations(at, samples[0].comparisons[at]):
        whole = None if left is None or right is None else whole_sides(left, right + beside)
        if whole is None:
            yield convention(UNFOLLOWED.format(where))
            return
        exact, margin = STRICT[relation]
        fact = Assumption(whole[0], exact, whole[1] + margin, f"decided at {where}")
        if not _is_certain(fact):
            yield fact


def _relations(at: ComparedAt, found: Compared) -> Sequence[tuple[str, Expr]]:
    """What held: a relation with the right side, and what is added to that; two where something was rounded."""
    if at.relation in ROUNDED_BETWEEN:
        return ROUNDED_BETWEEN[at.relation](found.right)
    return [(at.relation if found.holds else OPPOSITE[at.relation], ZERO)]


_DOWN = [(">=", ZERO), ("<", ONE)]
_UP = [(">", -ONE), ("<=", ZERO)]
_NEAR = [(">", Rational(-1, 2)), ("<", Rational(1, 2))]
_AROUND_ZERO = [(">", -ONE), ("<", ONE)]
ROUNDED_BETWEEN: Mapping[str, Callable[[float], Sequence[tuple[str, Expr]]]] = {
    "floor": lambda whole: _DOWN,
    "ceil": lambda whole: _UP,
    "round": lambda whole: _NEAR,
    "trunc": lambda whole: _DOWN if whole > 0 else _UP if whole < 0 else _AROUND_ZERO,
}
"""Where a number lies that is rounded to a whole one, by how it is rounded."""


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
