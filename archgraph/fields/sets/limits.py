"""How large a question on single positions may be: it is refused before memory is taken."""

from __future__ import annotations

from archgraph.errors import QueryError
from archgraph.graph.ir import Graph
from archgraph.graph.operations import operation_count

MOST_SPAN = 2**27
"""Positions that a set with holes may reach over: a bit each, 16 MiB."""
MOST_ONE_BY_ONE = 2**20
"""Combinations of positions that are looked at one by one, where they have no product or digits in common."""
MOST_PLACES = 8192
"""Positions that are looked at one by one where paths have no closed form, as behind a list of indices."""
MOST_CELLS = 2**24
"""Entries of the matrix of hops."""
MOST_CALLS = 50_000
"""Operations that are walked through one after the other; blocks that call blocks multiply them, and where a path is
followed step by step, repeats."""
MOST_LAYERS = 5_000
"""Operations of the flat network whose productive layers are asked for."""


def check_span(count: int) -> None:
    """Refuse a set with holes that reaches over very many positions; one without costs the same at any length.

    Raises:
        QueryError: there are more than `MOST_SPAN`.
    """
    if count > MOST_SPAN:
        raise QueryError(
            f"a set of positions with holes over {count:,} is too large: the limit is {MOST_SPAN:,}", hint=_SMALLER
        )


def check_one_by_one(count: int) -> None:
    """Refuse to look at very many combinations of positions one by one.

    Raises:
        QueryError: there are more than `MOST_ONE_BY_ONE`.
    """
    if count > MOST_ONE_BY_ONE:
        raise QueryError(
            f"{count:,} positions, looked at one by one, are too large a question: the limit is {MOST_ONE_BY_ONE:,}",
            hint=_SMALLER,
        )


_SMALLER = "ask for single positions, or bind a smaller size: what is read does not depend on it but at borders"


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


def check_calls(graph: Graph) -> None:
    """Refuse paths through calls in calls that are too many to be walked through; repeats count once.

    Raises:
        QueryError: there are more than `MOST_CALLS` operations.
    """
    check_walked(operation_count(graph), "paths walk")


def check_walked(count: int, walks: str) -> None:
    """Refuse what walks through very many operations one by one.

    Args:
        count: of the operations.
        walks: what does, with its verb.

    Raises:
        QueryError: there are more than `MOST_CALLS`.
    """
    if count > MOST_CALLS:
        raise QueryError(
            f"{walks} through {count:,} operations, and the limit is {MOST_CALLS:,}",
            hint="ask for the blocks one by one, or repeat: n instead of calls in calls",
        )


def check_iterations(name: str, count: int, operations: int) -> None:
    """Refuse paths through very many iterations that all differ in what they read, so that none stands for others.

    Args:
        name: the repeat's.
        count: of the iterations.
        operations: of each.

    Raises:
        QueryError: there are more than `MOST_CALLS` operations.
    """
    if count * operations > MOST_CALLS:
        raise QueryError(
            f"paths walk through {count * operations:,} operations, for the iterations of '{name}' differ in what"
            f" they read, and the limit is {MOST_CALLS:,}",
            hint="bind fewer iterations; `rf` has a closed form of any number",
        )


def check_passed(count: int) -> None:
    """Refuse a path that is longer than anybody reads.

    Raises:
        QueryError: it goes through more than `MOST_CALLS` operations.
    """
    if count > MOST_CALLS:
        raise QueryError(
            f"the path goes through more than {MOST_CALLS:,} operations, those of repeats every time",
            hint="paths().hops(i, j) counts its moves alone; or bind fewer iterations",
        )


def check_cells(rows: int, columns: int) -> None:
    """Refuse a matrix that would fill memory.

    Raises:
        QueryError: it has more than `MOST_CELLS` entries.
    """
    if rows * columns > MOST_CELLS:
        message = f"a matrix of {rows:,} x {columns:,} entries is too large: the limit is {MOST_CELLS:,}"
        raise QueryError(message, hint="ask for rows of it, or bind a smaller size")
