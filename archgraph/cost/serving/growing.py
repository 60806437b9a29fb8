"""Which values of a graph grow by one place per token, and along which axis; who mixes tokens is found on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sympy import Expr

from archgraph.errors import QueryError
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.ops.attention import ScaledDotProductAttention
from archgraph.ops.reach import SAME, Along, AxisMap, Causal, Digits, Later, Listed, Reach, Window, Within
from archgraph.sizes.symbols import ONE, ZERO

TokenAxes = Mapping[Value, str]
"""Of values that grow, the axis of their tokens."""


@dataclass(frozen=True)
class View:
    """What queries read of the tokens before them: all, or so many up to their own."""

    window: Expr | None = None


def attended_axis(node: Node) -> str | None:
    """Return the one axis along which an attention reads other positions; None of another operation, or of several."""
    op = node.op.core
    if not isinstance(op, ScaledDotProductAttention) or len(node.inputs) != 3 or op.window is not None:
        return None
    axes = op.axes(node.types[0])
    return axes[0] if len(axes) == 1 else None


def causal_view(node: Node) -> View | None:
    """Return what an attention reads of the past; None where it reads what comes later, or no more is known."""
    op, axis = node.op.core, attended_axis(node)
    if not isinstance(op, ScaledDotProductAttention) or axis is None:
        return None
    if op.causal:
        return View(op.span)
    found = dict(op.mask or ()).get(axis)
    scored, asked = dict(op.scored or ()).get(axis), dict(op.asked or ()).get(axis)
    # A query with one key compares it with nothing, and keeps it all the same.
    alone = isinstance(scored, Later) and scored.map == found and (asked is None or isinstance(asked, Within))
    plain = op.scored in (None, op.mask) and op.asked is None
    return _view_of(found) if alone or plain else None


def _view_of(found: AxisMap | None) -> View | None:
    if isinstance(found, Causal) and found.ahead == ZERO:
        return View()
    if isinstance(found, Window) and found.stride == found.dilation == ONE and found.before == found.kernel - 1:
        return View(found.kernel)
    return None


def first_inputs(graph: Graph) -> frozenset[int] | None:
    """Return which inputs the queries of the first causal attention are made of, by index; None without one."""
    for member in graph.nodes:
        asked = _asked(member)
        if asked is not None:
            behind = _ancestors(graph, asked)
            return frozenset(index for index, value in enumerate(graph.inputs) if value in behind)
    return None


def _asked(member: Member) -> set[Value] | None:
    if isinstance(member, Node):
        return None if causal_view(member) is None else {member.inputs[0]}
    inside = first_inputs(member.body)
    return None if inside is None else {member.inputs[index] for index in inside}


def _ancestors(graph: Graph, values: set[Value]) -> set[Value]:
    found = set(values)
    for member in reversed(graph.nodes):
        if not found.isdisjoint(member.outputs):
            found.update(member.inputs)
    return found


def token_axis(graph: Graph) -> tuple[str, Expr]:
    """Return the axis along which the first causal attention reads, and its length.

    Raises:
        QueryError: there is none.
    """
    nodes = [node for _, node in graph.walk() if isinstance(node, Node) and causal_view(node) is not None]
    axis = attended_axis(nodes[0]) if nodes else None
    if axis is None:
        message = "nothing is known to be made token by token: no attention is causal, or its mask is not followed"
        raise QueryError(message, hint="what can be served is such as gpt2, llama and mixtral")
    return axis, nodes[0].types[0].size(axis)


@dataclass
class Growth:
    """Follows the axis of tokens through a graph, and refuses what cannot be made token by token.

    Attributes:
        length: tokens of the network as it is.
    """

    length: Expr

    def inside(self, repeat: Repeat, axes: TokenAxes, path: str) -> dict[Value, str]:
        """Return the axes of values in the body of a repeat: of the first iteration and of every later one."""
        pairs = zip(repeat.body.inputs, repeat.inputs, strict=True)
        given = {inner: axes[value] for inner, value in pairs if value in axes}
        found = self.follow(repeat.body, given, f"{path}.")
        again = {
            inner: found[value]
            for inner, value in zip(repeat.body.inputs, repeat.body.outputs, strict=False)
            if value in found and not repeat.once
        }
        if set(again) - set(given):
            found = self.follow(repeat.body, {**again, **given}, f"{path}.")
        return found

    def follow(self, graph: Graph, given: TokenAxes, prefix: str = "") -> dict[Value, str]:
        """Return the axes of tokens of every value that grows, from those of the inputs that do."""
        found = dict(given)
        for member in graph.nodes:
            if not any(value in found for value in member.inputs):
                continue
            path = f"{prefix}{member.name}"
            if isinstance(member, Repeat):
                inner = self.inside(member, found, path)
                pairs = zip(member.outputs, member.body.outputs, strict=True)
                found.update({value: inner[result] for value, result in pairs if result in inner})
            else:
                found.update(self._made(member, found, path))
        return found

    def _made(self, node: Node, axes: TokenAxes, path: str) -> Iterator[tuple[Value, str]]:
        if isinstance(node.op.core, ScaledDotProductAttention):
            return self._attended(node, axes, path)
        names = {
            name
            for value, reach in zip(node.inputs, node.reach, strict=True)
            if value in axes and reach.reads
            for name in [self._axis_after(axes[value], reach, path)]
        }
        return self._named(node, names, path)

    def _attended(self, node: Node, axes: TokenAxes, path: str) -> Iterator[tuple[Value, str]]:
        q, k, v = node.inputs[:3]
        if q not in axes or (k in axes) != (v in axes) or len(node.inputs) != 3:
            raise self._refused(path, "reads tokens with queries that do not grow by tokens")
        if k in axes and (causal_view(node) is None or {axes[q], axes[k], axes[v]} != {attended_axis(node)}):
            raise self._refused(path, "attends to tokens that come later, or by a mask that is not followed")
        return self._named(node, {axes[q]}, path)

    def _axis_after(self, axis: str, reach: Reach, path: str) -> str:
        if axis in reach.statistics:
            raise self._refused(path, "takes statistics over all tokens")
        name = self._same_place(axis, dict(reach.maps).get(axis))
        if name is None:
            raise self._refused(path, "mixes, picks or moves tokens, and what it keeps of the past is not known")
        return name

    def _same_place(self, axis: str, found: AxisMap | None) -> str | None:
        """Return the axis of results of which every position reads its own one at most; None where it is not so."""
        if isinstance(found, Along):
            return found.axis if found.map == SAME else None
        if isinstance(found, Digits) and len(found.parts) == 1:
            name, *part = found.parts[0]
            return name if part == [1, 1, self.length] else None
        own = isinstance(found, Listed) and not found.over and not found.alike and _only_own(found)
        return axis if found == SAME or own or isinstance(found, Within) else None

    def _named(self, node: Node, names: set[str], path: str) -> Iterator[tuple[Value, str]]:
        for name in names:
            for value in node.outputs:
                if len(names) > 1 or not value.type.has(name) or value.type.size(name) != self.length:
                    raise self._refused(path, "has results that are not one per token")
                yield value, name

    @staticmethod
    def _refused(path: str, why: str) -> QueryError:
        return QueryError(
            f"the network cannot be run token by token: {path} {why}", hint="a cache serves causal attention"
        )


def _only_own(found: Listed) -> bool:
    return all(mask in (0, 1 << index) for index, mask in enumerate(found.sets.masks))
