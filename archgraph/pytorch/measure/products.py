"""Stand-ins for matrix products and attention: masks decide which keys are admitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archgraph.pytorch.measure.standins import AtenCall, live, thin, unit, wide

if TYPE_CHECKING:
    from torch import Tensor

MASKED = -50.0
"""Scores below this are masked: a mask adds -100, -1e4 or minus infinity."""


def pattern(value: Tensor) -> Tensor:
    """Return 1 where a value is not zero."""
    return (value.detach() != 0).float()


def softmax(call: AtenCall, x: Tensor, dim: int, *args: Any, **options: Any) -> Tensor:
    """Replace a softmax by equal weights of the admitted entries, which depend on all of them if they are several."""
    import torch

    admitted = (x.detach() > MASKED).float()
    compared = (admitted > 0) & (admitted.sum(dim, keepdim=True) > 1)
    scores = torch.where(compared, x, torch.zeros((), dtype=x.dtype))
    return unit(admitted * (1 + scores.mean(dim, keepdim=True)))


def product(call: AtenCall, left: Tensor, right: Tensor, *args: Any, **options: Any) -> Tensor:
    """Replace a matrix product by the sums of either factor where the other one is not zero."""
    return _bilinear(call, left, right)


def added_product(call: AtenCall, bias: Tensor, left: Tensor, right: Tensor, *args: Any, **options: Any) -> Tensor:
    """Replace a matrix product with an addend."""
    import torch

    total = torch.matmul(left, pattern(right)) + torch.matmul(pattern(left), right)
    return unit(total + bias if live(bias) else total)


def contracted(call: AtenCall, equation: str, operands: list[Tensor], *args: Any, **options: Any) -> Tensor:
    """Replace an einsum."""
    total: Any = 0
    for place, operand in enumerate(operands):
        others = [operand if index == place else pattern(other) for index, other in enumerate(operands)]
        total = total + (call.target(equation, others) if live(operand) else 0)
    return unit(total)


def _bilinear(call: AtenCall, left: Tensor, right: Tensor) -> Tensor:
    """Sum both ways in which a product depends on its factors."""
    total: Any = 0
    if live(left):
        total = total + call.target(left, pattern(right))
    if live(right):
        total = total + call.target(pattern(left), right)
    return unit(total)


def attention(
    call: AtenCall,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    dropout: float = 0.0,
    is_causal: bool = False,
    *args: Any,
    **options: Any,
) -> Tensor:
    """Replace attention by equal weights over the admitted keys."""
    import torch

    if k.shape[-3] != q.shape[-3]:
        groups = q.shape[-3] // k.shape[-3]
        k, v = k.repeat_interleave(groups, -3), v.repeat_interleave(groups, -3)
    admitted = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool).tril() if is_causal else None
    if mask is not None:
        admitted = mask if mask.dtype == torch.bool else mask.detach() > MASKED
    values = _over_keys(admitted, thin(v, -1)) if live(v) else torch.zeros(1)
    if admitted is None and k.shape[-2] > 1:
        compared, scored = None, 1.0
    else:
        # One key alone has the weight 1 whatever the query and it are.
        full = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool) if admitted is None else admitted
        several = full.sum(-1, keepdim=True) > 1
        compared, scored = full & several, several.float()
    keys = _over_keys(compared, thin(k, -1).mean(-1, keepdim=True)) if live(k) else 0
    queries = thin(q, -1).mean(-1, keepdim=True) * scored if live(q) else 0
    return wide(unit(values + keys + queries), call.shape)


def _over_keys(admitted: Tensor | None, value: Tensor) -> Tensor:
    """Return the sum over the admitted keys."""
    return value.mean(-2, keepdim=True) if admitted is None else admitted.float() @ value
