"""Finding nodes and inputs of a graph by name."""

from __future__ import annotations

from collections.abc import Iterator

from archgraph.errors import QueryError, did_you_mean
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value


def members(graph: Graph, node: str | Value | None) -> tuple[Member, ...]:
    """Return the node that is asked for, behind the repeats that it lies in.

    Args:
        graph: the network.
        node: a dotted path, or a value of the network's own graph; by default the graph's only output.

    Raises:
        QueryError: there is no such node, or the graph has several outputs.
    """
    path = node if isinstance(node, str) else _maker(graph, node)
    found, rest = _find(graph, path, path)
    chain = [found]
    while rest:
        if not isinstance(found, Repeat):
            raise QueryError(f"'{path[: -len(rest) - 1]}' is a single operation: nothing lies inside it")
        found, rest = _find(found.body, rest, path)
        chain.append(found)
    return tuple(chain)


def output_asked(member: Member, node: str | Value | None) -> int | None:
    """Return which of the several outputs of a member was asked for, by number; None where it has one, or all were."""
    several = isinstance(node, Value) and len(member.outputs) > 1
    return member.outputs.index(node) if several else None


def _maker(graph: Graph, value: Value | None) -> str:
    """Return the name of the node that gives a value, by default the only one that gives an output."""
    if value in graph.inputs:
        raise _of_input(value.name)
    outputs = graph.outputs if value is None else (value,)
    makers = [member.name for member in graph.nodes if set(member.outputs).intersection(outputs)]
    if len(makers) != 1:
        names = ", ".join(makers) or "none"
        raise QueryError(f"name the node of the receptive field; those that give an output: {names}")
    return makers[0]


def _find(graph: Graph, path: str, asked: str) -> tuple[Member, str]:
    """Return the node of this graph that a path begins with, and the rest of the path."""
    named = {member.name: member for member in graph.nodes}
    end = len(path)
    while end > 0:
        if path[:end] in named:
            return named[path[:end]], path[end + 1 :]
        end = path.rfind(".", 0, end)
    if asked in {value.name for value in graph.inputs}:
        raise _of_input(asked)
    raise QueryError(f"no node '{asked}'.{did_you_mean(path.split('.', 1)[0], named)}")


def _of_input(name: str) -> QueryError:
    return QueryError(f"'{name}' is an input: each of its positions reads itself alone, and no node gives it")


def input_named(graph: Graph, name: str | None) -> Value:
    """Return an input by its name, by default the only one with positions.

    Raises:
        QueryError: there is no such input, or none was named and several have positions.
    """
    inputs = {value.name: value for value in graph.inputs}
    if name is not None and name not in inputs:
        hint = f"inputs: {', '.join(inputs)}"
        raise QueryError(f"no input '{name}'.{did_you_mean(name, inputs)}", hint=hint)
    if name is not None:
        return inputs[name]
    placed = [value for value in graph.inputs if value.type.positions]
    if not placed:
        raise QueryError("no input has positions", hint="an axis besides its channels, such as n: x: {n: 128, c: 3}")
    if len(placed) > 1:
        names = ", ".join(value.name for value in placed)
        hint = f"input={placed[0].name!r}, or --input {placed[0].name}"
        raise QueryError(f"name the input of the receptive field; those with positions: {names}", hint=hint)
    return placed[0]


def axis_named(input: Value, axis: str | None) -> str:
    """Return an axis of an input, by default its first.

    Raises:
        QueryError: the input has no such axis, or no positions at all.
    """
    axes = input.type.positions
    if not axes:
        raise QueryError(f"the input '{input.name}' has no positions")
    if axis is not None and axis not in axes:
        hint = f"axes: {', '.join(axes)}"
        raise QueryError(f"the input '{input.name}' has no axis '{axis}'.{did_you_mean(axis, axes)}", hint=hint)
    return axis or axes[0]


def checked_distance(distance: int) -> int:
    """Return a distance between positions.

    Raises:
        QueryError: it is negative.
    """
    if distance < 0:
        raise QueryError(f"a distance is at least 0, not {distance}")
    return distance


def find_member(graph: Graph, path: str) -> tuple[Member, tuple[Repeat, ...]]:
    """Return a node or scope by dotted path, and the repeats around it, outermost first.

    Raises:
        QueryError: there is no such path, with the nearest that exists.
    """
    scope, around, rest = graph, list[Repeat](), path
    while True:
        names = {node.name: node for node in scope.nodes}
        name = next((name for name in _prefixes(rest) if name in names), None)
        if name is None:
            here = path[: len(path) - len(rest)]
            near = did_you_mean(rest, names) or did_you_mean(rest.split(".")[0], names)
            raise QueryError(
                f"there is no node or scope '{path}'.{near}",
                hint=f"in {here or 'the network '}: {', '.join(names)}",
            )
        member, rest = names[name], rest[len(name) + 1 :]
        if not rest:
            return member, tuple(around)
        if isinstance(member, Node):
            raise QueryError(f"'{path[: len(path) - len(rest) - 1]}' is an operation: nothing stands inside it")
        around.append(member)
        scope = member.body


def _prefixes(path: str) -> Iterator[str]:
    """Yield the path, then ever shorter parts of it up to a dot: names of values may hold dots in indices."""
    end = len(path)
    while end > 0:
        yield path[:end]
        end = path.rfind(".", 0, end)
