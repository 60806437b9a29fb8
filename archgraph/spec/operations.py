"""The operations that a spec can name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module

from archgraph.ops.base import REGISTERED, Op, spec_fields
from archgraph.ops.catalogue import FAMILIES
from archgraph.ops.functions import FUNCTIONS

BY_TORCHS_NAMES: Mapping[str, tuple[str, ...]] = {
    "grouped": ("grouped_linear",),
    "moves": ("gather", "move", "rearrange", "subsample"),
    "recurrent": ("final_state", "recurrent"),
    "resize": ("resize",),
    "stored": ("cast", "clone", "detach"),
    "values": ("constant", "cumulate", "function", "reduce"),
}
"""The operations of `ops/traced` that a spec can write, by file. What takes a whole operation, or a list of positions,
as its argument is not among them."""


def _functions() -> Iterable[str]:
    return FUNCTIONS


def _moves() -> Iterable[str]:
    from archgraph.ops.traced.moves import NAMED_MOVES

    return NAMED_MOVES


def _reductions() -> Iterable[str]:
    from archgraph.ops.traced.values import NAMED_REDUCTIONS

    return NAMED_REDUCTIONS


TORCHS_NAMES: Mapping[str, Callable[[], Iterable[str]]] = {
    "FunctionName": _functions,
    "MoveName": _moves,
    "ReductionName": _reductions,
}
"""Arguments that are one of PyTorch's names, by what their fields are annotated with: no other name is run."""


class _Operations(Mapping[str, type[Op]]):
    """All of them by name; a file of `ops/traced` is imported when one of its operations is asked for."""

    def __init__(self) -> None:
        files = {family.__name__ for family in FAMILIES}
        self._own = {kind: op for kind, op in REGISTERED.items() if op.__module__ in files}
        self._late = {kind: file for file, kinds in BY_TORCHS_NAMES.items() for kind in kinds}

    def __getitem__(self, kind: str) -> type[Op]:
        if kind in self._late:
            import_module(f"archgraph.ops.traced.{self._late[kind]}")
            return REGISTERED[kind]
        return self._own[kind]

    def __contains__(self, kind: object) -> bool:
        return kind in self._own or kind in self._late

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from self._late

    def __len__(self) -> int:
        return len(self._own) + len(self._late)


@cache
def operations() -> Mapping[str, type[Op]]:
    """Return the operations that a spec can name.

    >>> "conv" in operations(), "function" in operations(), "limited" in operations()
    (True, True, False)
    """
    return _Operations()


def is_reserved(name: str) -> bool:
    """Return whether no block can have a name, since it is that of an operation.

    Operations with PyTorch's names came later than specs with blocks of these names: in such a spec the block is meant.

    >>> is_reserved("conv"), is_reserved("cast"), is_reserved("stem")
    (True, False, False)
    """
    return name in operations() and not any(name in kinds for kinds in BY_TORCHS_NAMES.values())


def has_words(op: Op) -> bool:
    """Return whether a spec has PyTorch's names that an operation is called by.

    >>> from archgraph.ops.traced.values import Function
    >>> has_words(Function("sin"))
    True
    """
    named = ((getattr(op, item.name), TORCHS_NAMES.get(str(item.type))) for item in spec_fields(type(op)))
    return all(names is None or value in names() for value, names in named)
