"""Resampling of positions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from archgraph.errors import UnsupportedOpError
from archgraph.pytorch.onnx.operators.table import Results, numbers, operator

if TYPE_CHECKING:
    from torch import Tensor

MODES = {"linear": ("linear", "bilinear", "trilinear"), "cubic": ("", "bicubic", "")}
HALF_PIXELS = ("half_pixel", "pytorch_half_pixel")


@operator("Resize")
def _resize(
    x: Tensor, roi: Tensor | None = None, factors: Tensor | None = None, wanted: Tensor | None = None, *,
    mode: str = "nearest", coordinate_transformation_mode: str = "half_pixel", nearest_mode: str = "round_prefer_floor",
    cubic_coeff_a: float = -0.75, exclude_outside: int = 0, extrapolation_value: float = 0.0, antialias: int = 0,
    axes: Sequence[int] = (), keep_aspect_ratio_policy: str = "stretch",
) -> Results:  # fmt: skip
    unusual = {
        "exclude_outside": exclude_outside, "antialias": antialias, "cubic_coeff_a": cubic_coeff_a != -0.75,
        "keep_aspect_ratio_policy": keep_aspect_ratio_policy != "stretch",
    }  # fmt: skip
    told = [name for name, value in unusual.items() if value]
    if told:
        raise UnsupportedOpError(f"Resize with {', '.join(told)} has no rule", hint="export it without")
    # Before version 11 the second operand says the factors.
    scales = roi if factors is None and wanted is None else factors
    along = [axis % x.ndim for axis in axes] or list(range(x.ndim))
    if wanted is not None:
        sizes = dict(zip(along, numbers(wanted), strict=True))
        return _resampled(x, sizes, {}, mode, coordinate_transformation_mode, nearest_mode)
    assert scales is not None
    given = dict(zip(along, scales.tolist(), strict=True))
    return _scaled(x, given, mode, coordinate_transformation_mode, nearest_mode)


@operator("Upsample")
def _upsample(
    x: Tensor, factors: Tensor | None = None, *, mode: str = "nearest", scales: Sequence[float] = ()
) -> Results:
    given = scales if factors is None else factors.tolist()
    return _scaled(x, dict(enumerate(given)), mode, "asymmetric", "floor")


def _scaled(x: Tensor, factors: dict[int, float], mode: str, place: str, nearest: str) -> Tensor:
    sizes = {dim: floor(x.shape[dim] * factor + 1e-9) for dim, factor in factors.items()}
    return _resampled(x, sizes, factors, mode, place, nearest)


def _resampled(
    x: Tensor, sizes: dict[int, int], factors: dict[int, float], mode: str, place: str, nearest: str
) -> Tensor:
    changed = {dim: new for dim, new in sizes.items() if new != x.shape[dim] or factors.get(dim, 1.0) != 1.0}
    if mode == "nearest":
        return _nearest(x, changed, factors, place, nearest)
    inner, rank = [sizes.get(dim, x.shape[dim]) for dim in range(2, x.ndim)], x.ndim - 2
    uneven = any(new != x.shape[dim] * factors[dim] for dim, new in changed.items() if dim in factors)
    known = rank in (1, 2, 3) and MODES.get(mode, ("",) * 3)[rank - 1]
    single = place == "pytorch_half_pixel" and 1 in inner
    if min(changed, default=2) < 2 or not known or single or place not in (*HALF_PIXELS, "align_corners"):
        raise UnsupportedOpError(f"Resize by {mode} interpolation with {place} has no rule", hint="half_pixel has one")
    corners = place == "align_corners"
    if uneven and corners:
        raise UnsupportedOpError("Resize with align_corners by an uneven factor has no rule", hint="state its sizes")
    if uneven:
        given = [factors.get(dim, 1.0) for dim in range(2, x.ndim)]
        return functional.interpolate(x, scale_factor=given, mode=known, align_corners=False)
    return functional.interpolate(x, inner, mode=known, align_corners=corners)


def _nearest(x: Tensor, changed: dict[int, int], factors: dict[int, float], place: str, nearest: str) -> Tensor:
    """Take the neighbours that the standard names: by PyTorch's function where that takes the same, else one by one."""
    wanted = {
        dim: _neighbours(x.shape[dim], new, factors.get(dim, new / x.shape[dim]), place, nearest)
        for dim, new in changed.items()
    }
    if changed and min(changed) >= 2 and x.ndim in (3, 4, 5):
        inner = [changed.get(dim, x.shape[dim]) for dim in range(2, x.ndim)]
        for mode, shift in (("nearest", 0.0), ("nearest-exact", 0.5)):
            if all(found == _floored(x.shape[dim], changed[dim], shift) for dim, found in wanted.items()):
                return functional.interpolate(x, inner, mode=mode)
    for dim, found in wanted.items():
        x = x.index_select(dim, torch.tensor(found, device=x.device))
    return x


def _floored(old: int, new: int, shift: float) -> list[int]:
    return [min(floor((k + shift) * old / new), old - 1) for k in range(new)]


def _neighbours(old: int, new: int, factor: float, place: str, nearest: str) -> list[int]:
    """The position that each of the new ones takes, as the standard says it.

    >>> _neighbours(2, 4, 2.0, "half_pixel", "round_prefer_floor"), _neighbours(4, 2, 0.5, "asymmetric", "floor")
    ([0, 0, 1, 1], [0, 2])
    """
    if place not in PLACES or nearest not in ROUNDED:
        rule = f"Resize to the nearest with {place} and {nearest} has no rule"
        raise UnsupportedOpError(rule, hint="export it without")
    exact = (ROUNDED[nearest](PLACES[place](k, old, new, factor)) for k in range(new))
    return [min(max(found, 0), old - 1) for found in exact]


PLACES: Mapping[str, Callable[[int, int, int, float], float]] = {
    "half_pixel": lambda k, old, new, factor: (k + 0.5) / factor - 0.5,
    "pytorch_half_pixel": lambda k, old, new, factor: (k + 0.5) / factor - 0.5 if new > 1 else 0.0,
    "asymmetric": lambda k, old, new, factor: k / factor,
    "align_corners": lambda k, old, new, factor: k * (old - 1) / (new - 1) if new > 1 else 0.0,
}
"""Where a new position lies among the old ones."""
ROUNDED: Mapping[str, Callable[[float], int]] = {
    "floor": floor,
    "ceil": ceil,
    "round_prefer_floor": lambda place: ceil(place - 0.5),
    "round_prefer_ceil": lambda place: floor(place + 0.5),
}
"""Which neighbour of a place is taken."""


@operator("GridSample")
def _grid_sample(
    x: Tensor, grid: Tensor, *, align_corners: int = 0, mode: str = "bilinear", padding_mode: str = "zeros"
) -> Results:
    named = {"linear": "bilinear", "cubic": "bicubic"}.get(mode, mode)
    return functional.grid_sample(x, grid, named, padding_mode, bool(align_corners))
