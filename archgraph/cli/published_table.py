"""A published table as a file of comma-separated values: networks, and the numbers that are printed of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from archgraph.cli.values import bindings
from archgraph.cost.audit.audit import Entry
from archgraph.cost.audit.published import KINDS, Heading, heading, published
from archgraph.errors import ArchgraphError, Place, QueryError, quoted

if TYPE_CHECKING:
    from archgraph.architecture.architecture import Architecture

NAMES = ("spec", "model", "network", "architecture", "name")
"""Headings of the column that says what to load, the first that there is; otherwise it is the first column."""
AT = "at"
"""The heading of the column that binds symbols in each row."""
EMPTY = ("", "-", "–", "—", "n/a", "N/A")
"""Cells that hold no number."""
EXAMPLE = "a first line such as model,Params (M),GFLOPs"


@dataclass(frozen=True)
class PublishedTable:
    """The cells of a file under its headings.

    Attributes:
        at: symbols that are bound in every row, unless the row binds them itself.
    """

    path: str
    columns: tuple[str, ...]
    lines: tuple[tuple[int, dict[str, str]], ...]
    at: dict[str, object] = field(default_factory=dict)

    @cached_property
    def headings(self) -> dict[str, Heading]:
        """The columns that count something."""
        found = {column: heading(column) for column in self.columns if column not in (self.name, AT)}
        counts = {column: each for column, each in found.items() if each}
        if not counts:
            raise QueryError(f"no column of {quoted(self.path)} says that it counts {', '.join(KINDS)}", hint=EXAMPLE)
        return counts

    @cached_property
    def name(self) -> str:
        """The column that says what to load."""
        lower = {column.lower(): column for column in reversed(self.columns)}
        return next((lower[name] for name in NAMES if name in lower), self.columns[0])

    @property
    def left_out(self) -> list[str]:
        """What of the table is not held against anything, in words."""
        silent = [column for column in self.columns if column not in (self.name, AT, *self.headings)]
        nameless = [str(number) for number, cells in self.lines if cells[self.name] in EMPTY]
        return [
            *([f"columns that count nothing: {', '.join(silent)}"] if silent else []),
            *([f"lines that name no network: {', '.join(nameless)}"] if nameless else []),
        ]

    def entries(self) -> Iterator[Entry]:
        """Yield every number of every network."""
        loaded: dict[tuple[str, str], Architecture] = {}
        for number, cells in self.lines:
            if cells[self.name] in EMPTY:
                continue
            try:
                yield from self._row(cells, loaded)
            except ArchgraphError as error:
                error.place = error.place or Place(self.path, number, 1)
                raise

    def _row(self, cells: dict[str, str], loaded: dict[tuple[str, str], Architecture]) -> Iterator[Entry]:
        name, at = cells[self.name], cells.get(AT, "")
        if (name, at) not in loaded:
            loaded[name, at] = _loaded(name, {**self.at, **bindings(at.split())})
        for column, of in self.headings.items():
            if cells[column] not in EMPTY:
                number = published(cells[column], of.unit)
                yield Entry(f"{name} {at}".strip(), loaded[name, at].network, column, of, number)


def _loaded(name: str, values: dict[str, object]) -> Architecture:
    from archgraph.architecture.architecture import load

    g = load(name)
    return g.at(**values) if values else g


def read_table(path: str, at: dict[str, object]) -> PublishedTable:
    """Read a file of values with commas, semicolons or tabs between them.

    Raises:
        QueryError: it is no text, has no lines, or a line has more or fewer cells than headings.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except UnicodeDecodeError:
        raise QueryError(f"{quoted(path)} is no UTF-8 text", hint="save the table as CSV in UTF-8") from None
    reader = csv.reader(text.splitlines(), delimiter=_delimiter(text), skipinitialspace=True)
    lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
    if len(lines) < 2:
        raise QueryError(f"{quoted(path)} has no line of numbers", hint=f"{EXAMPLE}, and a line per network")
    (first, columns), *rest = lines
    if len(set(columns)) < len(columns) or not all(columns):
        raise QueryError("columns have headings, each another one", place=Place(path, first, 1), hint=EXAMPLE)
    for number, cells in rest:
        if len(cells) != len(columns):
            raise QueryError(
                f"the line has {len(cells)} cells, and there are {len(columns)} headings",
                place=Place(path, number, 1),
                hint='a cell with a comma in it is written in quotes: "25,557,032"',
            )
    rows = tuple((number, dict(zip(columns, cells, strict=True))) for number, cells in rest)
    return PublishedTable(path, tuple(columns), rows, at)


def _delimiter(text: str) -> str:
    """What is between the headings."""
    first = text.lstrip().partition("\n")[0]
    return max(",;\t", key=first.count)
