"""Where tensors come from that no recorded step made: the module's own, constants, and other views of known ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from archgraph.pytorch.trace.nested import tree_of
from archgraph.pytorch.trace.recording.known import MOST_KNOWN, KnownValues, Stored, memory
from archgraph.pytorch.trace.recording.module_parts import ModuleParts
from archgraph.pytorch.trace.recording.names import IdentifierNames
from archgraph.pytorch.trace.recording.node import RecordedNode, Shaped

Standing = tuple[Any, RecordedNode]
"""The meta tensor that stands for a tensor while it is recorded, and the step that made it."""


class Sources:
    """Finds the step and the meta tensor of every tensor that an operator is given.

    The module stays where it is: a tensor of it gets a twin on the meta device when it is first used.

    Attributes:
        entries: by the identity of tensors, which are kept alive.
        placeholders: in order of first use, the user's inputs first.
        storages: a number for every memory.
    """

    def __init__(self, parts: ModuleParts, known: KnownValues, names: IdentifierNames) -> None:
        self.entries: dict[int, Standing] = {}
        self.placeholders: list[RecordedNode] = []
        self.storages: dict[int, int] = {}
        self._alive: list[Any] = []
        self._module = parts.module
        self._known = known
        self._names = names
        self._frozen_is_constant = any(tensor.requires_grad for kind, _, tensor in parts.stored if kind == "parameter")
        self._own: dict[int, tuple[str, str]] = {}
        for kind, path, tensor in parts.stored:
            self._own.setdefault(id(tensor), (kind, path))
        self._held = [tensor for *_, tensor in parts.stored]
        self._memories: dict[int, Any] | None = None

    def enter(self, tensor: Any, meta: Any, node: RecordedNode) -> None:
        """Remember what stands for a tensor."""
        self.entries[id(tensor)] = (meta, node)
        self._alive.append(tensor)
        if tensor is not meta:
            self.entries[id(meta)] = (meta, node)
            self._alive.append(meta)

    def shaped(self, meta: Any) -> Shaped:
        """Return the shape of a tensor, and the number of its memory."""
        storage = self.storages.setdefault(memory(meta), len(self.storages))
        strides = tuple(map(int, meta.stride())) if str(meta.layout) == "torch.strided" else ()
        return Shaped(tuple(map(int, meta.shape)), meta.dtype, storage, strides)

    def input(self, name: str, tensor: Any, sizes: Mapping[int, int]) -> tuple[Any, RecordedNode]:
        """Make the placeholder of an input of the user, and what stands for it, some dimensions at other sizes."""
        meta = resized(tensor, sizes) if sizes else twin(tensor)
        return meta, self._placeholder(tensor, meta, "input", name, name)

    def find(self, tensor: Any, view: Callable[[Standing, Any], Standing]) -> Standing | None:
        """Return what stands for a tensor that is met for the first time; None for one that has no origin.

        Args:
            view: records that the tensor lies in the memory of another that is known.
        """
        own = self._own.get(id(tensor))
        if own is not None:
            return self._stored(tensor, *own)
        # Such as `tensor.data`, which no operator makes.
        other = self._in_same_memory(tensor)
        if other is not None:
            entry = self.entries.get(id(other)) or self.find(other, view)
            assert entry is not None
            return view(entry, tensor)
        if tensor.is_meta and not self._was_there(tensor):
            return None
        return self._stored(tensor, "constant", "constant")

    def _was_there(self, tensor: Any) -> bool:
        """Whether a tensor without values, which is no parameter and no buffer, is an attribute of the module's parts.

        Other ones were made meanwhile, where nothing is seen: by no operator, or in a thread that ran before.
        """
        if tensor.is_inference():
            return False
        import torch

        held = [vars(part) for part in self._module.modules()]
        return any(tensor is one for one in tree_of(torch).tree_leaves(held))

    def _stored(self, tensor: Any, kind: str, path: str) -> Standing:
        meta = twin(tensor)
        node = self._placeholder(tensor, meta, kind, path, f"{kind[0]}_{path}" if kind != "constant" else path)
        if self._is_constant(tensor, kind):
            stored = Stored(tensor)
            if kind == "constant":
                # Whoever made it may write to its memory while the module runs, as numpy does.
                stored.load()
            node.held = self._known.put(meta, stored)
        return meta, node

    def _is_constant(self, tensor: Any, kind: str) -> bool:
        if tensor.is_meta or tensor.numel() > MOST_KNOWN or tensor.requires_grad:
            return False
        return kind != "parameter" or self._frozen_is_constant

    def _placeholder(self, tensor: Any, meta: Any, kind: str, target: str, name: str) -> RecordedNode:
        node = RecordedNode("placeholder", target, self._names.unique(name))
        node.kind = kind
        node.meta["val"] = self.shaped(meta)
        self.placeholders.append(node)
        self.enter(tensor, meta, node)
        return node

    def _in_same_memory(self, tensor: Any) -> Any:
        if self._memories is None:
            self._memories = {memory(held): held for held in reversed(self._held)}
        place = memory(tensor)
        found = self._memories.get(place)
        if found is None and place in self.storages:
            found = next((other for other in reversed(self._alive) if memory(other) == place), None)
        return found


def twin(tensor: Any) -> Any:
    """Return a tensor on the meta device like another."""
    import torch

    # Outside of inference mode, where views of it would need a version.
    with torch.inference_mode(False), torch.no_grad():
        if tensor.layout != torch.strided:
            return tensor.detach().to("meta")
        return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")


def resized(tensor: Any, sizes: Mapping[int, int]) -> Any:
    """Return a tensor on the meta device like another, with other sizes and the same order of dimensions in memory.

    >>> import torch
    >>> resized(torch.zeros(2, 3, 4, 5).permute(0, 3, 1, 2), {2: 7}).permute(0, 2, 3, 1).is_contiguous()
    True
    """
    import torch

    places: dict[int, int] = {dim % tensor.ndim: size for dim, size in sizes.items()}
    shape = [places.get(dim, int(size)) for dim, size in enumerate(tensor.shape)]
    order: list[int] = sorted(range(tensor.ndim), key=lambda dim: -tensor.stride(dim))
    with torch.inference_mode(False), torch.no_grad():
        made = torch.empty([shape[dim] for dim in order], dtype=tensor.dtype, device="meta")
        return made.permute([order.index(dim) for dim in range(tensor.ndim)])
