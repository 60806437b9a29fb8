"""Which elements of one factor of a product meet anything in the others: what is multiplied with zeros is not read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from archgraph.pytorch.trace.attention_patterns import name_of
from archgraph.pytorch.trace.masking.product_forms import PRODUCT_FORMS, factors_of
from archgraph.pytorch.trace.masking.states import varying
from archgraph.pytorch.trace.recording.node import RecordedNode

if TYPE_CHECKING:
    from torch import Tensor

NonzeroOfFactor: TypeAlias = "Callable[[RecordedNode], Tensor]"
"""Gives where a factor may be other than zero, as tests of its shape."""


def met_by_others(step: RecordedNode, factor: RecordedNode, nonzero: NonzeroOfFactor) -> Tensor | None:
    """Return which elements of a factor the other factors do not multiply with zeros alone.

    Args:
        step: a product.
        factor: one of its factors.
        nonzero: says where the others may be other than zero.

    Returns:
        Tests that broadcast to the factor's shape; None where what is met differs between places of the result.
    """
    import torch

    try:
        equation, nodes = PRODUCT_FORMS[name_of(step)](step, [len(f.meta["val"].shape) for f in factors_of(step)])
    except ValueError:
        # A bias beside a product changes nothing of what its factors meet; that they are learned is known of them.
        return torch.ones((), dtype=torch.bool)
    terms = equation.partition("->")[0].split(",")
    own = nodes.index(factor)
    sizes = dict(zip(terms[own], nonzero(factor).shape, strict=True))
    found = torch.ones((1,) * len(terms[own]), dtype=torch.bool)
    for place, (term, other) in enumerate(zip(terms, nodes, strict=True)):
        if place != own:
            tests = nonzero(other)
            met = _in_order(varying(tests, tuple(tests.shape)), term, sizes)
            if met is None:
                return None
            found = found & met
    return found


def _in_order(tests: Tensor, term: str, sizes: Mapping[str, int]) -> Tensor | None:
    """Return tests of the letters of a term as those of other letters, in the order of these; None where they vary."""
    beside = [dim for dim, letter in enumerate(term) if tests.shape[dim] > sizes.get(letter, 1)]
    if beside:
        return None
    shared = [letter for letter in sizes if letter in term]
    first = tests.permute(
        *(term.index(letter) for letter in shared), *(dim for dim, letter in enumerate(term) if letter not in sizes)
    )
    shape = dict(zip(shared, first.shape, strict=False))
    return first.reshape([shape.get(letter, 1) for letter in sizes])
