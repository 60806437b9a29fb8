"""Metrics of a whole run, beside those of a network: numbers that are measured at a point, for no one law holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

from archgraph.cost.training.run import OPTIONS, Training, training
from archgraph.cost.training.step_report import step_flops
from archgraph.cost.training.training_memory import training_memory
from archgraph.errors import QueryError
from archgraph.graph.network import Network
from archgraph.laws.search import Inequality

Budget: TypeAlias = tuple[Inequality, float]
RUN_METRICS: dict[str, Callable[[Network, Training], int]] = {
    "training_memory": lambda g, run: training_memory(g, run).bytes + run.reserve,
    "step_flops": lambda g, run: step_flops(g, run).model,
}
"""A metric of a run is one entry here; it never falls as a symbol, the batch or a count grows."""


def parted(keywords: Mapping[str, object]) -> tuple[dict[str, Budget], Training]:
    """Part keywords into budgets and a run.

    Raises:
        QueryError: settings of a run without a metric of one.

    >>> budgets, run = parted({"training_memory": ("<=", 8e10), "batch": 32})
    >>> list(budgets), run.batch
    (['training_memory'], 32)
    """
    options = {name: value for name, value in keywords.items() if name in OPTIONS}
    budgets = {name: cast(Budget, value) for name, value in keywords.items() if name not in OPTIONS}
    if options and not any(name in RUN_METRICS for name in budgets):
        first = next(iter(options))
        raise QueryError(f"{first} belongs to a run, and no budget is of one", hint=f"of {', '.join(RUN_METRICS)}")
    return budgets, training(None, options)


def number_at(g: Network, metric: str, run: Training) -> int:
    """Return a metric of a run at the bound values of a network."""
    return RUN_METRICS[metric](g, run)
