"""Which output paths lead to: an operation of one iteration, or a value of the network itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

from archgraph.errors import QueryError
from archgraph.fields.paths.frames import Frame
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.graph.locate import members
from archgraph.sizes.exact import Evaluate


@dataclass(frozen=True)
class PathTarget:
    """An output, behind the iterations of repeats that it lies in.

    Attributes:
        value: the output.
        name: its path in the network without repeats.
        around: the repeats with the number of the iteration, outermost first.
    """

    value: Value
    name: str
    around: tuple[tuple[Repeat, int], ...] = ()

    def inside(self, repeat: Repeat, index: int, count: int) -> PathTarget:
        """Return the same seen from outside of one of some iterations."""
        name = f"{label(repeat, index, count)}.{self.name}"
        return replace(self, name=name, around=((repeat, index), *self.around))

    def frames(self, top: Frame) -> list[Frame]:
        """Return the frames it lies in, outermost first."""
        frames = [top]
        for repeat, index in self.around:
            frames.append(frames[-1].inside[repeat].at(index))
        return frames


def label(repeat: Repeat, index: int, count: int) -> str:
    """Return the name of one of some iterations, as operations have it in the network without repeats."""
    return repeat.name if count == 1 else f"{repeat.name}.{index}"


def target(graph: Graph, node: str | Value | None, evaluate: Evaluate) -> PathTarget:
    """Return what is asked for.

    Args:
        graph: the network.
        node: the path of an operation or scope, of which the last operation counts; or a value of the network; by
            default its only output.
        evaluate: gives the value of a size.

    Raises:
        QueryError: there is no such node, or it holds no operation.
    """
    if not isinstance(node, str):
        value = node
        if value is None:
            (maker,) = members(graph, None)
            value = next(output for output in maker.outputs if output in graph.outputs)
        return _of_value(graph, value, evaluate)
    found = _at(graph, node, evaluate)
    if found is None:
        members(graph, node)
        raise QueryError(f"'{node}' holds no operation of the flat network")
    return found


def _of_value(graph: Graph, value: Value, evaluate: Evaluate) -> PathTarget:
    """Return a value of a graph as the output of the operation that gives it at last."""
    maker = next((member for member in graph.nodes if value in member.outputs), None)
    if not isinstance(maker, Repeat):
        return PathTarget(value, value.name)
    place, count = maker.outputs.index(value), evaluate(maker.iterations)
    if not count:
        return _of_value(graph, maker.inputs[place], evaluate)
    inner = maker.body.outputs[place]
    # What a body passes on as it is has no operation that gives it there.
    if inner in maker.body.inputs:
        return PathTarget(value, value.name)
    return _of_value(maker.body, inner, evaluate).inside(maker, count - 1, count)


def _at(graph: Graph, path: str, evaluate: Evaluate) -> PathTarget | None:
    """Return the last operation of what a path names, None where it names nothing."""
    named = {member.name: member for member in graph.nodes}
    end = len(path)
    while end > 0:
        member = named.get(path[:end])
        found = None if member is None else _within(member, path[end + 1 :], evaluate)
        if found is not None:
            return found
        end = path.rfind(".", 0, end)
    return None


def _within(member: Member, rest: str, evaluate: Evaluate) -> PathTarget | None:
    if isinstance(member, Node):
        return None if rest else PathTarget(member.outputs[0], member.outputs[0].name)
    count = evaluate(member.iterations)
    if count == 1 or not rest:
        return _inside(member, count - 1, count, rest, evaluate) if count else None
    number, _, rest = rest.partition(".")
    if not number.isdecimal() or int(number) >= count or str(int(number)) != number:
        return None
    return _inside(member, int(number), count, rest, evaluate)


def _inside(repeat: Repeat, index: int, count: int, rest: str, evaluate: Evaluate) -> PathTarget | None:
    found = _at(repeat.body, rest, evaluate) if rest else _last(repeat.body, evaluate)
    return None if found is None else found.inside(repeat, index, count)


def _last(graph: Graph, evaluate: Evaluate) -> PathTarget | None:
    each = (_within(member, "", evaluate) for member in reversed(graph.nodes))
    return next(filter(None, each), None)
