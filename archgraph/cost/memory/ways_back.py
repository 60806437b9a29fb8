"""What the way back through a body does to the account of memory: it is gone once for all calls that are alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sympy import Add, Expr

from archgraph.cost.memory.bodies import BodyCall, BodyRun
from archgraph.cost.memory.ledger import Ledger, LiveStorage
from archgraph.cost.memory.records import BodyRecord
from archgraph.cost.memory.tensors import Tensor


class Start(NamedTuple):
    """What decides all that a way back does.

    Attributes:
        call: the run of the body.
        alive: which of the storages of operands, weights and results are held by others too.
        gradients: of every operand and result, which gradient it has, None for none.
        laws: the bytes of these gradients.
        shared: which of these gradients are held by others too.
    """

    call: BodyCall
    alive: tuple[bool, ...]
    gradients: tuple[int | None, ...]
    laws: tuple[Expr, ...]
    shared: tuple[bool, ...]


class Left(NamedTuple):
    """Memory that a way back leaves behind: a gradient of an operand, or those of weights."""

    law: Expr
    size: int
    kind: str
    users: int


@dataclass(frozen=True)
class BodyWayBack:
    """What a way back did.

    Attributes:
        above: the highest total, over what was live before.
        turn: when that was, from the start.
        place: where that was, below the path of the body.
        turns: how many moments there were.
        users: by how much the users of the storages became more or fewer, those of the gradients last.
        left: what is live behind it and was not before.
        gradients: of every operand and result, its gradient then: one that was there before, or one behind those.
    """

    above: int
    turn: int
    place: str
    turns: int
    users: tuple[int, ...]
    left: tuple[Left, ...]
    gradients: tuple[int | None, ...]


@dataclass(eq=False)
class KnownRuns:
    """What bodies did, there and in the backward pass, by all that decides it."""

    forward: dict[BodyCall, BodyRun] = field(default_factory=dict)
    backward: dict[Start, BodyWayBack] = field(default_factory=dict)


class CallGradients:
    """The gradients of a body's operands and results, and the storages that it shares with others.

    Args:
        record: of the run of the body.
        gradients: of all tensors so far.
        weight: the storage of weights, which is never freed.
    """

    def __init__(self, record: BodyRecord, gradients: dict[Tensor, LiveStorage], weight: LiveStorage) -> None:
        self.record: BodyRecord = record
        self.gradients: dict[Tensor, LiveStorage] = gradients
        self._weight = weight
        self.tensors: list[Tensor] = list(dict.fromkeys((*record.operands, *record.results)))
        self._arrived: list[LiveStorage] = list(dict.fromkeys(self._present()))
        self.storages: list[LiveStorage] = [*record.storages, *self._arrived]

    def _present(self) -> list[LiveStorage]:
        return [self.gradients[one] for one in self.tensors if one in self.gradients]

    def start(self) -> Start:
        """Return what decides all that the way back does."""
        record, uses = self.record, Counter(self._present())
        held = zip(record.storages, record.held, strict=True)
        alive = tuple(one is self._weight or one.users > times for one, times in held)
        laws = tuple(one.law for one in self._arrived)
        shared = tuple(one.users > uses[one] for one in self._arrived)
        return Start(record.call, alive, self._places(self._arrived), laws, shared)

    def _places(self, storages: list[LiveStorage]) -> tuple[int | None, ...]:
        """Return the gradient of every tensor, by its place among storages."""
        found = (self.gradients.get(one) for one in self.tensors)
        return tuple(None if one is None else storages.index(one) for one in found)

    def ended(self, ledger: Ledger, live: int, users: list[int]) -> BodyWayBack:
        """Return what a way back did, before which so much was live and the storages had so many users."""
        peak, known = ledger.peak, set(self.storages)
        handed = [one for one in dict.fromkeys(self._present()) if one not in known]
        rest = [one for one in ledger.storages if one not in known and one not in handed]
        left = (*(Left(one.law, one.size, one.kind, one.users) for one in handed), *_sums(rest))
        changes = tuple(one.users - before for one, before in zip(self.storages, users, strict=True))
        found = self._places([*self._arrived, *handed])
        return BodyWayBack(peak.total - live, peak.turn, peak.place, ledger.turn, changes, left, found)

    def play(self, done: BodyWayBack, ledger: Ledger) -> None:
        """Do to the account what a way back did."""
        ledger.play(done.above, done.turn, done.turns, f"{self.record.path}{done.place}")
        ledger.drop(self.record.kept)
        for storage, change in zip(self.storages, done.users, strict=True):
            ledger.change_users(storage, change)
        left = [ledger.new(one.law, one.kind, one.size, one.users) for one in done.left]
        known = [*self._arrived, *left]
        for tensor, place in zip(self.tensors, done.gradients, strict=True):
            self.gradients.pop(tensor, None)
            if place is not None:
                self.gradients[tensor] = known[place]


def _sums(storages: list[LiveStorage]) -> Iterator[Left]:
    """Yield one piece of memory for all of a kind."""
    for kind in dict.fromkeys(one.kind for one in storages):
        same = [one for one in storages if one.kind == kind]
        yield Left(Add(*(one.law for one in same)), sum(one.size for one in same), kind, 1)
