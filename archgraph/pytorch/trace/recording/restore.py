"""What a module holds, as it was before it ran: also modules that keep tables, counters or modes of their own.

So are the names of its files and classes, and what their cached functions remember.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from operator import is_
from types import CellType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

from archgraph.pytorch.trace.recording.file_names import MAY_HOLD, Owner, give_back, names_of, owners, running
from archgraph.pytorch.trace.recording.global_state import global_state

if TYPE_CHECKING:
    from torch import nn

LARGE = 10_000
"""Entries of a container that is restored as a whole, without looking at what its entries hold."""


@contextmanager
def unchanged(module: Any, kept: Contents | None = None) -> Iterator[None]:
    """Give a module back the attributes that it had, and these their contents, whatever runs inside.

    Tensors are not copied: nothing that is recorded writes to them. Only torch counts a write that the module asked
    for, and that count is set back.

    Args:
        kept: the contents of the module, where it runs several times and nothing changes between.
    """
    from torch.autograd import grad_mode

    kept = kept or Contents(module)
    try:
        with grad_mode._unsafe_preserve_version_counter(tuple(kept.tensors)):
            yield
    finally:
        kept.restore()


@contextmanager
def empty_caches(module: nn.Module) -> Iterator[None]:
    """Give the cached functions in the files and classes of a module's parts caches of their own, which start empty.

    What they remember of an earlier recording was made by no operator of this one, and what they would remember of
    this one has no values, with which the module could not run afterwards.
    """
    replaced = [(owner, name, function) for owner in owners(module) for name, function in _cached_functions(owner)]
    fresh = {function: _cached_anew(function) for _, _, function in replaced}
    try:
        for owner, name, function in replaced:
            setattr(owner, name, fresh[function])
        yield
    finally:
        for owner, name, function in replaced:
            setattr(owner, name, function)


CachedFunction: TypeAlias = "functools._lru_cache_wrapper[object]"


def _cached_functions(owner: object) -> list[tuple[str, CachedFunction]]:
    wrapper = functools._lru_cache_wrapper
    return [(name, value) for name, value in vars(owner).items() if isinstance(value, wrapper)]


def _cached_anew(function: CachedFunction) -> CachedFunction:
    return functools.lru_cache(**function.cache_parameters())(function.__wrapped__)


class Contents:
    """Containers and objects that can be reached from a module, with their contents."""

    def __init__(self, module: Any) -> None:
        self._seen: dict[int, Any] = {}
        self._undo: list[Callable[[], None]] = []
        self.tensors: list[Any] = []
        self._visit_all([module, *(part for owner in running(module) for part in self._keep_names(owner))])

    def _visit_all(self, waiting: list[Any]) -> None:
        while waiting:
            item = waiting.pop()
            if id(item) in self._seen:
                continue
            # Kept alive, so that no other object takes its identity.
            self._seen[id(item)] = item
            waiting += self._contents(item)

    def restore(self) -> None:
        """Put everything back."""
        for undo in self._undo:
            undo()

    def _contents(self, item: Any) -> list[Any]:
        """Remember what an object holds, and return those parts that may change themselves."""
        import torch

        if isinstance(item, torch.Tensor):
            self._keep_flags(item)
            return []
        if isinstance(item, dict):
            parts = self._keep_dict(item)
        elif isinstance(item, (list, deque)):
            parts = self._keep_list(item)
        elif isinstance(item, set):
            parts = self._keep_set(item)
        elif isinstance(item, FunctionType):
            parts = self._keep_cells(item)
        elif isinstance(item, MethodType):
            parts = (item.__self__, item.__func__)
        else:
            parts = item if isinstance(item, tuple) else ()
        own = getattr(item, "__dict__", None)
        more = [own] if type(own) is dict else []
        parts = parts if len(parts) < LARGE else ()
        return [part for part in (*parts, *more) if not isinstance(part, _FIXED)]

    def _keep_flags(self, tensor: Any) -> None:
        if not tensor.is_inference():
            self.tensors.append(tensor)
        needed, leaf = tensor.requires_grad, tensor.is_leaf

        def undo() -> None:
            if leaf and tensor.requires_grad != needed:
                tensor.requires_grad_(needed)

        self._undo.append(undo)

    def _keep_names(self, owner: Owner) -> list[Any]:
        """Remember what the names of a file or class stand for, and return what of it may hold tables."""
        before = names_of(owner)
        self._undo.append(lambda: give_back(owner, before))
        return [value for value in before.values() if isinstance(value, MAY_HOLD)]

    def _keep_dict(self, item: dict[Any, Any]) -> Any:
        before = dict(item)

        def undo() -> None:
            if not (_same(item, before) and _same(item.values(), before.values())):
                item.clear()
                item.update(before)

        self._undo.append(undo)
        return before.values()

    def _keep_list(self, item: Any) -> Any:
        before = list(item)

        def undo() -> None:
            if not _same(item, before):
                item.clear()
                item.extend(before)

        self._undo.append(undo)
        return before

    def _keep_set(self, item: set[Any]) -> Any:
        before = set(item)

        def undo() -> None:
            if item != before:
                item.clear()
                item.update(before)

        self._undo.append(undo)
        return before

    def _keep_cells(self, function: FunctionType) -> tuple[object, ...]:
        """Remember the variables of enclosing functions, where masks are often cached, and default arguments."""
        cells = [cell for cell in function.__closure__ or () if _is_full(cell)]
        before = [cell.cell_contents for cell in cells]

        def undo() -> None:
            for cell, content in zip(cells, before, strict=True):
                if cell.cell_contents is not content:
                    cell.cell_contents = content

        self._undo.append(undo)
        return (*before, *(function.__defaults__ or ()))


def _is_full(cell: CellType) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


_FIXED = (int, float, complex, str, bytes, bool, type(None), type, ModuleType)
"""Kinds of objects that do not change."""


def _same(now: Collection[object], then: Collection[object]) -> bool:
    return len(now) == len(then) and all(map(is_, now, then))


@contextmanager
def left_alone(module: nn.Module) -> Iterator[None]:
    """Leave a module, its files and PyTorch's own state as they are, whatever the module does inside."""
    with unchanged(module), empty_caches(module), global_state():
        yield
