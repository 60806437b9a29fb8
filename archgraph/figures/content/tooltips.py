"""What the tooltip of a box says."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sympy import Expr

from archgraph.fields.report.extent import ReadExtent
from archgraph.figures.content.mathtext import grouped
from archgraph.figures.facts.facts import Facts
from archgraph.outline.items import Item
from archgraph.sizes.law_text import law_text


def tooltip(facts: Facts, items: Sequence[Item], reach: ReadExtent | None, beside: Sequence[Item] = ()) -> str:
    """Name, exact laws with their values, and the receptive field, as plain text."""
    key = ("tooltip", tuple(items), reach, tuple(beside))
    return facts.known(key, lambda: _tooltip(facts, items, reach, beside))


def _tooltip(facts: Facts, items: Sequence[Item], reach: ReadExtent | None, beside: Sequence[Item]) -> str:
    first = items[0]
    path = first.path if len(items) == 1 else f"{first.path} … {items[-1].path}"
    rows = [f"{path}: {', '.join(dict.fromkeys(item.member.title or item.label for item in items))}"]
    for name, expression in (("params", facts.params((*beside, *items))), ("macs", facts.macs((*beside, *items)))):
        rows.append(f"{name} = {_exact(facts, expression)}")
    rows.append(f"output {facts.shown_type(items[-1].outputs[0])}")
    if reach is not None:
        rows.append(f"receptive field {reach.label} of {reach.extent}")
    return "\n".join(rows)


def _exact(facts: Facts, expression: Expr) -> str:
    return facts.known(("exact", expression), lambda: _exactly(facts, expression))


def _exactly(facts: Facts, expression: Expr) -> str:
    value = grouped(round(facts.value(expression)))
    spelled = _spelled(expression)
    return value if spelled.replace("·", "").isdigit() else f"{spelled} = {value}"


# Of every trial of a figure, and of every figure of a network, the laws are the same.
@lru_cache(maxsize=1 << 12)
def _spelled(expression: Expr) -> str:
    return law_text(expression).replace("**", "^").replace("*", "·")
