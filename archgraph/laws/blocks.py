"""Grids cut into blocks, so that what is worked out on the way never has the size of the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from math import prod
from typing import Any, TypeAlias

from archgraph.optional import missing
from archgraph.steps import stepping

Array: TypeAlias = Any
"""Of numpy or dask; neither needs to be installed."""
Block: TypeAlias = "tuple[slice, ...]"
BLOCK = 2**16
"""Elements worked on at once: their intermediate results stay in the cache of a core."""


def numpy() -> Any:
    """Return numpy.

    Raises:
        MissingToolError: it is not installed.
    """
    try:
        import numpy
    except ImportError:
        raise missing("numpy", "sweeps need numpy") from None
    return numpy


def is_lazy(array: Array) -> bool:
    """Whether an array is of dask: computed when it is asked for."""
    return hasattr(array, "dask")


def ranges(sizes: Sequence[int]) -> list[slice]:
    """Return the slices of chunks of these sizes.

    >>> ranges((2, 3))
    [slice(0, 2, None), slice(2, 5, None)]
    """
    ends = list(accumulate(sizes))
    return [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]


def slabs(shape: tuple[int, ...], limit: int) -> Iterator[Block]:
    """Cut a grid into blocks of at most so many points, in its order.

    >>> list(slabs((3, 4), 8))
    [(slice(0, 2, None), slice(0, 4, None)), (slice(2, 3, None), slice(0, 4, None))]
    """
    if not shape:
        yield ()
        return
    rest = prod(shape[1:])
    rows = max(1, limit // max(1, rest))
    for start in range(0, shape[0], rows):
        part = slice(start, min(start + rows, shape[0]))
        yield from ((part, *inner) for inner in slabs(shape[1:], limit if rest > limit else max(1, rest)))


def in_blocks(function: Callable[[list[Array]], Array], arrays: list[Array]) -> Array:
    """Apply a function of arrays that broadcast to each other to one block of them after the other.

    >>> np = numpy()
    >>> in_blocks(lambda parts: parts[0] + parts[1], [np.array([[10], [20]]), np.array([[1, 2]])]).tolist()
    [[11, 12], [21, 22]]
    """
    np = numpy()
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    if prod(shape) <= BLOCK:
        return np.broadcast_to(function(arrays), shape)
    whole: Array = None
    for block in stepping(list(slabs(shape, BLOCK)), "blocks"):
        found = function([cut(array, block) for array in arrays])
        if whole is None:  # parts kept in a list would be copied once more
            whole = np.empty(shape, found.dtype)
        whole[block] = found
    return whole


def cut(array: Array, block: Block) -> Array:
    """Return what of an array belongs to a block of the grid that it is broadcast to."""
    own = block[len(block) - array.ndim :]
    return array[tuple(part if size > 1 else slice(None) for part, size in zip(own, array.shape, strict=True))]


def masked_where(array: Array, valid: Array) -> Array:
    """Return an array that has no value where it is not valid; of numpy the array itself where it is valid everywhere.

    >>> np = numpy()
    >>> masked_where(np.array([1, 2]), np.array([True, False])).tolist()
    [1, None]
    """
    if is_lazy(array) or is_lazy(valid):
        from dask.array.ma import masked_array

        return masked_array(array, mask=~valid)
    return array if valid.all() else numpy().ma.masked_array(array, mask=~valid)


class OnGrid:
    """An array over a grid that is worked out where it is looked at, block by block.

    Args:
        function: of blocks of the arrays.
        arrays: what is broadcast to the grid.

    >>> np = numpy()
    >>> OnGrid(lambda parts: parts[0] * parts[1], [np.array([[10], [20]]), np.array([[1, 2]])])[1:, :].tolist()
    [[20, 40]]
    """

    def __init__(self, function: Callable[[list[Array]], Array], arrays: list[Array]) -> None:
        self._function = function
        self._arrays = arrays

    def __getitem__(self, block: Block) -> Array:
        return in_blocks(self._function, [cut(array, block) for array in self._arrays])
