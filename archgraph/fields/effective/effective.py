"""The effective receptive field at initialisation: where the gradient's power goes before anything is learned.

Weights are random with fan-in normalised variance, so that the power spreads over all paths: equally over the taps
of a convolution, over summands by the power of their branches, over concatenated values by their share of the
channels. Norms, gates and attention scores are held fixed, activations taken as linear.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import fsum, sqrt
from typing import TypeAlias

from sympy import Integer

from archgraph.errors import QueryError, ShapeError
from archgraph.fields.effective.walk import Walk, Walks, joined_walks, then
from archgraph.fields.rules.axis_maps import rule_of
from archgraph.fields.rules.axis_rule import AxisView, Driver
from archgraph.fields.sets.iterate import power
from archgraph.fields.sets.spread import MOST_WEIGHTS, STAY, Spread, SpreadMap, blended
from archgraph.graph.fold import Fold, iterations
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.ops.reach import AxisMap, Reach, at_sizes
from archgraph.report.by_axis import ByAxis
from archgraph.sizes.exact import Evaluate

_MOST_ITERATIONS, _MOST_STEPS = 1000, 200_000


@dataclass(frozen=True)
class Effective:
    """The effective receptive field along one axis, at initialisation, in elements of the input.

    Attributes:
        sigma: the standard deviation of the gradient's power about its mean, over the phases.
        width: the length of its middle 95 %.
        normal: whether the width is that of a normal distribution, the field being too long to keep.
        reason: why there are no numbers.
    """

    sigma: float | None
    width: float | None
    normal: bool = False
    reason: str = ""

    def __str__(self) -> str:
        if self.sigma is None or self.width is None:
            return self.reason or "nothing"
        return f"sigma {self.sigma:.2f}, 95 % within {self.width:.1f} (at initialisation)"


@dataclass(frozen=True, repr=False)
class EffectiveField(ByAxis[Effective]):
    """The effective receptive field of one node; an axis is an attribute or a key: `field.h.sigma`, `field["h"]`.

    Attributes:
        axes: the field along every axis of the input.
    """

    axes: Mapping[str, Effective]

    def __repr__(self) -> str:
        return "\n".join(f"{name}  {field}" for name, field in self.axes.items())


def effective(walk: Walk | str | None, extent: int) -> Effective:
    """Return the numbers of the walks along an axis of some extent."""
    if walk is None or isinstance(walk, str):
        return Effective(None, None, reason=walk or "")
    phases = [_with_even(phase, walk.even, extent) for phase in (walk.local.phases if walk.local else (None,))]
    mass = fsum(phase.mass for phase in phases)
    if not mass:
        return Effective(None, None)
    sigma = sqrt(fsum(phase.mass * phase.variance for phase in phases) / mass)
    width = fsum(phase.mass * phase.width for phase in phases) / mass
    return Effective(sigma, min(width, float(extent)), any(phase.weights is None for phase in phases))


def _with_even(local: Spread | None, even: float, extent: int) -> Spread:
    """Return a distribution together with what is spread evenly over the axis about its centre."""
    place = 0 if local is None else round(local.mean) - extent // 2
    weights = array("d", [even / extent]) * extent if extent <= MOST_WEIGHTS else None
    whole = Spread(even, place + (extent - 1) / 2, (extent**2 - 1) / 12, place, weights)
    return blended([whole] if local is None else [local, whole])


class _Steps:
    """Counts the operations of a walk at most; blocks that call blocks may have more than anybody can walk through."""

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self._known: dict[Graph, int] = {}

    def of(self, graph: Graph) -> int:
        if graph not in self._known:
            self._known[graph] = sum(map(self._member, graph.nodes))
        return self._known[graph]

    def _member(self, member: Member) -> int:
        if isinstance(member, Node):
            return 1
        return min(self._evaluate(member.iterations), _MOST_ITERATIONS) * self.of(member.body)


BodyPowers: TypeAlias = "dict[tuple[Graph, str, int | None, int], Walk | str]"
"""The walk through so many iterations of a body, by the axis that it begins on and the digit of it."""


class EffectiveFields(Fold[Walks]):
    """The walks from every value of a network to one of its inputs.

    Args:
        graph: the traced graph.
        input: the input.
        evaluate: gives the value of a size.
        axes: the axes of the input to walk along, by default all.
    """

    def __init__(
        self,
        graph: Graph,
        input: Value,
        evaluate: Evaluate,
        axes: Sequence[str] = (),
    ) -> None:
        self.input = input
        self._powers: BodyPowers = {}
        self._bodies: dict[tuple[Graph, str, int | None], Walk | str] = {}
        self._operands: dict[str, tuple[Walks, ...]] = {}
        self._evaluate = evaluate
        steps = _Steps(evaluate).of(graph)
        start = {axis: Walk(axis, STAY) for axis in axes or input.type.positions}
        begin: Walks = start if steps <= _MOST_STEPS else dict.fromkeys(start, "too many operations to walk through")
        self._members: dict[str, Walks] = {}
        # Of the member that is walked through; nothing inside of repeats, where a path stands for many values.
        self._path: str | None = ""
        if steps > _MOST_STEPS:
            self._values = {value: begin for member in graph.nodes for value in member.outputs}
            return
        self._values = self.run(graph, tuple(begin if value is input else {} for value in graph.inputs))
        self._path = None

    def of(self, path: str) -> dict[str, Effective] | None:
        """Return the same for the first output of a member by its path, None where it lies in a repeat."""
        walks = self._members.get(path)
        return None if walks is None else self._numbers(walks)

    def behind(self, path: str, repeat: Repeat, times: int) -> dict[str, Effective] | None:
        """Return the same for a repeat by its path behind its first iterations, None where it lies in another."""
        operands = self._operands.get(path)
        if operands is None:
            return None
        return self._numbers(self._outputs(replace(repeat, count=Integer(times)), operands)[0])

    def at(self, value: Value) -> dict[str, Effective]:
        """Return the effective field of a value of the network's own graph, by axis of the input."""
        return self._numbers(self._values[value])

    def _numbers(self, walks: Walks) -> dict[str, Effective]:
        sizes = self.input.type
        return {axis: effective(walks.get(axis), self._evaluate(sizes.size(axis))) for axis in sizes.positions}

    def member(self, member: Member, operands: tuple[Walks, ...]) -> tuple[Walks, ...]:
        """Return the walks of the outputs, and remember those of the first one by the member's path."""
        outer = self._path
        self._path = None if outer is None else f"{outer}.{member.name}" if outer else member.name
        outputs = self._outputs(member, operands)
        if self._path is not None:
            self._members[self._path], self._operands[self._path] = outputs[0], operands
        self._path = outer
        return outputs

    def _outputs(self, member: Member, operands: tuple[Walks, ...]) -> tuple[Walks, ...]:
        return super().member(member, operands) if any(operands) else ({},) * len(member.outputs)

    def node(self, node: Node, operands: tuple[Walks, ...]) -> tuple[Walks, ...]:
        """Return the walks of every output of an operation."""
        try:
            reaches = at_sizes(node.reach, self._evaluate)
        except ShapeError as error:
            return (dict.fromkeys(self.input.type.positions, error.message),) * len(node.outputs)
        return tuple(self._output(node, index, reaches, operands) for index in range(len(node.outputs)))

    def repeat(self, repeat: Repeat, operands: tuple[Walks, ...]) -> tuple[Walks, ...]:
        """Return the walks behind the last iteration: a power of the body's where one value is carried alone."""
        count, carried, path = self._evaluate(repeat.iterations), len(repeat.outputs), self._path
        if count == 1:
            return self.outputs(repeat.body, operands)
        self._path = None
        if carried > 1 or any(operands[1:]):
            outputs = self._iterated(repeat, operands, count)
        else:
            outputs = ({axis: self._power(repeat, walk, count) for axis, walk in operands[0].items()},)
        self._path = path
        return outputs

    def _iterated(self, repeat: Repeat, operands: tuple[Walks, ...], count: int) -> tuple[Walks, ...]:
        carried = len(repeat.outputs)
        if count > _MOST_ITERATIONS:
            return (dict.fromkeys(self.input.type.positions, "too many iterations"),) * carried
        steps = iterations(lambda given: self.outputs(repeat.body, given), operands)
        return next(islice(steps, count, None))[:carried]

    def _output(self, node: Node, index: int, reaches: tuple[Reach, ...], operands: tuple[Walks, ...]) -> Walks:
        result: dict[str, Walk | str] = {}
        for number, (reach, walks) in enumerate(zip(reaches, operands, strict=True)):
            unread = not reach.reads or reach.gate or reach.power == "none"
            if unread or (reach.outputs is not None and index not in reach.outputs):
                continue
            for axis, walk in walks.items():
                new = self._stepped(node, number, index, reach, walk)
                result[axis] = joined_walks(result.get(axis), new)
        return result

    def _stepped(self, node: Node, number: int, output: int, reach: Reach, walk: Walk | str) -> Walk | str:
        if isinstance(walk, str):
            return walk
        operand, maps = node.types[number], dict(reach.maps)
        factor = float(reach.share) if reach.share.is_Number else self._fraction(reach)
        for axis in operand.positions:
            view = AxisView(axis, axis, operand.size(axis), node.outputs[output].type, output, self._evaluate)
            if axis != walk.axis:
                taken = rule_of(maps[axis]).taps(reach.power, view)
                factor *= 1.0 if taken is None else taken.mass
                continue
            moved = self._along(walk, maps[axis], reach, view)
            if isinstance(moved, str):
                return moved
            walk = moved
        return walk.scaled(factor)

    def _fraction(self, reach: Reach) -> float:
        numerator, denominator = reach.share.as_numer_denom()
        return self._evaluate(numerator) / self._evaluate(denominator)

    def _along(self, walk: Walk, read: AxisMap, reach: Reach, view: AxisView) -> Walk | str:
        rule = rule_of(read)
        taken = rule.taps(reach.power, view)
        if taken is None:
            return f"no walk through {type(read).__name__.lower()}"
        driver = rule.driver(Driver(walk.axis, walk.digit), self._evaluate)
        if driver is None:
            return "an axis is cut into digits"
        if isinstance(taken, SpreadMap) and walk.digit is not None:
            if taken.phases[0].variance:
                return "positions of a flattened axis are mixed"
            return replace(walk, axis=driver.axis, digit=driver.digit)
        return replace(walk.through(taken), axis=driver.axis, digit=driver.digit)

    def _power(self, repeat: Repeat, walk: Walk | str, count: int) -> Walk | str:
        if isinstance(walk, str) or (walk.axis and not repeat.body.inputs[0].type.has(walk.axis)):
            return walk
        key = (repeat.body, walk.axis, walk.digit, count)
        if key not in self._powers:
            self._powers[key] = self._body_power(repeat, Walk(walk.axis, STAY, 0.0, walk.digit), count)
        many = self._powers[key]
        try:
            return many if isinstance(many, str) else then(walk, many)
        except QueryError as error:
            return error.message

    def _body_power(self, repeat: Repeat, begin: Walk, count: int) -> Walk | str:
        key = (repeat.body, begin.axis, begin.digit)
        if key not in self._bodies:
            self._bodies[key] = self._body(repeat, begin)
        body = self._bodies[key]
        if isinstance(body, str):
            return body
        try:
            return power(body, count, begin, then)
        except QueryError as error:
            return error.message

    def _body(self, repeat: Repeat, begin: Walk) -> Walk | str:
        """Return the walk through a body once, or why there is none."""
        nothing: tuple[Walks, ...] = ({},) * (len(repeat.inputs) - 1)
        return self.outputs(repeat.body, ({begin.axis: begin}, *nothing))[0].get(begin.axis) or "nothing"
