"""A sweep written into a file block by block: the whole of it, or until it is asked to stop."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import BinaryIO

from archgraph.errors import counted, printable
from archgraph.laws.blocks import Array, Block
from archgraph.report.columns import WRITERS
from archgraph.report.files import writing
from archgraph.steps import stepping


class Saving:
    """A sweep on its way into a file.

    Args:
        target: the file, of a kind that can be written.
        blocks: the parts of the sweep, one after the other.
        columns: of one of them.
        check: of how many points there are in the end; nothing is written where it raises an error.
    """

    def __init__(
        self,
        target: Path,
        blocks: Sequence[Block],
        columns: Callable[[Block], Mapping[str, Array]],
        check: Callable[[int], None],
    ) -> None:
        self._target, self._blocks = target, blocks
        self._columns, self._check = columns, check
        self._kept: list[int] = []

    def written(self, asked: Event) -> int:
        """Write what there is, or what there is until it is asked to stop; return how many points they are."""
        with writing(self._target) as file:
            WRITERS[self._target.suffix](file, self._parts(asked))
            if len(self._kept) < len(self._blocks):
                raise self._stopped(file)
            self._check(sum(self._kept))
        return sum(self._kept)

    def _parts(self, asked: Event) -> Iterator[Mapping[str, object]]:
        for block in stepping(self._blocks, "written blocks"):
            columns = self._columns(block)
            yield columns
            self._kept.append(len(next(iter(columns.values()))))
            if asked.is_set():
                return

    def _stopped(self, file: BinaryIO) -> KeyboardInterrupt:
        """Move what is written to a file that says in its name that it is no whole sweep."""
        part = self._target.with_suffix(f".part{self._target.suffix}")
        file.flush()
        with writing(part) as copy:
            os.lseek(file.fileno(), 0, os.SEEK_SET)
            with os.fdopen(os.dup(file.fileno()), "rb") as whole_blocks:
                shutil.copyfileobj(whole_blocks, copy)
        stopped = KeyboardInterrupt()
        done = f"{len(self._kept):,} of {len(self._blocks):,} blocks"
        stopped.add_note(f"{printable(str(part))} holds {done}: {counted(sum(self._kept), 'point')}")
        return stopped
