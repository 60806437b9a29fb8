"""Reductions along dimensions, extrema and their places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch

from archgraph.pytorch.onnx.operators.table import OPERATORS, OnnxRule, Results, numbers, operator

if TYPE_CHECKING:
    from torch import Tensor

Reduction = Callable[["Tensor", "list[int]", bool], "Tensor"]


def _product(x: Tensor, dims: list[int], keep: bool) -> Tensor:  # noqa: FBT001  as all reductions
    for dim in sorted((d % x.ndim for d in dims), reverse=True):
        x = x.prod(dim, keepdim=keep)
    return x


REDUCED: dict[str, Reduction] = {
    "ReduceMean": lambda x, dims, keep: x.mean(dims, keepdim=keep),
    "ReduceSum": lambda x, dims, keep: x.sum(dims, keepdim=keep),
    "ReduceMax": lambda x, dims, keep: x.amax(dims, keepdim=keep),
    "ReduceMin": lambda x, dims, keep: x.amin(dims, keepdim=keep),
    "ReduceProd": _product,
    "ReduceL1": lambda x, dims, keep: torch.linalg.vector_norm(x, 1, dims, keepdim=keep),
    "ReduceL2": lambda x, dims, keep: torch.linalg.vector_norm(x, 2, dims, keepdim=keep),
    "ReduceLogSum": lambda x, dims, keep: x.sum(dims, keepdim=keep).log(),
    "ReduceLogSumExp": lambda x, dims, keep: torch.logsumexp(x, dims, keepdim=keep),
    "ReduceSumSquare": lambda x, dims, keep: (x * x).sum(dims, keepdim=keep),
}


def _rule(reduce: Reduction) -> OnnxRule:
    def reduction(
        x: Tensor, given: Tensor | None = None, *, axes: Sequence[int] = (), keepdims: int = 1,
        noop_with_empty_axes: int = 0,
    ) -> Results:  # fmt: skip
        dims = numbers(given) or list(axes)
        if not dims and noop_with_empty_axes:
            return x
        return reduce(x, dims or list(range(x.ndim)), bool(keepdims))

    return reduction


OPERATORS.update({name: _rule(reduction) for name, reduction in REDUCED.items()})


@operator("ArgMax")
def _place_of_largest(x: Tensor, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Results:
    if select_last_index:
        return x.shape[axis] - 1 - x.flip(axis).argmax(axis, keepdim=bool(keepdims))
    return x.argmax(axis, keepdim=bool(keepdims))


@operator("ArgMin")
def _place_of_smallest(x: Tensor, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Results:
    if select_last_index:
        return x.shape[axis] - 1 - x.flip(axis).argmin(axis, keepdim=bool(keepdims))
    return x.argmin(axis, keepdim=bool(keepdims))


@operator("TopK")
def _top(
    x: Tensor, count: Tensor | None = None, *, k: int = 0, axis: int = -1, largest: int = 1, sorted: int = 1
) -> Results:  # fmt: skip
    return x.topk(k if count is None else int(count.item()), axis, bool(largest), bool(sorted))


@operator("CumProd")
def _running_product(x: Tensor, axis: Tensor, *, exclusive: int = 0, reverse: int = 0) -> Results:
    dim = int(axis.item()) % x.ndim
    turned = x.flip(dim) if reverse else x
    if exclusive:
        first = torch.ones_like(turned.narrow(dim, 0, 1))
        turned = torch.cat([first, turned.narrow(dim, 0, x.shape[dim] - 1)], dim)
    made = turned.cumprod(dim)
    return made.flip(dim) if reverse else made


@operator("CumSum")
def _running_sum(x: Tensor, axis: Tensor, *, exclusive: int = 0, reverse: int = 0) -> Results:
    dim = int(axis.item())
    turned = x.flip(dim) if reverse else x
    made = turned.cumsum(dim)
    made = made - turned if exclusive else made
    return made.flip(dim) if reverse else made
