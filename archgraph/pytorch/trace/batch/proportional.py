"""Whether everything that a module computes is proportional to the size of one dimension of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archgraph.pytorch.trace.attention_patterns import name_of
from archgraph.pytorch.trace.batch.statements import first_operand, statement_on
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.recording.recording import Recording

FRESH = frozenset(("new_zeros", "new_ones", "new_full", "new_empty", "zeros_like", "ones_like", "empty_like"))
"""Operators that read no number of what they are given."""


def refutation(few: Recording, many: Recording) -> RecordedNode | None:
    """Return the first step at which a dimension cannot be that of the batch, or None.

    Samples do not meet: whatever is computed from several of them has several results, in one dimension. Work that
    nobody uses may do what it likes.

    Args:
        few: a recording.
        many: the same with more samples in what may be the batch.

    >>> import torch
    >>> from archgraph.pytorch.trace.recording.record import record
    >>> at = lambda n, c: record(torch.nn.Softmax(0), torch.zeros(n, c))
    >>> refutation(at(1, 4), at(2, 4)), refutation(at(3, 1), at(3, 2))
    (softmax, None)
    """
    ignored = many.dead
    for one, other in zip(few.nodes, many.nodes, strict=False):
        if name_of(one) != name_of(other):
            return other
        if other.op == "call_function" and other not in ignored and not _keeps_samples_apart(few, many, one, other):
            return other
    return None


def _keeps_samples_apart(few: Recording, many: Recording, one: RecordedNode, other: RecordedNode) -> bool:
    operands = list(zip(one.all_input_nodes, other.all_input_nodes, strict=False))
    grown = [_grown(*pair) for pair in operands]
    if not any(grown) or name_of(one) in FRESH:
        return True
    operand, said = first_operand(other), statement_on(other)
    if operand is not None and said is not None:
        place = next((dims for (_, node), dims in zip(operands, grown, strict=True) if node is operand), ())
        if not set(place) <= said.possible:
            return False
    return all(len(dims) == 1 for dims in _grown_results(one, other))


def _grown_results(one: RecordedNode, other: RecordedNode) -> list[tuple[int, ...]]:
    """The dimensions of each result that differ; of several results, those that have the samples tell for all."""
    mine: Any = one.meta.get("val")
    theirs: Any = other.meta.get("val")
    if not isinstance(mine, tuple):
        return [_differing(mine, theirs)] if hasattr(mine, "shape") else []
    found = [_differing(a, b) for a, b in zip(mine, theirs, strict=False) if hasattr(a, "shape")]
    return [dims for dims in found if dims] or found[:1]


def _grown(one: RecordedNode, other: RecordedNode) -> tuple[int, ...]:
    mine, theirs = one.meta.get("val"), other.meta.get("val")
    return _differing(mine, theirs) if hasattr(mine, "shape") and hasattr(theirs, "shape") else ()


def _differing(one: Any, other: Any) -> tuple[int, ...]:
    mine: Sequence[int] = one.shape
    theirs: Sequence[int] = other.shape
    if len(mine) != len(theirs):
        return (-1, -2)
    return tuple(dim for dim, (a, b) in enumerate(zip(mine, theirs, strict=True)) if a != b)
