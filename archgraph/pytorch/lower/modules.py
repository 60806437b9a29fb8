"""The modules that a lowered graph is made of; torch is imported inside the functions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class ModuleStep:
    """One call of a child: where its operands are, where its results go, what nobody reads afterwards."""

    attribute: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    expired: tuple[int, ...]
    no_grad: bool = False
    checkpoint: bool = False


@cache
def scope_class() -> Any:
    """Return the module class of a graph: its children, and the steps that call them."""
    import torch
    from torch import nn

    class Scope(nn.Module):
        """The steps of one graph."""

        def __init__(self, label: str, arity: int) -> None:
            super().__init__()
            self._label = label
            self._arity = arity
            self._signature = ""
            self._attributes: list[str] = []
            self._steps: tuple[ModuleStep, ...] = ()
            self._results: tuple[int, ...] = ()

        def _get_name(self) -> str:
            return self._label

        def extra_repr(self) -> str:
            return self._signature

        def forward(self, *tensors: Tensor) -> Any:
            if len(tensors) != self._arity:
                raise TypeError(f"{self._label} takes {self._arity} tensors, and got {len(tensors)}")
            values: dict[int, Any] = dict(enumerate(tensors))
            for step in self._steps:
                operands = [values[index] for index in step.inputs]
                with nullcontext() if not step.no_grad else torch.no_grad():
                    results = results_of(_called(getattr(self, step.attribute), operands, again=step.checkpoint))
                if tensors and not operands:
                    results = [_with_batch(result, tensors[0].shape[0]) for result in results]
                values.update(zip(step.outputs, results, strict=True))
                for index in step.expired:
                    del values[index]
            return _delivered([values.get(index) for index in self._results])

    return Scope


@cache
def repeat_class() -> Any:
    """Return the module class of a repeat: a list of one body per iteration."""
    from torch import nn

    class Repeat(nn.ModuleList):
        """A body per iteration; each takes the carried values of the one before it."""

        def __init__(self, bodies: list[nn.Module], carried: int = 1, *, checkpoint: bool = False) -> None:
            super().__init__(bodies)
            self._carried = carried
            self._checkpoint = checkpoint

        def forward(self, *tensors: Tensor) -> Any:
            for body in self:
                results = results_of(_called(body, tensors, again=self._checkpoint))
                tensors = (*results, *tensors[self._carried :])
            return _delivered(list(tensors[: self._carried]))

    return Repeat


def _called(module: nn.Module, tensors: Sequence[Tensor], *, again: bool) -> Any:
    """Call a module; one that is computed again in the backward pass keeps its operands alone."""
    if not again:
        return module(*tensors)
    from torch.utils.checkpoint import checkpoint

    return checkpoint(module, *tensors, use_reentrant=False, preserve_rng_state=False)


def results_of(result: Any) -> list[Any]:
    """Return the results of a module as a list, whether it gives one or several."""
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _delivered(results: list[object]) -> Any:
    return results[0] if len(results) == 1 else tuple(results)


def _with_batch(result: Tensor | None, batch: int) -> Tensor | None:
    """Give what was computed from no operand the batch axis of everything else."""
    return None if result is None else result.expand(batch, *result.shape[1:])
