"""The positions that a norm of samples takes its statistics along, and those that stand apart, as samples do."""

from __future__ import annotations

from archgraph.errors import ShapeError
from archgraph.ops.arguments import Axes, named_axes
from archgraph.sizes.types import TensorType


def over_positions(over: Axes | None, x: TensorType) -> tuple[str, ...]:
    """Return the positions that statistics are taken along, all of them where none are named.

    >>> from archgraph.sizes.types import tensor
    >>> over_positions("h", tensor(c=4, t=3, h=5)), over_positions(None, tensor(c=4, t=3, h=5))
    (('h',), ('t', 'h'))
    """
    named = None if over is None else named_axes(over)
    return tuple(axis for axis in x.positions if named is None or axis in named)


def apart_positions(over: Axes | None, x: TensorType) -> tuple[str, ...]:
    """Return the positions of which each is normalised by itself, as a sample is.

    >>> from archgraph.sizes.types import tensor
    >>> apart_positions("h", tensor(c=4, t=3, h=5))
    ('t',)
    """
    along = over_positions(over, x)
    return tuple(axis for axis in x.positions if axis not in along)


def laid_apart(over: Axes | None, x: TensorType) -> tuple[str, ...]:
    """Return the order of axes in which samples, positions that stand apart and channels follow each other.

    >>> from archgraph.sizes.types import tensor
    >>> laid_apart("h", tensor(c=4, h=5, t=3))
    ('t', 'c', 'h')
    """
    return (*apart_positions(over, x), "c", *over_positions(over, x))


def require_positions(kind: str, over: Axes | None, x: TensorType) -> None:
    """Refuse channels and axes that the operand does not have."""
    for axis in () if over is None else named_axes(over):
        if axis == "c":
            raise ShapeError(
                f"{kind} takes statistics along positions, and of its channels by group: leave c out of over"
            )
        x.size(axis)
