"""Standard output: a table in a format, readable where the terminal knows few characters, and never lost in silence."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable
from json import dumps
from typing import TYPE_CHECKING

from archgraph.errors import ArchgraphError, QueryError, printable, unbroken
from archgraph.report.waiting import hush

if TYPE_CHECKING:
    from archgraph.report.table import Table

READABLE = {
    "×": "x", "·": "*", "−": "-", "–": "-", "—": "-", "…": "...", "≈": "~", "≤": "<=", "≥": ">=", "≠": "!=", "→": "->",
    "θ": "params", "σ": "sigma", "²": "^2", "³": "^3", "√": "sqrt", "±": "+-", "∞": "inf", "′": "'", "“": '"', "”": '"',
    "‘": "'", "’": "'", "é": "e", "ö": "oe", "ü": "ue", "ä": "ae", "ß": "ss", "\N{NO-BREAK SPACE}": " ", "│": "|",
}  # fmt: skip
"""What stands for a character that a terminal does not have."""


class OutputError(QueryError):
    """What was asked for cannot be written to standard output."""


def _readable(error: UnicodeError) -> tuple[str, int]:
    """An error handler of encodings: a word that reads alike, or the character's number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    words = (
        READABLE.get(character) or character.encode("ascii", "backslashreplace").decode() for character in characters
    )
    # A replacement may itself be unknown to an encoding that is no superset of ASCII; no terminal has such.
    return "".join(words), error.end


codecs.register_error("archgraph.readable", _readable)


def open_output() -> None:
    """Let standard output write what its encoding lacks in other words.

    Raises:
        OutputError: it is closed, so that an answer would go nowhere.
    """
    if sys.stdout is None:
        raise OutputError("cannot write to standard output: it is closed")
    # In the locale C, Python writes undecodable bytes of file names as they came, and stops at every other character.
    if hasattr(sys.stdout, "reconfigure") and sys.stdout.errors in ("strict", "surrogateescape"):
        sys.stdout.reconfigure(errors="archgraph.readable")  # type: ignore[union-attr]


def flush_output() -> None:
    """Write what is still held back, so that a full disk is found before the command says that all is well."""
    sys.stdout.flush()


def say(text: str) -> None:
    """Print lines, in which nothing moves the cursor."""
    hush()
    print("\n".join(map(printable, text.split("\n"))))


def say_written(path: object, more: str = "") -> None:
    """Say which file was written, in a line whatever its name."""
    say(f"wrote {unbroken(str(path))}{more}")


def remark(text: str) -> None:
    """Say on standard error what the output has no place for."""
    _say_aside(printable(text))


def tell(error: ArchgraphError) -> None:
    """Say on standard error what is wrong, while the command goes on."""
    _say_aside(f"{type(error).__name__}: {error}")


def _say_aside(text: str) -> None:
    hush()
    if sys.stderr is not None:  # else Python would print to standard output, among the answers
        print(text, file=sys.stderr)


def show(table: Table, format: str) -> None:
    """Print a table; its notes go to standard error where the format has no place for them."""
    text = table.to(format).rstrip("\n")
    if format == "json":
        text = _within(text, lambda character: dumps(character)[1:-1])
    if format == "html":
        text = _within(text, lambda character: f"&#{ord(character)};")
    hush()
    print(text)
    for note in table.remarks if format in ("json", "csv") else ():
        remark(note)


def _within(text: str, spelt: Callable[[str], str]) -> str:
    """Text in the characters of the terminal, without loss: others are spelt as the format spells them."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(character if character.isascii() else spelt(character) for character in text)
    return text
