"""Which operands a step keeps, and which it reads through a copy: it is run on shapes, and asked what it keeps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.recording.operators import operator_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor
    from torch._ops import OpOverload

LyingOperand: TypeAlias = tuple[tuple[int, ...], tuple[int, ...], str, bool]
"""The shape, strides and type of an operand, and whether it needs a gradient."""


class OperandPlace(NamedTuple):
    """Stands for an operand among the arguments."""

    place: int


def copied_operands(step: RecordedNode, number: Callable[[object], int]) -> frozenset[RecordedNode]:
    """Return the operands of a product of which autograd keeps copies, for they lie in no order that it works in.

    Args:
        step: a step that needs all of its operands for their gradients.
        number: gives a size of its recording.
    """
    operands = [node for node in step.all_input_nodes if _has_gradient(node.meta["val"].dtype)]
    kept = _asked(step, operands, number)
    return frozenset(node for node, own in zip(operands, kept, strict=False) if not own)


def kept_operands(
    step: RecordedNode, constants: Collection[RecordedNode], number: Callable[[object], int]
) -> frozenset[RecordedNode]:
    """Return the constant operands that autograd keeps of a step for the gradients of its other operands."""
    operands = [node for node in step.all_input_nodes if hasattr(node.meta.get("val"), "dtype")]
    kept = _asked(step, operands, number, constants)
    return frozenset(node for node, own in zip(operands, kept, strict=False) if own and node in constants)


def _asked(
    step: RecordedNode,
    operands: Sequence[RecordedNode],
    number: Callable[[object], int],
    constants: Collection[RecordedNode] = (),
) -> tuple[bool, ...]:
    """For every operand, whether autograd keeps it as it lies; nothing where the step cannot be run so."""
    try:
        lying = tuple(
            (
                tuple(map(number, n.meta["val"].shape)),
                tuple(map(number, n.meta["val"].strides)),
                _name(n),
                n not in constants and n.kind != "buffer" and _has_gradient(n.meta["val"].dtype),
            )
            for n in operands
        )
        positional = tuple(_shown(item, operands, number) for item in step.args)
        named = tuple((name, _shown(item, operands, number)) for name, item in step.kwargs.items())
        return _kept(step.target, positional, named, lying)
    except Exception:
        return ()


def _has_gradient(dtype: torch.dtype) -> bool:
    return dtype.is_floating_point or dtype.is_complex


def _name(node: RecordedNode) -> str:
    return str(node.meta["val"].dtype).removeprefix("torch.")


def _shown(item: object, operands: Sequence[RecordedNode], number: Callable[[object], int]) -> object:
    if isinstance(item, RecordedNode):
        return OperandPlace(operands.index(item))
    if isinstance(item, (list, tuple)):
        return tuple(_shown(part, operands, number) for part in item)
    return item if item is None or isinstance(item, (bool, float, str, int)) else number(item)


@lru_cache(maxsize=4096)
def _kept(
    target: OpOverload,
    positional: tuple[object, ...],
    named: tuple[tuple[str, object], ...],
    lying: tuple[LyingOperand, ...],
) -> tuple[bool, ...]:
    """For every operand, whether autograd keeps it as it lies."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    made = [
        torch.empty_strided(shape, strides, dtype=getattr(torch, dtype), device="meta", requires_grad=needs)
        for shape, strides, dtype, needs in lying
    ]
    seen: set[int] = set()
    alive: list[object] = []

    def pack(tensor: Tensor) -> Tensor:
        seen.add(tensor.untyped_storage()._cdata)
        alive.append(tensor)
        return tensor

    hooks = torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor)
    with torch.inference_mode(False), torch.enable_grad(), sdpa_kernel(SDPBackend.MATH), hooks:
        if operator_of(target).writes:
            # What needs a gradient of its own may not be written over.
            made = [tensor.clone() for tensor in made]
        args = [_filled(item, made) for item in positional]
        kwargs = {name: _filled(item, made) for name, item in named}
        alive.append(target(*args, **kwargs))
    return tuple(tensor.untyped_storage()._cdata in seen for tensor in made)


def _filled(item: object, made: Sequence[Tensor]) -> object:
    """Return an argument with tensors in the places of operands."""
    if isinstance(item, OperandPlace):
        return made[item.place]
    return [_filled(part, made) for part in item] if isinstance(item, tuple) else item
