"""Bytes as they are written: 80GB, 40 GiB, 24e9."""

from __future__ import annotations

import re
from math import isfinite, log10
from sys import float_info

from archgraph.errors import QueryError, quoted

UNITS: dict[str, int] = {
    "": 1,
    "B": 1,
    **{f"{letter}B": 1000**power for power, letter in enumerate("kMGTP", 1)},
    **{f"{letter}iB": 1024**power for power, letter in enumerate("KMGTP", 1)},
}
_WRITTEN = re.compile(r"\A\s*(?P<number>[\d_]*\.?\d+(?:[eE][+-]?\d+)?)\s*(?P<unit>[A-Za-z]*)\s*\Z", re.ASCII)


def bytes_of(written: object) -> int:
    """Return a number of bytes: GB are 10^9, GiB are 2^30.

    Raises:
        QueryError: no positive number, or a unit that is not one of bytes.

    >>> bytes_of("80GB"), bytes_of("1.5 GiB"), bytes_of(24e9)
    (80000000000, 1610612736, 24000000000)
    """
    hint = "a number of bytes, such as 80GB, 40GiB or 24e9"
    if isinstance(written, (int, float)) and not isinstance(written, bool):
        found: float = written
    else:
        match = _WRITTEN.match(str(written))
        unit = _unit(match["unit"]) if match else None
        if match is None or unit is None:
            raise QueryError(f"cannot read {quoted(written)} as bytes", hint=f"{hint}; units: {', '.join(UNITS)[2:]}")
        found = float(match["number"]) * unit
    if found < 1 or found > float_info.max or not isfinite(found):
        raise QueryError(f"memory is a positive number of bytes, and not {quoted(written)}", hint=hint)
    return int(found)


def _unit(text: str) -> int | None:
    known = {name.lower(): factor for name, factor in UNITS.items()}
    # `Gb` are bits to some and bytes to others.
    return None if text.endswith("b") and text != text.lower() else known.get(text.lower())


def shown_bytes(number: int) -> str:
    """Return bytes in GB, or exactly where they are few.

    >>> shown_bytes(33_259_465_236), shown_bytes(4096), shown_bytes(2_500_000)
    ('33.3 GB', '4,096 bytes', '2.5 MB')
    """
    if number.bit_length() > 512:
        # Beyond what a rounded number can be.
        return f"about 10**{int(number.bit_length() * log10(2))} bytes"
    for name in ("TB", "GB", "MB"):
        if number >= UNITS[name]:
            return (
                f"{number / UNITS[name]:.4g} {name}"
                if number < 10 * UNITS[name]
                else f"{number / UNITS[name]:.1f} {name}"
            )
    return f"{number:,} byte{'' if number == 1 else 's'}"
