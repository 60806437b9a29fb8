"""Curves and bars as plain data: what studies find, and tables and charts show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LAYER_KINDS = ("convolution", "both", "attention", "other")
"""What the layers of a network are, mostly."""
WORKS_ON = ("pixels", "latents", "voxels", "other")
"""What a network works on."""


@dataclass(frozen=True)
class DataSeries:
    """Points of one network in some order.

    Attributes:
        name: what stands at the curve.
        points: pairs of values.
        layers: what the layers are: `convolution`, `attention`, `both` or `other`.
        works_on: `pixels`, `latents`, `voxels` or `other`.
        labels: what stands at each point; nothing where it is empty.
        published: whether the points are marked: those of published networks.
    """

    name: str
    points: tuple[tuple[float, float], ...]
    layers: str = "other"
    works_on: str = "other"
    labels: tuple[str, ...] = ()
    published: bool = False


@dataclass(frozen=True)
class Bar:
    """One bar, part by part from the bottom."""

    name: str
    parts: Mapping[str, float]
    total: float
