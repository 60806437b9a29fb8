"""What some output positions read, against the gradient of the module itself in double precision.

A gradient may vanish where something is read, as behind a rectifier, and is never there where nothing is read: what
archgraph says must contain it. Gradients at some draws of the inputs are united, so that most of it is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

import torch

from tests.differential.output_axes import readings

DRAWS = 3
PLACES = 2
SAME, INSIDE = "equal", "inside"
MASKED = 1e-38
"""Which part of the largest gradient is none: a mask of -100, as of shifted windows, leaves e^-100 of it."""


class NotComparedError(Exception):
    """Why nothing was compared."""


def field_checked(g: Any, fresh: Callable[[], Any], inputs: Mapping[str, Any], seed: int = 1) -> str:
    """Return how what positions read agrees; the text of a contradiction begins with `wrong`.

    Raises:
        NotComparedError: nothing can be compared.
    """
    source = _source(g, inputs)
    shape = tuple(inputs[source].shape)
    gradients = Gradients(fresh, inputs, source)
    name, kind = next(iter(g.outputs.items()))
    if kind.numel != gradients.out[0].numel():
        raise NotComparedError("its first output has another size")
    rf = g.receptive_field(name, source)
    axes = _dims_of(g.inputs[source], shape)
    random = Random(seed)
    choose = lambda every: random.sample(every, min(PLACES, len(every)))  # noqa: E731
    told = "its axes are no dimensions"
    for mapped in readings(kind, tuple(gradients.out.shape[1:]), rf.outputs, choose):
        told = _compared(rf, mapped.pairs, gradients, axes)
        if not told.startswith("wrong"):
            return told
    if told.startswith("wrong"):
        return told
    raise NotComparedError(told)


def _source(g: Any, inputs: Mapping[str, Any]) -> str:
    """The largest input: images before numbers of tokens."""
    tensors = [name for name in g.inputs if isinstance(inputs.get(name), torch.Tensor)]
    if not tensors:
        raise NotComparedError("its inputs are nested")
    return max(tensors, key=lambda name: (inputs[name].is_floating_point(), inputs[name].numel()))


def _dims_of(kind: Any, shape: tuple[int, ...]) -> list[int]:
    """Return the dimensions of an input, without samples, that are positions."""
    sizes = [(name, int(size)) for name, size in kind.axes]
    if [size for _, size in sizes] != list(shape[1:]):
        raise NotComparedError("its input's axes are no dimensions")
    return [dim for dim, (name, _) in enumerate(sizes) if name != "c"]


def _compared(rf: Any, pairs: Any, gradients: Gradients, axes: list[int]) -> str:
    told = []
    for index, given in pairs:
        probe = rf.probe("stat", **given)
        said = set(probe)
        found = {tuple(place[d] for d in axes) for place in gradients.at(index)}
        if not found <= said:
            return f"wrong: {dict(given)} reads {sorted(found - said)[:3]}, which it is said not to"
        told.append(SAME if found == said else INSIDE)
    return INSIDE if INSIDE in told else SAME


class Gradients:
    """The gradients of a module for some draws of its inputs."""

    def __init__(self, fresh: Callable[[], Any], inputs: Mapping[str, Any], source: str) -> None:
        torch.manual_seed(0)
        module = fresh().double().requires_grad_(False)
        self.runs = [_run(module, inputs, source) for _ in range(DRAWS)]
        self.out = self.runs[0][1]

    def at(self, index: Any) -> set[tuple[int, ...]]:
        """Return the places of the input, without samples, whose value changes places of the output."""
        found: set[tuple[int, ...]] = set()
        for given, out in self.runs:
            chosen = out[0][torch.meshgrid(*map(torch.tensor, index), indexing="ij")] if index else out[0]
            weights = torch.rand(chosen.shape, dtype=chosen.dtype) + 0.5
            gradient = _gradient((chosen * weights).sum(), given)
            if gradient is not None and not gradient.isfinite().all():
                raise NotComparedError("its values overflow")
            if gradient is not None:
                size = gradient[0].abs()
                found |= {tuple(place) for place in (size > MASKED * size.max()).nonzero().tolist()}
        return found


def _gradient(total: Any, given: Any) -> Any:
    """Return the gradient of a number; PyTorch has none where a module overwrites what it would need for it."""
    try:
        return torch.autograd.grad(total, given, retain_graph=True, allow_unused=True)[0]
    except RuntimeError as error:
        if "modified by an inplace operation" in str(error):
            raise NotComparedError("it overwrites what its gradient needs") from None
        raise


def _run(module: Any, inputs: Mapping[str, Any], source: str) -> tuple[Any, Any]:
    given = {name: _random(value) for name, value in inputs.items()}
    read = [given[source].requires_grad_()] if given[source].is_floating_point() else []
    try:
        with torch.enable_grad(), embedded(given[source].shape, read):
            found = module(**given)
    except Exception as error:
        raise NotComparedError(f"it does not run in double precision: {type(error).__name__}") from None
    leaves = [x for x in torch.utils._pytree.tree_leaves(found) if isinstance(x, torch.Tensor)]
    if not read or not leaves or not leaves[0].requires_grad:
        raise NotComparedError("its first output has no gradient")
    return read[0], leaves[0]


@contextmanager
def embedded(shape: Sequence[int], read: list[Any]) -> Iterator[None]:
    """Take what the first embedding makes of numbers of a shape for what is read, where `read` is still empty."""

    def hook(module: Any, args: Any, result: Any) -> Any:
        if read or not isinstance(module, torch.nn.Embedding) or args[0].shape != shape:
            return None
        read.append(result.detach().requires_grad_())
        return read[0]

    handle = torch.nn.modules.module.register_module_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def _random(value: Any) -> Any:
    def drawn(x: Any) -> Any:
        if not isinstance(x, torch.Tensor):
            return x
        return torch.randn(x.shape, dtype=torch.double) if x.is_floating_point() else torch.zeros_like(x, device="cpu")

    return torch.utils._pytree.tree_map(drawn, value)
