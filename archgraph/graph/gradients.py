"""Where gradients flow in a graph: which values need one, and which get one from the outputs that are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from archgraph.graph.execution import has_trained_weights
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value

Flags: TypeAlias = tuple[bool, ...]
"""For every input or output of a graph, whether a gradient flows into it."""


@dataclass(frozen=True, eq=False)
class GradientPaths:
    """Where gradients flow in one graph.

    Attributes:
        flowing: values that need a gradient, because some trained weight is behind them.
        reached: those of them that get one: a result that is detached, compared or dropped gives none back.
    """

    flowing: frozenset[Value]
    reached: frozenset[Value]

    def flags(self, values: tuple[Value, ...]) -> Flags:
        """Return which of some values need a gradient."""
        return tuple(value in self.flowing for value in values)

    def wanted(self, values: tuple[Value, ...]) -> Flags:
        """Return which of some values get a gradient."""
        return tuple(value in self.reached for value in values)

    def is_on_the_way_back(self, member: Member) -> bool:
        """Whether a member has a backward pass here, so that it keeps what it needs for it."""
        return not self.reached.isdisjoint(member.outputs)


@dataclass
class GradientFlow:
    """Finds where gradients flow, and remembers it for every body.

    >>> from archgraph import load
    >>> graph = load("conv_stack").graph
    >>> found = GradientFlow().of(graph, (False,), (True,))
    >>> found.flags((*graph.inputs, *graph.outputs))
    (False, True)
    """

    _known: dict[tuple[Graph, Flags, Flags], GradientPaths] = field(default_factory=dict)
    _flowing: dict[tuple[Graph, Flags], frozenset[Value]] = field(default_factory=dict)

    def of(self, graph: Graph, inputs: Flags, wanted: Flags) -> GradientPaths:
        """Return where gradients flow, given the inputs that need one and the outputs that get one."""
        key = (graph, inputs, wanted)
        if key not in self._known:
            flowing = self.flowing(graph, inputs)
            self._known[key] = GradientPaths(flowing, self._reached(graph, flowing, wanted))
        return self._known[key]

    # -- forwards ----------------------------------------------------------------------------------------

    def flowing(self, graph: Graph, inputs: Flags) -> frozenset[Value]:
        """Return the values that need a gradient."""
        key = (graph, inputs)
        if key not in self._flowing:
            found = {value for value, flag in zip(graph.inputs, inputs, strict=True) if flag}
            for member in graph.nodes:
                found.update(self._made(member, found))
            self._flowing[key] = frozenset(found)
        return self._flowing[key]

    def _made(self, member: Member, flowing: set[Value]) -> set[Value]:
        if isinstance(member, Repeat):
            flags = tuple(value in flowing for value in member.inputs)
            if member.count == 0:
                return {value for value, flag in zip(member.outputs, flags, strict=False) if flag}
            *_, later = self.entering(member, flags)
            inside = self.flowing(member.body, later)
            pairs = zip(member.outputs, member.body.outputs, strict=True)
            return {value for value, inner in pairs if inner in inside}
        needed = not flowing.isdisjoint(member.inputs) or has_trained_weights(member)
        if member.no_grad or member.op.core.stops or not needed:
            return set()
        return {value for value in member.outputs if value.type.has_gradient}

    def entering(self, repeat: Repeat, flags: Flags) -> tuple[Flags, Flags]:
        """Return which inputs need a gradient in the first iteration, and in all later ones."""
        if repeat.once or repeat.experts is not None:
            return flags, flags
        later = flags
        # Where gradients flow out of an iteration, they flow into the next one; each turn adds at least one.
        for _ in flags:
            inside = self.flowing(repeat.body, later)
            out = tuple(value in inside for value in repeat.body.outputs)
            later = tuple(a or b for a, b in zip(later, (*out, *later[len(out) :]), strict=True))
        return flags, later

    # -- backwards ---------------------------------------------------------------------------------------

    def _reached(self, graph: Graph, flowing: frozenset[Value], wanted: Flags) -> frozenset[Value]:
        found = {value for value, flag in zip(graph.outputs, wanted, strict=True) if flag and value in flowing}
        for member in reversed(graph.nodes):
            if not found.isdisjoint(member.outputs):
                found.update(self._given(member, flowing, found))
        return frozenset(found)

    def _given(self, member: Member, flowing: frozenset[Value], reached: set[Value]) -> set[Value]:
        if isinstance(member, Node):
            return set(flowing.intersection(member.inputs))
        flags = tuple(value in flowing for value in member.inputs)
        wanted = tuple(value in reached for value in member.outputs)
        if member.count == 0:
            return {value for value, flag in zip(member.inputs, wanted, strict=False) if flag}
        inside = self.of(member.body, self.entering(member, flags)[1], self.leaving(member, wanted))
        pairs = zip(member.inputs, member.body.inputs, strict=True)
        return {value for value, inner in pairs if inner in inside.reached and value in flowing}

    @staticmethod
    def leaving(repeat: Repeat, wanted: Flags) -> Flags:
        """Return which outputs of a body get a gradient; those of a body that is iterated all may."""
        return wanted if repeat.once or not any(wanted) else (True,) * len(wanted)
