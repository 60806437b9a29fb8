"""Attention written out, of whose queries, keys or values some are zero: where nothing is left of a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from archgraph.pytorch.trace.attention_patterns import name_of
from archgraph.pytorch.trace.masking.product_forms import PRODUCT_FORMS
from archgraph.pytorch.trace.masking.product_zeros import NonzeroFactors, live_results
from archgraph.pytorch.trace.masking.vacancies import BETWEEN, SOFTMAX
from archgraph.pytorch.trace.recording.node import RecordedNode

if TYPE_CHECKING:
    from torch import Tensor


def lost_by_zeros(
    step: RecordedNode, nonzero: NonzeroFactors, masked: Callable[[RecordedNode], bool]
) -> list[RecordedNode]:
    """Return the steps that read less than they seem as some scores are zero, whatever is compared.

    Keys that are zero have a weight all the same, and queries are read by the others; but of a row in which no other is
    left, nothing is read.

    Args:
        step: the product that makes scores.
        nonzero: where its factors may be other than zero.
        masked: whether a softmax has masked scores.
    """
    live = live_results(step, nonzero)
    if live is None:
        return [step, *weighing(step)]
    if bool(live.all()):
        return []
    by_key = live.ndim > 0 and all(size == 1 for size in live.shape[:-1]) and bool(live.any())
    hit = not by_key or any(masked(node) for node in weighing(step) if name_of(node) in SOFTMAX)
    return [step, *weighing(step)] if hit else []


def leaves_rows_out(step: RecordedNode, weights: RecordedNode, allowed: Tensor, nonzero: NonzeroFactors) -> bool:
    """Return whether all values are zero that a mask leaves to some place of the result.

    Args:
        step: the product of weights and values.
        weights: the weights.
        allowed: which of them may be other than zero.
        nonzero: where values may be other than zero.
    """
    tests = {node: one | True for node, one in nonzero.items()}
    left = live_results(step, {**nonzero, weights: allowed})
    most = live_results(step, {**tests, weights: allowed})
    return left is None or most is None or not bool((left == most).all())


def weighing(step: RecordedNode) -> list[RecordedNode]:
    """Return the softmaxes of scores, and the products that take the weights."""
    return list(_weighing(step))


def _weighing(step: RecordedNode) -> Iterator[RecordedNode]:
    left, seen = list(step.users), {step}
    while left:
        node = left.pop()
        if node in seen:
            continue
        seen.add(node)
        if name_of(node) in PRODUCT_FORMS:
            yield node
        elif name_of(node) in SOFTMAX:
            yield node
            left += node.users
        elif name_of(node) in BETWEEN:
            left += node.users
