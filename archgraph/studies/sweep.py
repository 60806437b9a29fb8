"""Sweeps: metrics over a grid of sizes, in arrays of numpy or dask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from archgraph.errors import QueryError, counted, did_you_mean, not_among, printable, quoted, some
from archgraph.keywords import strict_methods
from archgraph.laws.blocks import Array, Block, OnGrid, is_lazy, masked_where, numpy, ranges, slabs
from archgraph.laws.grid import computed, ties_with
from archgraph.laws.grid import front as front_of
from archgraph.report.columns import WRITERS
from archgraph.report.frames import data_frame, dataset
from archgraph.report.table import Table
from archgraph.steps import stepping
from archgraph.studies.interrupts import held_interrupts
from archgraph.studies.saving import Saving

if TYPE_CHECKING:
    from archgraph.report.frames import DataFrame, Dataset

SLAB = 2**20
"""The most points that are worked on at once, unless chunks of dask say otherwise."""
BAND = 2**21
"""The most points of dask that are computed at once, unless one chunk of the first axis has more."""
MOST_ROWS = 1_000_000
"""Points of a table."""


SHOWN_POINTS = 200
"""The most points that a notebook shows as a table."""


@strict_methods
@dataclass(frozen=True)
class Sweep:
    """Metrics on a grid.

    Attributes:
        name: the architecture's.
        axes: the swept values by symbol, in the order of the arrays' dimensions.
        values: an array per metric, one dimension per swept symbol; lazy where the grid is of dask. Where `valid` is
            False its numbers mean nothing: `sweep["macs"]` masks them.
        valid: where the values obey the symbols' rules (`multiple_of`, `offset`) and what the laws assume of them;
            elsewhere there is no such network, or its graph is another, which `at` builds.
        exact: whether each metric is exact, or rounded to 53 bits.
        rules: what `valid` asks of the values, in words.
    """

    name: str
    axes: Mapping[str, Any]
    values: Mapping[str, Any]
    valid: Any
    exact: Mapping[str, bool]
    rules: tuple[str, ...] = ()

    def __repr__(self) -> str:
        number = f"{prod(self.shape):,} point{'' if prod(self.shape) == 1 else 's'}"
        points = "; ".join((number, *self._missing()))
        return f"<sweep of {printable(self.name)} over {some(self.axes)}: {some(self.values)} at {points}>"

    def _missing(self) -> tuple[str, ...]:
        """What is left out, as far as that is known without computing a lazy grid."""
        if isinstance(self.valid, OnGrid) or is_lazy(self.valid):
            return (f"left out where not: {'; '.join(self.rules)}",) if self.rules else ()
        return self.left_out(int(self.valid.sum()))

    def __getitem__(self, metric: str) -> Any:
        """Return the array of a metric; points that are left out are masked, for there is no such network.

        >>> from archgraph import load
        >>> load("vit").sweep({"D": [12, 18, 24]}, ["params"])["params"].tolist()
        [47236, None, 134944]

        Raises:
            QueryError: the sweep has no such metric.
        """
        if metric not in self.values:
            raise not_among("metric of the sweep", metric, self.values)
        return masked_where(self.values[metric], self.valid) if self.rules else self.values[metric]

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each swept symbol has.

        >>> from archgraph import load
        >>> load("transformer").sweep({"D": [64, 128], "L": [2, 4, 6]}).shape
        (2, 3)
        """
        return tuple(len(axis) for axis in self.axes.values())

    def columns(self) -> dict[str, Array]:
        """Return flat columns of the valid points: swept symbols, then metrics.

        Raises:
            QueryError: no point is valid.

        >>> from archgraph import load
        >>> load("vit").sweep({"D": [12, 18, 24], "L": [2]}, ["macs"]).columns()["D"].tolist()
        [12, 24]
        """
        parts = list(self._parts())
        # A column after the other, so that no more than one stands in memory twice.
        columns = {name: numpy().concatenate([part.pop(name) for part in parts]) for name in list(parts[0])}
        self._check_any(len(next(iter(columns.values()))))
        return columns

    def _parts(self) -> Iterator[dict[str, Array]]:
        """The valid points part by part, in the order of the grid."""
        blocks = self._bands() if is_lazy(self.valid) else self.blocks()
        return map(self._columns, stepping(blocks, "blocks"))

    def _bands(self) -> list[Block]:
        """Parts of a lazy grid, of whole chunks along its first axis, whose chunks dask computes side by side."""
        rest = prod(self.shape[1:])
        sizes: list[int] = []
        for size in self.valid.chunks[0]:
            if sizes and (sizes[-1] + size) * rest <= BAND:
                sizes[-1] += size
            else:
                sizes.append(size)
        return [(part, *(slice(None) for _ in self.shape[1:])) for part in ranges(sizes)]

    def left_out(self, kept: int) -> tuple[str, ...]:
        """Say how many points of the grid are missing if so many were kept, and which rules they break.

        >>> from archgraph import load
        >>> load("vit").sweep({"D": [12, 18, 24], "L": [2]}, ["macs"]).left_out(2)
        ('1 of 3 points left out: D must be a multiple of 12',)
        """
        points = prod(self.shape)
        reason = "; ".join(self.rules)
        return (f"{points - kept:,} of {counted(points, 'point')} left out: {reason}",) if kept < points else ()

    def repeats(self) -> tuple[str, ...]:
        """Say which symbols have a value more than once, so that points appear more than once.

        >>> from archgraph import load
        >>> load("vit").sweep({"D": [12, 24, 12]}, ["macs"]).repeats()
        ('D has 2 different values among its 3: points are repeated',)
        """
        return tuple(
            f"{name} has {counted(different, 'different value')} among its {len(axis):,}: points are repeated"
            for name, axis in zip(self.axes, computed(list(self.axes.values())), strict=True)
            # Rising values, as those of a range, need no sorting.
            if not (axis[1:] > axis[:-1]).all() and (different := len(numpy().unique(axis))) < len(axis)
        )

    def check_any(self) -> None:
        """Refuse a sweep without a valid point, as far as that is known without computing a lazy grid.

        Raises:
            QueryError: no point is valid.

        >>> from archgraph import load
        >>> load("transformer").sweep({"D": [64, 128]}).check_any()
        """
        if not is_lazy(self.valid):
            self._check_any(int(self.valid.any()))

    def _check_any(self, kept: int) -> None:
        if not kept:
            raise QueryError(f"no point of the sweep is left: {'; '.join(self.rules)}", hint="sweep other values")

    def blocks(self) -> list[Block]:
        """Return the parts of the grid that are computed one after the other: chunks of dask, or slabs of numpy.

        >>> from archgraph import load
        >>> load("transformer").sweep({"D": [64, 128], "L": [2, 4, 6]}).blocks()
        [(slice(0, 2, None), slice(0, 3, None))]
        """
        chunks = getattr(self.valid, "chunks", None)
        return list(product(*map(ranges, chunks))) if chunks else list(slabs(self.shape, SLAB))

    def _columns(self, block: Block) -> dict[str, Array]:
        np = numpy()
        arrays = [self.valid[block], *(array[block] for array in self.values.values())]
        axes = [axis[part] for axis, part in zip(self.axes.values(), block, strict=True)]
        valid, *rest = computed([*arrays, *axes])
        metrics, axes = rest[: len(self.values)], rest[len(self.values) :]
        keep = np.asarray(valid).ravel()
        grids = np.meshgrid(*axes, indexing="ij")
        symbols = {name: grid.ravel()[keep] for name, grid in zip(self.axes, grids, strict=True)}
        return {**symbols, **{name: array.ravel()[keep] for name, array in zip(self.values, metrics, strict=True)}}

    def table(self) -> Table:
        """Return the valid points as a table.

        Raises:
            QueryError: no point is valid, or there are more than 1,000,000.

        >>> from archgraph import load
        >>> print(load("transformer").sweep({"L": [2, 4]}, ["params"]).table().to_csv().strip())
        L,params
        2,6304768
        4,12609536
        """
        check_rows(prod(self.shape))
        columns = self.columns()
        kept = len(next(iter(columns.values())))
        return self._table(f"sweep of {', '.join(self.axes)}", columns, self.left_out(kept) + self.repeats())

    def _table(self, title: str, columns: Mapping[str, Array], remarks: tuple[str, ...]) -> Table:
        lists = {name: column.tolist() for name, column in columns.items()}
        rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
        notes = tuple(f"{name}: rounded to 53 bits" for name, exact in self.exact.items() if not exact)
        return Table(f"{self.name}: {title}", tuple(lists), rows, notes=notes, remarks=remarks)

    def to_pandas(self) -> DataFrame:
        """Return the valid points as a pandas frame, a row each; its `attrs` say what is left out.

        Raises:
            QueryError: no point is valid.
            MissingToolError: pandas is not installed.

        >>> from archgraph import load
        >>> sweep = load("transformer").sweep({"L": [2, 4]}, ["params"])
        >>> sweep.to_pandas()["params"].tolist()
        [6304768, 12609536]
        """
        columns = self.columns()
        return data_frame(columns, {"title": self.name, "notes": self._notes(len(next(iter(columns.values()))))})

    def to_xarray(self) -> Dataset:
        """Return the whole grid as an xarray dataset, lazy if the sweep is.

        A variable per metric, and `valid`: False where there is no such network, so that the numbers mean nothing.

        Raises:
            MissingToolError: xarray is not installed.

        >>> from archgraph import load
        >>> sweep = load("transformer").sweep({"D": [64, 128], "L": [2, 4]}, ["params"])
        >>> sweep.to_xarray()["params"].sel(D=64, L=4).item()
        199936
        """
        metrics = {name: (array, {"exact": self.exact[name]}) for name, array in self.values.items()}
        rules = {"rules": "; ".join(self.rules)}
        return dataset(self.axes, {**metrics, "valid": (self.valid, rules)}, {"title": self.name})

    def _notes(self, kept: int) -> list[str]:
        rounded = [f"{name}: rounded to 53 bits" for name, exact in self.exact.items() if not exact]
        return [*rounded, *self.left_out(kept)]

    def _repr_html_(self) -> str | None:
        """The first points in a notebook; nothing but the text where they would have to be computed or are none."""
        if is_lazy(self.valid) or prod(self.shape) > SHOWN_POINTS:
            return None
        with suppress(QueryError):
            return self.table().to_html()
        return None

    def pareto(self, *smaller: str, larger: Sequence[str] = ()) -> Table:
        """Return the points that no other point beats: small in some metrics or symbols, large in others.

        Of points that are equal in all of these, the first is listed, and a remark says how many others there are.

        Raises:
            QueryError: a name is neither swept nor a metric of the sweep, or there are no names.

        >>> from archgraph import load
        >>> sweep = load("transformer").sweep({"L": [4, 8], "D": [256, 512]}, metrics=["macs"])
        >>> [row["L"] for row in sweep.pareto("macs", larger=["D"]).rows]
        [4, 4]
        """
        known = (*self.axes, *self.values)
        for name in (*smaller, *larger):
            if name not in known:
                raise QueryError(f"the sweep has no '{name}'.{did_you_mean(name, known)}", hint=", ".join(known))
        if not smaller and not larger:
            raise QueryError("a front takes what is to be small or large", hint=f"one of {', '.join(known)}")
        signs = {**dict.fromkeys(smaller, 1), **dict.fromkeys(larger, -1)}
        kept, best = self._best(signs)
        self._check_any(kept)
        equal = sum(ties_with(_signed(best, signs), _signed(part, signs)) for part in self._parts())
        equal -= len(next(iter(best.values())))
        as_good = (f"{counted(equal, 'more point')} as good as one listed",) if equal else ()
        return self._table("Pareto front", best, (*self.left_out(kept), *self.repeats(), *as_good))

    def _best(self, signs: Mapping[str, int]) -> tuple[int, dict[str, Array]]:
        """How many points are valid, and the front of them: that of a block and of the front of all before it."""
        np = numpy()
        kept, best = 0, {}
        for part in self._parts():
            kept += len(next(iter(part.values())))
            both = {name: np.concatenate([best[name], column]) for name, column in part.items()} if best else part
            chosen = front_of(_signed(both, signs))
            best = {name: column[chosen] for name, column in both.items()}
        return kept, best

    def save(self, path: str, *, partial: bool = False) -> int:
        """Write the valid points as .csv or .parquet, block by block, whole or not at all; return how many there are.

        A grid of dask arrays is never in memory as a whole; its blocks are computed wherever dask is set up to.

        Args:
            path: the file.
            partial: whether an interrupt keeps what is done. It waits until a block is written, and the blocks until
                then are in `x.part.csv` beside `x.csv`, as a note of the `KeyboardInterrupt` says.

        Raises:
            QueryError: another ending, or no point is valid.
            MissingToolError: parquet without pyarrow.

        >>> import tempfile
        >>> from archgraph import load
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     load("transformer").sweep({"L": [2]}, ["params"]).save(f"{folder}/sizes.csv")
        ...     print((Path(folder) / "sizes.csv").read_text())
        1
        L,params
        2,6304768
        <BLANKLINE>
        """
        target = Path(path)
        if target.suffix not in WRITERS:
            hint = f"it must end in one of {', '.join(WRITERS)}"
            raise QueryError(f"cannot write a sweep as {quoted(target.name)}", hint=hint)
        with held_interrupts() if partial else nullcontext(Event()) as asked:
            return Saving(target, self.blocks(), self._columns, self._check_any).written(asked)


def check_rows(points: int) -> None:
    """Refuse a table of very many points.

    Raises:
        QueryError: there are more than `MOST_ROWS`.
    """
    if points > MOST_ROWS:
        hint = "write them: -o x.csv on the command line, save('x.csv') in Python"
        raise QueryError(f"{points:,} points are too many to print: the limit is {MOST_ROWS:,}", hint=hint)


def _signed(columns: Mapping[str, Array], signs: Mapping[str, int]) -> list[Array]:
    """The criteria of a front, all of them better the smaller."""
    return [columns[name] if sign > 0 else -columns[name] for name, sign in signs.items()]
