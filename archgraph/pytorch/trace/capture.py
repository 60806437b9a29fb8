"""How the steps of a module are found: recorded at sizes that are numbers, or for all sizes of some dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archgraph.pytorch.trace.inputs import one_sample
from archgraph.pytorch.trace.recording.record import record
from archgraph.pytorch.trace.recording.recording import Recording
from archgraph.pytorch.trace.sizes import TracedSizes, declared_sizes
from archgraph.pytorch.trace.symbols.asked import Dynamic
from archgraph.pytorch.trace.symbols.capture import capture_symbolic

if TYPE_CHECKING:
    from torch import nn


def capture(module: nn.Module, inputs: Any, dynamic: Dynamic, name: str) -> tuple[Recording, TracedSizes]:
    """Return the steps of a module on one sample, and the symbols that its sizes are written in.

    Args:
        name: what the network is called.

    Raises:
        ArchgraphError: the module cannot be recorded, or a dimension that was asked to vary cannot.
    """
    if dynamic:
        return capture_symbolic(module, one_sample(inputs), dynamic, name)
    return record(module, one_sample(inputs)), declared_sizes(name, ())
