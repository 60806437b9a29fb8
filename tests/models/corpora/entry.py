"""One model of a library: what builds it, what it is called with, which dimensions vary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch

Inputs = Mapping[str, Any]
Dynamic = Mapping[str, Mapping[int, str]]
BY_RANK: Dynamic = {4: {2: "h", 3: "w"}, 5: {2: "d", 3: "h", 4: "w"}}  # type: ignore[dict-item]
"""What the sides of images and volumes are called, by how many dimensions an input has."""


class Entry(NamedTuple):
    """A model of a library.

    Attributes:
        name: what the library calls it, or the class of it.
        make: returns the module, with values.
        inputs: what it is called with, of the module, on the meta device.
        dynamic: which dimensions of which input are symbols; None for the sides of its image or volume.
    """

    name: str
    make: Callable[[], Any]
    inputs: Callable[[Any], Inputs]
    dynamic: Dynamic | None = None

    def build(self) -> Any:
        """Return the module without values; with them where its constructor asks for them."""
        try:
            with torch.device("meta"):
                return self.make().eval()
        except Exception:
            return self.make().eval()

    def fresh(self) -> Any:
        """Return the module with values."""
        return self.make().eval()


def on(*shape: int, argument: str = "") -> Callable[[Any], Inputs]:
    """Return the only input of a module: numbers of a shape, without samples, by the name of its first argument."""
    from archgraph.pytorch.sources.model import first_argument

    return lambda module: {argument or first_argument(module): torch.empty(1, *shape, device="meta")}


def sides(inputs: Inputs) -> Dynamic:
    """Return the sides of the first image or volume among inputs."""
    for name, value in inputs.items():
        if getattr(value, "ndim", 0) in BY_RANK:
            return {name: BY_RANK[value.ndim]}  # type: ignore[index]
    return {}
