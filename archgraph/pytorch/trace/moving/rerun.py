"""A recorded step run again on other tensors, with the numbers that it was called with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from archgraph.pytorch.trace.recording.node import RecordedNode

if TYPE_CHECKING:
    from torch import Tensor

SizeNumber = Callable[[Any], int]


class NotKnownError(Exception):
    """An index, or a test, whose values depend on the input."""


def shape_of(node: RecordedNode, number: SizeNumber) -> tuple[int, ...]:
    """Return the sizes of a step's result in its recording."""
    return tuple(map(number, node.meta["val"].shape))


def run_again(step: RecordedNode, given: Mapping[RecordedNode, Tensor], number: SizeNumber) -> Any:
    """Return the result of a step on some tensors of doubles; others of floating type are zeros, unless they are known.

    Raises:
        NotKnownError: it takes whole numbers, or a test, whose values are not known.
    """
    if not hasattr(step.target, "_schema"):
        return run_again(step.args[0], given, number)[step.args[1]]
    values = _Values(step, given, number)
    args = [values.of(arg) for arg in step.args]
    kwargs = {name: values.of(arg) for name, arg in step.kwargs.items() if name not in ("device", "dtype", "layout")}
    return step.target(*args, **kwargs)


class _Values:
    def __init__(self, step: RecordedNode, given: Mapping[RecordedNode, Tensor], number: SizeNumber) -> None:
        self.step, self.given, self.number = step, given, number

    def of(self, arg: Any) -> Any:
        import torch

        if isinstance(arg, (list, tuple)):
            return [self.of(part) for part in arg]
        if isinstance(arg, RecordedNode):
            return self._tensor(arg)
        if arg is None or isinstance(arg, (bool, float, str, int, torch.dtype, torch.memory_format)):
            return arg
        return self.number(arg)

    def _tensor(self, node: RecordedNode) -> Tensor:
        import torch

        if node in self.given:
            # An operator in place writes into what it is given.
            return self.given[node].clone()
        value = self.step.known_operand(node)
        if value is not None:
            # A grid decides where elements are read.
            return value.to(torch.float64, copy=True) if value.is_floating_point() else value.clone()
        if node.meta["val"].dtype.is_floating_point:
            return torch.zeros(shape_of(node, self.number), dtype=torch.float64)
        raise NotKnownError(node.name)
