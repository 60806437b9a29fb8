"""From the tree of a reduced region to named forms: what joins, and how, says what stands beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from archgraph.outline.forms.absorbing import absorbed
from archgraph.outline.forms.dag import Dag
from archgraph.outline.forms.form import (
    NO_STEPS,
    Bypass,
    Collect,
    Gate,
    Leaf,
    Nest,
    OutlinePart,
    Parallel,
    Rereads,
    Residual,
    in_series,
    leaves_of,
)
from archgraph.outline.forms.region import Bundle, EdgeTree, Rope
from archgraph.outline.forms.unstacked import Asking, answered

_NESTED = 3
_Step: TypeAlias = OutlinePart | Bundle | float
"""A finished form, trees beside each other, or a vertex."""


class Naming:
    """Names the regions of one graph."""

    def __init__(self, dag: Dag) -> None:
        self.dag = dag
        self.number: dict[Leaf, int] = {vertex.leaf: index for index, vertex in enumerate(dag.vertices)}
        self._results: dict[int, set[int]] = {}
        for reads in dag.reads:
            for source, result in reads:
                self._results.setdefault(source, set()).add(result)

    def named(self, tree: EdgeTree) -> OutlinePart:
        """Return the form of a tree."""
        return answered(self._series(steps_of(tree)))

    def _series(self, steps: Sequence[_Step]) -> Asking[OutlinePart]:
        found: list[OutlinePart] = []
        joined: _Step | None = None
        for index, step in enumerate(steps):
            after = steps[index + 1] if index + 1 < len(steps) else None
            if isinstance(step, Bundle):
                joined = after if after == step.target and self.is_vertex(step.target) else None
                found.append((yield self._bundle(step, self._leaf(step.target) if joined is not None else None)))
            elif isinstance(step, OutlinePart):
                found.append(step)
            elif self.is_vertex(step) and step != joined:
                found.append(self._leaf(step))
        return in_series(absorbed(found, self._level))

    def is_vertex(self, vertex: float) -> bool:
        """Whether it is neither a terminal that was added nor a junction."""
        return 0 <= vertex < len(self.dag.vertices) and vertex == int(vertex)

    def _leaf(self, vertex: float) -> Leaf:
        return self.dag.vertices[int(vertex)].leaf

    def _level(self, leaf: Leaf) -> object:
        return self.dag.vertices[self.number[leaf]].level

    def _bundle(self, bundle: Bundle, join: Leaf | None) -> Asking[OutlinePart]:
        """Branches with what joins them, or stages that share one end or one beginning."""
        for kind, end in ((Collect, -1), (Rereads, 0)):
            stages, ways = _nested(bundle, end)
            if len(stages) >= _NESTED:
                return (yield self._nest(kind, stages, ways, join))
        branches: list[OutlinePart] = []
        for steps in self._ordered(map(steps_of, bundle.branches)):
            branches.append((yield self._series(steps)))
        return self._class(bundle, branches, join)(tuple(branches), join)

    def _nest(
        self, kind: type[Nest], stages: Sequence[Sequence[_Step]], ways: Sequence[Sequence[EdgeTree]], join: Leaf | None
    ) -> Asking[OutlinePart]:
        named: list[OutlinePart] = []
        own: list[OutlinePart] = []
        for stage, beside in zip(stages, ways, strict=True):
            named.append((yield self._series(stage)))
            found: list[OutlinePart] = []
            for steps in self._ordered(map(steps_of, beside)):
                found.append((yield self._series(steps)))
            own.append(found[0] if len(found) == 1 else Parallel(tuple(found)))
        return kind(tuple(named), tuple(own), join)

    def _ordered(self, branches) -> list[list[_Step]]:
        """Branches in the order of their first vertices, those that hold nothing first."""
        return sorted(branches, key=self._first)

    def _first(self, steps: Sequence[_Step]) -> float:
        if not steps:
            return -1
        step = steps[0]
        if isinstance(step, Bundle):
            return step.target
        return self.number[next(leaves_of(step))] if isinstance(step, OutlinePart) else step

    def _class(self, bundle: Bundle, branches: Sequence[OutlinePart], join: Leaf | None) -> type[Parallel]:
        """What branches are, whose join is known: a way past a body needs one real vertex that it comes from."""
        one = self.is_vertex(bundle.source) and len(self._results.get(int(bundle.source), ())) < 2
        if join is None or not one or len(branches) < 2:
            return Parallel
        how = self.dag.vertices[self.number[join]].join
        if any(map(self._silent, branches)):
            return {"add": Residual, "multiply": Gate}.get(how, Bypass)
        heavy = [self._heavy(branch) for branch in branches]
        return Residual if how == "add" and sum(count < 2 for count in heavy) == 1 else Parallel

    def _silent(self, form: OutlinePart) -> bool:
        """Whether a way holds nothing but what crops or hands on."""
        return all(self.dag.vertices[self.number[leaf]].silent for leaf in leaves_of(form))

    def _heavy(self, form: OutlinePart) -> int:
        return sum(self.dag.vertices[self.number[leaf]].heavy for leaf in leaves_of(form))


def steps_of(tree: EdgeTree) -> list[_Step]:
    """Return what stands one after another in a tree."""
    found: list[_Step] = []
    waiting: list[EdgeTree | float] = [tree]
    while waiting:
        step = waiting.pop()
        if isinstance(step, Rope):
            waiting += (step.right, step.vertex, step.left)
        elif step is not NO_STEPS:
            found.append(step)
    return found


def _nested(bundle: Bundle, end: int) -> tuple[list[list[_Step]], list[list[EdgeTree]]]:
    """The stages of regions in regions with the same end (-1) or the same beginning (0), and the ways beside them.

    From the outside inwards for one end, which is the order of the data; for one beginning that is turned round.
    """
    stages: list[list[_Step]] = []
    ways: list[list[EdgeTree]] = []
    current: Bundle | None = bundle
    while current is not None:
        steps = [steps_of(branch) for branch in current.branches]
        inner = [_same(bundle, step[end], end) if step else None for step in steps]
        going = [index for index, one in enumerate(inner) if one is not None]
        index = going[0] if len(going) == 1 else max(range(len(steps)), key=lambda one: len(steps[one]))
        if len(going) > 1 or (not going and len(current.branches) > 2):
            if stages:
                stages[-1] = [*stages[-1], current] if end else [current, *stages[-1]]
            break
        ways.append([branch for number, branch in enumerate(current.branches) if number != index])
        current = inner[index]
        stage = steps[index]
        stages.append(stage if current is None else stage[:-1] if end else stage[1:])
    return (stages, ways) if end else (stages[::-1], ways[::-1])


def _same(bundle: Bundle, step: _Step, end: int) -> Bundle | None:
    """The step, if it is a region with the end that is asked for in common."""
    if not isinstance(step, Bundle):
        return None
    return step if (step.target == bundle.target if end else step.source == bundle.source) else None
