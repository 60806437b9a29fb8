"""Which tensors of a file are parameters: those that reach the weight operand of an operator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from torch import nn

from archgraph.pytorch.onnx.operators.table import has_onnx_rule, rule_name
from archgraph.pytorch.onnx.reading import every_node
from archgraph.pytorch.onnx.stored import StoredTensor

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto
    from torch import Tensor

FLOATING = frozenset((1, 10, 11, 16))
"""The numbers of floating types."""
INTEGER_STEPS = frozenset((2, 3, 6))
"""The numbers of integer types in which weights are counted in steps."""
LAYERS: dict[str, tuple[int, ...]] = {
    "Conv": (1, 2), "ConvTranspose": (1, 2), "Gemm": (1, 2), "MatMul": (0, 1), "BatchNormalization": (1, 2),
    "InstanceNormalization": (1, 2), "LayerNormalization": (1, 2), "GroupNormalization": (1, 2),
    "RMSNormalization": (1,), "PRelu": (1,), "Gather": (0,), "Einsum": (0, 1, 2, 3),
}  # fmt: skip
"""The weight operands of operators."""
INTEGER_LAYERS: dict[str, tuple[int, ...]] = {
    "QLinearConv": (3, 8), "QLinearMatMul": (0, 3), "ConvInteger": (1,), "MatMulInteger": (0, 1),
}  # fmt: skip
"""The same of operators on integers."""
STEPWISE = {"LSTM": (1, 2, 3), "GRU": (1, 2, 3), "RNN": (1, 2, 3)}
"""The same of recurrent layers, whose weights are prepared."""
ELEMENTWISE: dict[str, tuple[int, ...]] = {
    "Add": (0, 1),
    "Sub": (0, 1),
    "Mul": (0, 1),
    "Div": (0, 1),
    "Concat": tuple(range(64)),
    "Expand": (0,),
}
"""Operators of which a tensor of several elements is a weight where the file lists it as one."""
NUMBERS = FLOATING | {2, 3}
"""The numbers of types in which an operator without a rule may hold weights: floating ones, and small integers."""
STATISTICS = {"BatchNormalization": (3, 4)}
"""Operands that are buffers."""
REVIEWING = frozenset(("Cast", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"))
"""Operators through which a tensor stays a weight."""


class StoredWeights:
    """The weights among the tensors of a graph.

    Attributes:
        parameters: names of tensors that are learned.
        buffers: names of statistics.
    """

    def __init__(self, graph: GraphProto, stored: Mapping[str, StoredTensor]) -> None:
        self._readers: dict[str, list[tuple[NodeProto, int]]] = {}
        for node in every_node(graph):
            for place, name in enumerate(node.input):
                self._readers.setdefault(name, []).append((node, place))
        listed = {tensor.name for tensor in graph.initializer}
        floating = {name: tensor for name, tensor in stored.items() if tensor.kind in FLOATING}
        self.parameters: set[str] = {n for n, t in floating.items() if self._is_weight(n, t, written=n in listed)}
        self.parameters |= {name for name, t in stored.items() if t.kind in INTEGER_STEPS and self._is_counted(name)}
        # Nothing says which operands of an operator without a rule are learned, and to leave one out is worse.
        of_gaps = (name for name in listed if stored[name].kind in NUMBERS and stored[name].numel > 1)
        self.parameters |= {name for name in of_gaps if self._meets_gap(name)}
        self.buffers: set[str] = {n for n in floating if n not in self.parameters and self._is_statistic(n)}

    def _is_weight(self, name: str, tensor: StoredTensor, *, written: bool) -> bool:
        several = tensor.numel > 1
        return any(
            place in LAYERS.get(kind, STEPWISE.get(kind, ()))
            or (written and several and place in ELEMENTWISE.get(kind, ()))
            for kind, place in self._ends(name)
        )

    def _is_counted(self, name: str) -> bool:
        """Whether integers are the weight of an operator on them, or become one as numbers."""
        read = self._readers.get(name, ())
        numbers = (node.output[0] for node, place in read if rule_name(node) == "DequantizeLinear" and place == 0)
        of_numbers = (end for output in numbers for end in self._ends(output))
        return any(place in LAYERS.get(kind, ()) for kind, place in of_numbers) or any(
            place in INTEGER_LAYERS.get(kind, ()) for kind, place in self._ends(name)
        )

    def _is_statistic(self, name: str) -> bool:
        return any(place in STATISTICS.get(kind, ()) for kind, place in self._ends(name))

    def _meets_gap(self, name: str) -> bool:
        """Whether an operator without a rule reads a tensor."""
        return any(
            not has_onnx_rule(node)
            or (place == 0 and rule_name(node) in REVIEWING and any(map(self._meets_gap, node.output)))
            for node, place in self._readers.get(name, ())
        )

    def _ends(self, name: str) -> Iterator[tuple[str, int]]:
        """The operators that read a tensor, also as another view of it, and in which place."""
        for node, place in self._readers.get(name, ()):
            if rule_name(node) in REVIEWING and place == 0:
                yield from self._ends(node.output[0])
            yield rule_name(node), place


def register_weight(step: nn.Module, label: str, tensor: Tensor) -> None:
    """Keep a tensor of a step as a parameter, or as a buffer where it is none."""
    if isinstance(tensor, nn.Parameter):
        step.register_parameter(label, tensor)
    else:
        step.register_buffer(label, tensor)
