"""Padding, cropping, slicing and rolling of positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from sympy import Expr, Integer

from archgraph.errors import ShapeError
from archgraph.ops.arguments import SIDES, Named, Padding, PerAxis, Ratio, padding_pairs, per_axis, plain_number
from archgraph.ops.base import Op, Saved, Types
from archgraph.ops.modules import functional
from archgraph.ops.reach import SAME, Border, Reach, Window, using
from archgraph.ops.rearrangement import Rearrangement
from archgraph.sizes.cut_sizes import cut_at_one_size
from archgraph.sizes.symbols import ONE, ZERO, require, size, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import nn

BORDERS: dict[str, Border] = {"zero": "drop", "replicate": "clamp", "reflect": "reflect", "circular": "wrap"}


def _pairs(by: Padding, x: TensorType) -> dict[str, tuple[Expr, Expr]]:
    if isinstance(by, str):
        raise ShapeError(f"the amount of padding is a number, and is '{by}'")
    ones: dict[str, Expr] = dict.fromkeys(x.positions, ONE)
    return padding_pairs(_with_idle_axes(by, x.positions), ones, ones)


def _with_idle_axes(by: Padding, positions: tuple[str, ...]) -> Padding:
    """Return the amounts with nothing for every axis that a mapping by axis leaves out."""
    if not isinstance(by, Named) or {name for name, _ in by} <= SIDES:
        return by
    return Named(dict.fromkeys(positions, ZERO) | dict(by))


@dataclass(frozen=True)
class Pad(Rearrangement):
    """Adds positions on both sides: zeros or another `value`, or reflected, replicated or circular values.

    `{c: C, *positions} -> {c: C, *positions + before + after}`; `by` is written like a padding;
    an axis that it leaves out stays as it is.

    >>> op, inputs = Pad.example()
    >>> print(op.infer(*inputs)[0])
    {c: C, h: H + 2, w: W + 2}
    """

    kind: ClassVar[str] = "pad"
    by: Padding
    mode: Literal["zero", "reflect", "replicate", "circular"] = "zero"
    value: Ratio = ZERO

    def infer(self, *inputs: TensorType) -> Types:
        (x,) = inputs
        if self.value != 0 and self.mode != "zero":
            raise ShapeError(f"pad takes its values from the border ({self.mode}), or a value, not both")
        return (x.with_sizes({axis: x.size(axis) + sum(pair) for axis, pair in _pairs(self.by, x).items()}),)

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the operand where its border is mirrored or repeated, nothing for zeros and for what comes around."""
        return Saved(inputs=(0,) if self.mode in ("reflect", "replicate") else ())

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return a shift per axis."""
        pairs = _pairs(self.by, inputs[0]).items()
        border = BORDERS[self.mode]
        return (Reach(tuple((axis, Window(before=before, border=border)) for axis, (before, _) in pairs)),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        from torch.nn.functional import pad

        (x,) = inputs
        if x.names[0] != "c" and self.mode != "zero":
            raise ShapeError("pad can be lowered with another mode than zero only where the channel comes first")
        pairs = _pairs(self.by, x)
        widths = [int(width) for name in reversed(x.names) for width in pairs.get(name, (0, 0))]
        mode = "constant" if self.mode == "zero" else self.mode
        used = widths if self.mode == "zero" else widths[:-2]
        filled = plain_number(self.value) if self.mode == "zero" else None
        return functional(lambda value: pad(value, used, mode=mode, value=filled))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return one zero on every side."""
        return cls(size(1)), (tensor(c=symbol("C"), h=symbol("H"), w=symbol("W")),)


@dataclass(frozen=True)
class Crop(Rearrangement):
    """Cuts positions off both sides; `by` is written like a padding.

    `{c: C, *positions} -> {c: C, *positions - before - after}`; an axis that `by` leaves out stays as it is.

    >>> op, inputs = Crop.example()
    >>> print(op.infer(*inputs)[0])
    {c: C, h: H, w: W}
    """

    kind: ClassVar[str] = "crop"
    by: Padding

    def infer(self, *inputs: TensorType) -> Types:
        (x,) = inputs
        sizes = {axis: x.size(axis) - sum(pair) for axis, pair in _pairs(self.by, x).items()}
        for axis, length in sizes.items():
            require(length, ">=", ONE, "crop leaves nothing of axis {} of size {}", axis, x.size(axis))
        return (x.with_sizes(sizes),)

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(aliases=((0, 0),))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return a shift per axis."""
        pairs = _pairs(self.by, inputs[0]).items()
        return (Reach(tuple((axis, Window(before=-before)) for axis, (before, _) in pairs)),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return the crop as a slice."""
        (x,) = inputs
        pairs = _pairs(self.by, x)
        cuts = [_cut(x, name, *pairs.get(name, (ZERO, ZERO))) for name in x.names]
        return functional(lambda value: value[(slice(None), *cuts)])

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return one position less on every side."""
        return cls(size(1)), (tensor(c=symbol("C"), h=symbol("H") + 2, w=symbol("W") + 2),)


def _cut(x: TensorType, axis: str, before: Expr, after: Expr) -> slice:
    return slice(int(before), int(x.size(axis)) - int(after))


@dataclass(frozen=True)
class Slice(Rearrangement):
    """Takes `size` elements of one axis from `start` on; without `size`, the rest.

    `{*axes} -> {*axes}` with the axis `size` long.

    >>> op, inputs = Slice.example()
    >>> print(op.infer(*inputs)[0])
    {n: N, c: C}
    """

    kind: ClassVar[str] = "slice"
    axis: str
    start: Expr = Integer(0)
    size: Expr | None = None

    def _size(self, x: TensorType) -> Expr:
        return x.size(self.axis) - self.start if self.size is None else self.size

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with a shorter axis."""
        (x,) = inputs
        length, taken = x.size(self.axis), self._size(x)
        require(
            taken,
            ">=",
            ONE,
            "slice from {} leaves nothing of axis {} of size {}",
            self.start,
            self.axis,
            length,
        )
        rule = "slice of {} elements from {} does not fit on axis {} of size {}"
        require(length, ">=", self.start + taken, rule, taken, self.start, self.axis, length)
        return (x.with_sizes({self.axis: taken}),)

    def at_one_size(self, *inputs: TensorType) -> tuple[str, ...]:
        """Return the axis where a number of elements is taken; without `size`, all but the first are meant."""
        fixed = self.size is not None and cut_at_one_size(inputs[0].size(self.axis), self.size)
        return (self.axis,) if fixed else ()

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(aliases=((0, 0),))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return a shift along the axis."""
        shifted = Window(before=-self.start)
        read = Reach(tuple((a, shifted if a == self.axis else SAME) for a in inputs[0].positions))
        return (using(read, "picked") if self.axis == "c" else read,)

    def lower(self, *inputs: TensorType) -> nn.Module:
        (x,) = inputs
        place, start, taken = x.names.index(self.axis) + 1, int(self.start), int(self._size(x))
        return functional(lambda value: value.narrow(place, start, taken))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return all tokens but the first."""
        return cls("n", start=size(1)), (tensor(n=symbol("N") + 1, c=symbol("C")),)


@dataclass(frozen=True)
class Take(Rearrangement):
    """Takes one element of an axis, which vanishes: the class token, for example.

    `{n: N, *axes} -> {*axes}`.

    >>> op, inputs = Take.example()
    >>> print(op.infer(*inputs)[0])
    {c: C}
    """

    kind: ClassVar[str] = "take"
    axis: str
    index: Expr = Integer(0)

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type without the axis."""
        (x,) = inputs
        rule = "take of element {} does not fit on axis {} of size {}"
        require(x.size(self.axis), ">=", self.index + 1, rule, self.index, self.axis, x.size(self.axis))
        return (x.without(self.axis),)

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(aliases=((0, 0),))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return position by position; of the axis one element, given as a window that does not move."""
        fixed = Window(stride=Integer(0), before=-self.index)
        read = Reach(tuple((a, fixed if a == self.axis else SAME) for a in inputs[0].positions))
        return (using(read, "picked") if self.axis == "c" else read,)

    def lower(self, *inputs: TensorType) -> nn.Module:
        place, index = inputs[0].names.index(self.axis) + 1, int(self.index)
        return functional(lambda value: value.select(place, index))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return the first token."""
        return cls("n"), (tensor(n=symbol("N"), c=symbol("C")),)


@dataclass(frozen=True)
class Roll(Rearrangement):
    """Shifts the positions circularly: output i is input i - by. `{c: C, *positions} -> same`.

    >>> Roll.example()[0].kind
    'roll'
    """

    kind: ClassVar[str] = "roll"
    by: PerAxis

    def infer(self, *inputs: TensorType) -> Types:
        per_axis(self.by, inputs[0].positions, "by")
        return inputs

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return a shift per axis that wraps around the border."""
        shifts = per_axis(self.by, inputs[0].positions, "by").items()
        return (Reach(tuple((axis, Window(before=shift, border="wrap")) for axis, shift in shifts)),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        (x,) = inputs
        shifts = per_axis(self.by, x.positions, "by")
        dims = [x.names.index(axis) + 1 for axis in shifts]
        amounts = [int(shift) for shift in shifts.values()]
        return functional(lambda value: value.roll(amounts, dims))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a shift by three."""
        return cls(size(3)), (tensor(c=symbol("C"), h=symbol("H"), w=symbol("W")),)
