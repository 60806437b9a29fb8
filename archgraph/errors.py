"""The errors a caller can meet, and the anatomy of their messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Place:
    """Where something stands in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class ArchgraphError(Exception):
    """Base of every error that archgraph raises on purpose.

    The message states the rule that was broken, with names and values. The other parts say where (`place`
    in a file, `path` of the node), with which operands, under which bindings, and what to do (`hint`).

    >>> error = ShapeError("h differs", hint="crop the skip")
    >>> error.path = "dec(0).concat"
    >>> print(error)
    h differs
      at    dec(0).concat
      hint  crop the skip
    """

    def __init__(
        self,
        message: str,
        *,
        place: Place | None = None,
        path: str = "",
        operands: Sequence[tuple[str, str]] = (),
        bindings: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.path = path
        self.operands = tuple(operands)
        self.bindings = bindings
        self.hint = hint

    def __str__(self) -> str:
        return "\n".join([self.message, *self._details()])

    def _details(self) -> Iterable[str]:
        if self.path or self.place:
            yield f"  at    {self.path:<19} {self.place or ''}".rstrip()
        for row, (name, shape) in enumerate(self.operands):
            yield f"  {'from' if row == 0 else '':<4}  {name:<19} {shape}".rstrip()
        if self.bindings:
            yield f"  with  {self.bindings}"
        if self.hint:
            yield f"  hint  {self.hint}"


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


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `" Did you mean 'x'?"` for the nearest known word, or an empty string.

    >>> did_you_mean("conv2d", ["conv", "relu"])
    " Did you mean 'conv'?"
    >>> did_you_mean("zzz", ["conv"])
    ''
    """
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean '{close[0]}'?" if close else ""
