"""Specs by what is written in them: a file whose text, and that of all it builds on, is as before is not read again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archgraph.errors import SpecError
from archgraph.spec.definitions import Spec
from archgraph.spec.spec import read_file
from archgraph.spec.text_files import text_of_file

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

MOST_KEPT = 64
"""Files; of more, the one that was asked for longest ago is read again."""


@dataclass(frozen=True)
class _Kept:
    """A spec, with the text of every file that was read for it."""

    spec: Spec
    texts: tuple[tuple[Traversable, str], ...]

    @property
    def holds(self) -> bool:
        """Whether all files still say the same."""
        try:
            return all(text_of_file(path) == text for path, text in self.texts)
        except SpecError:
            return False


_kept: dict[Path | str, _Kept] = {}


def spec_of_file(path: Traversable) -> Spec:
    """Return the spec of a file: the same one as before where nothing of it was edited.

    Raises:
        SpecError: it cannot be read, or breaks a rule of the language.
    """
    key = path.absolute() if isinstance(path, Path) else str(path)
    found = _kept.pop(key, None)
    if found is None or not found.holds:
        found = _read(path)
    # The newest stands last.
    _kept[key] = found
    for oldest in list(_kept)[:-MOST_KEPT]:
        _kept.pop(oldest, None)
    return found.spec


def _read(path: Traversable) -> _Kept:
    texts: list[tuple[Traversable, str]] = []

    def text(file: Traversable) -> str:
        texts.append((file, text_of_file(file)))
        return texts[-1][1]

    return _Kept(read_file(path, text=text), tuple(texts))
