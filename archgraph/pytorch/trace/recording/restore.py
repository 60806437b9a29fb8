"""What a module holds, as it was before it ran: also modules that keep tables, counters or modes of their own.

So are the names of its files and classes, and what their cached functions remember.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from operator import attrgetter, is_
from types import CellType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

from archgraph.pytorch.trace.recording.file_names import MAY_HOLD, Owner, give_back, names_of, owners, running
from archgraph.pytorch.trace.recording.global_state import global_state

if TYPE_CHECKING:
    from torch import Tensor, nn

LARGE = 10_000
"""Entries of a container that is restored as a whole, without looking at what its entries hold."""


@contextmanager
def unchanged(kept: Contents) -> Iterator[None]:
    """Give a module back the attributes that it had, and these their contents, whatever runs inside.

    Tensors are not copied: nothing that is recorded writes to them. Only torch counts a write that the module asked
    for, and that count is set back.

    Args:
        kept: the contents of the module.
    """
    from torch.autograd import grad_mode

    try:
        with grad_mode._unsafe_preserve_version_counter(tuple(kept.tensors)):
            yield
    finally:
        kept.restore()


@contextmanager
def empty_caches(among: Iterable[Owner]) -> Iterator[None]:
    """Give the cached functions in the files and classes of a module's parts caches of their own, which start empty.

    What they remember of an earlier recording was made by no operator of this one, and what they would remember of
    this one has no values, with which the module could not run afterwards.
    """
    replaced = [(owner, name, function) for owner in among for name, function in _cached_functions(owner)]
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
        self._dicts = _Containers(_entries_of_dicts, dict.__len__, "update")
        self._lists = _Containers(chain.from_iterable, len, "extend")
        self._flags: list[tuple[Tensor, bool]] = []
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
        self._restore_flags()
        self._dicts.restore()
        self._lists.restore()
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
        if tensor.is_leaf:
            self._flags.append((tensor, tensor.requires_grad))

    def _restore_flags(self) -> None:
        now = map(attrgetter("requires_grad"), [tensor for tensor, _ in self._flags])
        for (tensor, needed), needs in zip(self._flags, now, strict=True):
            if needs != needed:
                tensor.requires_grad_(needed)

    def _keep_names(self, owner: Owner) -> list[Any]:
        """Remember what the names of a file or class stand for, and return what of it may hold tables."""
        before = names_of(owner)
        self._undo.append(lambda: give_back(owner, before))
        return [value for value in before.values() if isinstance(value, MAY_HOLD)]

    def _keep_dict(self, item: dict[Any, Any]) -> Any:
        # As it is in memory: a user's kind of dict may make or import what it is asked for.
        before = dict(dict.items(item))
        self._dicts.keep(item, before)
        return before.values()

    def _keep_list(self, item: Any) -> Any:
        before = list(item)
        self._lists.keep(item, before)
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


def _entries_of_dicts(items: Iterable[dict[object, object]]) -> Iterator[object]:
    """Yield all keys, then all values."""
    kept = list(items)
    return chain(chain.from_iterable(map(dict.keys, kept)), chain.from_iterable(map(dict.values, kept)))


_Container: TypeAlias = Any
"""A dict, a list, or a deque."""


class _Containers:
    """Containers of one kind with what they held.

    Whether any of them changed is asked of all their entries in a row, as there are thousands and nearly none does.
    """

    def __init__(
        self,
        entries: Callable[[Iterable[_Container]], Iterable[object]],
        count: Callable[[_Container], int],
        refill: str,
    ) -> None:
        self._entries = entries
        self._count = count
        self._refill = refill
        self._items: list[_Container] = []
        self._before: list[_Container] = []

    def keep(self, item: _Container, before: _Container) -> None:
        """Remember what a container holds."""
        self._items.append(item)
        self._before.append(before)

    def restore(self) -> None:
        """Put back what changed."""
        if self._unchanged(self._items, self._before):
            return
        for item, before in zip(self._items, self._before, strict=True):
            if not self._unchanged([item], [before]):
                item.clear()
                getattr(item, self._refill)(before)

    def _unchanged(self, items: Collection[_Container], before: Collection[_Container]) -> bool:
        # By their numbers as well: what one loses at its end, the next may have at its start.
        same = list(map(self._count, items)) == list(map(len, before))
        return same and all(map(is_, self._entries(items), self._entries(before)))


@contextmanager
def left_alone(module: nn.Module) -> Iterator[None]:
    """Leave a module, its files and PyTorch's own state as they are, whatever the module does inside."""
    with unchanged(Contents(module)), empty_caches(owners(module)), global_state():
        yield
