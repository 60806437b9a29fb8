"""Values of an exported program's steps that depend on sizes only, at the example's sizes."""

from __future__ import annotations

from typing import Any

from archgraph.pytorch.trace.export import tree_of
from archgraph.pytorch.trace.recording.known import MOST_KNOWN, Stored


class Computed(Stored):
    """The value of a step, computed when it is asked for."""

    __slots__ = ("_node", "_program")

    def __init__(self, node: Any, program: Any) -> None:
        super().__init__(None)
        self._node = node
        self._program = program

    def load(self) -> Any:
        """Return the value on the CPU; None where it depends on more than sizes."""
        try:
            return _compute(self._node, self._program, {})
        except Exception:
            return None


def _compute(node: Any, program: Any, known: dict[Any, Any]) -> Any:
    """Evaluate a node of constants with real tensors on the CPU."""
    import torch

    if not hasattr(node, "meta"):
        return node
    if node in known:
        return known[node]
    value = node.meta.get("val")
    if hasattr(value, "shape") and value.numel() > MOST_KNOWN:
        raise ValueError(f"'{node.name}' is too large")
    if value is not None and not hasattr(value, "shape"):
        return value if isinstance(value, (int, float, bool)) else value.node.hint
    if node.op != "call_function":
        return _stored(node, program)
    with torch.no_grad():
        args = tree_of(torch).tree_map(lambda x: _compute(x, program, known), tuple(node.args))
        kwargs = {key: _compute(item, program, known) for key, item in node.kwargs.items()}
        kwargs = {key: torch.device("cpu") if isinstance(item, torch.device) else item for key, item in kwargs.items()}
        args = tuple(torch.device("cpu") if isinstance(item, torch.device) else item for item in args)
        known[node] = node.target(*args, **kwargs)
    return known[node]


def _stored(node: Any, program: Any) -> Any:
    import torch

    target = program.graph_signature.inputs_to_lifted_tensor_constants.get(node.name)
    tensor = getattr(program.graph_module, str(node.target), None) if target is None else program.constants[target]
    if not isinstance(tensor, torch.Tensor) or tensor.is_meta:
        raise ValueError(f"'{node.name}' has no values")
    return tensor.cpu()
