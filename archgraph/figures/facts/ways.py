"""Through what else than the content a field reaches the whole input, in words."""

from __future__ import annotations

from collections.abc import Iterable

from archgraph.fields.report.extent import ReadExtent


def ways_through(reaches: Iterable[ReadExtent | None]) -> str:
    """Through what else than the content some fields reach the whole input, in words."""
    found = [name for reach in reaches if reach is not None for name in reach.through]
    return " and ".join(dict.fromkeys(sorted(found)))
