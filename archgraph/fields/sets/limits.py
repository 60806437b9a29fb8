"""How large a question on single positions may be: it is refused before memory is taken."""

from __future__ import annotations

from archgraph.errors import QueryError

MOST_PAIRS = 2**33
"""Pairs of an output and an input position of one axis of one operation that are looked at; a bit each, a second."""
MOST_PLACES = 8192
"""Positions that are looked at one by one where paths have no closed form, as behind a list of indices."""
MOST_CELLS = 2**24
"""Entries of the matrix of hops."""
MOST_LAYERS = 5_000
"""Operations of the flat network whose productive layers are asked for."""


def check_pairs(outputs: int, extent: int) -> None:
    """Refuse to look at every pair of very long axes.

    Raises:
        QueryError: there are more than `MOST_PAIRS`.
    """
    if outputs * extent > MOST_PAIRS:
        raise QueryError(
            f"what {outputs:,} positions read of {extent:,} is too large a question: the limit is {MOST_PAIRS:,} pairs",
            hint="ask for single positions, or bind a smaller size: what is read does not depend on it but at borders",
        )


def check_places(axis: str, count: int) -> None:
    """Refuse paths along a very long axis.

    Raises:
        QueryError: it has more than `MOST_PLACES` positions.
    """
    if count > MOST_PLACES:
        raise QueryError(
            f"paths along {axis} with {count:,} positions are too large a question: the limit is {MOST_PLACES:,}",
            hint=f"bind a smaller size: at({axis.upper()}={MOST_PLACES // 8}); paths depend on the distance, not on it",
        )


def check_cells(rows: int, columns: int) -> None:
    """Refuse a matrix that would fill memory.

    Raises:
        QueryError: it has more than `MOST_CELLS` entries.
    """
    if rows * columns > MOST_CELLS:
        message = f"a matrix of {rows:,} x {columns:,} entries is too large: the limit is {MOST_CELLS:,}"
        raise QueryError(message, hint="ask for rows of it, or bind a smaller size")
