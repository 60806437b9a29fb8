"""Interpolation to a given size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from sympy import Expr

from archgraph.ops.arguments import Named, PerAxis, per_axis
from archgraph.ops.base import TRACED, NoMacs, Op, Saved, Types, Unweighted
from archgraph.ops.modules import functional
from archgraph.ops.reach import SAME, All, AtMost, AxisMap, Interpolated, Listed, Reach, Resized, windowed
from archgraph.ops.traced.resampled import resampled_sets
from archgraph.sizes.symbols import ZERO, product, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import nn

LISTED = frozenset(("nearest", "nearest-exact", "linear", "cubic"))
TAPS = {"nearest": 1, "nearest-exact": 1, "area": 1, "linear": 2, "cubic": 4}


@dataclass(frozen=True)
class Resize(Unweighted, NoMacs):
    """Interpolates the positions to a given size. `{c: C, *positions} -> {c: C, *size}`.

    `mode` is nearest, nearest-exact, linear, cubic or area; 2 operations per tap, nothing for copies. `bounded` says
    why a traced one may read other neighbours than the sizes say, `by_factor` that its code names the ratio of sizes.

    >>> op, inputs = Resize.example()
    >>> print(op.infer(*inputs)[0])
    {c: C, h: 2*H, w: 2*W}
    """

    kind: ClassVar[str] = "resize"
    size: PerAxis
    mode: Literal["linear", "nearest", "nearest-exact", "cubic", "area"] = "linear"
    align_corners: bool = False
    bounded: str = field(default="", metadata={TRACED: True})
    by_factor: bool = field(default=False, metadata={TRACED: True})

    def _sizes(self, x: TensorType) -> dict[str, Expr]:
        return per_axis(self.size, x.positions, "size")

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with the given position sizes."""
        return (inputs[0].with_sizes(self._sizes(inputs[0])),)

    def at_one_size(self, *inputs: TensorType) -> tuple[str, ...]:
        """Return the axes whose length is no multiple of the operand's by a number."""
        (x,) = inputs
        sizes = {} if self.by_factor else self._sizes(x)
        return tuple(axis for axis, length in sizes.items() if _unlike(x.size(axis), length))

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return 2 per tap and output element."""
        if self.mode in ("nearest", "nearest-exact"):
            return ZERO
        taps = TAPS[self.mode] ** len(inputs[0].positions)
        return 2 * taps * self.outputs(*inputs)[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        """Return nothing: the weights are constants."""
        return Saved()

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return the neighbours per axis; all as a bound where sizes are free and no factor says which they are."""
        (x,) = inputs
        return (windowed({a: self._map(x.size(a), length) for a, length in self._sizes(x).items()}),)

    def _map(self, before: Expr, after: Expr) -> AxisMap:
        factor = product((after, 1 / before))
        if self.bounded:
            return AtMost(All(), self.bounded)
        if before == after:
            return SAME
        if self.mode == "linear" and self.align_corners:
            return Resized(before, after, "corners")
        if self.mode == "linear" and factor.is_Integer:
            return Interpolated(factor)
        if self.mode == "area":
            return Resized(before, after, "adaptive")
        if self.mode not in LISTED or not before.is_Integer or not after.is_Integer:
            return AtMost(All(), f"which neighbours are read from {before} to {after} by {self.mode} interpolation")
        return Listed(resampled_sets(int(before), int(after), self.mode, align_corners=self.align_corners))

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch.nn.functional import interpolate

        (x,) = inputs
        sizes = [int(length) for length in self._sizes(x).values()]
        linear = {1: "linear", 2: "bilinear", 3: "trilinear"}[len(sizes)]
        mode = {"linear": linear, "cubic": "bicubic"}.get(self.mode, self.mode)
        corners = self.align_corners if self.mode in ("linear", "cubic") else None
        place = x.names.index("c") + 1
        return functional(
            lambda v: interpolate(v.movedim(place, 1), sizes, mode=mode, align_corners=corners).movedim(1, place)
        )

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a doubling of both sides."""
        h, w = symbol("H"), symbol("W")
        return cls(Named({"h": 2 * h, "w": 2 * w})), (tensor(c=symbol("C"), h=h, w=w),)


def _unlike(before: Expr, after: Expr) -> bool:
    """Whether one length is not known to be a multiple of another, whatever the size of an input."""
    ratio = product((after, 1 / before))
    return before != after and bool(ratio.free_symbols or not before.free_symbols)
