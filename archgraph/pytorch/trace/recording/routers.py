"""Whether a question to values is a router's: which rows an expert takes."""

from __future__ import annotations

from collections.abc import Sequence

from archgraph.pytorch.trace.recording.node import RecordedNode

ROUTER_CHOICES = frozenset(("topk", "one_hot"))
"""Operators that choose experts."""
ROUTER_MAXIMA = frozenset(("argmax", "max"))
"""Operators that choose one, where their result is compared with its number."""
MOST_ASKED = 32
"""Steps that are looked through between a question and a choice."""


def asks_a_router(asked: Sequence[RecordedNode]) -> bool:
    """Whether values that are asked for follow from a choice among experts."""
    seen = list(dict.fromkeys(asked))
    names: set[str] = set()
    for node in seen:
        names.add(_name(node))
        if len(seen) < MOST_ASKED:
            seen.extend(operand for operand in node.all_input_nodes if operand not in seen)
    return bool(names & ROUTER_CHOICES) or ("eq" in names and bool(names & ROUTER_MAXIMA))


def _name(node: RecordedNode) -> str:
    schema = getattr(node.target, "_schema", None)
    return schema.name.removeprefix("aten::") if schema is not None else ""
