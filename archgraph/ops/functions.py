"""The table of pointwise functions: one row per function of PyTorch, read by everything that names one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from math import isinf
from typing import Any, Literal

from sympy import Expr

from archgraph.errors import UnsupportedOpError, did_you_mean
from archgraph.ops.base import Saved
from archgraph.ops.reach import Reach, pointwise
from archgraph.sizes.dtypes import FLOAT, KINDS, promoted, stored_type
from archgraph.sizes.types import TensorType

Call = tuple[float | None, ...]
"""The arguments of a function in order: numbers, and None where the next operand goes."""
OPERANDS = "xyz"
"""What the first, second and third argument are called in `gradients`."""


@dataclass(frozen=True)
class PointwiseFunction:
    """The facts of one function. None has a default, so that none is zero by omission.

    Attributes:
        name: PyTorch's name, without `aten::`; with its overload, where that keeps something else.
        gradients: per operand, what autograd keeps for its gradient: operands `x`, `y`, `z`, the result `out`,
            a tensor like the result that is made only to be kept, `new`; empty for nothing.
        result: how the result is stored: "same" as the operands together, "first" as the first one, "float" even
            where they are integers, "bool" for tests, "complex" for complex numbers.
        operations: per element of the result.
        reach: how the result reads the positions of each operand.
    """

    name: str
    gradients: tuple[str, ...]
    result: Literal["same", "first", "float", "bool", "complex"]
    operations: int
    reach: Callable[[tuple[str, ...]], Reach]

    def saved(
        self, inputs: Sequence[TensorType], numel: Expr, call: Call | None = None, needed: Collection[int] | None = None
    ) -> Saved:
        """Return what the gradients of the operands need together.

        Numbers have no gradient and are not kept; integers are kept for others' gradients only.

        Args:
            inputs: the operands.
            numel: elements of the result.
            call: where the operands stand among the arguments; first to last without it.
            needed: the operands that need a gradient; all that can have one without it.
        """
        places = [place for place, number in enumerate(call or (None,) * len(inputs)) if number is None]
        flows = [x.has_gradient and (needed is None or index in needed) for index, x in enumerate(inputs)]
        read = {word for place, flow in zip(places, flows, strict=True) if flow for word in self.gradient(place)}
        kept = tuple(index for index, place in enumerate(places) if OPERANDS[place : place + 1] in read)
        fresh = ((numel, FLOAT),) if "new" in read else ()
        return Saved(inputs=kept, outputs=(0,) if "out" in read else (), fresh=fresh)

    def dtype(self, inputs: Sequence[TensorType], call: Call | None = None) -> str:
        """Return how the result is stored; a fraction among the arguments makes one of integers.

        >>> from archgraph.sizes.types import tensor
        >>> function_row("gt").dtype([tensor(c=3)]), function_row("exp").dtype([tensor("int", c=3)])
        ('bool', 'float')
        """
        if self.result in RESULT_TYPES:
            return RESULT_TYPES[self.result]
        if self.result == "first":
            return inputs[0].dtype
        tensors = promoted(x.dtype for x in inputs)
        numbers = promoted(["bool", *map(_number_type, call or ())])
        # A number brings its kind alone, in the width that is usual for it.
        wider = KINDS.index(stored_type(numbers).kind) > KINDS.index(stored_type(tensors).kind)
        together = numbers if wider else tensors
        return together if self.result == "same" or stored_type(together).has_gradient else FLOAT

    def gradient(self, place: int) -> list[str]:
        """Return what autograd keeps for the gradient of one argument.

        Raises:
            UnsupportedOpError: nothing is known of a tensor in its place.
        """
        if place >= len(self.gradients):
            raise UnsupportedOpError(f"nothing is known of argument {place + 1} of function '{self.name}' as a tensor")
        return self.gradients[place].split()


RESULT_TYPES = {"bool": "bool", "complex": "complex64"}


def _number_type(number: float | None) -> str:
    """The type of a number among the arguments; one that stands for no bound is none."""
    if number is None or isinstance(number, bool) or (isinstance(number, float) and isinf(number)):
        return "bool"
    return FLOAT if isinstance(number, float) else "int"


ROWS = (
    # One operand; further arguments are numbers.
    PointwiseFunction("abs", ("x",), "same", 1, pointwise),
    PointwiseFunction("acos", ("x",), "float", 1, pointwise),
    PointwiseFunction("acosh", ("x",), "float", 1, pointwise),
    PointwiseFunction("angle", ("x",), "float", 1, pointwise),
    PointwiseFunction("asin", ("x",), "float", 1, pointwise),
    PointwiseFunction("asinh", ("x",), "float", 1, pointwise),
    PointwiseFunction("atan", ("x",), "float", 1, pointwise),
    PointwiseFunction("atanh", ("x",), "float", 1, pointwise),
    PointwiseFunction("ceil", ("",), "same", 1, pointwise),
    PointwiseFunction("celu", ("x",), "same", 1, pointwise),
    PointwiseFunction("cos", ("x",), "float", 1, pointwise),
    PointwiseFunction("cosh", ("x",), "float", 1, pointwise),
    PointwiseFunction("deg2rad", ("",), "float", 1, pointwise),
    PointwiseFunction("digamma", ("x",), "float", 1, pointwise),
    PointwiseFunction("elu", ("x",), "same", 1, pointwise),
    PointwiseFunction("erf", ("x",), "float", 1, pointwise),
    PointwiseFunction("erfc", ("x",), "float", 1, pointwise),
    PointwiseFunction("erfinv", ("x",), "float", 1, pointwise),
    PointwiseFunction("exp", ("out",), "float", 1, pointwise),
    PointwiseFunction("exp2", ("out",), "float", 1, pointwise),
    PointwiseFunction("expm1", ("out",), "float", 1, pointwise),
    PointwiseFunction("floor", ("",), "same", 1, pointwise),
    PointwiseFunction("frac", ("",), "same", 1, pointwise),
    PointwiseFunction("gelu", ("x",), "same", 1, pointwise),
    PointwiseFunction("hardshrink", ("x",), "same", 1, pointwise),
    PointwiseFunction("hardsigmoid", ("x",), "same", 1, pointwise),
    PointwiseFunction("hardswish", ("x",), "same", 1, pointwise),
    PointwiseFunction("hardtanh", ("x",), "first", 1, pointwise),
    PointwiseFunction("i0", ("x",), "float", 1, pointwise),
    PointwiseFunction("leaky_relu", ("x",), "same", 1, pointwise),
    PointwiseFunction("lgamma", ("x",), "float", 1, pointwise),
    PointwiseFunction("log", ("x",), "float", 1, pointwise),
    PointwiseFunction("log10", ("x",), "float", 1, pointwise),
    PointwiseFunction("log1p", ("x",), "float", 1, pointwise),
    PointwiseFunction("log2", ("x",), "float", 1, pointwise),
    # On a GPU the tensor beside the operand is empty; on a CPU it holds exp(-|x|).
    PointwiseFunction("logsigmoid", ("x new",), "same", 1, pointwise),
    PointwiseFunction("logit", ("x",), "float", 1, pointwise),
    PointwiseFunction("mish", ("x",), "same", 1, pointwise),
    PointwiseFunction("nan_to_num", ("x",), "first", 1, pointwise),
    PointwiseFunction("neg", ("",), "same", 1, pointwise),
    PointwiseFunction("rad2deg", ("",), "float", 1, pointwise),
    PointwiseFunction("reciprocal", ("out",), "float", 1, pointwise),
    PointwiseFunction("relu", ("out",), "same", 1, pointwise),
    PointwiseFunction("relu6", ("x",), "same", 1, pointwise),
    PointwiseFunction("round", ("",), "same", 1, pointwise),
    PointwiseFunction("rsqrt", ("out",), "float", 1, pointwise),
    PointwiseFunction("selu", ("x",), "same", 1, pointwise),
    PointwiseFunction("sgn", ("x out",), "same", 1, pointwise),
    PointwiseFunction("sigmoid", ("out",), "float", 1, pointwise),
    PointwiseFunction("sign", ("",), "same", 1, pointwise),
    PointwiseFunction("silu", ("x",), "same", 1, pointwise),
    PointwiseFunction("sin", ("x",), "float", 1, pointwise),
    PointwiseFunction("sinc", ("x",), "float", 1, pointwise),
    PointwiseFunction("sinh", ("x",), "float", 1, pointwise),
    PointwiseFunction("softplus", ("x",), "same", 1, pointwise),
    PointwiseFunction("softshrink", ("x",), "same", 1, pointwise),
    PointwiseFunction("sqrt", ("out",), "float", 1, pointwise),
    PointwiseFunction("square", ("x",), "same", 1, pointwise),
    PointwiseFunction("tan", ("out",), "float", 1, pointwise),
    PointwiseFunction("tanh", ("out",), "float", 1, pointwise),
    PointwiseFunction("threshold", ("x",), "first", 1, pointwise),
    PointwiseFunction("trunc", ("",), "same", 1, pointwise),
    # Several operands, each of which may be a number where PyTorch takes one.
    PointwiseFunction("add", ("", ""), "same", 1, pointwise),
    PointwiseFunction("addcdiv", ("z", "z", "y z"), "same", 1, pointwise),
    PointwiseFunction("addcmul", ("", "z", "y"), "same", 1, pointwise),
    PointwiseFunction("atan2", ("x y", "x y"), "float", 1, pointwise),
    PointwiseFunction("binary_cross_entropy", ("x y", "x y"), "same", 1, pointwise),
    PointwiseFunction("binary_cross_entropy_with_logits", ("x y", "x y"), "same", 1, pointwise),
    PointwiseFunction("clamp", ("x y z", "x y z", "x y z"), "same", 1, pointwise),
    PointwiseFunction("clamp_max", ("x y", "x y"), "same", 1, pointwise),
    PointwiseFunction("clamp_min", ("x y", "x y"), "same", 1, pointwise),
    PointwiseFunction("complex", ("x", "y"), "complex", 1, pointwise),
    PointwiseFunction("copysign", ("x out", "out"), "float", 1, pointwise),
    PointwiseFunction("div", ("y", "x y"), "float", 1, pointwise),
    PointwiseFunction("floor_divide", ("", ""), "same", 1, pointwise),
    PointwiseFunction("fmax", ("x y", "x y"), "same", 1, pointwise),
    PointwiseFunction("fmin", ("x y", "x y"), "same", 1, pointwise),
    PointwiseFunction("fmod", ("", "x y"), "same", 1, pointwise),
    PointwiseFunction("heaviside", ("", ""), "same", 1, pointwise),
    PointwiseFunction("huber_loss", ("x y", "x y"), "same", 1, pointwise),
    PointwiseFunction("hypot", ("x out", "y out"), "same", 1, pointwise),
    PointwiseFunction("lerp", ("z", "z", "x y z"), "same", 1, pointwise),
    PointwiseFunction("logaddexp", ("x y", "x y"), "same", 1, pointwise),
    PointwiseFunction("logaddexp2", ("x y", "x y"), "same", 1, pointwise),
    PointwiseFunction("masked_fill", ("y", "", "y"), "first", 1, pointwise),
    PointwiseFunction("maximum", ("x y", "x y"), "same", 1, pointwise),
    PointwiseFunction("minimum", ("x y", "x y"), "same", 1, pointwise),
    PointwiseFunction("mse_loss", ("x y", "x y"), "same", 1, pointwise),
    PointwiseFunction("mul", ("y", "x"), "same", 1, pointwise),
    PointwiseFunction("polar", ("out", "out"), "complex", 1, pointwise),
    # The result is kept whether or not the exponent needs a gradient, unless it is a number.
    PointwiseFunction("pow", ("x y out", "x y out"), "same", 1, pointwise),
    PointwiseFunction("pow.Tensor_Scalar", ("x",), "same", 1, pointwise),
    PointwiseFunction("prelu", ("x y", "x y"), "same", 1, pointwise),
    PointwiseFunction("remainder", ("", "x y"), "same", 1, pointwise),
    PointwiseFunction("rsub", ("", ""), "same", 1, pointwise),
    PointwiseFunction("sigmoid_backward", ("x y", "x y"), "same", 1, pointwise),
    PointwiseFunction("smooth_l1_loss", ("x y", "x y"), "same", 1, pointwise),
    PointwiseFunction("sub", ("", ""), "same", 1, pointwise),
    PointwiseFunction("where", ("", "x", "x"), "same", 1, pointwise),
    PointwiseFunction("xlogy", ("x y", "x y"), "float", 1, pointwise),
    # Tests, and functions of integers.
    PointwiseFunction("bitwise_and", ("", ""), "same", 1, pointwise),
    PointwiseFunction("bitwise_left_shift", ("", ""), "same", 1, pointwise),
    PointwiseFunction("bitwise_not", ("",), "same", 1, pointwise),
    PointwiseFunction("bitwise_or", ("", ""), "same", 1, pointwise),
    PointwiseFunction("bitwise_right_shift", ("", ""), "same", 1, pointwise),
    PointwiseFunction("bitwise_xor", ("", ""), "same", 1, pointwise),
    PointwiseFunction("eq", ("", ""), "bool", 1, pointwise),
    PointwiseFunction("ge", ("", ""), "bool", 1, pointwise),
    PointwiseFunction("gt", ("", ""), "bool", 1, pointwise),
    PointwiseFunction("isfinite", ("",), "bool", 1, pointwise),
    PointwiseFunction("isinf", ("",), "bool", 1, pointwise),
    PointwiseFunction("isnan", ("",), "bool", 1, pointwise),
    PointwiseFunction("isneginf", ("",), "bool", 1, pointwise),
    PointwiseFunction("isposinf", ("",), "bool", 1, pointwise),
    PointwiseFunction("le", ("", ""), "bool", 1, pointwise),
    PointwiseFunction("logical_and", ("", ""), "bool", 1, pointwise),
    PointwiseFunction("logical_not", ("",), "bool", 1, pointwise),
    PointwiseFunction("logical_or", ("", ""), "bool", 1, pointwise),
    PointwiseFunction("logical_xor", ("", ""), "bool", 1, pointwise),
    PointwiseFunction("lt", ("", ""), "bool", 1, pointwise),
    PointwiseFunction("ne", ("", ""), "bool", 1, pointwise),
    PointwiseFunction("signbit", ("",), "bool", 1, pointwise),
)
LOSSES = frozenset(
    ("binary_cross_entropy", "binary_cross_entropy_with_logits", "huber_loss", "mse_loss", "smooth_l1_loss")
)
"""Functions that PyTorch averages or adds up unless it is told not to."""
FUNCTIONS = {row.name: row for row in ROWS}
"""Every pointwise function by name."""


def function_row(name: str, call: Call | None = None) -> PointwiseFunction:
    """Return the facts of a function by name, called with numbers where `call` has them.

    Raises:
        UnsupportedOpError: it has no row.

    >>> function_row("div").gradients
    ('y', 'x y')
    >>> function_row("pow", (None, 2.0)).name
    'pow.Tensor_Scalar'
    """
    overload = f"{name}.Tensor_Scalar"
    if call is not None and call[0] is None and overload in FUNCTIONS and call[1] is not None:
        return FUNCTIONS[overload]
    if name not in FUNCTIONS:
        hint = "a row of archgraph/ops/functions.py states what autograd keeps of it"
        raise UnsupportedOpError(f"function '{name}' has no rule.{did_you_mean(name, FUNCTIONS)}", hint=hint)
    return FUNCTIONS[name]


def torch_function(name: str) -> Callable[..., Any]:
    """Return PyTorch's function on tensors that are broadcast by dimension."""
    import torch

    kernels = torch.ops.aten
    if name == "prelu":  # torch.prelu broadcasts its weight along dimension 1 only
        return kernels._prelu_kernel
    if name in LOSSES:
        return partial(getattr(kernels, name), reduction=0)
    return getattr(torch, name, None) or getattr(torch.nn.functional, name, None) or getattr(kernels, name)
