"""A published table as a file of comma-separated values: networks, and the numbers that are printed of them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from archgraph.cost.audit.audit import PublishedNumber
from archgraph.cost.audit.published import PUBLISHED_KINDS, ColumnHeading, heading, printed_number
from archgraph.errors import ArchgraphError, Place, QueryError, counted, quoted
from archgraph.graph.network import Network
from archgraph.report.reading import named_text

LoadNamed = Callable[[str, str], Network]
"""What finds a network by its name and the bindings of its row, as they are written."""
NAME_HEADINGS = ("spec", "model", "network", "architecture", "name")
"""Headings of the column that says what to load, the first that there is; otherwise it is the first column."""
AT_HEADING = "at"
"""The heading of the column that binds symbols in each row."""
NO_NUMBER = ("", "-", "–", "—", "n/a", "N/A")
"""Cells that hold no number."""
EXAMPLE_HEADINGS = "a first line such as model,Params (M),GFLOPs"


@dataclass(frozen=True)
class PublishedTable:
    """The cells of a file under its headings, by line."""

    path: str
    columns: tuple[str, ...]
    lines: tuple[tuple[int, dict[str, str]], ...]

    @cached_property
    def headings(self) -> dict[str, ColumnHeading]:
        """The columns that count something."""
        found = {column: heading(column) for column in self.columns if column not in (self.name, self.bound)}
        counts = {column: each for column, each in found.items() if each}
        if not counts:
            raise QueryError(
                f"no column of {quoted(self.path)} says that it counts {', '.join(PUBLISHED_KINDS)}",
                hint=EXAMPLE_HEADINGS,
            )
        return counts

    @cached_property
    def name(self) -> str:
        """The column that says what to load."""
        return next(filter(None, map(self._called, NAME_HEADINGS)), self.columns[0])

    @cached_property
    def bound(self) -> str:
        """The column that binds symbols; empty where there is none."""
        return self._called(AT_HEADING)

    def _called(self, heading: str) -> str:
        return next((column for column in self.columns if column.lower() == heading), "")

    @property
    def left_out(self) -> list[str]:
        """What of the table is not held against anything, in words."""
        silent = [column for column in self.columns if column not in (self.name, self.bound, *self.headings)]
        nameless = [str(number) for number, cells in self.lines if cells[self.name] in NO_NUMBER]
        return [
            *([f"columns that count nothing: {', '.join(silent)}"] if silent else []),
            *([f"lines that name no network: {', '.join(nameless)}"] if nameless else []),
        ]

    def entries(self, load: LoadNamed) -> Iterator[PublishedNumber]:
        """Yield every number of every network, which is loaded once.

        Raises:
            ArchgraphError: a network cannot be loaded, or a cell holds no number; with the line.
        """
        loaded: dict[tuple[str, str], Network] = {}
        for number, cells in self.lines:
            if cells[self.name] in NO_NUMBER:
                continue
            try:
                key = (cells[self.name], cells.get(self.bound, ""))
                network = loaded[key] = loaded.get(key) or load(*key)
                yield from self._row(cells, " ".join(key).strip(), network)
            except ArchgraphError as error:
                error.place = error.place or Place(self.path, number, 1)
                raise

    def _row(self, cells: dict[str, str], name: str, network: Network) -> Iterator[PublishedNumber]:
        for column, of in self.headings.items():
            if cells[column] not in NO_NUMBER:
                yield PublishedNumber(name, network, column, of, printed_number(cells[column], of.unit))


def read_table(path: str) -> PublishedTable:
    """Read a file of values with commas, semicolons or tabs between them.

    Raises:
        QueryError: it is no text, has no lines, or a line has more or fewer cells than headings.
    """
    text = named_text(path, "CSV", (".csv", ".tsv", ".txt"))
    reader = csv.reader(text.splitlines(), delimiter=_delimiter(text), skipinitialspace=True)
    lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
    if len(lines) < 2:
        raise QueryError(f"{quoted(path)} has no line of numbers", hint=f"{EXAMPLE_HEADINGS}, and a line per network")
    (first, columns), *rest = lines
    if len(set(columns)) < len(columns) or not all(columns):
        raise QueryError("columns have headings, each another one", place=Place(path, first, 1), hint=EXAMPLE_HEADINGS)
    for number, cells in rest:
        if len(cells) != len(columns):
            raise QueryError(
                f"the line has {counted(len(cells), 'cell')}, and there are {counted(len(columns), 'heading')}",
                place=Place(path, number, 1),
                hint='a cell with a comma in it is written in quotes: "25,557,032"',
            )
    rows = tuple((number, dict(zip(columns, cells, strict=True))) for number, cells in rest)
    return PublishedTable(path, tuple(columns), rows)


def _delimiter(text: str) -> str:
    """What is between the headings."""
    first = text.lstrip().partition("\n")[0]
    return max(",;\t", key=first.count)
