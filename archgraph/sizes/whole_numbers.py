"""Whole numbers as people write them; apart from the rest of sizes, since the command line needs no laws for it."""

from __future__ import annotations


def read_whole(text: str) -> int:
    """Return the whole number that a text spells in the digits 0 to 9: those of other scripts look like something else.

    Raises:
        ValueError: it spells none.

    >>> read_whole("-12")
    -12
    """
    if not text.isascii():
        raise ValueError("digits of another script")
    return int(text)
