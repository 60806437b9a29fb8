"""Whether a question to values is a router's: which rows an expert takes."""

from __future__ import annotations

from collections.abc import Sequence

from archgraph.pytorch.trace.recording.node import RecordedNode

CHOICES = frozenset(("topk", "one_hot"))
"""Operators that choose experts."""
LARGEST = frozenset(("argmax", "max"))
"""Operators that choose one, where their result is compared with its number."""
MOST_WALKED = 32
"""Steps that are looked through between a question and a choice."""


def asks_a_router(asked: Sequence[RecordedNode]) -> bool:
    """Whether values that are asked for follow from a choice among experts."""
    seen = list(dict.fromkeys(asked))
    names: set[str] = set()
    for node in seen:
        names.add(_name(node))
        if len(seen) < MOST_WALKED:
            seen.extend(operand for operand in node.all_input_nodes if operand not in seen)
    return bool(names & CHOICES) or ("eq" in names and bool(names & LARGEST))


def _name(node: RecordedNode) -> str:
    schema = getattr(node.target, "_schema", None)
    return schema.name.removeprefix("aten::") if schema is not None else ""
