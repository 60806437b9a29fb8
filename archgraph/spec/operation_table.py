"""What a step can be: all operations and standard blocks, with their arguments and what they compute."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING

from archgraph.errors import QueryError, did_you_mean, quoted, some
from archgraph.ops.base import Op, spec_fields
from archgraph.ops.catalogue import summary
from archgraph.report.table import Table
from archgraph.spec.definitions import BlockSpec
from archgraph.spec.library.standard import library_file, library_names
from archgraph.spec.operations import operations

_COLUMNS = ("name", "kind", "arguments", "what it computes")
_NOTES = (
    "arguments: those in brackets have a default",
    "kind: a block is built from operations, and its steps are in the reference",
)
_WIDEST = 40
"""Characters of a cell in text."""

StepKind = Mapping[str, str]


def operation_table(words: Sequence[str] = ()) -> Table:
    """Return the operations and standard blocks; with words, those whose name or description has all of them.

    Raises:
        QueryError: none has.

    >>> [row["name"] for row in operation_table(["max", "windows"]).rows]
    ['max_pool']
    >>> operation_table(["upsample"]).rows[0]["arguments"]
    'factor, [mode, align_corners]'
    """
    rows = list(_rows())
    found = [row for row in rows if all(_says(row, word) for word in words)]
    if not found:
        names = [row["name"] for row in rows]
        told = f"no operation or standard block says {some(map(quoted, words))}."
        raise QueryError(told + did_you_mean(words[-1], names), hint="`archgraph ops` lists all")
    return Table("operations and standard blocks", _COLUMNS, found, notes=_NOTES, wrap=_WIDEST)


def _says(row: StepKind, word: str) -> bool:
    return word.lower() in f"{row['name']} {row['what it computes']}".lower()


def _rows() -> Iterator[dict[str, str]]:
    for name, op in sorted(operations().items()):
        yield _row(name, "operation", _of_operation(op), summary(op))
    for name in sorted(library_names()):
        block = library_file(name).blocks[name]
        yield _row(name, "block", _of_block(block), block.doc)


def _row(name: str, kind: str, arguments: str, text: str) -> dict[str, str]:
    """One row, with the first sentence of a text."""
    first = re.split(r"(?<=\.)\s", " ".join(text.split()), maxsplit=1)[0]
    return dict(zip(_COLUMNS, (name, kind, arguments, first), strict=True))


def _of_operation(op: type[Op]) -> str:
    fields = spec_fields(op)
    needed = [item.name for item in fields if item.default is MISSING]
    return _listed(needed, [item.name for item in fields if item.default is not MISSING])


def _of_block(block: BlockSpec) -> str:
    needed = [name for name, default in block.args.items() if default is None]
    return _listed(needed, [name for name, default in block.args.items() if default is not None])


def _listed(needed: Iterable[str], optional: Sequence[str]) -> str:
    return ", ".join([*needed, *([f"[{', '.join(optional)}]"] if optional else [])])
