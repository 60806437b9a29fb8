"""Masks that depend on sizes only: computed at the example's sizes, to see whether they are causal."""

from __future__ import annotations

from typing import Any

from archgraph.pytorch.trace.export import tree_of

MOST_ENTRIES = 4_000_000
"""Elements of the largest mask that is computed."""
MASK_OPERATORS = -1e4
"""Scores above this are not masked."""


def is_causal(mask: Any, program: Any) -> bool:
    """Whether a mask lets position i read exactly the positions up to i."""
    value = mask.meta.get("val")
    if not hasattr(value, "shape") or len(value.shape) < 2:
        return False
    sides = [length if isinstance(length, int) else length.node.hint for length in value.shape]
    count = 1
    for side in sides:
        count *= side
    if sides[-1] != sides[-2] or sides[-1] == 1 or count > MOST_ENTRIES:
        return False
    try:
        tensor = _compute(mask, program, {})
    except Exception:
        return False
    import torch

    if tensor.is_floating_point():
        tensor = tensor > MASK_OPERATORS
    lower = torch.ones(sides[-2:], dtype=torch.bool).tril()
    return bool((tensor.bool() == lower).all()) or bool((tensor.bool() == ~lower).all())


def _compute(node: Any, program: Any, known: dict[Any, Any]) -> Any:
    """Evaluate a node of constants with real tensors on the CPU."""
    import torch

    if not hasattr(node, "meta"):
        return node
    if node in known:
        return known[node]
    value = node.meta.get("val")
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

    tensor = program.constant_tensors.get(node.name)
    if tensor is None:
        tensor = getattr(program.module, str(node.target), None)
    if not isinstance(tensor, torch.Tensor) or tensor.is_meta:
        raise ValueError(f"'{node.name}' has no values")
    return tensor.cpu()
