"""The operations that a spec can name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from archgraph.ops.base import REGISTERED, Op
from archgraph.ops.catalogue import FAMILIES


@cache
def operations() -> Mapping[str, type[Op]]:
    """Return the operations that a spec can name.

    Those that only traced modules need are not among them: they take torch's names for functions, and a spec
    cannot name code.

    >>> "conv" in operations(), "function" in operations()
    (True, False)
    """
    files = {family.__name__ for family in FAMILIES}
    return {kind: op for kind, op in REGISTERED.items() if op.__module__ in files}
