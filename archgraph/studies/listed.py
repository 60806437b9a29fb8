"""Values that a user gives to choose from, which may have no end."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

from archgraph.errors import QueryError

ListedValue = TypeVar("ListedValue")
MOST_CHOSEN = 100_000
"""Values of one name to choose from or to go through."""


def listed(values: Iterable[ListedValue], name: str, most: int = MOST_CHOSEN) -> list[ListedValue]:
    """Return values as a list.

    Raises:
        QueryError: there are too many.

    >>> listed(range(10**30), "D")
    Traceback (most recent call last):
        ...
    archgraph.errors.QueryError: there are too many values of D: the limit is 100,000
    """
    found = list(islice(values, most + 1))
    if len(found) > most:
        raise QueryError(f"there are too many values of {name}: the limit is {most:,}")
    return found
