"""From a set of vertices to a tree: cut where all ways meet, beside each other what does not touch, and Us.

A region at one resolution is reduced first, which is linear. Where resolutions differ, a U must be found before its
skips are reduced away: from the outside inwards, for the inside of a U is one too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archgraph.outline.shapes.arranging import arranged
from archgraph.outline.shapes.contraction import Contracted, contracted
from archgraph.outline.shapes.dag import Dag
from archgraph.outline.shapes.dominators import between, hammocks
from archgraph.outline.shapes.kernel import Bundle, Kernel, Rope, Tree, region
from archgraph.outline.shapes.naming import Naming
from archgraph.outline.shapes.prime import across, is_dense, lanes, prime_class
from archgraph.outline.shapes.shape import EMPTY, Grid, Lanes, Leaf, Prime, Row, Shape, U, leaves
from archgraph.outline.shapes.unstacked import Asking, answered


def shape_of(dag: Dag, members: Sequence[int]) -> Shape:
    """Return the shape of some vertices, in topological order; what they read from elsewhere does not count."""
    return arranged(dag, _shape(answered(_Solver(dag).region(members))))


def _shape(tree: Tree) -> Shape:
    assert isinstance(tree, Shape)
    return tree


class _Solver:
    def __init__(self, dag: Dag) -> None:
        self.dag = dag
        self.naming = Naming(dag)

    def region(self, members: Sequence[int]) -> Asking[Tree]:
        """The named shape of some vertices."""
        if len(members) < 2:
            return self.dag.vertices[members[0]].leaf if members else EMPTY
        kernel = region(self.dag, members)
        tree = yield self.tree(kernel, mixed=True)
        return self.naming.named(tree)

    def tree(self, kernel: Kernel, *, mixed: bool) -> Asking[Tree]:
        """What lies between the terminals; ``mixed`` says that it may hold a U."""
        while True:
            mixed = mixed and self._mixed(kernel)
            if not mixed:
                kernel.reduce()
                if (done := kernel.reduced) is not None:
                    return done
            segments = kernel.segments()
            if len(segments) > 1:
                return (yield self._in_series(segments, mixed=mixed))
            if mixed and (found := self._contracted(kernel)) is not None:
                return (yield self._u(found, kernel))
            if not mixed and is_dense(kernel.out, [kernel.source, *kernel.inner, kernel.sink]):
                return self._prime(kernel)
            pieces = kernel.pieces()
            if len(pieces) > 1:
                return (yield self._beside(kernel, pieces, mixed=mixed))
            if mixed:
                yield self._outer_hammocks(kernel)
                mixed = False
            elif rows := lanes(self.dag, self._held(kernel)):
                return (yield self._lanes(rows))
            elif not kernel.junctions():
                size = len(kernel.out)
                yield self._inner_hammocks(kernel)
                if len(kernel.out) == size:
                    return self._prime(kernel)

    def _members(self, kernel: Kernel) -> list[int]:
        """The vertices of a region, its terminals too if they are vertices."""
        ends = (kernel.source, *kernel.inner, kernel.sink)
        return [int(vertex) for vertex in ends if 0 <= vertex < len(self.dag.vertices) and vertex == int(vertex)]

    def _mixed(self, kernel: Kernel) -> bool:
        return len({self.dag.vertices[vertex].level for vertex in self._members(kernel)}) > 1

    def _in_series(self, segments: Sequence[Kernel], *, mixed: bool) -> Asking[Tree]:
        whole: Tree | None = None
        for segment in segments:
            tree = yield self.tree(segment, mixed=mixed)
            whole = tree if whole is None else Rope(whole, segment.source, tree)
        assert whole is not None
        return whole

    def _beside(self, kernel: Kernel, pieces: Sequence[Kernel], *, mixed: bool) -> Asking[Tree]:
        branches: list[Tree] = []
        for piece in pieces:
            branches.append((yield self.tree(piece, mixed=mixed)))
        return Bundle(kernel.source, kernel.sink, branches)

    def _outer_hammocks(self, kernel: Kernel) -> Asking[Tree]:
        """Replace the largest hammocks inside by what they hold."""
        found: list[tuple[float, float, list[float]]] = []
        covered: set[float] = set()
        for source, target in reversed(list(hammocks(kernel))):
            inner = between(kernel, source, target)
            if covered.isdisjoint(inner):
                covered.update(inner)
                found.append((source, target, inner))
        for source, target, inner in found:
            part = kernel.part(source, target, inner)
            kernel.replace(source, target, inner, (yield self.tree(part, mixed=True)))
        return EMPTY

    def _inner_hammocks(self, kernel: Kernel) -> Asking[Tree]:
        """Replace all hammocks inside by what they hold, inner ones first, so that each vertex is looked at once."""
        for source, target in list(hammocks(kernel)):
            inner = between(kernel, source, target)
            part = kernel.part(source, target, inner)
            kernel.replace(source, target, inner, (yield self.tree(part, mixed=False)))
        return EMPTY

    def _contracted(self, kernel: Kernel) -> Contracted | None:
        return contracted(self.dag, self._members(kernel))

    def _u(self, found: Contracted, kernel: Kernel) -> Asking[Tree]:
        """A level of a U, without the terminals: the series that it stands in gives it those."""
        ends = {kernel.source, kernel.sink}
        encoder = yield self.region([vertex for vertex in found.encoder if vertex not in ends])
        lower = _shape((yield self.region(found.lower)))
        decoder = yield self.region([vertex for vertex in found.decoder if vertex not in ends])
        ways: list[Shape] = []
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

    def _held(self, kernel: Kernel) -> list[int]:
        """The vertices between the terminals, those on the edges too."""
        found: list[int] = []
        waiting: list[Tree] = [Rope(tree, source, EMPTY) for source, _, tree in kernel.edges()]
        while waiting:
            tree = waiting.pop()
            if isinstance(tree, Rope):
                found += [int(tree.vertex)] if self.naming.is_vertex(tree.vertex) else []
                waiting += (tree.left, tree.right)
            elif isinstance(tree, Bundle):
                waiting += tree.branches
            else:
                found += [self.naming.number[leaf] for leaf in leaves(tree)]
        return sorted({*found} - {int(kernel.source)})

    def _lanes(self, rows: Sequence[Sequence[int]]) -> Asking[Tree]:
        found: list[Shape] = []
        for row in rows:
            found.append(_shape((yield self.region(row))))
        return Lanes(tuple(found), across(self.dag, rows))

    def _prime(self, kernel: Kernel) -> Prime:
        """A region that nothing divides: its vertices, and what is on the edges between them."""
        shapes = {vertex: self.naming.named(Rope(EMPTY, vertex, EMPTY)) for vertex in kernel.inner}
        edges = [(source, target, self.naming.named(tree)) for source, target, tree in kernel.edges()]
        return _prime_of(kernel, shapes, edges)


def u_of(rows: Sequence[Row], lower: Shape) -> U:
    """Return the U of some rows and what lies below them, whose own rows are rows of it."""
    rows = (*rows, *lower.rows) if isinstance(lower, U) else tuple(rows)
    bottom = lower.bottom if isinstance(lower, U) else lower
    return (Grid if any(row.returns > 1 for row in rows) else U)(tuple(rows), bottom)


def _prime_of(kernel: Kernel, shapes: Mapping[float, Shape], edges: Sequence[tuple[float, float, Shape]]) -> Prime:
    """The vertices in order, and every edge that holds something as one more of them, before the vertex it leads to."""
    inside: list[Shape] = []
    number: dict[float, int] = {}
    links: list[tuple[int, int]] = []
    entering: dict[float, list[tuple[float, Shape]]] = {}
    for source, target, shape in edges:
        entering.setdefault(target, []).append((source, shape))
    for vertex in (*kernel.inner, kernel.sink):
        ends = []
        for source, shape in entering[vertex]:
            begin = number.get(source)
            if shape is not EMPTY:
                inside.append(shape)
                if begin is not None:
                    links.append((begin, len(inside) - 1))
                begin = len(inside) - 1
            ends.append(begin)
        if vertex in shapes:
            number[vertex] = len(inside)
            inside.append(shapes[vertex])
            links += [(end, number[vertex]) for end in ends if end is not None]
    kind = prime_class(kernel.out, [kernel.source, *kernel.inner, kernel.sink])
    return kind(tuple(inside), tuple(links))
