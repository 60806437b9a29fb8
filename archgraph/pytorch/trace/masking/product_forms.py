"""Products of tensors as an einsum writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from archgraph.pytorch.trace.attention_patterns import name_of
from archgraph.pytorch.trace.recording.node import RecordedNode

if TYPE_CHECKING:
    from torch import Tensor


def factors_of(step: RecordedNode) -> list[RecordedNode]:
    given = step.args[1] if name_of(step) == "einsum" else step.args[:2]
    return [node for node in given if isinstance(node, RecordedNode)]


def _of_matrices(step: RecordedNode, ranks: list[int]) -> tuple[str, list[RecordedNode]]:
    """A product of stacks of matrices."""
    stack = "abcdefgh"[: max(ranks) - 2]
    left, right = (stack[len(stack) - (rank - 2) :] for rank in ranks)
    return f"{left}xy,{right}yz->{stack}xz", factors_of(step)


def _of_einsum(step: RecordedNode, ranks: list[int]) -> tuple[str, list[RecordedNode]]:
    equation = step.args[0].replace(" ", "")
    if "..." in equation or "->" not in equation:
        raise ValueError(equation)
    return equation, factors_of(step)


def _of_linear(step: RecordedNode, ranks: list[int]) -> tuple[str, list[RecordedNode]]:
    if any(arg is not None for arg in (*step.args[2:], step.kwargs.get("bias"))):
        raise ValueError("a bias is added, so that nothing is zero")
    stack = "abcdefgh"[: ranks[0] - 1]
    return f"{stack}y,zy->{stack}z", factors_of(step)


PRODUCT_FORMS: Mapping[str, Callable[[RecordedNode, list[int]], tuple[str, list[RecordedNode]]]] = {
    "matmul": _of_matrices,
    "bmm": _of_matrices,
    "mm": _of_matrices,
    "einsum": _of_einsum,
    "linear": _of_linear,
}
"""What products sum, as an einsum writes it, and their factors."""


def leaves_places_out(step: RecordedNode, node: RecordedNode, zero: Tensor) -> bool:
    """Return whether a factor of a product is zero in all that is summed for some places of the result.

    Args:
        step: a product.
        node: the factor.
        zero: which of its elements are zero.
    """
    try:
        equation, nodes = PRODUCT_FORMS[name_of(step)](step, [len(f.meta["val"].shape) for f in factors_of(step)])
    except ValueError:
        return bool(zero.any())
    terms, _, made = equation.partition("->")
    for term, factor in zip(terms.split(","), nodes, strict=True):
        summed = [dim for dim, letter in enumerate(term) if letter not in made]
        if factor is node and len(term) == zero.ndim and summed and bool(_all_over(zero, summed).any()):
            return True
    return False


def _all_over(zero: Tensor, dims: list[int]) -> Tensor:
    for dim in dims:
        zero = zero.all(dim, keepdim=True)
    return zero
