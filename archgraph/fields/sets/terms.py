"""Which positions of a value drive what it reads: sums of digits of the indices on its axes.

A value of an image's pixels has a position axis per axis of the image, and each drives its own. After flattening
`{h, w}` into n, both are driven by n, as digits: h = n // W, w = n % W. After unflattening an axis, one axis of the
image is driven by several: h = 7*block + place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import lcm
from typing import NamedTuple, TypeAlias

from archgraph.fields.sets.indices import interval
from archgraph.fields.sets.setmap import SetMap, check_period, minimal


@dataclass(frozen=True, slots=True)
class Term:
    """One digit of an index i on an axis: `scale * (((i + shift) // stride) % modulus)`.

    Attributes:
        axis: the axis of the index.
        extent: how many positions the axis has.
        modulus: None for the leading digit, which runs on.

    >>> str(Term("n", 256, stride=16))
    'n // 16'
    """

    axis: str
    # Not compared: before and after a crop, positions are driven by the same index.
    extent: int = field(compare=False)
    scale: int = 1
    shift: int = 0
    stride: int = 1
    modulus: int | None = None

    @property
    def pure(self) -> bool:
        """Whether it is a multiple of the index itself."""
        return self.stride == 1 and self.modulus is None and not self.shift

    @property
    def count(self) -> int:
        """How many values the digit takes."""
        return self.modulus or -(-self.extent // self.stride)

    def at(self, index: int) -> int:
        """Return its value at an index of its axis."""
        digit = (index + self.shift) // self.stride
        return self.scale * (digit if self.modulus is None else digit % self.modulus)

    def __str__(self) -> str:
        text = f"({self.axis} {'+' if self.shift > 0 else '-'} {abs(self.shift)})" if self.shift else self.axis
        text += f" // {self.stride}" if self.stride > 1 else ""
        text += f" % {self.modulus}" if self.modulus else ""
        return text if self.scale == 1 else f"{self.scale}*({text})" if " " in text else f"{self.scale}*{text}"


Form: TypeAlias = tuple[Term, ...]
"""The sum of some terms: what a set map is applied to. No terms: the same for every position."""


class Sum(NamedTuple):
    """A form plus a constant."""

    terms: Form
    constant: int = 0


def own_index(axis: str, extent: int) -> Form:
    """Return the index on an axis."""
    return (Term(axis, extent),)


def shown(form: Form) -> str:
    """Return a form as text.

    >>> shown((Term("b", 8, scale=7), Term("i", 7)))
    '7*b + i'
    """
    return " + ".join(map(str, form))


def value_of(form: Form, index: Mapping[str, int]) -> int:
    """Return the value of a form at an index on every axis."""
    return sum(term.at(index[term.axis]) for term in form)


def values_of(form: Form) -> range:
    """Return the values from the least to the greatest that a form takes, those between them included.

    >>> values_of((Term("b", 3, scale=7), Term("i", 7)))
    range(0, 21)
    """
    ends = [(term.at(0), term.at(term.extent - 1)) for term in form if term.modulus is None]
    ends += [(0, term.scale * (term.modulus - 1)) for term in form if term.modulus is not None]
    return range(sum(map(min, ends)), sum(map(max, ends)) + 1)


def is_radix(form: Form) -> bool:
    """Say whether different indices on the axes of a form give different values of it."""
    ordered = sorted(form, key=lambda term: term.scale)
    alone = len({term.axis for term in form}) == len(form) and all(term.pure for term in form)
    return alone and all(low.scale * low.extent <= high.scale for low, high in pairwise(ordered))


def radix(axes: Mapping[str, int]) -> Form:
    """Return the form that counts through the indices of some axes, the last one fastest.

    >>> shown(radix({"h": 4, "w": 6}))
    '6*h + w'
    """
    terms: list[Term] = []
    scale = 1
    for axis, extent in reversed(list(axes.items())):
        terms.insert(0, Term(axis, extent, scale))
        scale *= extent
    return tuple(terms)


def normal(terms: Iterable[Term], constant: int = 0) -> Sum:
    """Return a sum in its unique form: shifts taken out, neighbouring digits of one axis joined.

    >>> normal([Term("n", 64, scale=8, stride=8), Term("n", 64, modulus=8)]).terms == own_index("n", 64)
    True
    """
    kept = []
    for term in terms:
        steps, rest = divmod(term.shift, term.stride)
        # Only a leading digit gives up whole strides of a shift; in a lower one they turn around its modulus.
        if term.modulus is None and not rest:
            constant += steps * term.scale
            term = replace(term, shift=0)
        kept.append(term)
    kept.sort(key=lambda term: (term.axis, term.stride))
    return Sum(tuple(_joined(kept)), constant)


def _joined(terms: list[Term]) -> list[Term]:
    for low, high in pairwise(terms):
        size = low.modulus
        if size is None or (low.axis, low.shift) != (high.axis, high.shift):
            continue
        if high.stride == low.stride * size and high.scale == low.scale * size:
            wider = replace(low, modulus=None if high.modulus is None else size * high.modulus)
            # The wider digit may have a neighbour that it joins in turn.
            rest = [term for term in terms if term is not low and term is not high]
            return list(normal([wider, *rest]).terms)
    return terms


def substitute(term: Term, index: Sum) -> Sum | None:
    """Return a term of an index that is itself a sum, None where that is no sum of digits.

    >>> rows = Term("n", 256, stride=16)
    >>> substitute(rows, Sum((Term("h", 16, scale=16), Term("w", 16)))).terms == own_index("h", 16)
    True
    """
    if term.pure:
        return Sum(tuple(replace(t, scale=t.scale * term.scale) for t in index.terms), index.constant * term.scale)
    shift = term.shift + index.constant
    if len(index.terms) == 1 and index.terms[0].pure and index.terms[0].scale == 1:
        (only,) = index.terms
        return Sum((replace(term, axis=only.axis, extent=only.extent, shift=shift),))
    if not index.terms:
        return Sum((), term.at(index.constant))
    # A shift by part of a stride carries from digit to digit, which is no sum of digits any more. Whole strides are
    # harmless unless they turn around the modulus.
    steps, rest = divmod(shift, term.stride)
    if rest or (term.modulus is not None and steps % term.modulus):
        return None
    digits = _digits(index.terms, term.stride, term.modulus)
    if digits is None:
        return None
    constant = 0 if term.modulus is not None else steps * term.scale
    return Sum(tuple(replace(t, scale=t.scale * term.scale) for t in digits), constant)


def _digits(terms: Form, stride: int, modulus: int | None) -> Form | None:
    """Return `(sum // stride) % modulus` of a sum whose terms are the digits of a mixed radix."""
    ordered = sorted(terms, key=lambda term: term.scale)
    # Terms that overlap carry into each other: the quotient of the sum is not the sum of the quotients.
    if any(low.scale * low.count > high.scale for low, high in pairwise(ordered)):
        return None
    result: list[Term] = []
    for term in ordered:
        # With all below it, it stays under one stride, and rounding down drops it.
        if term.scale * term.count <= stride:
            continue
        divided = _divide(term, stride)
        cut = None if divided is None else _wrap(divided, modulus)
        if cut is None:
            return None
        result += cut
    return tuple(result)


def _divide(term: Term, stride: int) -> Term | None:
    if term.scale % stride == 0:
        return replace(term, scale=term.scale // stride)
    if stride % term.scale:
        return None
    factor = stride // term.scale
    if term.modulus is not None and term.modulus % factor:
        return None
    rest = None if term.modulus is None else term.modulus // factor
    return replace(term, scale=1, stride=term.stride * factor, modulus=rest)


def _wrap(term: Term, modulus: int | None) -> list[Term] | None:
    if modulus is None or term.scale * term.count <= modulus:
        return [term]
    if term.scale % modulus == 0:
        return []
    size, rest = divmod(modulus, term.scale)
    if rest or (term.modulus is not None and term.modulus % size):
        return None
    return [replace(term, modulus=size)]


def coarseness(coarse: Form, fine: Form) -> int | None:
    """Return by what a form is to be divided, rounding down, to give a coarser one; None where that is not so.

    >>> coarseness(own_index("b", 8), (Term("b", 8, scale=7), Term("i", 7)))
    7
    """
    pairs = [(term, other) for term in coarse for other in fine if replace(other, scale=term.scale) == term]
    ratios = {other.scale // term.scale for term, other in pairs if other.scale % term.scale == 0}
    rest = [term for term in fine if term not in [other for _, other in pairs]]
    if len(ratios) != 1 or len(pairs) != len(coarse) or any(term.shift for term in rest):
        return None
    (ratio,) = ratios
    # What is left over must not carry into the coarser form.
    return ratio if sum(term.scale * (term.count - 1) for term in rest) < ratio else None


def as_map(form: Form) -> SetMap | None:
    """Return a form of one axis as a map from its index, None where several axes take part.

    Raises:
        QueryError: the map has too many phases to keep.

    >>> as_map((Term("n", 64, stride=8),)).period
    8
    """
    if len({term.axis for term in form}) != 1:
        return None
    period = check_period(lcm(*(term.stride * (term.modulus or 1) for term in form)))
    advance = sum(term.scale * (period // term.stride) for term in form if term.modulus is None)
    values = (sum(term.at(index) for term in form) for index in range(period))
    return minimal(advance, (interval(value, value) for value in values))
