"""The arguments that a handler is given, and the names of an input's axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from archgraph.sizes.dtypes import stored_type


class Arguments:
    """The arguments of one call by the operator's own names; `nodes` are the graph's, before evaluation."""

    def __init__(self, node: Any, nodes: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        self.node = node
        self.nodes = nodes
        self._values = values

    def __getattr__(self, name: str) -> Any:
        return self._values.get(name)

    @property
    def shape(self) -> Sequence[Any]:
        """The shape of the result."""
        return self.node.meta["val"].shape


class Lazy(dict[str, object]):
    """Arguments that are looked up when a handler asks: a weight that is counted in a layer has no value."""

    def __init__(self, fetch: Callable[[Any], Any], nodes: Mapping[str, Any]) -> None:
        super().__init__()
        self._fetch = fetch
        self._nodes = nodes

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of an argument."""
        if key not in self._nodes:
            return default
        if key not in self:
            self[key] = self._fetch(self._nodes[key])
        return self[key]


def conventional_names(rank: int, dtype: str, channel: int | None = None) -> tuple[str, ...]:
    """Return names for the axes of an input: images are c, h, w; tokens n, c; indices n.

    Args:
        channel: which of the axes is known to be channels.

    >>> conventional_names(3, "float"), conventional_names(1, "int"), conventional_names(3, "float", 2)
    (('c', 'h', 'w'), ('n',), ('h', 'w', 'c'))
    """
    if not stored_type(dtype).has_gradient:
        known = {0: (), 1: ("n",), 2: ("h", "w"), 3: ("d", "h", "w")}
        return known.get(rank) or tuple(f"a{i}" for i in range(rank))
    if not rank:
        return ()
    usual = {1: (), 2: ("n",), 3: ("h", "w"), 4: ("d", "h", "w")}
    positions = usual.get(rank, tuple(f"a{i}" for i in range(rank - 1)))
    # Tokens have channels last, everything else has them first.
    place = channel if channel is not None else 1 if rank == 2 else 0
    return (*positions[:place], "c", *positions[place:])
