"""What a function reads, without its gradient: which places of the result change when a place of the input does."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import torch

Position = tuple[int, ...]
DOMAINS = ((0.1, 0.9), (-2.0, 2.0), (1.1, 4.0))
"""Where the input's numbers lie, one after the other: some functions are constant or undefined in one of them."""
DRAWS = 9
"""How often every place is changed, each time from another input."""


def places_read(function: Callable[[Any], Any], shape: tuple[int, ...], channel: int) -> dict[Position, set[Position]]:
    """Return which positions of the input every place of the result reads, by the place's index without the batch.

    Args:
        function: of one tensor, in double precision.
        shape: of the input, batch of 1 included.
        channel: the dimension of the input that is no position; all of it is changed at once.
    """
    generator = torch.Generator().manual_seed(0)
    positions = list(product(*(range(size) for dim, size in enumerate(shape) if dim not in (0, channel))))
    found: dict[Position, set[Position]] = {}
    for draw in range(DRAWS):
        low, high = DOMAINS[draw % len(DOMAINS)]
        drawn = lambda *sizes: torch.rand(sizes, generator=generator, dtype=torch.float64) * (high - low) + low  # noqa: B023, E731
        x = drawn(*shape)
        before = function(x).double()
        for position in positions:
            changed = x.clone()
            place = list(position)
            place.insert(channel - 1, slice(None))
            changed[(0, *place)] = drawn(shape[channel])
            for index in _differ(before, function(changed).double())[0].nonzero().tolist():
                found.setdefault(tuple(index), set()).add(position)
    return found


def _differ(before: Any, after: Any) -> Any:
    """Where two results differ; a result that is undefined in one of them alone does."""
    return ~torch.isclose(before, after, rtol=1e-12, atol=1e-12, equal_nan=True)
