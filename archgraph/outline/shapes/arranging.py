"""The last pass over a tree: skips in skips become a U on one level, and equal parts in a row are told once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from archgraph.outline.shapes.dag import Dag
from archgraph.outline.shapes.repeats import runs
from archgraph.outline.shapes.shape import (
    EMPTY,
    Grid,
    Lanes,
    Leaf,
    Nest,
    Parallel,
    Prime,
    Row,
    Series,
    Shape,
    Skip,
    Times,
    U,
    in_series,
    leaves,
)
from archgraph.outline.shapes.unstacked import Asking, answered

_NESTED = 3


def arranged(dag: Dag, shape: Shape) -> Shape:
    """Return the tree with every U on one level and all repetitions found."""
    return answered(_Arranging(dag).of(shape))


class _Arranging:
    def __init__(self, dag: Dag) -> None:
        self._vertex = {vertex.leaf: vertex for vertex in dag.vertices}
        self._numbers: dict[Hashable, int] = {}
        self._key: dict[Shape, int] = {}

    def of(self, shape: Shape) -> Asking[Shape]:
        """The same with its parts arranged, and a number that equal ones have in common."""
        if isinstance(shape, Leaf):
            return self._known(shape, self._vertex[shape].kind)
        if isinstance(shape, Series):
            return (yield self._series(shape.steps))
        if isinstance(shape, Skip):
            return (yield self._series((shape,)))
        return (yield self._rebuilt(shape))

    def _series(self, steps: Sequence[Shape]) -> Asking[Shape]:
        found: list[Shape] = []
        for step in steps:
            nest = _nest_of(step) if isinstance(step, Skip) else ()
            if isinstance(step, Skip) and len(nest) < _NESTED:
                found.append((yield self._rebuilt(step)))
            elif nest:
                fork = [found.pop()] if found and isinstance(found[-1], Leaf) else []
                found.append((yield self._one_level(fork, nest)))
            else:
                found.append((yield self.of(step)))
        return self._folded(found)

    def _folded(self, steps: Sequence[Shape]) -> Shape:
        """The steps, with equal ones in a row as one."""
        found: list[Shape] = []
        keys = [self._key[step] for step in steps]
        for start, length, count in runs(keys):
            if count == 1:
                found += steps[start : start + length]
                continue
            each = [
                self._folded(steps[at : at + length]) if length > 1 else steps[at]
                for at in range(start, start + length * count, length)
            ]
            found.append(self._known(Times(tuple(each)), (Times, count, self._key[each[0]])))
        if len(found) < 2:
            return found[0] if found else self._known(EMPTY, Series)
        return self._known(Series(tuple(found)), (Series, *(self._key[step] for step in found)))

    def _known(self, shape: Shape, key: Hashable) -> Shape:
        self._key[shape] = self._numbers.setdefault(key, len(self._numbers))
        return shape

    def _bottom(self, shape: Shape) -> Asking[Shape]:
        """What lies below a U: if that is skips in skips, all of it is one more row."""
        steps = _steps(shape)
        found = [index for index, step in enumerate(steps) if len(_nest_of(step)) >= _NESTED]
        if len(found) != 1:
            return (yield self.of(shape))
        (index,) = found
        return (yield self._one_level(steps[:index], _nest_of(steps[index]), steps[index + 1 :]))

    def _rebuilt(self, shape: Shape) -> Asking[Shape]:
        parts: dict[Shape, Shape] = {}
        for part in shape.parts:
            below = isinstance(shape, U) and part is shape.bottom
            parts[part] = yield (self._bottom(part) if below else self.of(part))
        whole = _with(shape, parts)
        return self._known(whole, (type(whole), _links(whole), *(self._key[part] for part in whole.parts)))

    def _one_level(self, fork: Sequence[Shape], nest: Sequence[Skip], rest: Sequence[Shape] = ()) -> Asking[Shape]:
        """Skips in skips at one resolution, as one row of a U: before the innermost one, it, and after it."""
        before, after = [*fork], [*rest]
        forks: list[tuple[Leaf, ...]] = [tuple(leaves(in_series(before)))[-1:]]
        for skip, inner in zip(nest, [*nest[1:], None], strict=True):
            steps = _steps(_body(skip))
            middle = len(steps) if inner is None else steps.index(inner)
            if inner is not None:
                before += steps[:middle]
                forks.append(tuple(leaves(in_series(list(steps[:middle]))))[-1:])
            after[:0] = [*(() if inner is None else steps[middle + 1 :]), *([skip.join] if skip.join else [])]
        bottom = _body(nest[-1])
        encoder = yield self.of(in_series(before))
        decoder = yield self.of(in_series(after))
        below = yield self.of(bottom)
        ways: list[Shape] = []
        for skip in nest:
            ways.append((yield self.of(_way(skip))))
        level = self._vertex[next(leaves(bottom))].level
        row = Row(level, encoder, decoder, tuple(ways), tuple(forks), tuple((skip.join,) for skip in nest if skip.join))
        whole = U((row,), below)
        return self._known(whole, (U, len(nest), *(self._key[part] for part in whole.parts)))


def _body(skip: Skip) -> Shape:
    return skip.branches[-1]


def _way(skip: Skip) -> Shape:
    return skip.branches[0]


def _steps(shape: Shape) -> tuple[Shape, ...]:
    return shape.steps if isinstance(shape, Series) else (shape,)


def _nest_of(skip: Shape) -> list[Skip]:
    """A skip, the only one in its body, the only one in that, and so on."""
    found = [skip] if isinstance(skip, Skip) else []
    while found and len(found[-1].branches) == 2:
        inner = [step for step in _steps(_body(found[-1])) if isinstance(step, Skip)]
        if len(inner) != 1 or len(inner[0].branches) != 2:
            break
        found += inner
    return found


def _with(shape: Shape, parts: dict[Shape, Shape]) -> Shape:
    """The same shape of other parts."""
    each = lambda some: tuple(parts[part] for part in some)  # noqa: E731
    if isinstance(shape, Parallel):
        return replace(shape, branches=each(shape.branches))
    if isinstance(shape, Nest):
        return replace(shape, stages=each(shape.stages), ways=each(shape.ways))
    if isinstance(shape, Lanes):
        return replace(shape, lanes=each(shape.lanes))
    if isinstance(shape, Prime):
        return replace(shape, inside=each(shape.inside))
    if isinstance(shape, U):
        rows = [
            replace(row, encoder=parts[row.encoder], decoder=parts[row.decoder], skips=each(row.skips))
            for row in shape.rows
        ]
        return _deepened(replace(shape, rows=tuple(rows), bottom=parts[shape.bottom]))
    return shape


def _deepened(u: U) -> U:
    """The rows of a U at the bottom of one are rows of it."""
    if not isinstance(u.bottom, U):
        return u
    inner = u.bottom
    kind = Grid if isinstance(inner, Grid) else type(u)
    return kind((*u.rows, *inner.rows), inner.bottom)


def _links(shape: Shape) -> Hashable:
    """What sets shapes of equal parts apart."""
    if isinstance(shape, Prime):
        return shape.links
    return tuple(len(row.skips) for row in shape.rows) if isinstance(shape, U) else None
