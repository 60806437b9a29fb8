"""Sweeps made: kept in memory, lazy with dask, or worked out while they are written."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from math import prod

from archgraph.cost.part import whole_part
from archgraph.errors import QueryError, counted, did_you_mean
from archgraph.graph.network import Network
from archgraph.laws.blocks import Array, OnGrid, is_lazy, numpy
from archgraph.laws.compiled import Compiled, compiled
from archgraph.sizes.symbols import replaced
from archgraph.steps import stepping
from archgraph.studies.axes import laid_along, swept_axis
from archgraph.studies.sweep import Sweep
from archgraph.studies.valid_points import conditions_on, rules_of, valid_grid, valid_points

LARGEST_SWEEP = 2**32
"""Bytes of the largest result that is kept in memory; one of dask is not."""
MOST_WRITTEN = 2**32
"""Points that are written, block by block."""


def sweep(g: Network, grid: Mapping[str, Array], metrics: Iterable[str]) -> Sweep:
    """Return metrics over the product of the grid's values, every other symbol at its value.

    Raises:
        QueryError: an unknown, derived or structural symbol, no values, or some that are not positive integers; or the
            arrays of numpy would take more than `LARGEST_SWEEP`; or no point of them obeys the symbols' rules.
    """
    study = _Study(g, grid, metrics)
    if not any(map(is_lazy, study.axes.values())):
        _check_size(study.points, len(study.laws))
    with _quiet():
        values = {metric: law(study.arrays) for metric, law in stepping(list(study.laws.items()), "metrics")}
        made = study.result(values, valid_grid(study.conditions, study.parts))
    made.check_any()
    return made


def streamed(g: Network, grid: Mapping[str, Array], metrics: Iterable[str]) -> Sweep:
    """Return a sweep to be saved: its points are worked out while they are written, and are never all in memory.

    Raises:
        QueryError: as by `sweep`, or there are more than `MOST_WRITTEN` points.
    """
    study = _Study(g, grid, metrics)
    if study.points > MOST_WRITTEN:
        raise QueryError(f"{study.points:,} points are too many to write: the limit is {MOST_WRITTEN:,}")
    values = {metric: OnGrid(law.over(study.arrays), study.parts) for metric, law in study.laws.items()}
    return study.result(values, OnGrid(lambda parts: valid_points(study.conditions, parts), study.parts))


class _Study:
    """What a sweep is made of: axes, laws of the metrics, and conditions."""

    def __init__(self, g: Network, grid: Mapping[str, Array], metrics: Iterable[str]) -> None:
        names = tuple(grid)
        _check(g, names)
        self.axes = {name: swept_axis(name, grid[name]) for name in names}
        self.points = prod(map(len, self.axes.values()))
        self.arrays = {
            g.symbols[name]: laid_along(axis, place, len(names)) for place, (name, axis) in enumerate(self.axes.items())
        }
        self.parts = list(self.arrays.values())
        self._g = g
        self._fixed = {free: value for free, value in g.point.items() if free not in self.arrays}
        self.laws = {metric: self._law(metric) for metric in metrics}
        self.conditions = conditions_on(g, self.arrays, self._fixed)

    def _law(self, metric: str) -> Compiled:
        return compiled(replaced(whole_part(self._g).expression(metric), self._fixed), tuple(self.arrays))

    def result(self, values: Mapping[str, Array], valid: Array) -> Sweep:
        exact = {metric: law.exact(self.arrays) for metric, law in self.laws.items()}
        rules = rules_of(self._g, self.arrays.keys(), self._fixed)
        return Sweep(self._g.name, self.axes, values, valid, exact, rules)


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings(), numpy().errstate(divide="ignore", invalid="ignore"):
        # A law may divide by zero at points that `valid` leaves out.
        # A product of axes has more chunks than any of them: that is what was asked for.
        warnings.filterwarnings("ignore", message="Increasing number of chunks")
        yield


def _check_size(points: int, metrics: int) -> None:
    needed = points * (8 * metrics + 1)
    if needed > LARGEST_SWEEP:
        raise QueryError(
            f"a sweep of {points:,} points and {counted(metrics, 'metric')} takes {needed / 2**30:,.1f} GiB: "
            f"the limit is {LARGEST_SWEEP / 2**30:g} GiB",
            hint="give an array of dask, whose sweep is lazy, or write it with `archgraph sweep ... -o x.parquet`",
        )


def _check(g: Network, names: tuple[str, ...]) -> None:
    if not names:
        raise QueryError("a sweep goes over one symbol at least", hint='g.sweep({"D": [256, 512]})')
    symbolic = f"laws are symbolic in {', '.join(g.symbols)}" if g.symbols else "no symbol is free in the laws"
    for name in names:
        if name not in g.symbols:
            raise QueryError(
                f"cannot sweep '{name}'.{did_you_mean(name, g.symbols)}",
                hint=f"{symbolic}; another is bound first: --set levels=3",
            )
        if g.definition(name) is not None:
            raise QueryError(f"cannot sweep '{name}': it is derived from {g.definition(name)}")
