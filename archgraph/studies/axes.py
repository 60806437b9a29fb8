"""The values of a symbol that a sweep goes through, as an array."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real

from archgraph.errors import QueryError, counted
from archgraph.laws.blocks import Array, is_lazy, numpy
from archgraph.laws.grid import computed
from archgraph.studies.listed import listed

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
    if axis.dtype.kind == "O" and not is_lazy(axis) and not all(isinstance(value, Real) for value in axis):
        raise QueryError(f"symbol '{name}' is a positive integer, and the sweep has {_unlike(axis)}")
    if axis.dtype.kind not in "iufO":
        raise QueryError(f"symbol '{name}' is a positive integer, and the sweep has values of the type {axis.dtype}")
    (least,) = computed([axis.min()])
    with numpy().errstate(invalid="ignore"):  # of infinity nothing is left
        (whole_numbers,) = computed([(axis % 1 == 0).all()])
    if not whole_numbers or least < 1:
        what = f"has {least}" if least < 1 else "has values between whole numbers"
        raise QueryError(f"symbol '{name}' is a positive integer, and the sweep {what}")
    return axis


def _array(name: str, values: Array) -> Array:
    if hasattr(values, "astype"):
        return values
    if isinstance(values, range) and values and not values[MOST_VALUES:] and max(values[0], values[-1]) < 2**62:
        return numpy().arange(values.start, values.stop, values.step)  # no list of millions
    found = listed(values, name, MOST_VALUES)
    try:
        return numpy().asarray(found)
    except (ValueError, OverflowError):  # lists among numbers
        raise QueryError(f"the values of {name} are a list of numbers, and one is {_unlike(found)}") from None


def _unlike(found: Iterable[object]) -> str:
    return next((f"a {type(value).__name__}" for value in found if not isinstance(value, Real)), "none")


def laid_along(axis: Array, place: int, rank: int) -> Array:
    shape = [1] * rank
    shape[place] = -1
    return axis.reshape(shape)
