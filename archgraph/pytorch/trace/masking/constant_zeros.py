"""Products with constants that hold zeros, of operators that do not say themselves what these leave out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from archgraph.pytorch.trace.attention_patterns import name_of
from archgraph.pytorch.trace.masking.letting import PASSAGES, POWERS, passages_of
from archgraph.pytorch.trace.masking.pads import constants_of
from archgraph.pytorch.trace.masking.product_forms import PRODUCT_FORMS, factors_of, leaves_places_out, sums_over
from archgraph.pytorch.trace.masking.vacancies import MULTIPLYING, TESTS, weighs
from archgraph.pytorch.trace.recording.node import RecordedNode

if TYPE_CHECKING:
    from torch import Tensor

SCALED_PRODUCTS = frozenset(("addmm", "baddbmm", "addbmm", "addmv", "addr"))
"""Products of the second and third argument, times `alpha`, beside the first."""

NORMS = frozenset(
    ("layer_norm", "native_layer_norm", "rms_norm", "group_norm", "native_group_norm", "instance_norm", "batch_norm")
)
"""Norms, whose result is multiplied with a weight."""


def is_beside_zeros(step: RecordedNode) -> bool:
    """Whether constants of a product may be all that some of what it seems to read is multiplied with."""
    name = name_of(step)
    if name in SCALED_PRODUCTS and step.kwargs.get("alpha") == 0:
        return True
    if name in PASSAGES:
        base = step.args[:1] if name in POWERS else ()
        return _is_scaled_twice(step) or any(map(_has_zeros, constants_of(step, base)))
    if name in PRODUCT_FORMS and len(factors_of(step)) == 2:
        # Where zeros stand in what is summed is told of these, but of attention, whose weights are not followed.
        return any(_is_lost(step, node) for node in factors_of(step))
    if name in NORMS:
        return any(map(_has_zeros, constants_of(step, [step.argument("weight")])))
    return any(map(_has_zeros, constants_of(step, _factors(step, name))))


def _is_lost(step: RecordedNode, factor: RecordedNode) -> bool:
    """Whether zeros of a constant factor leave out something that the product does not tell."""
    values = list(constants_of(step, [factor]))
    if not values or not _has_zeros(values[0]):
        return False
    if not sums_over(step, factor):
        return True
    return weighs(step) and leaves_places_out(step, factor, values[0] == 0)


def attends_to_nothing(step: RecordedNode, zero: Callable[[RecordedNode], Tensor]) -> bool:
    """Whether a query's scores are all the same, or what it reads by them is nothing.

    Args:
        step: an attention.
        zero: says which elements of an operand are zero.
    """
    masked = step.argument("attn_mask") is not None or bool(step.argument("is_causal"))
    queries, *others = (zero(node).all(-1) for node in step.args[:3])
    # A query may see one key alone where some are masked.
    return bool(queries.any()) or any(bool(rows.any() if masked else rows.all(-1).any()) for rows in others)


def _is_scaled_twice(step: RecordedNode) -> bool:
    """Whether a zero lets a tensor through at none of the two places where it stands: one of them alone is told of."""
    shut = [step.args[passage.operand] for passage in passages_of(step) if passage.factor_of(step) == 0]
    return len(shut) > len({id(operand) for operand in shut})


def _factors(step: RecordedNode, name: str) -> Iterator[object]:
    if name in SCALED_PRODUCTS:
        yield from step.args[1:3]
    elif name in PRODUCT_FORMS:
        yield from factors_of(step)
    elif name in MULTIPLYING and name not in TESTS:
        yield from step.all_input_nodes


def _has_zeros(value: Tensor) -> bool:
    return bool((value == 0).any())
