"""The most sequences, or the longest context, that a memory serves: searched value by value, so that the next fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archgraph.cost.training.fit import memory_of
from archgraph.cost.units import shown_bytes
from archgraph.errors import QueryError, not_among
from archgraph.laws.search import last
from archgraph.report.table import Table

MOST_SERVED = 2**62


@dataclass(frozen=True)
class LargestServed:
    """The largest value with which a network is served.

    Attributes:
        name: of what was looked for: the batch, or the tokens of each sequence in the cache.
        value: the largest.
        bytes: what is needed with it.
        next_bytes: what would be needed with one more.
        memory: what there is.
        device: what it is called.
    """

    name: str
    value: int
    bytes: int
    next_bytes: int
    memory: int
    device: str

    @property
    def sentence(self) -> str:
        """The answer in one line."""
        told = f"{self.name} = {self.value:,}: {shown_bytes(self.bytes)} of {shown_bytes(self.memory)} on {self.device}"
        return f"{told}; one more needs {self.next_bytes - self.memory:,} bytes more than there are"

    def __repr__(self) -> str:
        return self.sentence


def largest_served(needed: Callable[[int], int], name: str, where: object) -> LargestServed:
    """Return the largest value at which no more is needed than there is.

    Raises:
        QueryError: one is too much already, or more never needs more.
    """
    device, memory = memory_of(where)
    found = last(lambda value: needed(value) <= memory, MOST_SERVED)
    if found is None:
        told = f"{name} = 1 needs {shown_bytes(needed(1))}, and {device} has {shown_bytes(memory)}"
        raise QueryError(told, hint="dtype='int8' or 'int4-g128', cache='fp8', or a larger memory")
    return LargestServed(name, found, needed(found), needed(found + 1), memory, device)


def known_name(name: str, known: tuple[str, ...]) -> str:
    """Return a name that can be looked for.

    Raises:
        QueryError: it is none of them.
    """
    if name not in known:
        raise not_among("symbol of serving", name, known)
    return name


def largest_table(answers: Sequence[tuple[str, LargestServed]]) -> Table:
    """Return answers for several networks, a row each."""
    rows = [
        {
            "network": name,
            "device": each.device,
            "symbol": each.name,
            "value": each.value,
            "bytes": each.bytes,
            "memory": each.memory,
            "bytes of the next": each.next_bytes,
        }
        for name, each in answers
    ]
    return Table("the most that is served", tuple(rows[0]), rows)
