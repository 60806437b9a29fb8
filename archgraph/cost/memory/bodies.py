"""What the run of a body does to the account of memory, so that a body is run once for all calls that are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr

from archgraph.cost.memory.ledger import Ledger, LiveStorage, Moment
from archgraph.cost.memory.tensors import Tensor


@dataclass(frozen=True)
class BodyResult:
    """A result of a body.

    Attributes:
        place: which of the storages that it may view, those of the operands first, then those that are new.
        law: its bytes.
        flows: whether gradients flow into it.
    """

    place: int
    law: Expr
    flows: bool


@dataclass(frozen=True)
class BodyRun:
    """What a run did: nothing but its results stays live.

    Attributes:
        above: the highest total, over what was live before.
        turn: when that was, from the start of the run, and where below the path of the body.
        turns: how many moments there were.
        new: laws and kinds of the storages of its results that no operand had.
    """

    above: int
    turn: int
    place: str
    turns: int
    new: tuple[tuple[Expr, str], ...]
    results: tuple[BodyResult, ...]


def call_signature(operands: Sequence[Tensor]) -> tuple[tuple[int, Expr, Expr, bool], ...]:
    """Return what a run can tell of its operands: their laws, and which of them share storage.

    The caller holds them, so that none is freed in the run.
    """
    storages = list(dict.fromkeys(tensor.storage for tensor in operands))
    return tuple((storages.index(one.storage), one.storage.law, one.law, one.flows) for one in operands)


class WatchedRun:
    """Watches a run of a body.

    Args:
        ledger: the account.
        shared: storages that results may view: those of the operands, and that of weights.
        path: of the body.
    """

    def __init__(self, ledger: Ledger, shared: Sequence[LiveStorage], path: str) -> None:
        self._ledger, self._shared, self._path = ledger, shared, path
        self._live, self._turn, self._peak = ledger.live, ledger.turn, ledger.peak
        # The highest moment of the run alone; which is the highest of all is decided behind it.
        ledger.peak = Moment()

    def ended(self, results: Sequence[Tensor]) -> BodyRun:
        """Return what has been done."""
        ledger, own = self._ledger, self._ledger.peak
        ledger.peak = own if own.total > self._peak.total else self._peak
        storages = list(dict.fromkeys((*self._shared, *(tensor.storage for tensor in results))))
        made = tuple(BodyResult(storages.index(one.storage), one.law, one.flows) for one in results)
        new = tuple((storage.law, storage.kind) for storage in storages[len(dict.fromkeys(self._shared)) :])
        place, turns = own.place.removeprefix(self._path), ledger.turn - self._turn
        return BodyRun(own.total - self._live, own.turn - self._turn, place, turns, new, made)


def played(
    run: BodyRun, ledger: Ledger, shared: Sequence[LiveStorage], path: str
) -> list[tuple[LiveStorage, BodyResult]]:
    """Do to the account what a run did, and return the results, which the caller holds."""
    total = ledger.live + run.above
    if run.turns and ledger.chosen is None and total > ledger.peak.total:
        ledger.peak = Moment(total, ledger.turn + run.turn, f"{path}{run.place}", ledger.phase)
    ledger.turn += run.turns
    known = len(dict.fromkeys(shared))
    storages = [*dict.fromkeys(shared), *(ledger.new(law, kind) for law, kind in run.new)]
    taken: set[int] = set()
    for one in run.results:
        if one.place < known or one.place in taken:  # a new storage has its first user already
            ledger.hold(storages[one.place])
        taken.add(one.place)
    return [(storages[one.place], one) for one in run.results]
