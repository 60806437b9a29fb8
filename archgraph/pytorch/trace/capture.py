"""How the steps of a module are found: recorded at sizes that are numbers, or for all sizes of some dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from archgraph.pytorch.trace.inputs import one_sample
from archgraph.pytorch.trace.recording.record import record
from archgraph.pytorch.trace.recording.recording import Recording
from archgraph.pytorch.trace.sizes import TracedSizes, declared_sizes

if TYPE_CHECKING:
    from torch import nn

Dynamic: TypeAlias = Mapping[str, Mapping[int, str]]
"""Which dimensions of which inputs are symbols: `{"sample": {2: "h", 3: "w"}}`."""


def capture(module: nn.Module, inputs: Any, dynamic: Dynamic, name: str) -> tuple[Recording, TracedSizes]:
    """Return the steps of a module on one sample, and the symbols that its sizes are written in.

    Args:
        name: what the network is called.

    Raises:
        ArchgraphError: the module cannot be recorded, or a dimension that was asked to vary cannot.
    """
    if dynamic:
        from archgraph.pytorch.trace.export_recording import export_recording

        return export_recording(module, inputs, dynamic, name)
    return record(module, one_sample(inputs)), declared_sizes(name, ())
