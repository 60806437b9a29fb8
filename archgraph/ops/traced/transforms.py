"""Fourier transforms, and complex numbers seen as pairs of real ones."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar, Literal

from sympy import Expr, Integer

from archgraph.errors import ShapeError, UnsupportedOpError
from archgraph.ops.arguments import Named, StoredName
from archgraph.ops.base import NoMacs, Op, Saved, Types, Unweighted
from archgraph.ops.modules import functional
from archgraph.ops.reach import SAME, All, AtMost, AxisMap, Reach, using, windowed
from archgraph.ops.traced.stored import SameValues
from archgraph.sizes.symbols import product, require, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn

FOURIER_CONVENTION = "a Fourier transform of N numbers is counted as 5 N log2 N operations, log2 N rounded up"
"""What is told of networks with such transforms: no law of PyTorch, whose library chooses the algorithm by N."""


@dataclass(frozen=True)
class Fourier(Unweighted, NoMacs):
    """A discrete Fourier transform along the axes in `over`, each of the length there. `{*axes} -> {*axes}`.

    `of` says of what numbers: real to complex, where `sizes` leaves one half of the last axis or all, complex, or
    complex to real. By convention 5 N log2 N operations for N numbers, with log2 N rounded up, and half of that where
    one side is real, rounded up; with `back` it undoes another one. No multiply-accumulates, as PyTorch's counter has
    it. Source: the convention of FFTW's benchmark, Frigo & Johnson 2005, doi:10.1109/JPROC.2004.840301.

    >>> op, inputs = Fourier.example()
    >>> print(op.infer(*inputs)[0], op.elementwise(*inputs))
    {n: 5, c: C} 60*C
    """

    kind: ClassVar[str] = "fourier"
    over: Named
    sizes: Named
    of: Literal["real", "complex", "halved"] = "complex"
    dtype: StoredName = "complex64"
    back: bool = False

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with the sizes of the result."""
        (x,) = inputs
        for axis, _ in self.over:
            x.size(axis)
        return (x.with_sizes(dict(self.sizes)).as_dtype(self.dtype),)

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return 5 N log2 N of every transform, or one half."""
        (x,) = inputs
        lengths = dict(self.over)
        if not all(length.is_Integer for length in lengths.values()):
            named = next(axis for axis, length in lengths.items() if not length.is_Integer)
            what = f"a Fourier transform of {lengths[named]} numbers along {named}"
            rule = f"{what} costs N log2 N, which is no law of sizes"
            raise UnsupportedOpError(rule, hint="ask at a number of that size")
        length = prod(map(int, lengths.values()))
        others = product(size for axis, size in x.axes if axis not in lengths)
        whole = 5 * length * (length - 1).bit_length()
        return product((Integer(whole if self.of == "complex" else -(-whole // 2)), others))

    def saved(self, *inputs: TensorType) -> Saved:
        """Return nothing, for the gradient is a transform of the gradient; real numbers are kept all the same."""
        return Saved(inputs=(0,) if self.of == "real" else ())

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return everything along the transformed axes, at most where one may be undone that came before."""
        (x,) = inputs
        lengths = dict(self.over)
        every: AxisMap = AtMost(All(), "what a transform back undoes of one before it") if self.back else All()
        read = windowed({axis: every if axis in lengths else SAME for axis in x.positions})
        return (using(read, "mixed") if "c" in lengths else read,)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's transform."""
        import torch

        (x,) = inputs
        dims = [x.names.index(axis) + 1 for axis, _ in self.over]
        lengths, sizes, of = [int(n) for _, n in self.over], [int(n) for _, n in self.sizes], self.of
        whole = torch.fft.ifftn if self.back else torch.fft.fftn

        def transform(value: Tensor) -> Tensor:
            if of == "halved":
                return torch.fft.irfftn(value, s=lengths, dim=dims)
            made = torch.fft.rfftn if of == "real" and sizes[-1] != lengths[-1] else whole
            return made(value, s=lengths, dim=dims)

        return functional(transform)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return the transform of 8 real tokens."""
        n = Named({"n": Integer(8)})
        return cls(n, Named({"n": Integer(5)}), "real"), (tensor(n=8, c=symbol("C")),)


@dataclass(frozen=True)
class ComplexOfPairs(SameValues):
    """Pairs of numbers along `axis` seen as complex ones: `{axis: 2, *axes} -> {*axes}`, in the same memory.

    >>> op, inputs = ComplexOfPairs.example()
    >>> print(op.infer(*inputs)[0], op.infer(*inputs)[0].dtype)
    {n: N} complex64
    """

    kind: ClassVar[str] = "complex_of_pairs"
    axis: str
    dtype: StoredName = "complex64"

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type without the axis."""
        (x,) = inputs
        require(x.size(self.axis), "==", Integer(2), "a complex number has two parts, and {} has {}", self.axis, x)
        return (x.without(self.axis).as_dtype(self.dtype),)

    def saved(self, *inputs: TensorType) -> Saved:
        """Return that the numbers lie in the operand's memory."""
        return Saved(aliases=((0, 0),))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return both parts."""
        (x,) = inputs
        read = windowed({axis: All() if axis == self.axis else SAME for axis in x.positions})
        return (using(read, "gathered") if self.axis == "c" else read,)

    def lower(self, *inputs: TensorType) -> nn.Module:
        import torch

        place = inputs[0].names.index(self.axis) + 1
        return functional(lambda x: torch.view_as_complex(x.movedim(place, -1).contiguous()))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return N complex numbers."""
        return cls("c"), (tensor(n=symbol("N"), c=2),)


@dataclass(frozen=True)
class PairsOfComplex(SameValues):
    """Complex numbers seen as pairs along a new axis, the last: `{*axes} -> {*axes, axis: 2}`, in the same memory.

    >>> op, inputs = PairsOfComplex.example()
    >>> print(op.infer(*inputs)[0])
    {n: N, c: 2}
    """

    kind: ClassVar[str] = "pairs_of_complex"
    axis: str
    dtype: StoredName = "float"

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with the axis."""
        (x,) = inputs
        if x.has(self.axis):
            raise ShapeError(f"the parts of complex numbers need an axis of their own, and {x} has {self.axis}")
        return (TensorType((*x.axes, (self.axis, Integer(2))), self.dtype),)

    def saved(self, *inputs: TensorType) -> Saved:
        """Return that the parts lie in the operand's memory."""
        return Saved(aliases=((0, 0),))

    def lower(self, *inputs: TensorType) -> nn.Module:
        import torch

        return functional(torch.view_as_real)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return N complex numbers."""
        return cls("c"), (tensor("complex64", n=symbol("N")),)
