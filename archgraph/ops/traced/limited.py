"""An operation of which a constant or a mask lets less be read than it says itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from sympy import Expr

from archgraph.ops.arithmetic import Add
from archgraph.ops.base import Kernel, Op, Product, Saved, Types, Weight, Workspace
from archgraph.ops.reach import SAME, All, AtMost, AxisMap, Causal, ChannelUse, Listed, Reach, Window, using
from archgraph.sizes.types import TensorType

if TYPE_CHECKING:
    from torch import nn


NOTHING_READ = ""
"""Stands for an axis where nothing of an operand is read."""


@dataclass(frozen=True)
class Limited(Op):
    """The operation `op`, which reads less than it says: `reads` says what, by operand and axis; of `c`, that it takes
    some channels only; of `NOTHING_READ`, that it takes nothing.

    `{*axes}, ... -> as the operation`. Where it does not, `reason` says why no more is known than that it reads at
    most what the operation says. It costs and keeps what the operation does.

    >>> op, inputs = Limited.example()
    >>> op.exact(*inputs)
    True
    """

    kind: ClassVar[str] = "limited"
    arity: ClassVar[tuple[int, int | None]] = (0, None)
    op: Op
    reason: str
    reads: tuple[tuple[int, str, AxisMap], ...] = ()

    @property
    def core(self) -> Op:
        return self.op.core

    @property
    def as_built(self) -> Op:
        return replace(self, op=self.op.as_built)

    @property
    def joins(self) -> bool:
        return self.op.joins

    @property
    def unread(self) -> bool:
        return self.op.unread

    def in_room_of(self, *inputs: TensorType) -> int | None:
        return self.op.in_room_of(*inputs)

    def at_one_size(self, *inputs: TensorType) -> tuple[str, ...]:
        return self.op.at_one_size(*inputs)

    def infer(self, *inputs: TensorType) -> Types:
        return self.op.infer(*inputs)

    def weights(self, *inputs: TensorType) -> Mapping[str, Weight]:
        return self.op.weights(*inputs)

    def macs(self, *inputs: TensorType) -> Expr:
        return self.op.macs(*inputs)

    def products(self, *inputs: TensorType) -> tuple[Product, ...]:
        return self.op.products(*inputs)

    def elementwise(self, *inputs: TensorType) -> Expr:
        return self.op.elementwise(*inputs)

    def saved(self, *inputs: TensorType) -> Saved:
        return self.op.saved(*inputs)

    def saved_by(self, kernel: Kernel, *inputs: TensorType) -> Saved:
        return self.op.saved_by(kernel, *inputs)

    def saved_for(self, needed: frozenset[int], kernel: Kernel, *inputs: TensorType) -> Saved:
        return self.op.saved_for(needed, kernel, *inputs)

    def workspace(self, kernel: Kernel, *inputs: TensorType) -> Workspace:
        return self.op.workspace(kernel, *inputs)

    def reach(self, *inputs: TensorType) -> tuple[Reach, ...]:
        """Return the operation's own reach as a bound, where it reads more than one position."""
        known = {(place, axis): read for place, axis, read in self.reads}
        found = (
            replace(reach, maps=tuple((axis, known.get((place, axis)) or self._map(read)) for axis, read in reach.maps))
            for place, reach in enumerate(self.op.reach(*inputs))
        )
        # What is left of channels reads less than the rest of them, where they stay channels.
        uses: tuple[ChannelUse, ...] = ("picked", "gathered") if self.outputs(*inputs)[0].has("c") else ("picked",)
        found = (self._at_some(place, reach) for place, reach in enumerate(found))
        found = (
            replace(reach, reads=False) if (place, NOTHING_READ) in known else reach
            for place, reach in enumerate(found)
        )
        return tuple(using(reach, *uses) if (place, "c") in known else reach for place, reach in enumerate(found))

    def _at_some(self, place: int, reach: Reach) -> Reach:
        """Of an axis that an operand does not have is said at which positions it is read at all."""
        own = dict(reach.maps)
        beside = ((axis, read) for at, axis, read in self.reads if at == place and axis not in own)
        only = tuple((axis, read) for axis, read in beside if isinstance(read, Listed))
        return replace(reach, only=only) if only else reach

    def _map(self, read: AxisMap) -> AxisMap:
        if not self.reason:
            return read
        several = isinstance(read, All | Causal) or (isinstance(read, Window) and read.kernel != 1)
        return AtMost(read, self.reason) if several else read  # type: ignore[arg-type]

    def exact(self, *inputs: TensorType) -> bool:
        """Whether it reads position by position, so that nothing is left to bound."""
        return not any(isinstance(read, AtMost) for reach in self.reach(*inputs) for _, read in reach.maps)

    def lower(self, *inputs: TensorType) -> nn.Module:
        return self.op.lower(*inputs)

    @classmethod
    def example(cls) -> tuple[Op, Types]:
        """Return a sum, of which nothing is left to bound."""
        op, types = Add.example()
        return cls(op, "a mask is not known"), types


def limited(op: Op, types: Types, reason: str) -> Op:
    """Return an operation as a bound, or itself where it reads position by position."""
    if not reason or isinstance(op, Limited):
        return op
    exact = Limited(op, reason).exact(*types)
    if exact and any(out.has("c") for out in op.infer(*types)):
        return op
    picked = tuple(_channels(types))
    return Limited(op, reason, picked) if picked or not exact else op


def _channels(types: Types) -> Iterator[tuple[int, str, AxisMap]]:
    """Yield the operands of whose channels a mask may leave some out."""
    yield from ((place, "c", SAME) for place, x in enumerate(types) if x.has("c"))
