"""Values beside meta tensors: of what depends on literals, sizes and stored tensors that are not learned only."""

from __future__ import annotations

from typing import Any

MOST_KNOWN = 2**23
"""Elements of the largest tensor whose value is kept."""


class Stored:
    """The value of a tensor that the module holds, copied when it is first asked for."""

    __slots__ = ("_copy", "_tensor")

    def __init__(self, tensor: Any) -> None:
        self._tensor = tensor
        self._copy: Any = None

    def load(self) -> Any:
        """Return the copy, on the CPU."""
        if self._copy is None:
            self._copy = self._tensor.detach().cpu().clone()
        return self._copy


def loaded(value: Any) -> Any:
    """Return a value, which may be stored."""
    return value.load() if isinstance(value, Stored) else value


class KnownValues:
    """The values of meta tensors, on the CPU, as far as they are known at this moment.

    Values that were handed out never change: before a step in place, what shares memory is copied. Tensors are
    found by identity, so that whoever asks has to keep them alive.
    """

    def __init__(self) -> None:
        self._values: dict[int, Any] = {}
        self._sharing: dict[int, set[int]] = {}

    def held(self, tensor: Any) -> Any:
        """Return the value of a tensor as it is kept, perhaps still stored, or None."""
        return self._values.get(id(tensor))

    def __getitem__(self, tensor: Any) -> Any:
        """Return the value of a tensor, or None."""
        return loaded(self._values.get(id(tensor)))

    def put(self, tensor: Any, value: Any) -> Any:
        """Remember a value and return it, or None if it is too large."""
        if tensor.numel() > MOST_KNOWN:
            return None
        self._values[id(tensor)] = value
        self._sharing.setdefault(memory(tensor), set()).add(id(tensor))
        return value

    def unshare(self, tensor: Any) -> None:
        """Copy what shares memory with a tensor, before it is written to."""
        import torch

        copies: dict[int, Any] = {}
        for key in self._sharing.get(memory(tensor), ()):
            old = loaded(self._values[key])
            storage = old.untyped_storage()
            if storage._cdata not in copies:
                copies[storage._cdata] = storage.clone()
            fresh = torch.empty(0, dtype=old.dtype, device="cpu")
            place = (old.storage_offset(), old.shape, old.stride())
            self._values[key] = fresh.set_(copies[storage._cdata], *place)

    def forget(self, tensor: Any) -> None:
        """Forget a tensor and whatever shares memory with it: something unknown was written there."""
        for key in self._sharing.pop(memory(tensor), ()):
            del self._values[key]


def memory(tensor: Any) -> int:
    """Return what tensors in the same memory have in common."""
    try:
        return tensor.untyped_storage()._cdata
    except (NotImplementedError, RuntimeError):
        # Sparse tensors have no memory of one piece.
        return id(tensor)
