"""One call of an operator: with nodes in place of tensors, on shapes, and on values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import torch

from archgraph.pytorch.trace.recording.comparisons.compared_values import COMPARING
from archgraph.pytorch.trace.recording.known import KnownValues, memory
from archgraph.pytorch.trace.recording.operators import Operator, operator_of
from archgraph.pytorch.trace.recording.sources import Standing

META = torch.device("meta")
CPU = torch.device("cpu")
CHOOSING_TYPES = (torch.bool, torch.uint8)
"""Types of an index that chooses by what holds, not by number."""
MOST_COMPARED_PLACES = 1 << 26
"""Elements of memory that are looked at one by one: beyond, two parts of it that interlock are taken to overlap."""
Find = Callable[[Any, str], Standing]
"""What stands for a tensor that an operator of this name is given."""
CallOperands: TypeAlias = list[Any]
CalledFunction: TypeAlias = Callable[..., Any]


class OperatorCall:
    """One operator with its operands: as nodes, and as what it is run on."""

    __slots__ = ("args", "entries", "function", "kwargs", "operator", "run", "run_kwargs", "tensors")

    def __init__(self, function: CalledFunction, args: Sequence[Any], kwargs: Mapping[str, Any], entry: Find) -> None:
        self.function: CalledFunction = function
        self.operator: Operator = operator_of(function)
        self.tensors: list[Any] = []
        self.entries: list[Standing] = []
        self.args: CallOperands
        self.run: CallOperands
        self.args, self.run = self._split(args, entry)
        self.kwargs: dict[str, Any] = {}
        self.run_kwargs: dict[str, Any] = {}
        for name, item in kwargs.items():
            (self.kwargs[name],), (self.run_kwargs[name],) = self._split((item,), entry)
        if self.operator.takes_device:
            self._place()

    def _split(self, items: Sequence[Any], entry: Find) -> tuple[CallOperands, CallOperands]:
        own: CallOperands = []
        run: CallOperands = []
        for item in items:
            if isinstance(item, torch.Tensor):
                found = entry(item, self.operator.name)
                self.tensors.append(item)
                self.entries.append(found)
                own.append(found[1])
                run.append(found[0])
            elif isinstance(item, (list, tuple)):
                inner, inner_run = self._split(item, entry)
                own.append(inner)
                run.append(inner_run)
            elif isinstance(item, torch.device):
                own.append(item)
                run.append(META)
            else:
                own.append(item)
                run.append(item)
        return own, run

    def _place(self) -> None:
        """Make results where there are no values."""
        if not self.entries or self.run_kwargs.get("device") is not None:
            self.run_kwargs.setdefault("device", META)
            self.run_kwargs["device"] = META
        if self.run_kwargs.get("pin_memory"):
            self.run_kwargs["pin_memory"] = False

    def written(self) -> list[int]:
        """The places, among the tensors, of those that the operator changes."""
        changed: list[object] = []
        for place, name in self.operator.writes:
            given = self.run[place] if place < len(self.run) else self.run_kwargs.get(name)
            changed += given if isinstance(given, list) else [given]
        return [place for place, (meta, _) in enumerate(self.entries) if any(meta is item for item in changed)]

    def reads_what_it_writes(self, written: Sequence[int]) -> bool:
        """Whether it writes elements that it also reads for others, so that its result depends on the order."""
        targets = [self.entries[place][0] for place in written]
        others = [meta for place, (meta, _) in enumerate(self.entries) if place not in written]
        return any(_overlap_in_part(target, other) for target in targets for other in others)

    def on_values(self, known: KnownValues, *, anything: bool) -> Any:
        """Run the operator on values; what is not known is replaced by its shape where `anything` will do."""
        with torch.no_grad():
            args, kwargs = self.values(known, anything=anything)
            return self.function(*args, **kwargs)

    def values(self, known: KnownValues, *, anything: bool = False) -> tuple[list[object], dict[str, object]]:
        """Return what the operator is run on, as values."""
        args = [_valued(item, known, anything=anything) for item in self.run]
        return args, {name: _valued(item, known, anything=anything) for name, item in self.run_kwargs.items()}

    @property
    def compares(self) -> bool:
        """Whether it compares tensors, or cuts them where numbers say."""
        return bool(self.entries) and self.operator.name.rstrip("_") in COMPARING

    def all_known(self, known: KnownValues) -> bool:
        """Whether the values of all operands are known."""
        return all(known.held(meta) is not None for meta, _ in self.entries)

    def index_beyond(self, known: KnownValues) -> IndexError | None:
        """Return what PyTorch says of an index that is known and that no row has: shapes alone do not show it."""
        for size, index in _indexed(self.operator.name, self.run):
            value = known[index]
            if value is None or not value.numel():
                continue
            for number in (int(value.min()), int(value.max())):
                if not -size <= number < size:
                    return IndexError(f"index {number} is out of bounds for a dimension of size {size}")
        return None

    def depends_on_values(self) -> bool:
        """Whether an operator whose shape may depend on values does so here: an index of numbers does not."""
        if self.operator.name != "index":
            return self.operator.dynamic
        return any(meta.dtype in CHOOSING_TYPES for meta, _ in self.entries[1:])


def _overlap_in_part(target: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors share elements of memory, and an element of one is another element of the other."""
    if memory(target) != memory(other) or not target.numel() or not other.numel():
        return False
    # Where every element is its own, it is read before it is written.
    if (
        _lies(target) == _lies(other)
        or _last(target) < other.storage_offset()
        or _last(other) < target.storage_offset()
    ):
        return False
    if max(_last(target), _last(other)) > MOST_COMPARED_PLACES:
        return True
    return bool(torch.isin(_places(target), _places(other)).any())


def _lies(tensor: torch.Tensor) -> tuple[object, ...]:
    """Where a tensor lies; dimensions of one element do not matter."""
    sides = zip(tensor.shape, tensor.stride(), strict=True)
    return tensor.storage_offset(), [side for side in sides if side[0] != 1]


def _last(tensor: torch.Tensor) -> int:
    sides = zip(tensor.shape, tensor.stride(), strict=True)
    return int(tensor.storage_offset()) + sum((size - 1) * stride for size, stride in sides)


def _places(tensor: torch.Tensor) -> torch.Tensor:
    every = torch.arange(_last(tensor) + 1, dtype=torch.int32)
    return every.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset()).flatten()


def _indexed(operator: str, run: CallOperands) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield the sizes of dimensions that an operator takes rows of, each with the numbers of these rows."""
    if operator == "embedding":
        yield int(run[0].shape[0]), run[1]
    elif operator in ("index_select", "gather") and run[0].ndim:
        yield int(run[0].shape[run[1]]), run[2]
    elif operator == "index" and all(part is None or part.dtype not in CHOOSING_TYPES for part in run[1]):
        yield from ((int(size), part) for size, part in zip(run[0].shape, run[1], strict=False) if part is not None)


def _valued(item: Any, known: KnownValues, *, anything: bool) -> Any:
    if isinstance(item, torch.Tensor):
        value = known[item]
        if value is None and anything:
            return torch.zeros((), dtype=item.dtype, device=CPU).expand(item.shape)
        return value
    if isinstance(item, list):
        return [_valued(part, known, anything=anything) for part in item]
    return CPU if isinstance(item, torch.device) else item


def like(value: Any) -> Any:
    """Return tensors without values, shaped like others."""
    if isinstance(value, torch.Tensor):
        return torch.empty_like(value, device=META)
    return type(value)(map(like, value)) if isinstance(value, (list, tuple)) else value
