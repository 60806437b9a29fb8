"""Operations by PyTorch's names: functions of an element, reductions, running sums; constants."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sympy import Expr

from archgraph.errors import ShapeError, counted
from archgraph.ops.arguments import FunctionName, Named, ReductionName, StoredName
from archgraph.ops.arithmetic import Broadcast, aligned, broadcast
from archgraph.ops.base import Kernel, NoMacs, Op, Saved, Types, Unweighted
from archgraph.ops.convolution import Conv, ConvTranspose
from archgraph.ops.functions import Call, PointwiseFunction, function_row, torch_function
from archgraph.ops.modules import functional, torch_dtype
from archgraph.ops.reach import SAME, All, Causal, Reach, windowed
from archgraph.sizes.symbols import ONE, ZERO, product, require, size, symbol
from archgraph.sizes.types import TensorType, tensor

if TYPE_CHECKING:
    from torch import Tensor, nn


CALL_HINT = "call has a number for each argument that is one, and _ for each operand: call: [_, 2]"


@dataclass(frozen=True)
class Function(Broadcast):
    """A function of one element, or of several that are broadcast by name, called by torch's name for it.

    `{*axes}, ... -> {*axes of all}`. One operation per output element. `call` holds the arguments in order:
    numbers, and `_` where the next operand goes, as in `{name: pow, call: [_, 2]}`; without it the operands are the
    arguments. What is kept for the backward pass follows from both; a function that the table of functions lacks is
    refused.

    >>> op, inputs = Function.example()
    >>> print(op.infer(*inputs)[0], op.elementwise(*inputs))
    {c: C, h: H, w: W} C*H*W
    """

    kind: ClassVar[str] = "function"
    name: FunctionName
    call: Call | None = None

    def __post_init__(self) -> None:
        function_row(self.name)

    @property
    def function(self) -> str:
        """Its name, as other operations with a function call it."""
        return self.name

    @property
    def _row(self) -> PointwiseFunction:
        return function_row(self.name, self.call)

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type with all axes of all operands."""
        takes = len(self._row.gradients) if self.call is None else self.call.count(None)
        if self.call is None and len(inputs) > takes:
            self._row.gradient(takes)
        if len(inputs) != takes:
            given = counted(len(inputs), "operand")
            raise ShapeError(f"function {self.name} takes {takes} and has {given}", hint=CALL_HINT)
        out = broadcast(self.name, inputs)
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
        compute = torch_function(self.name)
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
NAMED_REDUCTIONS = (
    *("sum", "mean", "prod", "amax", "amin", "var", "std", "vector_norm", "logsumexp", "nansum"),
    *COUNTS,
    *sorted(PLACED),
    *("whole_median", "whole_nanmedian"),
)
"""Every reduction by name."""


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
    function: ReductionName
    over: tuple[str, ...]
    dtype: StoredName | None = None
    nth: Expr | None = None

    def infer(self, *inputs: TensorType) -> Types:
        """Return the type without the axes."""
        (x,) = inputs
        for axis in self.over:
            x.size(axis)
        if self.function in PLACED and len(self.over) != 1:
            raise ShapeError(f"{self.function} is over one axis, and here over {len(self.over)}")
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
        for name, length in self.shape:
            require(length, ">=", ONE, "axis {} of a constant has size {}", name, length)
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
