"""Where an operator that only moves elements takes them from: it is run on their numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

MOST_MOVED = 1 << 20
"""Elements of the largest tensor that is followed."""


@dataclass(frozen=True)
class MovedPairs:
    """Which elements of a result are made of which elements of an operand, by their numbers in row-major order.

    Attributes:
        result: the shape of the result.
        operand: the shape of the operand.
        into, of: pairs of elements.
    """

    result: tuple[int, ...]
    operand: tuple[int, ...]
    into: Tensor
    of: Tensor

    @cached_property
    def coordinates(self) -> tuple[Tensor, Tensor]:
        """The places of all pairs in the result and in the operand, a column per dimension, found once."""
        return _unravelled(self.into, self.result), _unravelled(self.of, self.operand)

    def without(self, taken: Tensor) -> MovedPairs:
        """Return the pairs whose elements of the result are not among those taken."""
        import torch

        kept = ~torch.isin(self.into, taken)
        return MovedPairs(self.result, self.operand, self.into[kept], self.of[kept])

    def differ_along(self, dim: int, leaving_out: int | None = None) -> bool:
        """Say whether places of the result that differ along one dimension only read other elements, or none.

        Args:
            dim: a dimension of the result.
            leaving_out: a dimension of the operand along which it does not matter where an element stands.

        >>> itself((2, 3)).differ_along(0), itself((2, 3)).differ_along(0, 0)
        (True, False)
        """
        into, of = self.coordinates
        rest = [d for d in range(len(self.result)) if d != dim]
        kept = [d for d in range(len(self.operand)) if d != leaving_out]
        pairs = _numbered(into[:, rest], [self.result[d] for d in rest])
        pairs = pairs * prod(self.operand) + _numbered(of[:, kept], [self.operand[d] for d in kept])
        everywhere = len(pairs.unique()) * self.result[dim]
        return len((pairs * self.result[dim] + into[:, dim]).unique()) != everywhere


def _numbered(places: Tensor, shape: Sequence[int]) -> Tensor:
    numbers = places.new_zeros(len(places))
    for column, size in enumerate(shape):
        numbers = numbers * size + places[:, column]
    return numbers


def _unravelled(numbers: Tensor, shape: Sequence[int]) -> Tensor:
    import torch

    columns = []
    for size in reversed(shape):
        columns.append(numbers % size)
        numbers = numbers // size
    return torch.stack(columns[::-1], 1) if columns else numbers.new_zeros(len(numbers), 0)


def itself(shape: Sequence[int]) -> MovedPairs:
    """Return that every element is made of itself.

    >>> itself((2, 3)).of.tolist()
    [0, 1, 2, 3, 4, 5]
    """
    import torch

    numbers = torch.arange(_count(shape))
    return MovedPairs(tuple(shape), tuple(shape), numbers, numbers)


def moved_pairs(run: Callable[[Tensor], Any], shape: Sequence[int]) -> MovedPairs | None:
    """Return the pairs of an operator that is linear in an operand, with no weights but 0 and 1, up to constants.

    Args:
        run: applies the operator to a tensor of doubles in place of the operand, with zeros for all others.
        shape: the shape of the operand.

    Returns:
        The pairs; None where an operator both joins and repeats elements, or does something else with them.
    """
    import torch

    count = _count(shape)
    if count > MOST_MOVED:
        return None
    run = _without_constants(run, shape)
    with torch.enable_grad():
        ones = torch.ones(tuple(shape), dtype=torch.float64, requires_grad=True)
        sums = run(ones)
        if sums.numel() > MOST_MOVED or (sums.requires_grad is False and bool(sums.any())):
            return None
        found = _forward(run, shape, count, sums) if bool((sums <= 1).all()) else _backward(ones, sums, shape)
    return found if found is not None and _is_all(run, found) else None


def _without_constants(run: Callable[[Tensor], Any], shape: Sequence[int]) -> Callable[[Tensor], Any]:
    """Return the operator without what it writes beside the operand: numbers that fill some places."""
    import torch

    with torch.no_grad():
        written = run(torch.zeros(tuple(shape), dtype=torch.float64))
    if not bool(written.any()):
        return run
    # Infinite numbers cannot be taken away again.
    endless = ~written.isfinite()
    return lambda x: run(x).masked_fill(endless, 0.0) - written.masked_fill(endless, 0.0)


def _is_all(run: Callable[[Tensor], Any], found: MovedPairs) -> bool:
    """Whether nothing else decides about a result: values that are sorted move differently each time."""
    import torch

    with torch.no_grad():
        values = torch.randn(found.operand, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        expected = torch.zeros(_count(found.result), dtype=torch.float64)
        expected.index_add_(0, found.into, values.flatten()[found.of])
        return bool(torch.allclose(run(values).flatten(), expected))


def _forward(run: Callable[[Tensor], Any], shape: Sequence[int], count: int, sums: Tensor) -> MovedPairs | None:
    import torch

    with torch.no_grad():
        found = run(torch.arange(1, count + 1, dtype=torch.float64).reshape(tuple(shape))).flatten()
        into = found.nonzero().flatten()
        of = found[into].round().long() - 1
        if not bool((sums.detach().flatten()[into] == 1).all()) or bool((of >= count).any()):
            return None
    return MovedPairs(tuple(sums.shape), tuple(shape), into, of)


def _backward(ones: Tensor, sums: Tensor, shape: Sequence[int]) -> MovedPairs | None:
    import torch

    (spread,) = torch.autograd.grad(sums.sum(), ones, retain_graph=True)
    if bool((spread > 1).any()):
        return None
    numbers = torch.arange(1, sums.numel() + 1, dtype=torch.float64).reshape(sums.shape)
    (places,) = torch.autograd.grad((sums * numbers).sum(), ones)
    of = places.flatten().nonzero().flatten()
    return MovedPairs(tuple(sums.shape), tuple(shape), places.flatten()[of].round().long() - 1, of)


def loses_written(run: Callable[[Tensor], Any], found: MovedPairs) -> bool:
    """Return whether several elements are written to one place: which of them stays is not defined.

    Gradients go to all of them. Where PyTorch has no gradient, as of a source larger than its indices, they may be.

    >>> import torch
    >>> twice = lambda x: torch.zeros(2).double().index_copy(0, torch.tensor([1, 1]), x)
    >>> pairs = moved_pairs(twice, (2,))
    >>> pairs is not None and loses_written(twice, pairs)
    True
    """
    import torch

    with torch.enable_grad():
        ones = torch.ones(found.operand, dtype=torch.float64, requires_grad=True)
        try:
            (taken,) = torch.autograd.grad(run(ones).sum(), ones)
        except RuntimeError:
            return True
    return int(taken.count_nonzero()) > len(found.of.unique())


def _count(shape: Sequence[int]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count
