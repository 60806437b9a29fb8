"""The table of pointwise functions: one row per function of PyTorch, read by everything that names one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sympy import Expr

from archgraph.errors import UnsupportedOpError, did_you_mean
from archgraph.ops.base import Saved
from archgraph.ops.reach import Reach, pointwise
from archgraph.sizes.types import TensorType

Call = tuple[float | None, ...]
"""The arguments of a function in order: numbers, and None where the next operand goes."""
OPERANDS = "xyz"
"""What the first, second and third argument are called in `gradients`."""
FRESH_BYTES = 4


@dataclass(frozen=True)
class Row:
    """The facts of one function. None has a default, so that none is zero by omission.

    Attributes:
        name: PyTorch's name, without `aten::`; with its overload, where that keeps something else.
        gradients: per operand, what autograd keeps for its gradient: operands `x`, `y`, `z`, the result `out`,
            a tensor like the result that is made only to be kept, `new`; empty for nothing.
        result: "int" for tests and integers, "float" where floating-point operands give such values.
        operations: per element of the result.
        reach: how the result reads the positions of each operand.
    """

    name: str
    gradients: tuple[str, ...]
    result: Literal["float", "int"]
    operations: int
    reach: Callable[[tuple[str, ...]], Reach]

    def saved(self, inputs: Sequence[TensorType], numel: Expr, call: Call | None = None) -> Saved:
        """Return what the gradients of all operands need together.

        Numbers have no gradient and are not kept; integers are kept for others' gradients only.

        Args:
            inputs: the operands.
            numel: elements of the result.
            call: where the operands stand among the arguments; first to last without it.
        """
        places = [place for place, number in enumerate(call or (None,) * len(inputs)) if number is None]
        floats = [place for place, x in zip(places, inputs, strict=True) if x.dtype == "float"]
        read = {word for place in floats for word in self._gradient(place)}
        kept = tuple(index for index, place in enumerate(places) if OPERANDS[place : place + 1] in read)
        fresh = ((numel, FRESH_BYTES),) if "new" in read else ()
        return Saved(inputs=kept, outputs=(0,) if "out" in read else (), fresh=fresh)

    def _gradient(self, place: int) -> list[str]:
        if place >= len(self.gradients):
            raise UnsupportedOpError(f"nothing is known of argument {place + 1} of function '{self.name}' as a tensor")
        return self.gradients[place].split()


ROWS = (
    # One operand; further arguments are numbers.
    Row("abs", ("x",), "float", 1, pointwise),
    Row("acos", ("x",), "float", 1, pointwise),
    Row("acosh", ("x",), "float", 1, pointwise),
    Row("angle", ("x",), "float", 1, pointwise),
    Row("asin", ("x",), "float", 1, pointwise),
    Row("asinh", ("x",), "float", 1, pointwise),
    Row("atan", ("x",), "float", 1, pointwise),
    Row("atanh", ("x",), "float", 1, pointwise),
    Row("ceil", ("",), "float", 1, pointwise),
    Row("celu", ("x",), "float", 1, pointwise),
    Row("cos", ("x",), "float", 1, pointwise),
    Row("cosh", ("x",), "float", 1, pointwise),
    Row("deg2rad", ("",), "float", 1, pointwise),
    Row("digamma", ("x",), "float", 1, pointwise),
    Row("elu", ("x",), "float", 1, pointwise),
    Row("erf", ("x",), "float", 1, pointwise),
    Row("erfc", ("x",), "float", 1, pointwise),
    Row("erfinv", ("x",), "float", 1, pointwise),
    Row("exp", ("out",), "float", 1, pointwise),
    Row("exp2", ("out",), "float", 1, pointwise),
    Row("expm1", ("out",), "float", 1, pointwise),
    Row("floor", ("",), "float", 1, pointwise),
    Row("frac", ("",), "float", 1, pointwise),
    Row("gelu", ("x",), "float", 1, pointwise),
    Row("hardshrink", ("x",), "float", 1, pointwise),
    Row("hardsigmoid", ("x",), "float", 1, pointwise),
    Row("hardswish", ("x",), "float", 1, pointwise),
    Row("hardtanh", ("x",), "float", 1, pointwise),
    Row("i0", ("x",), "float", 1, pointwise),
    Row("leaky_relu", ("x",), "float", 1, pointwise),
    Row("lgamma", ("x",), "float", 1, pointwise),
    Row("log", ("x",), "float", 1, pointwise),
    Row("log10", ("x",), "float", 1, pointwise),
    Row("log1p", ("x",), "float", 1, pointwise),
    Row("log2", ("x",), "float", 1, pointwise),
    # On a GPU the tensor beside the operand is empty; on a CPU it holds exp(-|x|).
    Row("logsigmoid", ("x new",), "float", 1, pointwise),
    Row("logit", ("x",), "float", 1, pointwise),
    Row("mish", ("x",), "float", 1, pointwise),
    Row("nan_to_num", ("x",), "float", 1, pointwise),
    Row("neg", ("",), "float", 1, pointwise),
    Row("rad2deg", ("",), "float", 1, pointwise),
    Row("reciprocal", ("out",), "float", 1, pointwise),
    Row("relu", ("out",), "float", 1, pointwise),
    Row("relu6", ("x",), "float", 1, pointwise),
    Row("round", ("",), "float", 1, pointwise),
    Row("rsqrt", ("out",), "float", 1, pointwise),
    Row("selu", ("x",), "float", 1, pointwise),
    Row("sgn", ("x out",), "float", 1, pointwise),
    Row("sigmoid", ("out",), "float", 1, pointwise),
    Row("sign", ("",), "float", 1, pointwise),
    Row("silu", ("x",), "float", 1, pointwise),
    Row("sin", ("x",), "float", 1, pointwise),
    Row("sinc", ("x",), "float", 1, pointwise),
    Row("sinh", ("x",), "float", 1, pointwise),
    Row("softplus", ("x",), "float", 1, pointwise),
    Row("softshrink", ("x",), "float", 1, pointwise),
    Row("sqrt", ("out",), "float", 1, pointwise),
    Row("square", ("x",), "float", 1, pointwise),
    Row("tan", ("out",), "float", 1, pointwise),
    Row("tanh", ("out",), "float", 1, pointwise),
    Row("threshold", ("x",), "float", 1, pointwise),
    Row("trunc", ("",), "float", 1, pointwise),
    # Several operands, each of which may be a number where PyTorch takes one.
    Row("add", ("", ""), "float", 1, pointwise),
    Row("addcdiv", ("z", "z", "y z"), "float", 1, pointwise),
    Row("addcmul", ("", "z", "y"), "float", 1, pointwise),
    Row("atan2", ("x y", "x y"), "float", 1, pointwise),
    Row("clamp", ("x y z", "x y z", "x y z"), "float", 1, pointwise),
    Row("clamp_max", ("x y", "x y"), "float", 1, pointwise),
    Row("clamp_min", ("x y", "x y"), "float", 1, pointwise),
    Row("copysign", ("x out", "out"), "float", 1, pointwise),
    Row("div", ("y", "x y"), "float", 1, pointwise),
    Row("floor_divide", ("", ""), "float", 1, pointwise),
    Row("fmax", ("x y", "x y"), "float", 1, pointwise),
    Row("fmin", ("x y", "x y"), "float", 1, pointwise),
    Row("fmod", ("", "x y"), "float", 1, pointwise),
    Row("heaviside", ("", ""), "float", 1, pointwise),
    Row("hypot", ("x out", "y out"), "float", 1, pointwise),
    Row("lerp", ("z", "z", "x y z"), "float", 1, pointwise),
    Row("logaddexp", ("x y", "x y"), "float", 1, pointwise),
    Row("logaddexp2", ("x y", "x y"), "float", 1, pointwise),
    Row("masked_fill", ("y", "", "y"), "float", 1, pointwise),
    Row("maximum", ("x y", "x y"), "float", 1, pointwise),
    Row("minimum", ("x y", "x y"), "float", 1, pointwise),
    Row("mul", ("y", "x"), "float", 1, pointwise),
    Row("polar", ("out", "out"), "float", 1, pointwise),
    # The result is kept whether or not the exponent needs a gradient, unless it is a number.
    Row("pow", ("x y out", "x y out"), "float", 1, pointwise),
    Row("pow.Tensor_Scalar", ("x",), "float", 1, pointwise),
    Row("prelu", ("x y", "x y"), "float", 1, pointwise),
    Row("remainder", ("", "x y"), "float", 1, pointwise),
    Row("rsub", ("", ""), "float", 1, pointwise),
    Row("sigmoid_backward", ("x y", "x y"), "float", 1, pointwise),
    Row("sub", ("", ""), "float", 1, pointwise),
    Row("where", ("", "x", "x"), "float", 1, pointwise),
    Row("xlogy", ("x y", "x y"), "float", 1, pointwise),
    # Tests, and functions of integers.
    Row("bitwise_and", ("", ""), "int", 1, pointwise),
    Row("bitwise_left_shift", ("", ""), "int", 1, pointwise),
    Row("bitwise_not", ("",), "int", 1, pointwise),
    Row("bitwise_or", ("", ""), "int", 1, pointwise),
    Row("bitwise_right_shift", ("", ""), "int", 1, pointwise),
    Row("bitwise_xor", ("", ""), "int", 1, pointwise),
    Row("eq", ("", ""), "int", 1, pointwise),
    Row("ge", ("", ""), "int", 1, pointwise),
    Row("gt", ("", ""), "int", 1, pointwise),
    Row("isfinite", ("",), "int", 1, pointwise),
    Row("isinf", ("",), "int", 1, pointwise),
    Row("isnan", ("",), "int", 1, pointwise),
    Row("isneginf", ("",), "int", 1, pointwise),
    Row("isposinf", ("",), "int", 1, pointwise),
    Row("le", ("", ""), "int", 1, pointwise),
    Row("logical_and", ("", ""), "int", 1, pointwise),
    Row("logical_not", ("",), "int", 1, pointwise),
    Row("logical_or", ("", ""), "int", 1, pointwise),
    Row("logical_xor", ("", ""), "int", 1, pointwise),
    Row("lt", ("", ""), "int", 1, pointwise),
    Row("ne", ("", ""), "int", 1, pointwise),
    Row("signbit", ("",), "int", 1, pointwise),
)
FUNCTIONS = {row.name: row for row in ROWS}
"""Every pointwise function by name."""


def function_row(name: str, call: Call | None = None) -> Row:
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
    return getattr(torch, name, None) or getattr(torch.nn.functional, name, None) or getattr(kernels, name)
