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
    """A product of stacks of matrices, or of a vector on either side."""
    stack = "abcdefgh"[: max(0, *(rank - 2 for rank in ranks))]
    left, right = (stack[len(stack) - max(rank - 2, 0) :] for rank in ranks)
    rows, columns = ("" if rank == 1 else letter for rank, letter in zip(ranks, "xz", strict=True))
    return f"{left}{rows}y,{right}y{columns}->{stack}{rows}{columns}", factors_of(step)


def _of_einsum(step: RecordedNode, ranks: list[int]) -> tuple[str, list[RecordedNode]]:
    return written_out(step.args[0], ranks), factors_of(step)


def written_out(equation: str, ranks: list[int]) -> str:
    """Return an equation in which every dimension has a letter, and what is made stands.

    >>> written_out("b...nc, b...mc -> b...nm", [4, 3])
    'bAnc,bmc->bAnm'
    >>> written_out("ij,jk", [2, 2])
    'ij,jk->ik'
    """
    read, arrow, made = equation.replace(" ", "").partition("->")
    terms = read.split(",")
    spread = [
        rank - len(term.replace("...", "")) if "..." in term else 0 for term, rank in zip(terms, ranks, strict=True)
    ]
    beside = "ABCDEFGH"[: max(spread)]
    if not arrow:
        letters = read.replace("...", "").replace(",", "")
        made = "..." * ("..." in read) + "".join(sorted(one for one in set(letters) if letters.count(one) == 1))
    shown = (term.replace("...", beside[len(beside) - many :]) for term, many in zip(terms, spread, strict=True))
    return f"{','.join(shown)}->{made.replace('...', beside)}"


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


def sums_over(step: RecordedNode, node: RecordedNode) -> bool:
    """Return whether a product sums over any dimension of a factor: else its zeros leave out single places."""
    try:
        equation, nodes = PRODUCT_FORMS[name_of(step)](step, [len(f.meta["val"].shape) for f in factors_of(step)])
    except ValueError:
        return True
    terms, _, made = equation.partition("->")
    return all(set(term) - set(made) for term, factor in zip(terms.split(","), nodes, strict=True) if factor is node)


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
