"""Devices by their peak rates, which their makers state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archgraph.data import table
from archgraph.errors import QueryError, not_among
from archgraph.keywords import strict_methods


@strict_methods
@dataclass(frozen=True)
class Device:
    """Peak rates of a device, in operations and bytes per second.

    Attributes:
        products: of matrix products, by the type of their operands.
        vector: of everything else, in single precision; None if the maker states none.
        bandwidth: of its memory.
        memory: its bytes, as the maker states them.
        source: where the maker states them.
        checked: which of them were compared with which page that quotes the maker.
    """

    name: str
    products: Mapping[str, float]
    vector: float | None
    bandwidth: float
    memory: int
    source: str
    checked: str

    def rate(self, dtype: str) -> float:
        """Return the peak rate of matrix products.

        Raises:
            QueryError: the device has none in that type, or its maker states none.
        """
        if not self.products:
            raise QueryError(f"the maker of {self.name} states no rate of products", hint="its memory is still known")
        kind = "bf16" if dtype == "mixed" or dtype.startswith("bf16-") else dtype
        if kind not in self.products:
            raise QueryError(f"{self.name} has no {kind}", hint=f"one of {', '.join(self.products)}")
        return self.products[kind]

    def seconds(self, macs: float, elementwise: float, moved: float, dtype: str) -> tuple[float, float]:
        """Return how long computing and moving take at the peak rates; the longer one bounds the time.

        Raises:
            QueryError: the maker states none of a rate that is needed, or the time is beyond every rounded number.

        >>> [round(1e6 * time, 1) for time in device("a100").seconds(1.56e9, 0, 2.039e6, "bf16")]
        [10.0, 1.0]
        """
        rate = self.rate(dtype)
        try:
            return 2 * macs / rate + self._elementwise(elementwise), moved / self.bandwidth
        except OverflowError:
            message = f"{self.name} takes longer than a rounded number of seconds can say"
            raise QueryError(message, hint="bind smaller sizes") from None

    def _elementwise(self, operations: float) -> float:
        if self.vector is None and operations:
            message = f"the maker of {self.name} states no rate of operations element by element"
            raise QueryError(message, hint="its memory, and what is bound by products alone, are still answered")
        return operations / self.vector if self.vector else 0.0


def device(name: str) -> Device:
    """Return a device by its name in the table of hardware.

    Raises:
        QueryError: there is none of that name.
    """
    known = table("hardware")
    if name not in known:
        raise not_among("device", name, known)
    found = known[name]
    rates = found["flops"], found.get("vector"), found["bandwidth"]
    return Device(found["name"], *rates, int(found["memory"]), found["source"], found["checked"])
