"""The values of a symbol that a sweep goes through, as an array."""

from __future__ import annotations

from itertools import islice

from archgraph.errors import QueryError, counted
from archgraph.laws.blocks import Array, numpy
from archgraph.laws.grid import computed

MOST_VALUES = 10_000_000
"""Values of a symbol; an array may have more."""


def swept_axis(name: str, values: Array) -> Array:
    """Return the values of a symbol as an array; those that break a rule of the spec are left out of it later.

    Raises:
        QueryError: there are none, too many, or some that no symbol can have.
    """
    axis = _array(name, values)
    if axis.ndim != 1:
        raise QueryError(f"the values of {name} are a list of numbers, and not of {counted(axis.ndim, 'dimension')}")
    if not len(axis):
        raise QueryError(f"the sweep has no value of {name}", hint=f"{{'{name}': [1, 2, 4]}}")
    if axis.dtype.kind not in "iufO":
        raise QueryError(f"symbol '{name}' is a positive integer, and the sweep has values of the type {axis.dtype}")
    (least,) = computed([axis.min()])
    (whole_numbers,) = computed([(axis % 1 == 0).all()])
    if not whole_numbers or least < 1:
        what = f"has {least}" if least < 1 else "has values between whole numbers"
        raise QueryError(f"symbol '{name}' is a positive integer, and the sweep {what}")
    return axis


def _array(name: str, values: Array) -> Array:
    if hasattr(values, "astype"):
        return values
    if isinstance(values, range):
        # Not len(), which ends at 2**63.
        _check_values(name, (values[-1] - values[0]) // values.step + 1 if values else 0)
        if values and max(values[0], values[-1]) < 2**62:
            return numpy().arange(values.start, values.stop, values.step)
    found = list(islice(values, MOST_VALUES + 1))  # it may never end
    _check_values(name, len(found))
    return numpy().asarray(found)


def _check_values(name: str, count: int) -> None:
    if count > MOST_VALUES:
        raise QueryError(f"the sweep has too many values of {name}: the limit is {MOST_VALUES:,}")


def laid_along(axis: Array, place: int, rank: int) -> Array:
    shape = [1] * rank
    shape[place] = -1
    return axis.reshape(shape)
