"""transformers and diffusers: the models of `real_models.py`, with the sizes that vary there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from tests.models.corpora.entry import Entry
from tests.models.real_models import DIFFUSERS, TRANSFORMERS, Real


def transformers() -> Sequence[Entry]:
    """Return the models of transformers."""
    return [_entry(real) for real in TRANSFORMERS]


def diffusers() -> Sequence[Entry]:
    """Return the models of diffusers."""
    return [_entry(real) for real in DIFFUSERS]


def _entry(real: Real) -> Entry:
    return Entry(real.name, real.build, partial(_inputs, real), real.dynamic)


def _inputs(real: Real, module: object) -> dict[str, object]:
    return dict(real.inputs)
