"""What autograd really keeps of a lowered graph, storage by storage, by the node that made it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import ref

from archgraph.errors import ArchgraphError
from archgraph.graph.ir import Graph
from archgraph.pytorch.lower.lower import leaves, mixtures
from archgraph.pytorch.lower.modules import results_of

if TYPE_CHECKING:
    from torch import Tensor, nn


def saved_bytes(graph: Graph, module: nn.Module, inputs: Sequence[Tensor]) -> Counter[str]:
    """Run a lowered graph in training mode, with attention computed product by product, and count what is kept.

    Every storage counts once, for the node that made it; those of parameters and buffers do not count. Nothing has
    to be allocated: storages are told apart on the meta device, too.

    Args:
        graph: the graph that was lowered.
        module: what it was lowered to.
        inputs: one tensor per input, with a batch of 1. What they keep is under the empty path.
    """
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    ledger = _Ledger({_key(weight) for weight in (*module.parameters(), *module.buffers())})
    handles = [handle for path, _, leaf in leaves(graph, module) for handle in ledger.listen(path, leaf)]
    # After the hooks of what stands in them: a result that no expert has made is the sum.
    handles += [mixture.register_forward_hook(ledger.summed(path)) for path, mixture in mixtures(graph, module)]
    for tensor in inputs:
        ledger.met(tensor)
    training = module.training
    try:
        hooks = torch.autograd.graph.saved_tensors_hooks(ledger.pack, lambda box: box.tensor)
        with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH), hooks:
            results = module.train()(*inputs)
        kept = ledger.total()
        # Until here: what belongs to a result that has gone is not kept.
        del results
    except ValueError as error:
        raise ArchgraphError(f"PyTorch cannot train this module on one sample: {error}") from error
    finally:
        module.train(training)
        for handle in handles:
            handle.remove()
    return kept


class KeptTensor:
    """A tensor that autograd keeps; it goes when the part of the backward pass goes that it belongs to."""

    def __init__(self, tensor: Tensor) -> None:
        # A result that is kept would hold the step that keeps it, so that neither would ever go.
        self.tensor: Tensor = tensor.detach()


@dataclass
class _Ledger:
    """Who made which storage, and which of them autograd keeps."""

    weights: set[int]
    running: str = ""
    owners: dict[int, str] = field(default_factory=dict)
    boxes: list[ref[KeptTensor]] = field(default_factory=list)
    alive: list[Any] = field(default_factory=list)
    """Tensors whose storages have been met: as long as they live, no other storage takes their place."""

    def met(self, tensor: Tensor) -> None:
        """A storage that was not met before is of the node that runs."""
        if _key(tensor) not in self.owners:
            self.owners[_key(tensor)] = self.running
            self.alive.append(tensor.detach())

    def pack(self, tensor: Tensor) -> KeptTensor:
        """Autograd keeps a tensor."""
        self.met(tensor)
        box = KeptTensor(tensor)
        if _key(tensor) not in self.weights:
            self.boxes.append(ref(box))
        return box

    def listen(self, path: str, leaf: nn.Module) -> list[Any]:
        """Note when a node runs, and what it returns."""

        def enter(module: nn.Module, tensors: tuple[Tensor, ...]) -> None:
            self.running = path

        def leave(module: nn.Module, tensors: tuple[Tensor, ...], result: Any) -> None:
            for tensor in results_of(result):
                self.met(tensor)
            self.running = ""

        return [leaf.register_forward_pre_hook(enter), leaf.register_forward_hook(leave)]

    def summed(self, path: str) -> Callable[..., None]:
        """Return what notes that a scope has made its own result."""

        def leave(module: nn.Module, tensors: tuple[Tensor, ...], result: Tensor) -> None:
            self.running = path
            for tensor in results_of(result):
                self.met(tensor)
            self.running = ""

        return leave

    def total(self) -> Counter[str]:
        """Return the bytes that are kept, by the node that made them."""
        counts: Counter[str] = Counter()
        alive = [box.tensor for box in (reference() for reference in self.boxes) if box is not None]
        for key, size in {_key(tensor): tensor.untyped_storage().nbytes() for tensor in alive}.items():
            counts[self.owners[key]] += size
        return counts


def _key(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata
