"""Which operands a step reads through a copy of its own: it is run once more on shapes, and asked what it keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from archgraph.pytorch.trace.recording.node import RecordedNode

SizeNumber = Callable[[Any], int]
Lying = tuple[tuple[int, ...], tuple[int, ...], str]
"""The shape, strides and type of an operand."""


def copied_operands(step: RecordedNode, number: SizeNumber) -> frozenset[RecordedNode]:
    """Return the operands of a product of which autograd keeps copies, for they lie in no order that it works in.

    Args:
        step: a step that needs all of its operands for their gradients.
        number: gives a size of its recording.
    """
    operands = [node for node in step.all_input_nodes if node.meta["val"].dtype.is_floating_point]
    lying = tuple((tuple(map(number, n.meta["val"].shape)), n.meta["val"].strides, _name(n)) for n in operands)
    args = _shown((step.args, tuple(step.kwargs.items())), operands, number)
    try:
        kept = _kept(step.target, args, lying)
    except Exception:
        return frozenset()
    return frozenset(node for node, own in zip(operands, kept, strict=True) if not own)


def _name(node: RecordedNode) -> str:
    return str(node.meta["val"].dtype).removeprefix("torch.")


def _shown(item: Any, operands: Sequence[RecordedNode], number: SizeNumber) -> Any:
    if isinstance(item, RecordedNode):
        return ("operand", operands.index(item))
    if isinstance(item, (list, tuple)):
        return tuple(_shown(part, operands, number) for part in item)
    return item if item is None or isinstance(item, (bool, float, str, int)) else number(item)


@lru_cache(maxsize=4096)
def _kept(target: Any, args: Any, lying: tuple[Lying, ...]) -> tuple[bool, ...]:
    """For every operand, whether autograd keeps it as it lies."""
    import torch

    made = [
        torch.empty_strided(shape, strides, dtype=getattr(torch, dtype), device="meta", requires_grad=True)
        for shape, strides, dtype in lying
    ]
    seen: set[int] = set()
    alive: list[Any] = []

    def pack(tensor: Any) -> Any:
        seen.add(tensor.untyped_storage()._cdata)
        alive.append(tensor)
        return tensor

    positional, named = _filled(args, made)
    with torch.inference_mode(False), torch.enable_grad():
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            alive.append(target(*positional, **dict(named)))
    return tuple(tensor.untyped_storage()._cdata in seen for tensor in made)


def _filled(item: Any, made: Sequence[Any]) -> Any:
    if isinstance(item, tuple) and len(item) == 2 and item[0] == "operand":
        return made[item[1]]
    return [_filled(part, made) for part in item] if isinstance(item, tuple) else item
