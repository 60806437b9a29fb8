"""archgraph: exact, symbolic static analysis of neural architectures."""

from archgraph.architecture.architecture import Architecture, compare, contrast, load, loads, trace, verify
from archgraph.errors import (
    ArchgraphError,
    MissingToolError,
    QueryError,
    ShapeError,
    SpecError,
    UnboundSymbolError,
    UnsupportedOpError,
)

__version__ = "0.1.0"
__all__ = [
    "ArchgraphError",
    "Architecture",
    "MissingToolError",
    "QueryError",
    "ShapeError",
    "SpecError",
    "UnboundSymbolError",
    "UnsupportedOpError",
    "__version__",
    "compare",
    "contrast",
    "load",
    "loads",
    "trace",
    "verify",
]
