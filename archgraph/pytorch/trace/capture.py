"""How the steps of a module are found: recorded at sizes that are numbers, or for all sizes of some dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archgraph.pytorch.trace.batch.find import AskedBatch, BatchSearch
from archgraph.pytorch.trace.batch.sample import Batch, one_sample, plain_inputs
from archgraph.pytorch.trace.recording.comparisons.compared import Comparisons
from archgraph.pytorch.trace.recording.record import parts_of, record
from archgraph.pytorch.trace.recording.recording import Recording
from archgraph.pytorch.trace.rules import has_rule
from archgraph.pytorch.trace.sizes import TracedSizes, declared_sizes
from archgraph.pytorch.trace.symbols.asked import Dynamic, asked_for
from archgraph.pytorch.trace.symbols.capture import capture_symbolic
from archgraph.pytorch.trace.symbols.sampling import First

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Captured:
    """The steps of a module on one sample.

    Attributes:
        recording: of the example, with laws in place of the sizes that vary.
        sizes: the symbols that its sizes are written in.
        batch: the dimension of every input that counted samples.
        inputs: those that were recorded, one sample of them.
    """

    recording: Recording
    sizes: TracedSizes
    batch: Batch
    inputs: Any


def capture(module: nn.Module, inputs: Any, dynamic: Dynamic, name: str, batch_axis: AskedBatch = "found") -> Captured:
    """Return the steps of a module on one sample, and the symbols that its sizes are written in.

    Args:
        name: what the network is called.
        batch_axis: the dimension of inputs that counts samples, if it is not to be found.

    Raises:
        ShapeError: it cannot be told which dimension counts samples, or a stated one does not.
        ArchgraphError: the module cannot be recorded, or a dimension that was asked to vary cannot.
    """
    given, free = plain_inputs(inputs), any(dynamic.values())
    parts = parts_of(module)
    compared = Comparisons() if free else None
    example = record(module, given, whole=has_rule, kept=parts, compared=compared)
    asked_for(example, dynamic)
    again = lambda sizes: record(module, given, sizes, whole=has_rule, kept=parts)  # noqa: E731
    batch = BatchSearch(module, example, again, dynamic).found(batch_axis)
    cut = any(dim is not None and example.inputs[each].meta["val"].shape[dim] > 1 for each, dim in batch.items())
    sample = one_sample(given, batch) if cut else given
    if compared is not None:
        first = None if cut else First(example, compared)
        return Captured(*capture_symbolic(parts, sample, dynamic, name, first), batch, sample)
    if cut:
        example = record(module, sample, whole=has_rule, kept=parts)
    return Captured(example, declared_sizes(name, ()), batch, sample)
