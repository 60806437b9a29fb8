"""What autograd keeps of a module itself, storage by storage, without a number being computed."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from archgraph.pytorch.lower.saved_storages import KeptTensor
from archgraph.pytorch.trace.nested import tree_of
from archgraph.pytorch.trace.recording.evaluation import into_evaluation
from archgraph.pytorch.trace.recording.restore import left_alone
from archgraph.pytorch.verify.lengths import lengths_in_single

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class KeptStorages:
    """Collects the storages that autograd still keeps after a pass; those of weights and buffers do not count."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self._weights = {_key(tensor) for tensor in weights.values()}
        self._boxes: list[weakref.ref[KeptTensor]] = []

    def hooks(self) -> AbstractContextManager[object]:
        """Return the hooks to run the pass in."""
        import torch

        return torch.autograd.graph.saved_tensors_hooks(self._pack, lambda box: box.tensor)

    def _pack(self, tensor: Tensor) -> KeptTensor:
        box = KeptTensor(tensor)
        self._boxes.append(weakref.ref(box))
        return box

    def bytes(self) -> int:
        """Return their bytes, every storage once. Ask while the results of the pass are held."""
        alive = [box.tensor for box in (ref() for ref in self._boxes) if box is not None]
        found = {_key(tensor): tensor.untyped_storage().nbytes() for tensor in alive}
        return sum(size for key, size in found.items() if key not in self._weights)


def kept_by_module(module: nn.Module | None, example: object) -> int | None:
    """Return the bytes that autograd keeps of a module in evaluation mode, its attention product by product.

    Args:
        module: the module; where nothing in it is trained, everything is taken to be.
        example: its arguments, of one sample: a tensor, a tuple, or a mapping by name; values are not looked at.

    Returns:
        None where there is no module, or where its steps depend on values.
    """
    if module is None or example is None:
        return None
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        weights = _fake_weights(module, mode.from_tensor)
        place = next((x.device for x in weights.values()), torch.device("cpu"))
        args, kwargs = _arguments(example, place)
        try:
            return _run(module, weights, args, kwargs)
        except Exception:  # whatever a module does that no shapes are known of
            return None


def _run(module: nn.Module, weights: Mapping[str, Tensor], args: tuple[object, ...], kwargs: dict[str, object]) -> int:
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    kept = KeptStorages(weights)
    with left_alone(module):
        into_evaluation(module)
        with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH), kept.hooks(), lengths_in_single():
            results = torch.func.functional_call(module, dict(weights), args, kwargs, tie_weights=True)
        size = kept.bytes()
    del results
    return size


def _fake_weights(module: nn.Module, fake: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
    frozen = not any(parameter.requires_grad for parameter in module.parameters())
    found: dict[str, Tensor] = {}
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        found[name] = fake(tensor)
        if frozen and name in dict(module.named_parameters()) and tensor.is_floating_point():
            found[name] = found[name].detach().requires_grad_()
    return found


def _arguments(example: object, place: torch.device) -> tuple[tuple[object, ...], dict[str, object]]:
    import torch

    made = tree_of(torch).tree_map(
        lambda x: torch.empty(x.shape, dtype=x.dtype, device=place) if _is_tensor(x) else x, example
    )
    if isinstance(made, Mapping):
        return (), dict(made)
    return (tuple(made) if isinstance(made, (tuple, list)) else (made,)), {}


def _is_tensor(item: object) -> bool:
    import torch

    return isinstance(item, torch.Tensor)


def _key(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata
