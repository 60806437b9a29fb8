"""The last pass over a tree: skips in skips become a U on one level, and equal parts in a row are told once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from archgraph.outline.forms.dag import Dag
from archgraph.outline.forms.form import (
    NO_STEPS,
    Bypass,
    Grid,
    Lanes,
    Leaf,
    Nest,
    OutlinePart,
    Parallel,
    Prime,
    Row,
    Series,
    Times,
    U,
    in_series,
    leaves_of,
)
from archgraph.outline.forms.repeats import runs
from archgraph.outline.forms.unstacked import Asking, answered

_NESTED = 3


def arranged(dag: Dag, form: OutlinePart) -> OutlinePart:
    """Return the tree with every U on one level and all repetitions found."""
    return answered(_Arranging(dag).of(form))


class _Arranging:
    def __init__(self, dag: Dag) -> None:
        self._vertex = {vertex.leaf: vertex for vertex in dag.vertices}
        self._numbers: dict[Hashable, int] = {}
        self._key: dict[OutlinePart, int] = {}

    def of(self, form: OutlinePart) -> Asking[OutlinePart]:
        """The same with its parts arranged, and a number that equal ones have in common."""
        if isinstance(form, Leaf):
            return self._known(form, self._vertex[form].kind)
        if isinstance(form, Series):
            return (yield self._series(form.steps))
        if isinstance(form, Bypass):
            return (yield self._series((form,)))
        return (yield self._rebuilt(form))

    def _series(self, steps: Sequence[OutlinePart]) -> Asking[OutlinePart]:
        found: list[OutlinePart] = []
        for step in steps:
            nest = self._nest_of(step)
            if isinstance(step, Bypass) and len(nest) < _NESTED:
                found.append((yield self._rebuilt(step)))
            elif len(nest) >= _NESTED:
                fork = [found.pop()] if found and isinstance(found[-1], Leaf) else []
                found.append((yield self._one_level(fork, nest)))
            else:
                found.append((yield self.of(step)))
        return self._folded(found)

    def _folded(self, steps: Sequence[OutlinePart]) -> OutlinePart:
        """The steps, with equal ones in a row as one."""
        found: list[OutlinePart] = []
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
            return found[0] if found else self._known(NO_STEPS, Series)
        return self._known(Series(tuple(found)), (Series, *(self._key[step] for step in found)))

    def _known(self, form: OutlinePart, key: Hashable) -> OutlinePart:
        self._key[form] = self._numbers.setdefault(key, len(self._numbers))
        return form

    def _bottom(self, form: OutlinePart) -> Asking[OutlinePart]:
        """What lies below a U: if that is skips in skips, all of it is one more row."""
        steps = _steps(form)
        found = [index for index, step in enumerate(steps) if len(self._nest_of(step)) >= _NESTED]
        if len(found) != 1:
            return (yield self.of(form))
        (index,) = found
        return (yield self._one_level(steps[:index], self._nest_of(steps[index]), steps[index + 1 :]))

    def _rebuilt(self, form: OutlinePart) -> Asking[OutlinePart]:
        parts: dict[OutlinePart, OutlinePart] = {}
        for part in form.parts:
            below = isinstance(form, U) and part is form.bottom
            parts[part] = yield (self._bottom(part) if below else self.of(part))
        whole = _with(form, parts)
        return self._known(whole, (type(whole), _links(whole), *(self._key[part] for part in whole.parts)))

    def _one_level(
        self, fork: Sequence[OutlinePart], nest: Sequence[Parallel], rest: Sequence[OutlinePart] = ()
    ) -> Asking[OutlinePart]:
        """Skips in skips at one resolution, as one row of a U: before the innermost one, it, and after it."""
        before, after = [*fork], [*rest]
        forks: list[tuple[Leaf, ...]] = [tuple(leaves_of(in_series(before)))[-1:]]
        for skip, inner in zip(nest, [*nest[1:], None], strict=True):
            steps = _steps(self._body(skip))
            middle = len(steps) if inner is None else steps.index(inner)
            if inner is not None:
                before += steps[:middle]
                forks.append(tuple(leaves_of(in_series(list(steps[:middle]))))[-1:])
            after[:0] = [*(() if inner is None else steps[middle + 1 :]), *([skip.join] if skip.join else [])]
        bottom = self._body(nest[-1])
        encoder = yield self.of(in_series(before))
        decoder = yield self.of(in_series(after))
        below = yield self.of(bottom)
        ways: list[OutlinePart] = []
        for skip in nest:
            ways.append((yield self.of(self._way(skip))))
        level = self._vertex[next(leaves_of(bottom))].level
        row = Row(level, encoder, decoder, tuple(ways), tuple(forks), tuple((skip.join,) for skip in nest if skip.join))
        whole = U((row,), below)
        return self._known(whole, (U, len(nest), *(self._key[part] for part in whole.parts)))

    def _nest_of(self, skip: OutlinePart) -> list[Parallel]:
        """A skip, the only one in its body, the only one in that, and so on."""
        found = [skip] if isinstance(skip, Parallel) and self._is_skip(skip) else []
        while found and len(found[-1].branches) == 2:
            inner = [step for step in _steps(self._body(found[-1])) if isinstance(step, Parallel)]
            inner = [step for step in inner if self._is_skip(step)]
            if len(inner) != 1 or len(inner[0].branches) != 2:
                break
            found += inner
        return found

    def _is_skip(self, form: Parallel) -> bool:
        """A way past a body that holds nothing, or one that leads to a finer level than the body begins at."""
        if isinstance(form, Bypass):
            return True
        if form.join is None or len(form.branches) != 2:
            return False
        way, body = list(leaves_of(self._way(form))), list(leaves_of(self._body(form)))
        return bool(way and body) and self._vertex[way[-1]].level < self._vertex[body[0]].level

    def _body(self, skip: Parallel) -> OutlinePart:
        """Of a skip, what it leads past: the branch of more parts."""
        if isinstance(skip, Bypass) or len(skip.branches) != 2:
            return skip.branches[-1]
        return max(skip.branches, key=lambda branch: sum(1 for _ in leaves_of(branch)))

    def _way(self, skip: Parallel) -> OutlinePart:
        body = self._body(skip)
        return next(branch for branch in skip.branches if branch is not body)


def _steps(form: OutlinePart) -> tuple[OutlinePart, ...]:
    return form.steps if isinstance(form, Series) else (form,)


def _with(form: OutlinePart, parts: dict[OutlinePart, OutlinePart]) -> OutlinePart:
    """The same form of other parts."""
    each = lambda some: tuple(parts[part] for part in some)  # noqa: E731
    if isinstance(form, Parallel):
        return replace(form, branches=each(form.branches))
    if isinstance(form, Nest):
        return replace(form, stages=each(form.stages), ways=each(form.ways))
    if isinstance(form, Lanes):
        return replace(form, lanes=each(form.lanes))
    if isinstance(form, Prime):
        return replace(form, inside=each(form.inside))
    if isinstance(form, U):
        rows = [
            replace(row, encoder=parts[row.encoder], decoder=parts[row.decoder], skips=each(row.skips))
            for row in form.rows
        ]
        return _deepened(replace(form, rows=tuple(rows), bottom=parts[form.bottom]))
    return form


def _deepened(u: U) -> U:
    """The rows of a U at the bottom of one are rows of it."""
    if not isinstance(u.bottom, U):
        return u
    inner = u.bottom
    kind = Grid if isinstance(inner, Grid) else type(u)
    return kind((*u.rows, *inner.rows), inner.bottom)


def _links(form: OutlinePart) -> Hashable:
    """What sets forms of equal parts apart."""
    if isinstance(form, Prime):
        return form.links
    return tuple(len(row.skips) for row in form.rows) if isinstance(form, U) else None
