"""Names of the axes of one operation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sympy import Expr

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.layout import COPIES, Dim
from archgraph.sizes.symbols import product, same_size
from archgraph.sizes.types import CHANNEL


class AxisNames:
    """Names of axes, each given once."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken: set[str] = set(taken)

    def free(self, name: str) -> bool:
        return name not in self.taken

    def claim(self, name: str) -> str:
        if name in self.taken:
            raise ArchgraphError(f"two axes would be named '{name}'")
        self.taken.add(name)
        return name

    def fresh(self) -> str:
        index = 0
        while f"a{index}" in self.taken:
            index += 1
        return self.claim(f"a{index}")

    def for_content(self, content: Dim, sizes: Mapping[str, Expr]) -> str:
        """A fitting name: the position whose outer digit comes first, else c for channels, n for several positions."""
        real = [d for d in content if d.axis != COPIES and not d.axis.startswith("?")]
        positions = list(dict.fromkeys(d.axis for d in real if d.axis != CHANNEL))
        positions = [axis for axis in positions if not _is_invented(axis)] or positions
        if not real:
            return self.fresh()
        if any(d.axis == CHANNEL for d in real):
            first = real[0]
            outer = (
                first.axis != CHANNEL
                and not _is_invented(first.axis)
                and same_size(product((first.stride, first.size)), sizes[first.axis])
            )
            wishes = [first.axis if outer else CHANNEL]
        else:
            wishes = positions if len(positions) == 1 else ["n", positions[0]]
        return next((self.claim(wish) for wish in wishes if self.free(wish)), None) or self.fresh()


def _is_invented(axis: str) -> bool:
    """Whether an axis has a name that says nothing."""
    return axis[:1] == "a" and axis[1:].isdigit()
