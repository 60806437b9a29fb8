"""archgraph: exact, symbolic static analysis of neural architectures."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from archgraph.errors import (
    ArchgraphError,
    MissingToolError,
    QueryError,
    ShapeError,
    SpecError,
    UnboundSymbolError,
    UnsupportedOpError,
)

if TYPE_CHECKING:
    from archgraph.architecture.architecture import Architecture, load, loads, trace, verify
    from archgraph.architecture.charts import fits_figure, growth_figure, memory_figure
    from archgraph.architecture.several import compare, contrast, fits_table, growth_table, largest_table
    from archgraph.cost.serving.settings import Serving
    from archgraph.cost.training.run import Training
    from archgraph.report.progress import progress
    from archgraph.steps import Progress

__version__ = "0.2.0"
__all__ = [
    "ArchgraphError",
    "Architecture",
    "MissingToolError",
    "Progress",
    "QueryError",
    "Serving",
    "ShapeError",
    "SpecError",
    "Training",
    "UnboundSymbolError",
    "UnsupportedOpError",
    "__version__",
    "compare",
    "contrast",
    "fits_figure",
    "fits_table",
    "growth_figure",
    "growth_table",
    "largest_table",
    "load",
    "loads",
    "memory_figure",
    "progress",
    "trace",
    "verify",
]
_CHARTS, _SEVERAL = "archgraph.architecture.charts", "archgraph.architecture.several"
HOMES = {
    "Serving": "archgraph.cost.serving.settings",
    "Progress": "archgraph.steps",
    "Training": "archgraph.cost.training.run",
    "progress": "archgraph.report.progress",
    **dict.fromkeys(("fits_figure", "growth_figure", "memory_figure"), _CHARTS),
    **dict.fromkeys(("compare", "contrast", "fits_table", "growth_table", "largest_table"), _SEVERAL),
}
"""Where public names are that are not in the façade's own file; settings load no more than themselves."""


def __getattr__(name: str) -> object:
    """Load the façade when it is first asked for: the command line answers Ctrl-C before, and its version at once."""
    if name not in __all__:
        raise AttributeError(f"module 'archgraph' has no attribute '{name}'")
    room = HOMES.get(name, "archgraph.architecture.architecture")
    found = globals()[name] = getattr(import_module(room), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
