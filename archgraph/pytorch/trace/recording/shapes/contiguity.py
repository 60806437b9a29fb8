"""How a recorded tensor lies in memory: in a row, with its channels last, or with gaps."""

from __future__ import annotations

from collections.abc import Sequence


def is_in_order(shape: Sequence[int], strides: Sequence[int], order: Sequence[int] = ()) -> bool:
    """Whether a tensor fills its memory, dimension by dimension, the last of the order innermost.

    >>> is_in_order((2, 3), (3, 1)), is_in_order((2, 3), (1, 2)), is_in_order((2, 3), (1, 2), (1, 0))
    (True, False, True)
    """
    span = 1
    for dim in reversed(order or range(len(shape))):
        if shape[dim] != 1:
            if strides[dim] != span:
                return False
            span *= shape[dim]
    return True


def has_channels_last(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether a stack of images or volumes is in the layout of PyTorch that has dimension 1 innermost.

    >>> has_channels_last((1, 3, 4, 5), (60, 1, 15, 3)), has_channels_last((1, 3, 4, 5), (60, 20, 5, 1))
    (True, False)
    """
    return len(shape) in (4, 5) and is_in_order(shape, strides, (0, *range(2, len(shape)), 1))
