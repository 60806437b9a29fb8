"""All rules: importing the families of handlers registers what they know."""

from __future__ import annotations

from archgraph.pytorch.trace.handlers import (  # noqa: F401  they register handlers
    attention,
    cuts,
    distances,
    dropouts,
    experts,
    indexing,
    layers,
    losses,
    norms,
    recurrences,
    reductions,
    resampling,
    shapes,
    transforms,
)
from archgraph.pytorch.trace.registry import HANDLERS


def has_rule(name: str) -> bool:
    """Whether an operator has a rule: `add_` has that of `add`.

    >>> has_rule("add_"), has_rule("tensordot")
    (True, False)
    """
    return name in HANDLERS or (name.endswith("_") and name[:-1] in HANDLERS)
