"""Operations that specs do not need and traced modules do: functions by name, reductions, constants."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sympy import Expr

from archgraph.ops.arguments import Named, PerAxis, StoredName, per_axis
from archgraph.ops.arithmetic import Broadcast, aligned, broadcast
from archgraph.ops.base import TRACED, Kernel, NoMacs, Op, Saved, Types, Unweighted
from archgraph.ops.convolution import Conv, ConvTranspose
from archgraph.ops.functions import Call, PointwiseFunction, function_row, torch_function
from archgraph.ops.modules import functional, torch_dtype
from archgraph.ops.reach import SAME, All, AtMost, AxisMap, Causal, Interpolated, Listed, Reach, Resized, windowed
from archgraph.ops.traced.resampled import resampled_sets
from archgraph.sizes.symbols import ZERO, product, size, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Function(Broadcast):
    """A function of one element, or of several that are broadcast by name, called by torch's name for it.

    `{*axes}, ... -> {*axes of all}`. One operation per output element. `call` holds the arguments in order:
    numbers, and null where the next operand goes; without it the operands are the arguments. What is kept for the
    backward pass follows from both; a function that the table of functions lacks is refused.

    >>> op, inputs = Function.example()
    >>> print(op.infer(*inputs)[0], op.elementwise(*inputs))
    {c: C, h: H, w: W} C*H*W
    """

    kind: ClassVar[str] = "function"
    function: str
    call: Call | None = None

    def __post_init__(self) -> None:
        function_row(self.function)

    @property
    def _row(self) -> PointwiseFunction:
        return function_row(self.function, self.call)

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with all axes of all operands."""
        out = broadcast(self.function, inputs)
        return (out.as_dtype(self._row.dtype(inputs, self.call)),)

    def elementwise(self, *inputs: TensorType) -> Expr:
        return self._row.operations * self.outputs(*inputs)[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        return self._row.saved(inputs, self.outputs(*inputs)[0].numel, self.call)

    def saved_for(self, needed: frozenset[int], kernel: Kernel, *inputs: TensorType) -> Saved:
        """Return what the gradients of some operands need."""
        return self._row.saved(inputs, self.outputs(*inputs)[0].numel, self.call, needed)

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        return tuple(self._row.reach(x.positions) for x in inputs)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's function on aligned operands."""
        compute = torch_function(self.function)
        call = (None,) * len(inputs) if self.call is None else self.call
        (out,) = self.outputs(*inputs)
        align = [aligned(lambda x: x, (x,), TensorType(out.axes)) for x in inputs]

        def apply(*tensors: Tensor) -> Tensor:
            values = iter([module(x) for module, x in zip(align, tensors, strict=True)])
            return compute(*(next(values) if place is None else place for place in call))

        return functional(apply)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a sine over a feature map."""
        return cls("sin"), (tensor(c=symbol("C"), h=symbol("H"), w=symbol("W")),)


COUNTS = {"any": "bool", "all": "bool", "argmax": "int", "argmin": "int", "count_nonzero": "int"}
"""Reductions to tests, places and numbers, which have no gradient, and how these are stored."""
PLACED = frozenset(("max", "min", "median", "nanmedian", "mode", "kthvalue"))
"""Reductions to one of several elements, which keep its place."""


@dataclass(frozen=True)
class Reduce(Unweighted, NoMacs):
    """Sum, product, extremum, median, norm or variance over the axes in `over`, which vanish.

    `{*over, *axes} -> {*axes}`. One operation per input element; `function` is torch's name: `amax` over any axes,
    `max`, `median`, `mode` and `kthvalue`, the `nth` smallest, over one, whose place they keep; `whole_median` over
    all. The result is stored in `dtype`, by default as the operand is.

    >>> op, inputs = Reduce.example()
    >>> print(op.infer(*inputs)[0])
    {n: N}
    """

    kind: ClassVar[str] = "reduce"
    function: str
    over: tuple[str, ...]
    dtype: StoredName | None = None
    nth: Expr | None = None

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type without the axes."""
        (x,) = inputs
        for axis in self.over:
            x.size(axis)
        left = x.without(*self.over)
        integers = self.function in ("sum", "prod", "nansum") and not x.has_gradient
        return (left.as_dtype(self.dtype or ("int" if integers else COUNTS.get(self.function, x.dtype))),)

    def elementwise(self, *inputs: TensorType) -> Expr:
        return inputs[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        """Return the input, but for sums; norms and extrema need their result too, those of one axis its place."""
        if self.function in ("sum", "mean", *COUNTS):
            return Saved()
        if self.function in PLACED:
            return Saved(fresh=((self.outputs(*inputs)[0].numel, "int"),))
        return Saved(inputs=(0,), outputs=() if self.function in ("var", "nansum") else (0,))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return everything along the reduced axes."""
        (x,) = inputs
        found = windowed({axis: All() if axis in self.over else SAME for axis in x.positions})
        # One value alone does not vary, whatever it is.
        varies = self.function in ("var", "std")
        return (replace(found, among=product(map(x.size, self.over)) if varies else None),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        import torch

        if self.function.startswith("whole_"):
            return functional(getattr(torch, self.function.removeprefix("whole_")))
        compute = getattr(torch, self.function, None) or getattr(torch.linalg, self.function)
        dims = tuple(inputs[0].names.index(axis) + 1 for axis in self.over)
        if self.function in PLACED:
            nth = {} if self.nth is None else {"k": int(self.nth)}
            return functional(lambda x: compute(x, dim=dims[0], **nth).values)
        # A product is over one dimension.
        dim = dims[0] if self.function in ("argmax", "argmin", "prod") else dims
        stored = {"dtype": torch_dtype(self.dtype)} if self.dtype else {}
        return functional(lambda x: compute(x, dim=dim, **stored))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return the sum of the channels."""
        return cls("sum", ("c",)), (tensor(n=symbol("N"), c=symbol("C")),)


@dataclass(frozen=True)
class Cumulate(Unweighted, NoMacs):
    """Running sum along one axis, or what else `function` is. `{*axes} -> same`; one operation per element.

    `function` is torch's name: cumsum, cumprod or logcumsumexp. The result is stored in `dtype`, by default as the
    operand is.

    >>> op, inputs = Cumulate.example()
    >>> print(op.elementwise(*inputs))
    C*N
    """

    kind: ClassVar[str] = "cumulate"
    axis: str
    function: Literal["cumsum", "cumprod", "logcumsumexp"] = "cumsum"
    dtype: StoredName | None = None

    def infer(self, *inputs: TensorType) -> Types:
        inputs[0].size(self.axis)
        return (inputs[0].as_dtype(self.dtype or inputs[0].dtype),)

    def elementwise(self, *inputs: TensorType) -> Expr:
        return inputs[0].numel

    def saved(self, *inputs: TensorType) -> Saved:
        """Return nothing for a sum, whose gradient is a running sum too; else the operand and the result."""
        return Saved() if self.function == "cumsum" else Saved(inputs=(0,), outputs=(0,))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return every earlier position along the axis."""
        (x,) = inputs
        return (windowed({axis: Causal() if axis == self.axis else SAME for axis in x.positions}),)

    def lower(self, *inputs: TensorType) -> nn.Module:
        import torch

        compute, place = getattr(torch, self.function), inputs[0].names.index(self.axis) + 1
        stored = {"dtype": torch_dtype(self.dtype)} if self.dtype else {}
        return functional(lambda x: compute(x, dim=place, **stored))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return the running sum over N tokens."""
        return cls("n"), (tensor(n=symbol("N"), c=symbol("C")),)


@dataclass(frozen=True)
class Constant(Unweighted, NoMacs):
    """A tensor that depends on sizes only: positions counted up, masks, tables of angles. Costs nothing.

    `() -> {shape}`.

    >>> op, inputs = Constant.example()
    >>> print(op.infer(*inputs)[0])
    {n: N}
    """

    kind: ClassVar[str] = "constant"
    arity: ClassVar[tuple[int, int | None]] = (0, 0)
    shape: Named
    dtype: StoredName = "float"

    def infer(self, *inputs: TensorType) -> Types:
        return (TensorType(tuple(self.shape), self.dtype),)

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return zero: constants are not counted."""
        return ZERO

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved()

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        return ()

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return a tensor of that shape whose values are left at zero."""
        import torch

        shape = [int(length) for _, length in self.shape]
        kind = torch_dtype(self.dtype)
        return functional(lambda: torch.zeros(1, *shape, dtype=kind, device=torch.get_default_device()))

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return N numbers."""
        return cls(Named({"n": symbol("N")})), ()


@dataclass(frozen=True)
class Convolve(Unweighted):
    """Convolution `op` whose weight is computed: the second operand is the weight [out, C/groups, *kernel].

    `{c: C, *positions}, {*axes} -> {c: out, *positions'}`. MACs as those of the convolution; no bias of its own.

    >>> op, inputs = Convolve.example()
    >>> print(op.infer(*inputs)[0], op.macs(*inputs))
    {c: M, h: H, w: W} 9*C*H*M*W
    """

    kind: ClassVar[str] = "convolve"
    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    layer: ClassVar[bool] = True
    op: Conv | ConvTranspose

    def infer(self, *inputs: TensorType) -> Types:
        return self.op.infer(inputs[0])

    def macs(self, *inputs: TensorType) -> Expr:
        return self.op.macs(inputs[0])

    def elementwise(self, *inputs: TensorType) -> Expr:
        """Return zero: there is no bias."""
        return ZERO

    def saved(self, *inputs: TensorType) -> Saved:
        return Saved(inputs=(0, 1))

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return a window per axis; of the weight everything."""
        everything = windowed(dict.fromkeys(inputs[1].positions, All()), "dynamic")
        return (*self.op.reach(inputs[0]), everything)

    def lower(self, *inputs: TensorType) -> nn.Module:
        """Return torch's convolution with the weight put in."""
        import torch
        from torch import nn

        layer: Any = self.op.lower(inputs[0])
        shape = layer.weight.shape
        layer.weight = None

        class Computed(nn.Module):
            def forward(self, x: Tensor, weight: Tensor) -> Tensor:
                return torch.func.functional_call(layer, {"weight": weight[0].reshape(shape)}, (x,))

        return Computed()

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a 3x3 convolution from C to M channels."""
        op = Conv(symbol("M"), kernel=size(3), bias=False)
        weight = tensor(o=symbol("M"), i=symbol("C"), h=3, w=3)
        return cls(op), (tensor(c=symbol("C"), h=symbol("H") + 2, w=symbol("W") + 2), weight)


LISTED = frozenset(("nearest", "nearest-exact", "linear", "cubic"))
TAPS = {"nearest": 1, "nearest-exact": 1, "area": 1, "linear": 2, "cubic": 4}


@dataclass(frozen=True)
class Resize(Unweighted, NoMacs):
    """Interpolates the positions to a given size. `{c: C, *positions} -> {c: C, *size}`.

    `mode` is nearest, nearest-exact, linear, cubic or area; 2 operations per tap, nothing for copies. `bounded` says
    why a traced one may read other neighbours than the sizes say.

    >>> op, inputs = Resize.example()
    >>> print(op.infer(*inputs)[0])
    {c: C, h: 2*H, w: 2*W}
    """

    kind: ClassVar[str] = "resize"
    size: PerAxis
    mode: str = "linear"
    align_corners: bool = False
    bounded: str = field(default="", metadata={TRACED: True})

    def _sizes(self, x: TensorType) -> dict[str, Expr]:
        return per_axis(self.size, x.positions, "size")

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with the given position sizes."""
        return (inputs[0].with_sizes(self._sizes(inputs[0])),)

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
