"""The errors a caller can meet, and the anatomy of their messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_WIDTH = 96
"""Columns of the bindings in a message."""
_LONGEST = 60
"""Columns of the path of a node in a message, of which the end is kept."""


@dataclass(frozen=True)
class Place:
    """Where something stands in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def shifted(self, columns: int) -> Place:
        """Return the place that many columns to the right."""
        return Place(self.file, self.line, self.column + columns)


class ArchgraphError(Exception):
    """Base of every error that archgraph raises on purpose.

    The message states the rule that was broken, with names and values. The other parts say where it happened (`place`
    in a file, `path` of the node, `trail` of the calls that led there, innermost first), the operands and other sizes
    (`about`), the bindings, and what to do (`hint`).

    >>> from archgraph.errors import Place
    >>> error = ShapeError("h differs", hint="crop the skip")
    >>> error.path = "dec(0).concat"
    >>> error.place = Place("unet.yaml", 41, 7)
    >>> print(error)
    h differs
      at    dec(0).concat       unet.yaml:41:7
      hint  crop the skip
    """

    def __init__(
        self,
        message: str,
        *,
        place: Place | None = None,
        path: str = "",
        operands: Sequence[tuple[str, object]] = (),
        bindings: str = "",
        hint: str = "",
    ) -> None:
        self.message: str = message.rstrip(".")
        super().__init__(self.message)
        self.place = place
        self.path = path
        self.about: tuple[object, ...] = ()
        self.trail: tuple[tuple[str, Place | None], ...] = ()
        self.operands: tuple[tuple[str, object], ...] = tuple(operands)
        self.bindings = bindings
        self.hint = hint

    def __str__(self) -> str:
        return "\n".join(map(printable, [self.message, *self._details()]))

    def _details(self) -> Iterator[str]:
        own = [(self.path, self.place)] if self.path or self.place else []
        yield from _table("at", "in", [*own, *_shortened(self.trail)])
        yield from _table("from", "", self.operands)
        yield from _wrapped("with", self.bindings)
        if self.hint:
            yield f"  hint  {self.hint}"


def _shortened(trail: Sequence[tuple[str, object]]) -> list[tuple[str, object]]:
    """The innermost and the outermost calls of a long trail."""
    if len(trail) <= 8:
        return list(trail)
    return [*trail[:4], (f"… {len(trail) - 7} more", None), *trail[-3:]]


def _table(first: str, others: str, rows: Sequence[tuple[str, object]]) -> Iterator[str]:
    """Rows of two columns behind a label; the left column is left out where it is empty."""
    rows = [(left if len(left) <= _LONGEST else f"…{left[-_LONGEST:]}", right) for left, right in rows]
    width = max([19, *(len(left) for left, _ in rows)])
    for number, (left, right) in enumerate(rows):
        columns = f"{left:<{width}} {right or ''}" if left else str(right)
        yield f"  {others if number else first:<4}  {columns}".rstrip()


def _wrapped(label: str, text: str) -> Iterator[str]:
    """Text behind a label, continued under itself."""
    from textwrap import wrap

    for number, line in enumerate(wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)):
        yield f"  {'' if number else label:<4}  {line}"


SPACES = "\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u3000"
"""Spaces that take room and hide nothing: a figure keeps them, a message shows which they are."""


def printable(text: str, kept: str = "") -> str:
    """Escape what cannot be printed but for some, so that a name in a spec cannot move the cursor or hide text.

    >>> printable("a\\x1b[2J")
    'a\\\\x1b[2J'
    """
    return "".join(char if char.isprintable() or char in kept else ascii(char)[1:-1] for char in text)


def unbroken(text: str) -> str:
    """Join the words of a text by single blanks: a name is a line, wherever it is printed.

    >>> unbroken("a\\nb\\t")
    'a b'
    """
    return re.sub(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+", " ", text).strip()


def quoted(text: object, limit: int = 60) -> str:
    """Return text in quotes, cut where it is long.

    >>> quoted("up{1}"), quoted("x" * 100, limit=5)
    ("'up{1}'", "'xxxxx…'")
    """
    # Python refuses to write numbers of thousands of digits.
    bits = text.bit_length() if isinstance(text, int) else 0
    whole = f"a number of {bits:,} bits" if bits > 10_000 else str(text)
    return f"'{whole[:limit]}…'" if len(whole) > limit else f"'{whole}'"


class SpecError(ArchgraphError):
    """A spec breaks a rule of the language."""


class ShapeError(ArchgraphError):
    """The operands of an operation do not fit it."""


class QueryError(ArchgraphError):
    """A question that a graph cannot answer: an unknown path, a metric that does not exist."""


class UnsupportedOpError(ArchgraphError):
    """An operation without a rule; never counted as zero."""


class UnboundSymbolError(ArchgraphError):
    """A number was asked for while symbols were still free."""


class MissingToolError(ArchgraphError):
    """An optional package or program is needed and not installed."""


def not_among(what: str, value: object, known: Iterable[str]) -> QueryError:
    """Return the error of a word that is none of those allowed: the word, the nearest of them, and all of them.

    >>> print(not_among("venue", "nurips", ("icml", "neurips")))
    there is no venue 'nurips'. Did you mean 'neurips'?
      hint  one of icml, neurips
    """
    names = list(known)
    near = did_you_mean(str(value), names)
    return QueryError(f"there is no {what} {quoted(value)}.{near}", hint=f"one of {some(names, 40)}")


def some(names: Iterable[str], limit: int = 12) -> str:
    """Return names in a row, and only the first of very many.

    >>> some(["a", "b"]), some("abcdef", limit=3)
    ('a, b', 'a, b, c, …')
    """
    names = list(names)
    return ", ".join(names if len(names) <= limit else [*names[:limit], "…"])


def counted(number: int, noun: str) -> str:
    """Return a number of things in words.

    >>> counted(1, "input"), counted(3, "input")
    ('1 input', '3 inputs')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


MOST_COMPARED = 5000
"""How many names are looked at for a near one; comparing is slow."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `" Did you mean 'x'?"` for the nearest known word whatever its case, or an empty string.

    >>> did_you_mean("Conv2d", ["conv", "relu"])
    " Did you mean 'conv'?"
    >>> did_you_mean("form", ["for", "from"])
    " Did you mean 'from'?"
    >>> did_you_mean("bfloat", ["float", "bfloat16"])
    " Did you mean 'bfloat16'?"
    >>> did_you_mean("zzz", ["conv"])
    ''
    """
    near = nearest(word, known)
    return f" Did you mean '{near}'?" if near else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the nearest known word whatever its case, or an empty string.

    >>> nearest("Conv2d", ["conv", "relu"])
    'conv'
    """
    from difflib import get_close_matches

    by_lower = {name.lower(): name for name in known}
    lower = word[:60].lower()
    swapped = [name for name in by_lower if sorted(name) == sorted(lower)]
    close = swapped or get_close_matches(lower, list(by_lower)[:MOST_COMPARED], n=4, cutoff=0.6)
    # A word cut short is likelier than one with a letter too many.
    near = next((name for name in close if name.startswith(lower)), close[0] if close else "")
    return by_lower[near] if near else ""
