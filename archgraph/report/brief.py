"""What an answer says of itself at a prompt: a screen or two, however long the answer is."""

from __future__ import annotations

from collections.abc import Sequence

LINES, COLUMNS = 60, 500
"""The most lines, and the most characters of one."""


def in_brief(text: str) -> str:
    """Return text of which long lines are cut, and many lines left out in the middle; both are said.

    >>> in_brief("a + " * 200)[-30:]
    '+ a +  … (300 more characters)'
    >>> in_brief("ab" * 500 + chr(10) + "c").split(chr(10))[1], in_brief(chr(10) * 100).count(chr(10))
    ('c', 59)
    """
    return "\n".join(map(_cut, _ends(text.split("\n"))))


def _ends(lines: Sequence[str]) -> list[str]:
    if len(lines) <= LINES:
        return list(lines)
    head = LINES // 2
    tail = LINES - head - 1
    return [*lines[:head], f"… {len(lines) - head - tail:,} more lines", *lines[-tail:]]


def _cut(line: str) -> str:
    return line if len(line) <= COLUMNS else f"{line[:COLUMNS]} … ({len(line) - COLUMNS:,} more characters)"
