"""What is known of the elements of a tensor that constants were added to, multiplied with, or put into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

MASKED_BELOW = 100.0
"""A constant score that lies at least this far below the largest of its row counts as masked."""
KEPT = 10.0
"""Constants that differ by less than this are forgotten: no few of them make a mask together."""
MOST_WEIGHED_PAIRS = 2**30
"""Pairs of a query and a key that are looked at one by one; of more nothing is known."""


@dataclass(frozen=True)
class Partial:
    """A tensor whose elements are a constant, plus something that is computed where they are live.

    All three broadcast to the tensor's shape.

    Attributes:
        constant: what is added, or where an element is not live, all that it is.
        live: whether an element depends on anything that is not constant.
        doubtful: whether an element may be masked, by values that are not known.
        counted: whether an element is said to be zero only because a finite constant counts as masked.
    """

    constant: Tensor
    live: Tensor
    doubtful: Tensor
    counted: bool = False

    @property
    def zero(self) -> Tensor:
        """Whether an element is zero whatever is computed."""
        return ~self.live & (self.constant == 0)

    @property
    def plain(self) -> bool:
        """Whether nothing is known that anybody would have to remember."""
        if not bool(self.live.all()) or bool(self.doubtful.any()):
            return False
        return bool((self.constant.max() - self.constant.min()) < KEPT) and bool(self.constant.min() > -KEPT)

    def within(self, shape: tuple[int, ...]) -> Partial:
        """Return the same with all three of a shape."""
        return Partial(self.constant.expand(shape), self.live.expand(shape), self.doubtful.expand(shape), self.counted)

    def of_rank(self, rank: int) -> Partial:
        """Return the same with as many dimensions, so that they may be counted from the left."""
        longer = lambda part: part.reshape((1,) * (rank - part.ndim) + tuple(part.shape))  # noqa: E731
        return Partial(longer(self.constant), longer(self.live), longer(self.doubtful), self.counted)


def nothing_known() -> Partial:
    """Return what is known of a tensor of which nothing is known."""
    return _scalar(0.0, live=True)


def doubtful() -> Partial:
    """Return what is known of a tensor any element of which may be masked."""
    import torch

    return Partial(torch.zeros(()), torch.ones((), dtype=torch.bool), torch.ones((), dtype=torch.bool))


def constant_number(value: float) -> Partial:
    """Return a number as a tensor."""
    return _scalar(float(value), live=False)


def known(value: Tensor) -> Partial:
    """Return a constant tensor."""
    import torch

    no = torch.zeros((), dtype=torch.bool)
    return Partial(value.to(torch.float32), no, no)


def _scalar(constant: float, *, live: bool) -> Partial:
    import torch

    no = torch.zeros((), dtype=torch.bool)
    return Partial(torch.tensor(constant), torch.tensor(live), no)
