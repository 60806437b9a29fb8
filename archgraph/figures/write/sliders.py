"""Symbols that a reader of the interactive page can set, and which of their values make a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Integer, Symbol

from archgraph.errors import printable
from archgraph.figures.facts.facts import Facts
from archgraph.figures.facts.field_laws import FieldLaw
from archgraph.sizes.law_text import law_text

_WIDE, _LEAST = 4, 16


@dataclass(frozen=True)
class Slider:
    """A symbol with its value and the rule of its values: ``step`` times an integer plus ``offset``."""

    name: str
    value: int
    step: int = 1
    offset: int = 0
    doc: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """What the page needs."""
        first = 1 if self.offset <= 0 else 0
        last = max(_LEAST, _WIDE * self.value // self.step)
        rule = {"step": self.step, "offset": self.offset, "first": first, "last": last}
        return {"name": self.name, "value": self.value, **rule, "doc": printable(self.doc)}


@dataclass(frozen=True)
class Rule:
    """What must be a whole positive number for a network to exist, in words."""

    text: str
    law: Expr


@dataclass(frozen=True)
class PageNetwork:
    """What a page knows of a network besides the drawings.

    Attributes:
        name: what its symbols and its row stand under.
        sliders: the symbols of its laws.
        totals: the laws of the whole network, by metric.
        rules: what must hold for the values of the symbols.
        field_of: the field of a path as laws, where there are any.
    """

    name: str
    sliders: Sequence[Slider]
    totals: Sequence[tuple[str, Expr]]
    rules: Sequence[Rule] = ()
    field_of: Callable[[str], FieldLaw | None] = lambda path: None


def of_network(facts: Facts) -> PageNetwork:
    """What a page knows of a network."""
    laws = facts.field_laws
    return PageNetwork(
        facts.network.name,
        sliders(facts),
        [(name, facts.total(name)) for name in ("params", "macs")],
        rules(facts),
        (lambda path: None) if laws is None else laws.at,
    )


def sliders(facts: Facts) -> list[Slider]:
    """The symbols of the laws in the order of the spec."""
    network = facts.network
    order = list(network.symbols)
    found = sorted(_free(facts), key=lambda one: (order.index(one.name) if one.name in order else len(order), one.name))
    return [
        Slider(one.name, facts.values[one], *network.rule_of(one.name), doc=network.declared.doc(one.name))
        for one in found
    ]


def rules(facts: Facts) -> list[Rule]:
    """What holds for the symbols of the laws: their own rules, and sizes along positions that are not symbols."""
    free = _free(facts)
    others = {one: Integer(value) for one, value in facts.values.items() if one not in free}
    found = []
    for one in sorted(free, key=str):
        known = facts.network.rule_law(one.name)
        if known is not None:
            multiple, offset = (Integer(0) + part.xreplace(others) for part in known)
            tail = f" plus {offset}" if offset != 0 else ""
            found.append(Rule(f"{one} must be a multiple of {multiple}{tail}", (one - offset) / multiple + 1))
    lengths = {facts.shown(row.type.size(axis)): None for row in facts.rows for axis in row.type.positions}
    for length in lengths:
        law = Integer(0) + length.xreplace(others)
        if not law.is_Symbol and law.free_symbols and law.free_symbols <= free:
            found.append(Rule(f"{law_text(length)} must be a whole positive number", law))
    return found


def _free(facts: Facts) -> set[Symbol]:
    every = (facts.total(metric).free_symbols for metric in ("params", "macs"))
    return {one for symbols in every for one in symbols if isinstance(one, Symbol)}
