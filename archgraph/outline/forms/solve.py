"""From a set of vertices to a tree: cut where all ways meet, beside each other what does not touch, and Us.

A region at one resolution is reduced first, which is linear. Where resolutions differ, a U must be found before its
skips are reduced away: from the outside inwards, for the inside of a U is one too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from archgraph.outline.forms.arranging import arranged
from archgraph.outline.forms.contraction import Contracted, contracted
from archgraph.outline.forms.dag import Dag
from archgraph.outline.forms.dominators import between, hammocks
from archgraph.outline.forms.form import NO_STEPS, Grid, Lanes, Leaf, OutlinePart, Prime, Row, U, leaves_of
from archgraph.outline.forms.naming import Naming
from archgraph.outline.forms.prime import across, is_dense, lanes, prime_class
from archgraph.outline.forms.region import Bundle, EdgeTree, ReducedRegion, Rope, region_of
from archgraph.outline.forms.unstacked import Asking, answered


def form_of(dag: Dag, members: Sequence[int]) -> OutlinePart:
    """Return the form of some vertices, in topological order; what they read from elsewhere does not count."""
    return arranged(dag, _shape(answered(_Solver(dag).region(members))))


def _shape(tree: EdgeTree) -> OutlinePart:
    assert isinstance(tree, OutlinePart)
    return tree


_Edge: TypeAlias = tuple[float, float, OutlinePart]


class _Solver:
    def __init__(self, dag: Dag) -> None:
        self.dag = dag
        self.naming = Naming(dag)

    def region(self, members: Sequence[int]) -> Asking[EdgeTree]:
        """The named form of some vertices."""
        if len(members) < 2:
            return self.dag.vertices[members[0]].leaf if members else NO_STEPS
        region = region_of(self.dag, members)
        tree = yield self.tree(region, mixed=True)
        return self.naming.named(tree)

    def tree(self, region: ReducedRegion, *, mixed: bool) -> Asking[EdgeTree]:
        """What lies between the terminals; ``mixed`` says that it may hold a U."""
        while True:
            mixed = mixed and self._mixed(region)
            if not mixed:
                region.reduce()
                if (done := region.reduced) is not None:
                    return done
            segments = region.segments()
            if len(segments) > 1:
                return (yield self._in_series(segments, mixed=mixed))
            if mixed and (found := self._contracted(region)) is not None:
                return (yield self._u(found, region))
            if not mixed and is_dense(region.out, [region.source, *region.inner, region.sink]):
                return self._prime(region)
            pieces = region.pieces()
            if len(pieces) > 1:
                return (yield self._beside(region, pieces, mixed=mixed))
            if mixed:
                yield self._outer_hammocks(region)
                mixed = False
            elif rows := lanes(self.dag, self._held(region)):
                return (yield self._lanes(rows))
            elif not region.junctions():
                size = len(region.out)
                yield self._inner_hammocks(region)
                if len(region.out) == size:
                    return self._prime(region)

    def _members(self, region: ReducedRegion) -> list[int]:
        """The vertices of a region, its terminals too if they are vertices."""
        ends = (region.source, *region.inner, region.sink)
        return [int(vertex) for vertex in ends if 0 <= vertex < len(self.dag.vertices) and vertex == int(vertex)]

    def _mixed(self, region: ReducedRegion) -> bool:
        return len({self.dag.vertices[vertex].level for vertex in self._members(region)}) > 1

    def _in_series(self, segments: Sequence[ReducedRegion], *, mixed: bool) -> Asking[EdgeTree]:
        whole: EdgeTree | None = None
        for segment in segments:
            tree = yield self.tree(segment, mixed=mixed)
            whole = tree if whole is None else Rope(whole, segment.source, tree)
        assert whole is not None
        return whole

    def _beside(self, region: ReducedRegion, pieces: Sequence[ReducedRegion], *, mixed: bool) -> Asking[EdgeTree]:
        branches: list[EdgeTree] = []
        for piece in pieces:
            branches.append((yield self.tree(piece, mixed=mixed)))
        return Bundle(region.source, region.sink, branches)

    def _outer_hammocks(self, region: ReducedRegion) -> Asking[EdgeTree]:
        """Replace the largest hammocks inside by what they hold."""
        found: list[tuple[float, float, list[float]]] = []
        covered: set[float] = set()
        for source, target in reversed(list(hammocks(region))):
            inner = between(region, source, target)
            if covered.isdisjoint(inner):
                covered.update(inner)
                found.append((source, target, inner))
        for source, target, inner in found:
            part = region.part(source, target, inner)
            region.replace(source, target, inner, (yield self.tree(part, mixed=True)))
        return NO_STEPS

    def _inner_hammocks(self, region: ReducedRegion) -> Asking[EdgeTree]:
        """Replace all hammocks inside by what they hold, inner ones first, so that each vertex is looked at once."""
        for source, target in list(hammocks(region)):
            inner = between(region, source, target)
            part = region.part(source, target, inner)
            region.replace(source, target, inner, (yield self.tree(part, mixed=False)))
        return NO_STEPS

    def _contracted(self, region: ReducedRegion) -> Contracted | None:
        return contracted(self.dag, self._members(region))

    def _u(self, found: Contracted, region: ReducedRegion) -> Asking[EdgeTree]:
        """A level of a U, without the terminals: the series that it stands in gives it those."""
        ends = {region.source, region.sink}
        encoder = yield self.region([vertex for vertex in found.encoder if vertex not in ends])
        lower = _shape((yield self.region(found.lower)))
        decoder = yield self.region([vertex for vertex in found.decoder if vertex not in ends])
        ways: list[OutlinePart] = []
        for skip in found.skips:
            ways.append(_shape((yield self.region(skip.way))))
        row = Row(
            self.dag.vertices[found.encoder[0]].level,
            _shape(encoder),
            _shape(decoder),
            tuple(ways),
            tuple(self._leaves(skip.sources) for skip in found.skips),
            tuple(self._leaves(skip.targets) for skip in found.skips),
            found.returns,
        )
        return u_of([row], lower)

    def _leaves(self, vertices: Sequence[int]) -> tuple[Leaf, ...]:
        return tuple(self.dag.vertices[vertex].leaf for vertex in vertices)

    def _held(self, region: ReducedRegion) -> list[int]:
        """The vertices between the terminals, those on the edges too."""
        found: list[int] = []
        waiting: list[EdgeTree] = [Rope(tree, source, NO_STEPS) for source, _, tree in region.edges()]
        while waiting:
            tree = waiting.pop()
            if isinstance(tree, Rope):
                found += [int(tree.vertex)] if self.naming.is_vertex(tree.vertex) else []
                waiting += (tree.left, tree.right)
            elif isinstance(tree, Bundle):
                waiting += tree.branches
            else:
                found += [self.naming.number[leaf] for leaf in leaves_of(tree)]
        return sorted({*found} - {int(region.source)})

    def _lanes(self, rows: Sequence[Sequence[int]]) -> Asking[EdgeTree]:
        found: list[OutlinePart] = []
        for row in rows:
            found.append(_shape((yield self.region(row))))
        return Lanes(tuple(found), across(self.dag, rows))

    def _prime(self, region: ReducedRegion) -> Prime:
        """A region that nothing divides: its vertices, and what is on the edges between them."""
        forms = {vertex: self.naming.named(Rope(NO_STEPS, vertex, NO_STEPS)) for vertex in region.inner}
        edges = [(source, target, self.naming.named(tree)) for source, target, tree in region.edges()]
        return _prime_of(region, forms, edges)


def u_of(rows: Sequence[Row], lower: OutlinePart) -> U:
    """Return the U of some rows and what lies below them, whose own rows are rows of it."""
    rows = (*rows, *lower.rows) if isinstance(lower, U) else tuple(rows)
    bottom = lower.bottom if isinstance(lower, U) else lower
    return (Grid if any(row.returns > 1 for row in rows) else U)(tuple(rows), bottom)


def _prime_of(
    region: ReducedRegion, forms: Mapping[float, OutlinePart], edges: Sequence[tuple[float, float, OutlinePart]]
) -> Prime:
    """The vertices in order, and every edge that holds something as one more of them, before the vertex it leads to."""
    inside: list[OutlinePart] = []
    number: dict[float, int] = {}
    links: list[tuple[int, int]] = []
    entering: dict[float, list[tuple[float, OutlinePart]]] = {}
    for source, target, form in edges:
        entering.setdefault(target, []).append((source, form))
    for vertex in (*region.inner, region.sink):
        ends = []
        for source, form in entering[vertex]:
            begin = number.get(source)
            if form is not NO_STEPS:
                inside.append(form)
                if begin is not None:
                    links.append((begin, len(inside) - 1))
                begin = len(inside) - 1
            ends.append(begin)
        if vertex in forms:
            number[vertex] = len(inside)
            inside.append(forms[vertex])
            links += [(end, number[vertex]) for end in ends if end is not None]
    kind = prime_class(region.out, [region.source, *region.inner, region.sink])
    return kind(tuple(inside), tuple(links))
