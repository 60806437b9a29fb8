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
    from archgraph.architecture.architecture import (
        Architecture,
        compare,
        contrast,
        fits_table,
        load,
        loads,
        trace,
        verify,
    )
    from archgraph.cost.training.run import Training

__version__ = "0.1.0"
__all__ = [
    "ArchgraphError",
    "Architecture",
    "MissingToolError",
    "QueryError",
    "ShapeError",
    "SpecError",
    "Training",
    "UnboundSymbolError",
    "UnsupportedOpError",
    "__version__",
    "compare",
    "contrast",
    "fits_table",
    "load",
    "loads",
    "trace",
    "verify",
]


def __getattr__(name: str) -> object:
    """Load the façade when it is first asked for: the command line answers Ctrl-C before, and its version at once."""
    if name not in __all__:
        raise AttributeError(f"module 'archgraph' has no attribute '{name}'")
    room = "archgraph.cost.training.run" if name == "Training" else "archgraph.architecture.architecture"
    found = globals()[name] = getattr(import_module(room), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
