"""What steps do to tensors of which something is known: one rule per kind of operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from archgraph.pytorch.trace.masking.partial import MASKED_BELOW, Partial, constant_number, nothing_known

if TYPE_CHECKING:
    from torch import Tensor

Given: TypeAlias = Mapping[str, Any]
"""The arguments of a step by name: `Partial` for tensors, numbers as they are."""
ConstantRule: TypeAlias = Callable[[Given], "Partial"]


def _partial(item: Any) -> Partial:
    if isinstance(item, Partial):
        return item
    return constant_number(item) if isinstance(item, (int, float)) else nothing_known()


def _operands(given: Given) -> tuple[Partial, Partial]:
    return _partial(given["self"]), _partial(given.get("other"))


def _pointwise(constant: Tensor, live: Tensor, *operands: Partial) -> Partial:
    import torch

    # 0 times infinity: whatever it is, it is no constant that is worth remembering.
    doubt = operands[0].doubtful
    for operand in operands[1:]:
        doubt = doubt | operand.doubtful
    return Partial(torch.nan_to_num(constant, nan=0.0, posinf=float("inf"), neginf=float("-inf")), live, doubt)


def added(given: Given, sign: float = 1.0) -> Partial:
    """A sum."""
    left, right = _operands(given)
    factor = sign * float(given.get("alpha") or 1)
    constant = left.constant + factor * right.constant
    # Whatever is added to infinity, it stays infinite.
    live = (left.live | right.live) & constant.isfinite()
    return replace(_pointwise(constant, live, left, right), counted=left.counted or right.counted)


def subtracted(given: Given) -> Partial:
    return added(given, -1.0)


def subtracted_from(given: Given) -> Partial:
    left, right = _operands(given)
    return added({"self": right, "other": left, "alpha": given.get("alpha")}, -1.0)


def added_to_product(given: Given) -> Partial:
    """A sum with a product, of which nothing is known."""
    beta = given.get("beta")
    scaled = multiplied({"self": given["self"], "other": 1 if beta is None else beta})
    return added({"self": nothing_known(), "other": scaled})


def negated(given: Given) -> Partial:
    operand = _partial(given["self"])
    return replace(operand, constant=-operand.constant)


def multiplied(given: Given) -> Partial:
    """A product: with a constant zero it is zero."""
    left, right = _operands(given)
    zero = left.zero | right.zero
    both = left.live & right.live
    live = (left.live | right.live) & ~zero
    # What is added before a product is lost where the other factor is not known, but for what masks.
    far = (left.constant <= -MASKED_BELOW) | (right.constant <= -MASKED_BELOW)
    constant = (left.constant * right.constant).masked_fill(both | zero, 0.0)
    product = _pointwise(constant, live, left, right)
    doubt = product.doubtful | _lowered(left, right) | _lowered(right, left) | (both & far)
    return replace(product, doubtful=doubt, counted=left.counted or right.counted)


def _lowered(factor: Partial, operand: Partial) -> Tensor:
    """Whether something that is not known is multiplied with what makes a mask of it, as `(1 - seen) * -1e9` is."""
    return operand.live & ~factor.live & (factor.constant <= -MASKED_BELOW)


def divided(given: Given) -> Partial:
    left, right = _operands(given)
    if given.get("rounding_mode") is not None:
        return applied("floor", {"self": divided({"self": left, "other": right})})
    inverse = replace(right, constant=(1 / right.constant).masked_fill(right.live, 0.0))
    # Nothing is divided by what is zero: it has no values there that count.
    return multiplied({"self": left, "other": replace(inverse, live=right.live | (right.constant == float("inf")))})


def chosen(condition: Partial, left: Partial, right: Partial) -> Partial:
    """The elements of one where a condition holds, those of another elsewhere."""
    import torch

    test = condition.constant != 0
    constant = torch.where(test, left.constant, right.constant)
    live = torch.where(test, left.live, right.live)
    doubt = torch.where(test, left.doubtful, right.doubtful)
    if bool(condition.live.any()):
        either = condition.live
        low = torch.minimum(left.constant, right.constant) <= -MASKED_BELOW
        constant = torch.where(either, torch.maximum(left.constant, right.constant), constant)
        live, doubt = live | either, doubt | (either & low) | (either & (left.doubtful | right.doubtful))
    return Partial(constant, live, doubt, left.counted or right.counted)


def where(given: Given) -> Partial:
    if given.get("other") is None:
        return nothing_known()
    return chosen(_partial(given["condition"]), _partial(given["self"]), _partial(given["other"]))


def filled(given: Given) -> Partial:
    return chosen(_partial(given["mask"]), _partial(given["value"]), _partial(given["self"]))


def vanishing(name: str, given: Given) -> Partial:
    """A function that is zero far below: of what counts as masked it is zero."""
    import torch

    operand = _partial(given["self"])
    gone = operand.constant <= -MASKED_BELOW
    constant = getattr(torch, name)(operand.constant).masked_fill(gone | operand.live, 0.0)
    finite = bool((gone & (operand.constant > float("-inf"))).any())
    return replace(operand, constant=constant, live=operand.live & ~gone, counted=operand.counted or finite)


def softmax(given: Given) -> Partial:
    """Weights: zero where the constant score lies far below the largest of its row."""
    import torch

    operand, dim = _partial(given["self"]), given["dim"]
    top = operand.constant.amax(dim, keepdim=True)
    # The difference, for what is taken off a huge number is rounded away: a row of nothing else is not masked.
    gone = (operand.constant - top <= -MASKED_BELOW) | (operand.constant == float("-inf"))
    finite = gone & (operand.constant > float("-inf"))
    live = (~gone).expand(torch.broadcast_shapes(gone.shape, operand.live.shape))
    zero = torch.zeros((), dtype=operand.constant.dtype).expand(live.shape)
    return Partial(zero, live, operand.doubtful & ~gone, operand.counted or bool(finite.any()))


def applied(name: str, given: Given) -> Partial:
    """A function of every element: constants stay constants."""
    import torch

    operand = _partial(given["self"])
    constant = getattr(torch, name)(operand.constant).masked_fill(operand.live, 0.0)
    far = operand.live & (operand.constant <= -MASKED_BELOW)
    return replace(operand, constant=constant, doubtful=operand.doubtful | far)


def zero_kept(given: Given) -> Partial:
    """A function that is zero at zero; of other constants nothing is remembered."""
    operand = _partial(given["self"])
    exponent = given.get("exponent")
    if isinstance(exponent, Partial):
        # A power of a number is zero far below, or far above, as the number is.
        return replace(nothing_known(), doubtful=exponent.doubtful | (exponent.constant.abs() >= MASKED_BELOW))
    if exponent is not None and not (isinstance(exponent, (int, float)) and exponent > 0):
        return nothing_known()
    far = operand.constant <= -MASKED_BELOW
    return replace(
        operand,
        constant=operand.constant.new_zeros(()).expand(operand.constant.shape),
        live=~operand.zero,
        doubtful=operand.doubtful | far,
    )


def below(given: Given) -> Partial:
    return _triangle(given, lower=True)


def above(given: Given) -> Partial:
    return _triangle(given, lower=False)


def _triangle(given: Given, *, lower: bool) -> Partial:
    import torch

    operand = _partial(given["self"])
    cut = torch.tril if lower else torch.triu
    inside = cut(torch.ones(operand.live.shape[-2:], dtype=torch.bool), given.get("diagonal") or 0)
    return Partial(
        operand.constant.masked_fill(~inside, 0.0), operand.live & inside, operand.doubtful & inside, operand.counted
    )


def clamped(given: Given) -> Partial:
    operand = _partial(given["self"])
    low, high = given.get("min"), given.get("max")
    if isinstance(low, Partial) or isinstance(high, Partial):
        above = operand if low is None else largest({"self": operand, "other": low})
        return above if high is None else smallest({"self": above, "other": high})
    return replace(operand, constant=operand.constant.clamp(low, high))


def smallest(given: Given) -> Partial:
    """The smaller one: a constant that counts as masked, whatever the other one is."""
    left, right = _operands(given)
    return _decided(left, right, given, lambda constant: constant <= -MASKED_BELOW, "minimum")


def largest(given: Given) -> Partial:
    """The larger one: a constant far above all scores, whatever the other one is."""
    left, right = _operands(given)
    return _decided(left, right, given, lambda constant: constant >= MASKED_BELOW, "maximum")


def _decided(left: Partial, right: Partial, given: Given, decides: Callable[[Tensor], Tensor], name: str) -> Partial:
    import torch

    settled = (~left.live & decides(left.constant)) | (~right.live & decides(right.constant))
    constant = getattr(torch, name)(left.constant, right.constant)
    found = _pointwise(constant, (left.live | right.live) & ~settled, left, right)
    return replace(found, counted=left.counted or right.counted or bool(settled.any()))


def product_added(given: Given) -> Partial:
    """A sum with a product."""
    product = multiplied({"self": given["tensor1"], "other": given["tensor2"]})
    return added({"self": given["self"], "other": product, "alpha": given.get("value")})


def quotient_added(given: Given) -> Partial:
    quotient = divided({"self": given["tensor1"], "other": given["tensor2"]})
    return added({"self": given["self"], "other": quotient, "alpha": given.get("value")})


def between(given: Given) -> Partial:
    """A mixture: of what has no share nothing is left."""
    share = _partial(given["weight"])
    rest = multiplied({"self": given["self"], "other": subtracted({"self": 1.0, "other": share})})
    return added({"self": rest, "other": multiplied({"self": given["end"], "other": share})})


def unchanged(given: Given) -> Partial:
    """A function that leaves numbers as they are."""
    return _partial(given["self"])


def both(given: Given) -> Partial:
    """That two tests hold: not where one of them is known not to."""
    left, right = _operands(given)
    no = left.zero | right.zero
    return _pointwise((~no).float(), (left.live | right.live) & ~no, left, right)


def either(given: Given) -> Partial:
    """That one of two tests holds: everywhere where one of them is known to."""
    left, right = _operands(given)
    return opposite({"self": both({"self": opposite({"self": left}), "other": opposite({"self": right})})})


def opposite(given: Given) -> Partial:
    """That a test does not hold."""
    operand = _partial(given["self"])
    return replace(operand, constant=((operand.constant == 0) | operand.live).float())


MAPPED: Sequence[str] = ("tanh", "sqrt", "abs", "floor", "round", "sign", "log", "square")
ZERO_KEPT: Sequence[str] = (
    *("pow", "gelu", "silu", "leaky_relu", "elu", "celu", "selu", "mish", "hardswish", "hardtanh", "relu6", "log1p"),
    *("expm1", "sin", "tan", "sinh", "asin", "atan", "erf", "softsign", "tanhshrink", "hardshrink", "softshrink"),
)
VANISHING: Sequence[str] = ("exp", "sigmoid", "relu", "exp2")


def _function(name: str) -> ConstantRule:
    return lambda given: applied(name, given)


def _vanishing(name: str) -> ConstantRule:
    return lambda given: vanishing(name, given)


CONSTANT_RULES: Mapping[str, ConstantRule] = {
    "add": added,
    "sub": subtracted,
    "rsub": subtracted_from,
    "addmm": added_to_product,
    "baddbmm": added_to_product,
    "neg": negated,
    "mul": multiplied,
    "multiply": multiplied,
    "div": divided,
    "true_divide": divided,
    "where": where,
    "masked_fill": filled,
    "logical_and": both,
    "bitwise_and": both,
    "__and__": both,
    "logical_or": either,
    "bitwise_or": either,
    "__or__": either,
    "logical_not": opposite,
    "bitwise_not": opposite,
    "softmax": softmax,
    "_softmax": softmax,
    "tril": below,
    "triu": above,
    "clamp": clamped,
    "clamp_min": clamped,
    "clamp_max": clamped,
    "nan_to_num": unchanged,
    **dict.fromkeys(("minimum", "fmin"), smallest),
    **dict.fromkeys(("maximum", "fmax", "logaddexp", "logaddexp2"), largest),
    "addcmul": product_added,
    "addcdiv": quotient_added,
    "lerp": between,
    **{name: _function(name) for name in MAPPED},
    **dict.fromkeys(ZERO_KEPT, zero_kept),
    **{name: _vanishing(name) for name in VANISHING},
}
PASSING = frozenset(
    ("to", "_to_copy", "type_as", "float", "dropout", "native_dropout", "contiguous", "clone", "detach", "alias",
     "lift_fresh", "requires_grad_", "feature_dropout", "alpha_dropout", "double", "half", "positive")
)  # fmt: skip
"""Steps that leave values as they are, in evaluation."""
REARRANGING = frozenset(
    ("view", "reshape", "_unsafe_view", "flatten", "unflatten", "permute", "transpose", "t", "movedim", "unsqueeze",
     "squeeze", "expand", "expand_as", "view_as", "reshape_as", "slice", "select", "narrow", "index_select", "flip",
     "roll", "repeat", "repeat_interleave", "chunk", "split", "split_with_sizes", "unbind", "swapaxes", "mT", "numpy_T",
     "tile", "broadcast_to", "diagonal", "diag_embed", "index", "gather", "constant_pad_nd", "pad", "unsafe_chunk",
     "tensor_split")
)  # fmt: skip
"""Steps that move elements, and are done to all that is known of them."""
POOLING = frozenset(
    ("sum", "mean", "amax", "amin", "max", "min", "prod", "norm", "linalg_vector_norm", "var", "std", "logsumexp",
     "cumsum", "cumprod", "logcumsumexp")
)  # fmt: skip
"""Steps that read all elements of some dimensions: of their results nothing is known."""
JOINS = frozenset(("cat", "stack", "concat", "concatenate", "hstack", "vstack"))
"""The same with several tensors."""
