"""What the run of a body does to the account of memory, so that a body is run once for all calls that are alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple, TypeVar

from sympy import Add, Expr

from archgraph.cost.memory.ledger import Ledger, LiveStorage, Moment
from archgraph.cost.memory.tensors import Tensor, Tensors
from archgraph.graph.execution import Execution
from archgraph.graph.gradients import Flags
from archgraph.graph.ir import Graph, Value

Thing = TypeVar("Thing")


class OperandLook(NamedTuple):
    """What a run can tell of an operand: which tensor and which storage it is, and their laws."""

    tensor: int
    storage: int
    storage_law: Expr
    law: Expr
    flows: bool


class BodyCall(NamedTuple):
    """What decides all that a run of a body does: calls with the same are alike."""

    body: Graph
    operands: tuple[OperandLook, ...]
    needed: tuple[Value, ...]
    wanted: Flags
    recording: bool
    execution: Execution


class BodyResult(NamedTuple):
    """A result of a body.

    Attributes:
        tensor: its place among operands and results, each counted once: an operand may be a result too.
        storage: which of the storages that it may view, those of the operands first, then those that are new.
        law: its bytes.
        flows: whether gradients flow into it.
    """

    tensor: int
    storage: int
    law: Expr
    flows: bool


@dataclass(frozen=True)
class BodyRun:
    """What a run did.

    Attributes:
        above: the highest total, over what was live before.
        turn: when that was, from the start of the run.
        place: where that was, below the path of the body.
        turns: how many moments there were.
        new: laws, sizes and kinds of the storages of its results that no operand had.
        results: what it returns.
        kept: law and size of all else that stays for the backward pass.
        held: how often the way back holds each of the storages of operands and results.
        recorded: whether there is a backward pass at all.
    """

    above: int
    turn: int
    place: str
    turns: int
    new: tuple[tuple[Expr, int, str], ...]
    results: tuple[BodyResult, ...]
    kept: tuple[Expr, int]
    held: tuple[int, ...]
    recorded: bool


def places(things: Iterable[Thing]) -> dict[Thing, int]:
    """Return the place of everything among those that differ."""
    return {each: place for place, each in enumerate(dict.fromkeys(things))}


def looks(operands: Tensors) -> tuple[OperandLook, ...]:
    """Return what a run can tell of its operands; the caller holds them, so that none is freed in the run."""
    tensors, storages = places(operands), places(one.storage for one in operands)
    return tuple(
        OperandLook(tensors[one], storages[one.storage], one.storage.law, one.law, one.flows) for one in operands
    )


def known_storages(operands: Tensors, weight: LiveStorage) -> list[LiveStorage]:
    """Return the storages that results may view: those of the operands, and that of weights."""
    return list(dict.fromkeys((*(one.storage for one in operands), weight)))


class WatchedRun:
    """Watches a run of a body.

    Args:
        ledger: the account.
        operands: what the body is given.
        weight: the storage of weights.
        path: of the body.
    """

    def __init__(self, ledger: Ledger, operands: Tensors, weight: LiveStorage, path: str) -> None:
        self._ledger, self._operands, self._path = ledger, operands, path
        self._known = known_storages(operands, weight)
        self._users = [one.users for one in self._known]
        self._newest = next(reversed(ledger.storages), None)
        self._live, self._turn, self._peak = ledger.live, ledger.turn, ledger.peak
        # The highest moment of the run alone; which is the highest of all is decided behind it.
        ledger.peak = Moment()

    def ended(self, results: Tensors, *, recorded: bool) -> BodyRun:
        """Return what has been done; what is kept beside results leaves the account, for one sum to take its place."""
        ledger, own = self._ledger, self._ledger.peak
        ledger.peak = own if own.total > self._peak.total else self._peak
        storages = places((*self._known, *(one.storage for one in results)))
        tensors = places((*self._operands, *results))
        new = list(storages)[len(self._known) :]
        return BodyRun(
            own.total - self._live,
            own.turn - self._turn,
            own.place.removeprefix(self._path),
            ledger.turn - self._turn,
            tuple((one.law, one.size, one.kind) for one in new),
            tuple(BodyResult(tensors[one], storages[one.storage], one.law, one.flows) for one in results),
            self._taken_out(new),
            tuple(self._held(list(storages), results)),
            recorded,
        )

    def _taken_out(self, returned: list[LiveStorage]) -> tuple[Expr, int]:
        ledger = self._ledger
        since = takewhile(lambda one: one is not self._newest, reversed(ledger.storages))
        kept = [one for one in since if one not in returned]
        for one in kept:
            ledger.take_out(one)
        return Add(*(one.law for one in kept)), sum(one.size for one in kept)

    def _held(self, storages: list[LiveStorage], results: Tensors) -> Iterable[int]:
        returned = [one.storage for one in results]
        before = (*self._users, *(0 for _ in storages[len(self._users) :]))
        for one, users in zip(storages, before, strict=True):
            yield one.users - users - returned.count(one)


def played(run: BodyRun, ledger: Ledger, operands: Tensors, weight: LiveStorage, path: str) -> Tensors:
    """Do to the account what a run did, and return the results, which the caller holds."""
    ledger.play(run.above, run.turn, run.turns, f"{path}{run.place}")
    known = known_storages(operands, weight)
    storages = [*known, *(ledger.new(law, kind, size, users=0) for law, size, kind in run.new)]
    for storage, times in zip(storages, run.held, strict=True):
        storage.users += times
    tensors = list(dict.fromkeys(operands))
    for one in run.results:
        ledger.hold(storages[one.storage])
        if one.tensor == len(tensors):
            tensors.append(Tensor(storages[one.storage], one.law, one.flows))
    return tuple(tensors[one.tensor] for one in run.results)
