"""What was recorded of one call of a module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archgraph.pytorch.trace.recording.node import CheckpointRegion, RecordedNode


@dataclass(frozen=True, eq=False)
class Recording:
    """All operators that one call of a module ran, in order, as they were called: composite ones are whole.

    Recordings are equal only if they are the same.

    Attributes:
        nodes: placeholders, calls in the order in which they ran, and the output.
        inputs: the user's tensors by name: `x`, `sizes_0`, `batch_image`.
        parameters, buffers: those that an operator uses, by their path in the module; the first path of tied ones.
        constants: other tensors that the module holds or makes of literals, by the name of their node.
        outputs: what is returned, by its place: `output`, `output[0]`, `logits`, `past_key_values[0].key`.
        regions: the regions of `torch.utils.checkpoint`.
        asks_traced: whether code of the module's own asked if it is compiled or exported.
    """

    nodes: tuple[RecordedNode, ...]
    inputs: Mapping[str, RecordedNode]
    parameters: Mapping[str, RecordedNode]
    buffers: Mapping[str, RecordedNode]
    constants: Mapping[str, RecordedNode]
    outputs: Mapping[str, RecordedNode]
    regions: tuple[CheckpointRegion, ...] = ()
    asks_traced: bool = False

    @property
    def calls(self) -> tuple[RecordedNode, ...]:
        """The calls of operators, in order."""
        return tuple(node for node in self.nodes if node.op == "call_function")

    @property
    def dead(self) -> frozenset[RecordedNode]:
        """Calls whose results nobody reads: they were run, and cost, but no output depends on them.

        A write is read by whatever reads the same memory later.
        """
        live: set[RecordedNode] = set()
        storages: set[int] = set()
        for node in reversed(self.nodes):
            if node.op == "output" or node in live or any(storage_of(target) in storages for target in node.writes):
                live |= {node, *node.all_input_nodes}
                storages |= {storage_of(operand) for operand in node.all_input_nodes} - {-1}
        return frozenset(node for node in self.calls if node not in live)


def storage_of(node: RecordedNode) -> int:
    """Return the number of the memory that a step's result lies in, or -1."""
    return getattr(node.meta.get("val"), "storage", -1)
