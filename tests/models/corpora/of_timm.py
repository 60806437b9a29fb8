"""timm: of every file of its models one that is small, as its name says."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Any

from tests.models.corpora.entry import Entry, Inputs


def entries() -> Sequence[Entry]:
    """Return one model per file."""
    import timm

    return [entry(_small(timm.list_models(module=module))) for module in timm.list_modules()]


def drawn(how_many: int, seed: str) -> Sequence[Entry]:
    """Return models that a seed draws from all of its names."""
    import timm

    return [entry(name) for name in Random(seed).sample(timm.list_models(), how_many)]


def entry(name: str) -> Entry:
    """Return one of its models."""
    return Entry(name, partial(_made, name), _inputs)


def _made(name: str) -> Any:
    import timm

    return timm.create_model(name, pretrained=False)


def _inputs(module: Any) -> Inputs:
    from archgraph.pytorch.sources.model import first_argument, images
    from archgraph.pytorch.sources.timm_models import input_size

    return {first_argument(module): images(*input_size(module, {}))}


def _small(names: Sequence[str]) -> str:
    """Return the name that sounds smallest; to build all of 1,300 and count takes long."""
    return min(names, key=lambda name: (not any(size in name for size in SMALL), len(name), name))


SMALL = (
    "atto",
    "femto",
    "pico",
    "nano",
    "xxs",
    "xxtiny",
    "xtiny",
    "tiny",
    "mini",
    "_s",
    "small",
    "b0",
    "18",
    "26",
    "_xs",
)
"""What small ones have in their names."""
