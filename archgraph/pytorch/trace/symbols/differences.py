"""Lining up two recordings of one module at different sizes: the first step in which they differ."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archgraph.pytorch.trace.handlers.equations import summed_alone
from archgraph.pytorch.trace.recording.node import RecordedNode, Shaped
from archgraph.pytorch.trace.recording.operators import operator_of
from archgraph.pytorch.trace.recording.recording import Recording


@dataclass(frozen=True)
class Difference:
    """What one recording does otherwise than another.

    Attributes:
        rule: what differs; `{here}` and `{there}` stand for the sizes of the first and of the second recording.
        place: how many steps agree before it.
        path: the innermost module around it.
        line: the user's line, or nothing.
        hint: what helps.
        fails: the second recording came to no end.
    """

    rule: str
    place: int = 0
    path: str = ""
    line: str = ""
    hint: str = ""
    fails: bool = False

    def told(self, here: str, there: str) -> str:
        """Return the rule with sizes."""
        return self.rule.replace("{here}", here).replace("{there}", there)


class LinedUp:
    """Compares the steps of a recording with those of another, in order."""

    def __init__(self, first: Recording) -> None:
        self._first = first
        self._calls = first.calls
        self._places: dict[RecordedNode, int] = {node: place for place, node in enumerate(self._calls)}

    def follow(self, other: RecordedNode, place: int) -> Difference | None:
        """Return how a call differs from the one in its place, or None where it does not."""
        self._places[other] = place
        if place >= len(self._calls):
            return _of(f"{_runs(other)} at {{there}} only", other, place)
        node = self._calls[place]
        align_short_cuts(node, other)
        align_defaults(node, other)
        rule = self._step(node, other)
        if not rule:
            return None
        if rule is not OTHER:
            return _of(rule, other, place)
        # Steps that follow soon tell which side has one more: the message names what is missing, not what came next.
        if any(_same_call(other, later) for later in self._calls[place : place + 9]):
            return _of(f"{_runs(node)} at {{here}} only", node, place)
        if _called(node) == _called(other):
            return _of(f"{_runs(node)} at {{here}}, and in {_where(other)} at {{there}}", other, place)
        return _of(f"{_runs(other)} at {{there}} only", other, place)

    def finish(self, second: Recording) -> Difference | None:
        """Return the first difference of the results, and of all that is no call, or None."""
        if len(second.calls) < len(self._calls):
            missing = self._calls[len(second.calls)]
            return _of(f"{_runs(missing)} at {{here}} only", missing, len(second.calls))
        # Calls agree one by one, so that it is parameters or constants of which one recording has more.
        if len(self._first.nodes) != len(second.nodes):
            return Difference("other tensors of the module are read at {there}", len(self._calls))
        for place, (node, other) in enumerate(zip(self._first.nodes, second.nodes, strict=True)):
            rule = self._ends(node, other) or _result_differs(node.meta.get("val"), other.meta.get("val"))
            if rule:
                return _of(f"{_runs(node)} with {rule}", node, place)
        return None

    def _ends(self, node: RecordedNode, other: RecordedNode) -> str:
        if node.op != other.op or node.kind != other.kind:
            return OTHER
        if node.op == "placeholder":
            return "" if node.target == other.target else f"{node.target} at {{here}}, and {other.target} at {{there}}"
        return self._item("results", node.args, other.args, exact=False) if node.op == "output" else ""

    def _step(self, node: RecordedNode, other: RecordedNode) -> str:
        if not _same_call(node, other):
            return OTHER
        # The number of a result is no size: another number is another result.
        exact = node.target is operator.getitem
        for name, first, second in _arguments(node, other):
            rule = self._item(name, first, second, exact=exact)
            if rule:
                return f"{_called(node)} in {_where(node)} has {rule}"
        if _called(node) == "einsum" and _sums_alone(node) != _sums_alone(other):
            return f"einsum in {_where(node)} sums over one element at {{here}} or {{there}}, where it only multiplies"
        return ""

    def _item(self, name: str, first: Any, second: Any, *, exact: bool) -> str:
        """Compare two arguments: integers and other numbers may differ, and nothing else."""
        if isinstance(first, RecordedNode) or isinstance(second, RecordedNode):
            same = isinstance(first, RecordedNode) and isinstance(second, RecordedNode) and self._same(first, second)
            return "" if same else f"{name} from {_told(first)} at {{here}}, and from {_told(second)} at {{there}}"
        if isinstance(first, Mapping) and isinstance(second, Mapping):
            return self._items(name, list(first.items()), list(second.items()), exact=exact)
        if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
            return self._items(name, first, second, exact=exact)
        # A flag is an int in Python, and a flag that changes is another step.
        numbers = type(first) is type(second) and isinstance(first, (int, float)) and not isinstance(first, bool)
        if (numbers and not exact) or _equal(first, second):
            return ""
        return f"{name} {_told(first)} at {{here}}, and {_told(second)} at {{there}}"

    def _items(self, name: str, first: Sequence[Any], second: Sequence[Any], *, exact: bool) -> str:
        if len(first) != len(second):
            return f"{len(first)} {name} at {{here}}, and {len(second)} at {{there}}"
        rules = (self._item(name, a, b, exact=exact) for a, b in zip(first, second, strict=True))
        return next(filter(None, rules), "")

    def _same(self, first: RecordedNode, second: RecordedNode) -> bool:
        """Whether two operands are made by steps in the same place."""
        place = self._places.get(first)
        return first.name == second.name if place is None else place == self._places.get(second)


def align_short_cuts(node: RecordedNode, other: RecordedNode) -> None:
    """Write a slice that torch left out, for it takes all there is, as the slice that it is at other sizes."""
    for short, full in ((node, other), (other, node)):
        if _called(short) == "alias" and _called(full) == "slice" and len(full.args) > 1 and short.stack == full.stack:
            _, dim, start, _, *step = full.args
            source = short.args[0].meta["val"].shape
            # Only from the front and without a step can a slice have taken all there was.
            if start in (0, None) and step in ([], [1]) and isinstance(dim, int):
                short.target = full.target
                short.args = (short.args[0], dim, start, source[dim], *step)


def align_defaults(node: RecordedNode, other: RecordedNode) -> None:
    """Write out the arguments that one of two calls of an operator leaves out, for they have their default there."""
    if node.target == other.target and hasattr(node.target, "_schema"):
        for fewer, more in ((node, other), (other, node)):
            left_out = node.target._schema.arguments[len(fewer.args) : len(more.args)]
            fewer.args = (*fewer.args, *(argument.default_value for argument in left_out))


OTHER = "another operator"
"""Says that two steps have nothing in common."""


def _of(rule: str, node: RecordedNode, place: int) -> Difference:
    path = node.stack[-1].path if node.stack else ""
    return Difference(rule, place, path, node.line.short if node.line else "")


def _runs(node: RecordedNode) -> str:
    return f"{_called(node)} runs in {_where(node)}"


def _called(node: RecordedNode) -> str:
    if node.target is operator.getitem or not hasattr(node.target, "_schema"):
        return getattr(node.target, "__name__", str(node.target))
    return operator_of(node.target).name


def _sums_alone(node: RecordedNode) -> list[list[bool]]:
    equation, operands = node.args[:2]
    return summed_alone(equation, [operand.meta["val"].shape for operand in operands])


def _where(node: RecordedNode) -> str:
    return node.stack[-1].path if node.stack else "the root module"


def _same_call(node: RecordedNode, other: RecordedNode) -> bool:
    return node.target == other.target and node.stack == other.stack


def _arguments(node: RecordedNode, other: RecordedNode) -> Iterator[tuple[str, Any, Any]]:
    names = [a.name for a in node.target._schema.arguments] if hasattr(node.target, "_schema") else []
    for place, (first, second) in enumerate(zip(node.args, other.args, strict=False)):
        yield names[place] if place < len(names) else f"argument {place}", first, second
    yield "named arguments", list(node.kwargs), list(other.kwargs)
    for name, first in node.kwargs.items():
        yield name, first, other.kwargs.get(name)


def _equal(first: Any, second: Any) -> bool:
    try:
        return type(first) is type(second) and bool(first == second)
    except (RuntimeError, ValueError):
        return False


def _told(item: Any) -> str:
    text = item.name if isinstance(item, RecordedNode) else str(item)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _result_differs(first: Any, second: Any) -> str:
    if isinstance(first, Shaped) and isinstance(second, Shaped):
        if len(first.shape) != len(second.shape):
            return f"a result of {len(first.shape)} dimensions at {{here}}, and of {len(second.shape)} at {{there}}"
        same = first.dtype == second.dtype
        return "" if same else f"a result of {first.dtype} at {{here}}, and of {second.dtype} at {{there}}"
    if isinstance(first, tuple) and isinstance(second, tuple):
        if len(first) != len(second):
            return f"{len(first)} results at {{here}}, and {len(second)} at {{there}}"
        return next(filter(None, map(_result_differs, first, second)), "")
    return "" if type(first) is type(second) else "a result of another kind at {there}"
