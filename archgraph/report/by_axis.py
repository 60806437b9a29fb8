"""Answers per axis, which are asked for as attributes or by key: `field.h` is `field["h"]`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from archgraph.errors import did_you_mean, not_among

OfAxis = TypeVar("OfAxis")


class ByAxis(Generic[OfAxis]):
    """A value for every axis, each as an attribute or by its key.

    Attributes:
        axes: the values by axis.

    >>> class Sizes(ByAxis[int]):
    ...     axes = {"h": 3, "w": 5}
    >>> Sizes().h, Sizes()["w"]
    (3, 5)
    """

    axes: Mapping[str, OfAxis]

    def __getattr__(self, name: str) -> OfAxis:
        axes = self.__dict__.get("axes") or getattr(type(self), "axes", {})
        if name in axes:
            return axes[name]
        known = f"the axes are {', '.join(axes)}" if axes else "it has no axes"
        raise AttributeError(f"{type(self).__name__} has no '{name}': {known}.{did_you_mean(name, axes)}")

    def __getitem__(self, axis: str) -> OfAxis:
        """Return what belongs to an axis.

        Raises:
            QueryError: there is no such axis.
        """
        if axis not in self.axes:
            raise not_among("axis", axis, self.axes)
        return self.axes[axis]
