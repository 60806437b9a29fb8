"""Sweeps: metrics over a grid of sizes, in arrays of numpy or dask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sympy import Expr, Symbol

from archgraph.analysis.compiled import compiled, numpy
from archgraph.backend.table import Table
from archgraph.errors import QueryError, did_you_mean
from archgraph.symbols import replaced

if TYPE_CHECKING:
    from archgraph.api import Architecture


@dataclass(frozen=True)
class Sweep:
    """Metrics on a grid.

    Attributes:
        name: the architecture's.
        axes: the swept values by symbol, in the order of the arrays' dimensions.
        values: an array per metric, one dimension per swept symbol; lazy where the grid is of dask.
        valid: where the values obey the symbols' rules (`multiple_of`, `offset`).
        exact: whether each metric is exact, or rounded to 53 bits.
    """

    name: str
    axes: Mapping[str, Any]
    values: Mapping[str, Any]
    valid: Any
    exact: Mapping[str, bool]

    def __getitem__(self, metric: str) -> Any:
        """Return the array of a metric."""
        return self.values[metric]

    def columns(self) -> dict[str, Any]:
        """Return flat columns of the valid points: swept symbols, then metrics."""
        np = numpy()
        grids = np.meshgrid(*(np.asarray(axis) for axis in self.axes.values()), indexing="ij")
        keep = np.asarray(self.valid).ravel()
        symbols = {name: grid.ravel()[keep] for name, grid in zip(self.axes, grids, strict=True)}
        metrics = {name: np.asarray(array).ravel()[keep] for name, array in self.values.items()}
        return {**symbols, **metrics}

    def table(self) -> Table:
        """Return the valid points as a table."""
        columns = self.columns()
        lists = {name: column.tolist() for name, column in columns.items()}
        rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
        notes = tuple(f"{name}: rounded to 53 bits" for name, exact in self.exact.items() if not exact)
        return Table(f"{self.name}: sweep of {', '.join(self.axes)}", tuple(lists), rows, notes=notes)

    def pareto(self, *smaller: str, larger: Sequence[str] = ()) -> Table:
        """Return the points that no other point beats: small in some metrics or symbols, large in others.

        >>> from archgraph import load
        >>> sweep = load("transformer").sweep({"L": [4, 8], "D": [256, 512]}, metrics=["macs"])
        >>> [row["L"] for row in sweep.pareto("macs", larger=["D"]).rows]
        [4, 4]
        """
        np = numpy()
        table, columns = self.table(), self.columns()
        signed = [columns[name] for name in smaller] + [-columns[name] for name in larger]
        order = np.lexsort(signed[::-1])
        front: list[int] = []
        best: list[tuple] = []
        for index in order.tolist():
            point = tuple(column[index] for column in signed)
            if not any(all(a <= b for a, b in zip(other, point, strict=True)) for other in best):
                front.append(index)
                best.append(point)
        return Table(
            f"{self.name}: Pareto front",
            table.columns,
            [table.rows[index] for index in front],
            notes=table.notes,
        )

    def save(self, path: str) -> None:
        """Write the valid points as .csv or .parquet, whole or not at all.

        Raises:
            QueryError: another ending, or parquet without pyarrow.
        """
        from archgraph.backend.files import write_bytes, write_text

        target = Path(path)
        if target.suffix == ".csv":
            write_text(target, self.table().to_csv())
        elif target.suffix == ".parquet":
            write_bytes(target, _parquet(self.columns()))
        else:
            raise QueryError(f"cannot write {target.name}: a sweep is written as .csv or .parquet")


def sweep(g: Architecture, grid: Mapping[str, Any], metrics: Iterable[str]) -> Sweep:
    """Return metrics over the product of the grid's values, every other symbol at its value.

    Raises:
        QueryError: an unknown, derived or structural symbol.
    """
    names = tuple(grid)
    _check(g, names)
    np = numpy()
    arrays = {g.symbols[name]: _along(grid[name], place, len(names), np) for place, name in enumerate(names)}
    fixed = {free: value for free, value in g.point().items() if free not in arrays}
    laws = {metric: compiled(replaced(g.expression(metric), fixed), tuple(arrays)) for metric in metrics}
    exact = {metric: law.exact(arrays) for metric, law in laws.items()}
    values = {metric: _full(law(arrays), arrays, np) for metric, law in laws.items()}
    return Sweep(g.name, {name: _values(grid[name], np) for name in names}, values, _valid(g, arrays, fixed, np), exact)


def _check(g: Architecture, names: tuple[str, ...]) -> None:
    for name in names:
        if name not in g.symbols:
            raise QueryError(
                f"cannot sweep '{name}'.{did_you_mean(name, g.symbols)}",
                hint=f"laws are symbolic in {', '.join(g.symbols)}; bind structural symbols with bind or what_if",
            )
        if g.definition(name) is not None:
            raise QueryError(f"cannot sweep '{name}': it is derived from {g.definition(name)}")


def _values(values: Any, np: Any) -> Any:
    return values if hasattr(values, "astype") else np.asarray(list(values))


def _along(values: Any, place: int, rank: int, np: Any) -> Any:
    shape = [1] * rank
    shape[place] = -1
    return _values(values, np).reshape(shape)


def _full(result: Any, arrays: Mapping[Symbol, Any], np: Any) -> Any:
    """Spread a law that lacks some swept symbols over the whole grid."""
    shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    return result if getattr(result, "shape", ()) == shape else np.broadcast_to(result, shape)


def _valid(g: Architecture, arrays: Mapping[Symbol, Any], fixed: Mapping[Symbol, Expr], np: Any) -> Any:
    shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    valid: Any = np.ones(shape, dtype=bool)
    for name, free in g.symbols.items():
        rule = g.rule_law(name)
        if rule is None or not ({free} | rule[0].free_symbols | rule[1].free_symbols) & arrays.keys():
            continue
        multiple, offset = (_number(replaced(part, fixed), arrays) for part in rule)
        own = arrays.get(free, int(fixed[free]) if free in fixed else 0)
        valid = valid & ((own - offset) % multiple == 0)
    return valid


def _number(law: Expr, arrays: Mapping[Symbol, Any]) -> Any:
    return compiled(law, tuple(arrays))(arrays) if law.free_symbols else int(law)


def _parquet(columns: Mapping[str, Any]) -> bytes:
    try:
        import pyarrow  # pyright: ignore[reportMissingImports]
        import pyarrow.parquet  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise QueryError("parquet needs pyarrow", hint="pip install 'archgraph[sweep]', or write .csv") from None
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.table(dict(columns)), sink)
    return sink.getvalue().to_pybytes()
