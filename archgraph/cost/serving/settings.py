"""How a network is served: precision of weights and cache, sequences at once, tokens before the next; checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

from archgraph.cost.serving.weight_layouts import CACHE_TYPES, LAYOUTS
from archgraph.errors import QueryError, not_among, quoted

Paging: TypeAlias = Literal["per-layer", "unified"]
SERVING_CHOICES: Mapping[str, tuple[str, ...]] = {
    "dtype": tuple(LAYOUTS),
    "cache": tuple(CACHE_TYPES),
    "logits": ("last", "all"),
    "paged": ("per-layer", "unified"),
}
LEAST = {"batch": 1, "page": 1, "reserve": 0}


@dataclass(frozen=True)
class Serving:
    """How a network is served on one device.

    Attributes:
        dtype: of the weights: whole, or a layout of hidden linear layers with its scales.
        cache: the type of cached keys and values.
        batch: sequences at once.
        past: tokens of each that are in the cache before the next one; None for one less than the network's own.
        expanded: whether to keep whole keys and values even if the network makes them from narrower latents.
        page: tokens that are allocated together.
        paged: `per-layer`, or `unified` if layers with a window get as many pages as those without.
        logits: which logits of a prompt to compute: of the `last` token alone, or of `all`.
        reserve: bytes that are set aside for activations, kernels, the allocator and the driver.

    Raises:
        QueryError: an unknown word, or a number that is too small.

    >>> Serving(dtype="int8", batch=4)
    Serving(dtype='int8', batch=4)
    """

    dtype: str = "bf16"
    cache: str = "bf16"
    batch: int = 1
    past: int | None = None
    expanded: bool = False
    page: int = 1
    paged: Paging = "per-layer"
    logits: Literal["last", "all"] = "last"
    reserve: int = 0

    def __post_init__(self) -> None:
        for name, known in SERVING_CHOICES.items():
            if not isinstance(getattr(self, name), str) or getattr(self, name) not in known:
                raise not_among(name, getattr(self, name), known)
        for name, least in LEAST.items():
            _check_whole(name, getattr(self, name), least)
        if self.past is not None:
            _check_whole("past", self.past, 0)

    def __repr__(self) -> str:
        given = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if self._differs(each.name))
        return f"Serving({', '.join(given)})"

    def _differs(self, name: str) -> bool:
        return getattr(self, name) != Serving.__dataclass_fields__[name].default


def _check_whole(name: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise QueryError(f"{name} is a whole number from {least} on, and not {quoted(value)[1:-1]}")


SERVING_OPTIONS = tuple(each.name for each in fields(Serving))


def serving_settings(settings: Serving | None, options: Mapping[str, object]) -> Serving:
    """Return settings: the given ones, or those of keywords.

    Raises:
        QueryError: both are given, or a keyword that is none.
    """
    for name in options:
        if name not in SERVING_OPTIONS:
            raise not_among("setting of serving", name, SERVING_OPTIONS)
    if settings is not None and options:
        raise QueryError("settings are given by themselves or by keywords, not by both", hint="Serving(batch=8, ...)")
    return Serving(**options) if settings is None else settings  # type: ignore[arg-type]
