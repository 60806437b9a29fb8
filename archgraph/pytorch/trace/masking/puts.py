"""Steps that put values at known places of a tensor, in place or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.attention_patterns import name_of
from archgraph.pytorch.trace.masking.pads import is_low
from archgraph.pytorch.trace.masking.partial import Partial, constant_number
from archgraph.pytorch.trace.recording.node import RecordedNode

if TYPE_CHECKING:
    from torch import Tensor

PlaceValue: TypeAlias = Callable[[RecordedNode, object], object]
"""Gives the value of an argument of a step that decides where something is put."""
OperandState: TypeAlias = Callable[[RecordedNode, RecordedNode], Partial]
"""Gives what is known of an operand of a step, of its shape."""
PUTS: Mapping[str, tuple[str, ...]] = {
    "index_put": ("values",),
    "index_fill": ("value",),
    "index_copy": ("source",),
    "scatter": ("src", "value"),
    "slice_scatter": ("src",),
    "select_scatter": ("src",),
    "diagonal_scatter": ("src",),
    "masked_scatter": ("source",),
    "put": ("source",),
}
"""What each puts into its first operand."""
ADDS: Mapping[str, tuple[str, ...]] = {
    "scatter_add": ("src",),
    "scatter_reduce": ("src",),
    "index_add": ("source",),
    "index_reduce": ("source",),
}
"""The same, where it is joined with what is there."""


def puts_constants(step: RecordedNode) -> bool:
    """Whether constants are put that make a difference: any that replace elements, low ones that join them."""
    name, given = name_of(step), arguments(step)
    joins = name in ADDS or _joins(given)
    values = [_value(step, given[key]) for key in {**PUTS, **ADDS}.get(name, ()) if given.get(key) is not None]
    return any(value is not None and (is_low(value) or not joins) for value in values)


def arguments(step: RecordedNode) -> dict[str, object]:
    """Return the arguments of a step by name."""
    names = [argument.name for argument in step.target._schema.arguments]
    return dict(zip(names, step.args, strict=False)) | dict(step.kwargs)


def put(step: RecordedNode, operand: OperandState, known: PlaceValue) -> Partial:
    """Return what is known of a tensor after something was put into it.

    Raises:
        ArchgraphError: what is put is joined with what is there, or the places are not known.
    """
    given = arguments(step)
    if name_of(step) in ADDS or _joins(given):
        raise ArchgraphError("what is added to elements is not followed")
    state = _of(step, given["self"], operand)
    key = next(key for key in PUTS[name_of(step)] if given.get(key) is not None)
    value = _of(step, given[key], operand)
    rest = {name: known(step, item) for name, item in given.items() if name not in ("self", key)}
    places = rest.get("indices")
    if isinstance(places, list):
        rest["indices"] = [_place(place) for place in places]
    parts = [
        step.target(self=_own(part), **{key: _as_given(one, given[key])}, **rest)
        for part, one in zip(_parts(state), _parts(value), strict=True)
    ]
    return Partial(parts[0], parts[1], parts[2], state.counted or value.counted)


def _joins(given: Mapping[str, object]) -> bool:
    return bool(given.get("accumulate")) or given.get("reduce") is not None


def _value(step: RecordedNode, item: object) -> Tensor | float | None:
    if not isinstance(item, RecordedNode):
        return float(item) if isinstance(item, (int, float)) else None
    value = step.known_operand(item)
    return value if value is None or (value.numel() and not value.is_complex()) else None


def _of(step: RecordedNode, item: object, operand: OperandState) -> Partial:
    if isinstance(item, RecordedNode):
        return operand(step, item)
    if isinstance(item, (int, float)):
        return constant_number(item)
    raise ArchgraphError("what is put is not a real number")


def _as_given(part: Tensor, item: object) -> Tensor | float:
    return part if isinstance(item, RecordedNode) else part.item()


def _parts(state: Partial) -> tuple[Tensor, Tensor, Tensor]:
    return state.constant, state.live, state.doubtful


def _place(place: Tensor | None) -> Tensor | None:
    """Return places as an operator takes them; tests are no numbers of places."""
    if place is None:
        return None
    return place.bool() if str(place.dtype) in ("torch.bool", "torch.uint8") else place.long()


def _own(part: Tensor) -> Tensor:
    """Return a copy that an operator in place may write into: what is broadcast lies in memory once."""
    import torch

    return part.clone(memory_format=torch.contiguous_format)
