"""The sizes that a rule gives beside those that PyTorch has recorded, at the example and at the other recordings.

Every operator has an oracle at hand: a rule that is wrong on shapes is caught where it is applied, and not in a sum
of costs.
"""

from __future__ import annotations

from typing import Any

from sympy import Expr

from archgraph.errors import ShapeError
from archgraph.pytorch.trace.builder import Tracked
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.sizes import TracedSizes
from archgraph.sizes.symbols import evaluate


class CheckedShapes:
    """Compares sizes, each pair of them once: layers are many, and their sizes are few."""

    def __init__(self, sizes: TracedSizes) -> None:
        self._sizes = sizes
        self._numbers: dict[Expr, int] = {}
        self._equal: set[tuple[Expr, Expr]] = set()

    def check(self, node: RecordedNode, found: Tracked, value: Any) -> None:
        """Compare a result of a rule with the recorded one.

        Raises:
            ShapeError: they differ.
        """
        shape = [self._at_example(self._sizes.expression(length)) for length in value.shape]
        own = list(map(self._at_example, found.shape))
        if own != shape:
            raise ShapeError(f"{node.target} gives {tuple(shape)} in PyTorch, and {tuple(own)} here")
        for size, length in zip(found.shape, value.shape, strict=True):
            if size != length and not size.is_Integer:
                self._check_elsewhere(node, size, self._sizes.expression(length))

    def _check_elsewhere(self, node: RecordedNode, size: Expr, expected: Expr) -> None:
        """Compare a size of another form at the other recordings."""
        if (size, expected) in self._equal:
            return
        for values in self._sizes.points:
            if evaluate(size, values) != evaluate(expected, values):
                show = self._sizes.declarations.show
                rule = f"{node.target} gives {show(expected)} in PyTorch, and {show(size)} here, at other sizes"
                raise ShapeError(rule, hint="please report the module")
        self._equal.add((size, expected))

    def _at_example(self, size: Expr) -> int:
        if size not in self._numbers:
            self._numbers[size] = evaluate(size, self._sizes.declarations.values)
        return self._numbers[size]
