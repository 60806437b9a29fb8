"""The receptive fields of two states of a network, output by output."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from archgraph.errors import ArchgraphError
from archgraph.fields.report.axis_field import AxisField
from archgraph.fields.report.receptive_field import ReceptiveFields, receptive_fields
from archgraph.fields.sets.field import ReadKind
from archgraph.graph.ir import Value
from archgraph.graph.network import Network

Sight: TypeAlias = "tuple[object, ...]"
"""What one output reads along one axis, comparable between networks."""
Pair: TypeAlias = "tuple[str, str, str]"
"""An output, an input, and an axis of it."""
_KINDS: tuple[ReadKind, ...] = ("content", "gate", "stat")


@dataclass(frozen=True)
class FieldChange:
    """What an output reads along one axis of an input, before and after, in words; empty where there is none.

    Attributes:
        output, input, axis: what reads what.
        before, after: the fields.
        since: the operation from which on each is global; empty if it is not.
        same: whether both are the same sets, gates and statistics included.
        exact: whether both are exact; the same bound on both sides proves nothing.
    """

    output: str
    input: str
    axis: str
    before: str
    after: str
    since: tuple[str, str]
    same: bool
    exact: bool

    @property
    def told(self) -> str:
        """The field afterwards; if the words are the same but the sets are not, it says so."""
        shifted = self.before == self.after and not self.same and bool(self.after)
        return f"{self.after} at other positions" if shifted else self.after or "none"


def field_changes(before: Network, after: Network) -> tuple[FieldChange, ...]:
    """Return a row for every output, input and axis of either state.

    >>> from archgraph import load
    >>> found = field_changes(load("unet:padded-512").network, load("unet").network)
    >>> [(row.axis, row.before == row.after, row.same) for row in found]  # other positions: there the borders are cut
    [('h', True, False), ('w', True, False)]
    """
    old, new = dict(_fields(before)), dict(_fields(after))
    return tuple(_change(pair, old.get(pair), new.get(pair)) for pair in dict.fromkeys((*old, *new)))


def _fields(g: Network) -> Iterator[tuple[Pair, AxisField | str]]:
    for input in g.graph.inputs:
        if not input.type.positions:
            continue
        found = receptive_fields(g, input.name)
        for value in g.selected:
            # One output is one, whatever it is called.
            name = "output" if len(g.selected) == 1 else value.name
            yield from (((name, input.name, axis), field) for axis, field in _axes(found, value, input))


def _axes(fields: ReceptiveFields, value: Value, input: Value) -> Iterator[tuple[str, AxisField | str]]:
    try:
        yield from fields.at(value).axes.items()
    except ArchgraphError as error:
        yield from ((axis, f"– ({error.message})") for axis in input.type.positions)


def _change(pair: Pair, before: AxisField | str | None, after: AxisField | str | None) -> FieldChange:
    known = [axis for axis in (before, after) if isinstance(axis, AxisField)]
    same = len(known) == 2 and _sights(known[0]) == _sights(known[1])
    exact = len(known) == 2 and all(map(_exact, known))
    return FieldChange(*pair, _words(before), _words(after), (_since(before), _since(after)), same=same, exact=exact)


def _words(axis: AxisField | str | None) -> str:
    return "" if axis is None else str(axis)


def _since(axis: AxisField | str | None) -> str:
    return (axis.global_since or "") if isinstance(axis, AxisField) else ""


def _sights(axis: AxisField) -> list[Sight]:
    return [_sight(axis.of(kind)) for kind in _KINDS]


def _sight(axis: AxisField) -> Sight:
    """The sets that are read, without the names of nodes."""
    if axis.pieces:
        return tuple((first, last, _sight(part)) for first, last, part in axis.pieces)
    if not axis.settled:
        return (str(axis),)
    return (axis.is_global, axis.is_causal, axis.form, axis.stride, *(axis.map.at(n) for n in range(axis.period)))


def _exact(axis: AxisField) -> bool:
    parts = [part for _, _, part in axis.pieces] or [axis]
    return all(part.settled and part.exact for part in parts)
