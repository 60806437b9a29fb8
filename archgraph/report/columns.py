"""Columns of numbers, written part by part as CSV or Parquet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any, BinaryIO

from archgraph.errors import QueryError
from archgraph.optional import missing

_WRITTEN = 2**14
"""Rows that are text at once."""


def _write_csv(file: BinaryIO, parts: Iterator[Mapping[str, Any]]) -> None:
    for index, columns in enumerate(parts):
        if index == 0:
            file.write((",".join(columns) + "\n").encode())
        # Numbers as text take twenty times the room of numbers: a piece of a part at a time.
        for start in range(0, len(next(iter(columns.values()))), _WRITTEN):
            lists = [map(str, column[start : start + _WRITTEN].tolist()) for column in columns.values()]
            file.write("".join(",".join(row) + "\n" for row in zip(*lists, strict=True)).encode())


def _write_parquet(file: BinaryIO, parts: Iterator[Mapping[str, Any]]) -> None:
    try:
        import pyarrow  # pyright: ignore[reportMissingImports]
        import pyarrow.parquet  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise missing("pyarrow", "parquet needs pyarrow", "write .csv") from None
    writer: Any = None
    # Closed also where the parts end in an error: it would try to when it is collected, and the file is gone then.
    with ExitStack() as closing:
        for columns in parts:
            try:
                table = pyarrow.table(dict(columns))
            except OverflowError:
                raise QueryError("parquet has no numbers of more than 64 bits", hint="write .csv") from None
            writer = writer or closing.enter_context(pyarrow.parquet.ParquetWriter(file, table.schema))
            writer.write_table(table)


WRITERS: Mapping[str, Callable[[BinaryIO, Iterator[Mapping[str, Any]]], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
}
