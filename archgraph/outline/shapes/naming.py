"""From the tree of a reduced region to named shapes: what joins, and how, says what stands beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from archgraph.outline.shapes.absorbing import absorbed
from archgraph.outline.shapes.dag import Dag
from archgraph.outline.shapes.kernel import Bundle, Rope, Tree
from archgraph.outline.shapes.shape import (
    EMPTY,
    Collect,
    Gate,
    Leaf,
    Nest,
    Parallel,
    Rereads,
    Residual,
    Shape,
    Skip,
    in_series,
    leaves,
)
from archgraph.outline.shapes.unstacked import Asking, answered

_NESTED = 3
Step: TypeAlias = Shape | Bundle | float
"""A finished shape, trees beside each other, or a vertex."""


class Naming:
    """Names the regions of one graph."""

    def __init__(self, dag: Dag) -> None:
        self.dag = dag
        self.number = {vertex.leaf: index for index, vertex in enumerate(dag.vertices)}
        self._results: dict[int, set[int]] = {}
        for reads in dag.reads:
            for source, result in reads:
                self._results.setdefault(source, set()).add(result)

    def named(self, tree: Tree) -> Shape:
        """Return the shape of a tree."""
        return answered(self._series(steps_of(tree)))

    def _series(self, steps: Sequence[Step]) -> Asking[Shape]:
        found: list[Shape] = []
        joined: Step | None = None
        for index, step in enumerate(steps):
            after = steps[index + 1] if index + 1 < len(steps) else None
            if isinstance(step, Bundle):
                joined = after if after == step.target and self.is_vertex(step.target) else None
                found.append((yield self._bundle(step, self._leaf(step.target) if joined is not None else None)))
            elif isinstance(step, Shape):
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

    def _bundle(self, bundle: Bundle, join: Leaf | None) -> Asking[Shape]:
        """Branches with what joins them, or stages that share one end or one beginning."""
        for kind, end in ((Collect, -1), (Rereads, 0)):
            stages, ways = _nested(bundle, end)
            if len(stages) >= _NESTED:
                return (yield self._nest(kind, stages, ways, join))
        branches: list[Shape] = []
        for steps in self._ordered(map(steps_of, bundle.branches)):
            branches.append((yield self._series(steps)))
        return self._class(bundle, branches, join)(tuple(branches), join)

    def _nest(
        self, kind: type[Nest], stages: Sequence[Sequence[Step]], ways: Sequence[Sequence[Tree]], join: Leaf | None
    ) -> Asking[Shape]:
        named: list[Shape] = []
        own: list[Shape] = []
        for stage, beside in zip(stages, ways, strict=True):
            named.append((yield self._series(stage)))
            found: list[Shape] = []
            for steps in self._ordered(map(steps_of, beside)):
                found.append((yield self._series(steps)))
            own.append(found[0] if len(found) == 1 else Parallel(tuple(found)))
        return kind(tuple(named), tuple(own), join)

    def _ordered(self, branches) -> list[list[Step]]:
        """Branches in the order of their first vertices, those that hold nothing first."""
        return sorted(branches, key=self._first)

    def _first(self, steps: Sequence[Step]) -> float:
        if not steps:
            return -1
        step = steps[0]
        if isinstance(step, Bundle):
            return step.target
        return self.number[next(leaves(step))] if isinstance(step, Shape) else step

    def _class(self, bundle: Bundle, branches: Sequence[Shape], join: Leaf | None) -> type[Parallel]:
        """What branches are, whose join is known: a way past a body needs one real vertex that it comes from."""
        one = self.is_vertex(bundle.source) and len(self._results.get(int(bundle.source), ())) < 2
        if join is None or not one or len(branches) < 2:
            return Parallel
        how = self.dag.vertices[self.number[join]].join
        if any(map(self._silent, branches)):
            return {"add": Residual, "multiply": Gate}.get(how, Skip)
        heavy = [self._heavy(branch) for branch in branches]
        return Residual if how == "add" and sum(count < 2 for count in heavy) == 1 else Parallel

    def _silent(self, shape: Shape) -> bool:
        """Whether a way holds nothing but what crops or hands on."""
        return all(self.dag.vertices[self.number[leaf]].silent for leaf in leaves(shape))

    def _heavy(self, shape: Shape) -> int:
        return sum(self.dag.vertices[self.number[leaf]].heavy for leaf in leaves(shape))


def steps_of(tree: Tree) -> list[Step]:
    """Return what stands one after another in a tree."""
    found: list[Step] = []
    waiting: list[Tree | float] = [tree]
    while waiting:
        step = waiting.pop()
        if isinstance(step, Rope):
            waiting += (step.right, step.vertex, step.left)
        elif step is not EMPTY:
            found.append(step)
    return found


def _nested(bundle: Bundle, end: int) -> tuple[list[list[Step]], list[list[Tree]]]:
    """The stages of regions in regions with the same end (-1) or the same beginning (0), and the ways beside them.

    From the outside inwards for one end, which is the order of the data; for one beginning that is turned round.
    """
    stages: list[list[Step]] = []
    ways: list[list[Tree]] = []
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


def _same(bundle: Bundle, step: Step, end: int) -> Bundle | None:
    """The step, if it is a region with the end that is asked for in common."""
    if not isinstance(step, Bundle):
        return None
    return step if (step.target == bundle.target if end else step.source == bundle.source) else None
