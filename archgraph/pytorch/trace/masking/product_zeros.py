"""What zeros of both factors leave of a product: which elements of one meet others, and which places are nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from archgraph.pytorch.trace.attention_patterns import name_of
from archgraph.pytorch.trace.masking.product_forms import PRODUCT_FORMS, factors_of
from archgraph.pytorch.trace.masking.states import varying
from archgraph.pytorch.trace.recording.node import RecordedNode

if TYPE_CHECKING:
    from torch import Tensor


NonzeroFactors: TypeAlias = "Mapping[RecordedNode, Tensor]"
"""Where factors of a product may be other than zero, as tests of their shapes."""


class ProductZeros(NamedTuple):
    """What is read of a product.

    Attributes:
        masking: the factor whose elements say what of a sum is read.
        read: which of its elements are.
        sides: along a dimension of the result, counted from the right, which places read anything.
    """

    masking: RecordedNode
    read: Tensor
    sides: Mapping[int, Tensor]


class _Letters(NamedTuple):
    """A product as an einsum: its terms, what is made, and the sizes of all letters, in one order."""

    terms: Sequence[str]
    made: str
    sizes: Mapping[str, int]

    def spread(self, tests: Tensor, term: str) -> Tensor:
        """Return tests of a term's letters as tests of all letters, of size 1 where they do not differ."""
        tests = varying(tests, tuple(tests.shape))
        own = [letter for letter in self.sizes if letter in term]
        moved = tests.permute([term.index(letter) for letter in own])
        sizes = dict(zip(own, moved.shape, strict=True))
        return moved.reshape([sizes.get(letter, 1) for letter in self.sizes])

    def side(self, live: Tensor, letters: str) -> Tensor:
        """Return at which indices of some letters anything lives, whatever those of the others."""
        for dim, letter in enumerate(self.sizes):
            live = live if letter in letters else live.any(dim, keepdim=True)
        return live

    def of(self, live: Tensor, term: str) -> Tensor:
        """Return tests of all letters as those of a term."""
        order = [place for place, letter in enumerate(self.sizes) if letter in term]
        dropped = live.reshape([live.shape[place] for place in order])
        own = [letter for letter in self.sizes if letter in term]
        return dropped.permute([own.index(letter) for letter in term])


def zeros_of(step: RecordedNode, nonzero: NonzeroFactors) -> ProductZeros | None:
    """Return what zeros leave of a product of two factors; None where that cannot be said dimension by dimension.

    Args:
        step: a product.
        nonzero: where factors may be other than zero, as tests of their shapes.
    """
    given = _multiplied(step, nonzero)
    return None if given is None else next(_found(*given), None)


def live_results(step: RecordedNode, nonzero: NonzeroFactors) -> Tensor | None:
    """Return which places of a product's result may be other than zero, of size 1 where they do not differ."""
    given = _multiplied(step, nonzero)
    if given is None:
        return None
    letters, live, _ = given
    made = letters.of(letters.side(live, letters.made), "".join(each for each in letters.sizes if each in letters.made))
    own = [letter for letter in letters.sizes if letter in letters.made]
    return made.permute([own.index(letter) for letter in letters.made])


def sums_over_zeros(step: RecordedNode, nonzero: NonzeroFactors) -> bool:
    """Return whether a product sums along a dimension in which a factor is zero at some places only."""
    given = _multiplied(step, nonzero)
    if given is None:
        return False
    letters, live, _ = given
    return any(_varies(live, letters, letter) for letter in letters.sizes if letter not in letters.made)


def sides_of_single(step: RecordedNode, nonzero: NonzeroFactors) -> Mapping[int, Tensor] | None:
    """Return which places of a result read anything, where no sum says it: every product is by itself, or none lives.

    Returns:
        Tests along dimensions of the result, counted from the right; None where these do not say it all.
    """
    given = _multiplied(step, nonzero)
    if given is None:
        return {}
    letters, live, _ = given
    summed = [letter for letter in letters.sizes if letter not in letters.made]
    if bool(live.any()) and any(letters.sizes[letter] > 1 for letter in summed):
        return {}
    sides = {letter: letters.side(live, letter) for letter in letters.made}
    if not bool((_all_of([*sides.values()], live) == live).all()):
        return None
    return {
        letters.made.index(letter) - len(letters.made): side.flatten().expand(letters.sizes[letter])
        for letter, side in sides.items()
        if not bool(side.all())
    }


def _multiplied(step: RecordedNode, nonzero: NonzeroFactors) -> tuple[_Letters, Tensor, Sequence[RecordedNode]] | None:
    """Return which products of elements may be other than zero, by the letters of an einsum."""
    try:
        equation, nodes = PRODUCT_FORMS[name_of(step)](step, [len(f.meta["val"].shape) for f in factors_of(step)])
    except ValueError:
        return None
    read, _, made = equation.partition("->")
    terms, tests = read.split(","), [nonzero[node] for node in nodes]
    letters = _Letters(terms, made, _sizes(terms, tests))
    live = tests[0].new_ones((1,) * len(letters.sizes))
    for term, own in zip(terms, tests, strict=True):
        live = live & letters.spread(own, term)
    return letters, live, nodes


def _found(letters: _Letters, live: Tensor, nodes: Sequence[RecordedNode]) -> Iterator[ProductZeros]:
    """Yield the ways to say which products live, factor by factor."""
    shared = set.intersection(*map(set, letters.terms)) - set(letters.made)
    for term, node in zip(letters.terms, nodes, strict=True):
        own = letters.side(live, term)
        sides = {letter: letters.side(live, letter) for letter in letters.sizes}
        open_to = [letter for letter in letters.sizes if not bool(sides[letter].all())]
        rectangle = _all_of([sides[letter] for letter in term], own)
        rest = [sides[letter] for letter in letters.sizes if letter not in term]
        alone = sum(letters.sizes[letter] > 1 for letter in shared) == 1
        summed = [letter for letter in letters.sizes if letter not in letters.made]
        told = all(letter in shared and alone for letter in summed if _varies(own, letters, letter))
        told = told and not any(letter in open_to for letter in summed if letter not in term)
        if not told or not bool((_all_of([own, *rest], live) == live).all()):
            continue
        if not bool((rectangle == own).all()) and not any(_varies(own, letters, letter) for letter in summed):
            continue
        kept = [letter for letter in open_to if letter in letters.made]
        kept = kept if bool((rectangle == own).all()) else [letter for letter in kept if letter not in term]
        yield ProductZeros(
            node,
            letters.of(own, term),
            {
                letters.made.index(letter) - len(letters.made): sides[letter].flatten().expand(letters.sizes[letter])
                for letter in kept
            },
        )


def _sizes(terms: Sequence[str], tests: Sequence[Tensor]) -> dict[str, int]:
    found: dict[str, int] = {}
    for term, own in zip(terms, tests, strict=True):
        for letter, size in zip(term, own.shape, strict=True):
            found[letter] = max(found.get(letter, 1), size)
    return found


def _all_of(parts: Sequence[Tensor], like: Tensor) -> Tensor:
    found = like.new_ones((1,) * like.ndim)
    for part in parts:
        found = found & part
    return found


def _varies(live: Tensor, letters: _Letters, letter: str) -> bool:
    dim = list(letters.sizes).index(letter)
    return not bool((live == live.narrow(dim, 0, 1)).all())
