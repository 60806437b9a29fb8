"""The account of live memory that a run of a graph keeps: what is allocated, until when, and the highest total."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sympy import Add, Expr

from archgraph.sizes.expansion import expanded
from archgraph.sizes.symbols import ZERO

WEIGHTS = "weights"
ACTIVATIONS = "activations"
GRADIENTS = "activation gradients"
WEIGHT_GRADIENTS = "weight gradients"
WORKSPACE = "workspace"
Measure = Callable[[Expr], int]


# Compared by identity: two tensors of one size are two pieces of memory.
@dataclass(eq=False)
class LiveStorage:
    """Memory that one or several tensors view; freed when its last user lets go.

    Attributes:
        law: its bytes.
        size: the same at the bound values.
        kind: what it is counted as.
        users: how many hold it.
    """

    law: Expr
    size: int
    kind: str
    users: int = 1


@dataclass(frozen=True)
class Moment:
    """When the most is live: the total, the node that runs, and whether that is in the backward pass."""

    total: int = -1
    turn: int = 0
    place: str = ""
    phase: str = "forward"
    laws: dict[str, Expr] = field(default_factory=dict)
    """The laws of what is live, by kind; recorded for the chosen turn only."""


class Ledger:
    """Allocations and releases in order, and the moment with the highest total.

    >>> from archgraph.sizes.symbols import size
    >>> ledger = Ledger(int)
    >>> first = ledger.new(size(8), ACTIVATIONS)
    >>> ledger.note("conv", size(4))
    >>> ledger.drop(first)
    >>> ledger.live, ledger.peak.total, ledger.peak.place
    (0, 12, 'conv')
    """

    def __init__(self, measure: Measure, chosen: int | None = None) -> None:
        self.measure = measure
        self.chosen = chosen
        self.live: int = 0
        self.turn: int = 0
        self.phase = "forward"
        self.peak: Moment = Moment()
        # A set in the order of allocation: laws are added up alike in every run.
        self.storages: dict[LiveStorage, None] = {}

    def new(self, law: Expr, kind: str, size: int | None = None, users: int = 1) -> LiveStorage:
        """Allocate memory for one user, or for as many as there are; its size is measured where it is not known."""
        storage = LiveStorage(law, self.measure(law) if size is None else size, kind, users)
        self.storages[storage] = None
        self.live += storage.size
        return storage

    def hold(self, storage: LiveStorage) -> LiveStorage:
        """Add a user."""
        storage.users += 1
        return storage

    def drop(self, storage: LiveStorage) -> None:
        """Take a user away; the last one frees the memory."""
        self.change_users(storage, -1)

    def change_users(self, storage: LiveStorage, change: int) -> None:
        """Add users or take some away; the last one frees the memory."""
        storage.users += change
        if storage.users == 0 and storage in self.storages:
            self.take_out(storage)

    def take_out(self, storage: LiveStorage) -> None:
        """Leave memory out of the account."""
        del self.storages[storage]
        self.live -= storage.size

    def note(self, place: str, *moments: Expr) -> None:
        """Compare what is live now, and each of some moments beside it, with the highest total so far."""
        self.turn += 1
        extra = max(moments, key=self.measure, default=ZERO)
        total = self.live + self.measure(extra)
        # A first run finds the turn of the peak with numbers alone; a second one, told which, makes laws of what is
        # live then. Making them at every new peak would add up expressions all the way.
        if self.turn == self.chosen or (self.chosen is None and total > self.peak.total):
            laws = self.by_kind(extra) if self.chosen else {}
            self.peak = Moment(total, self.turn, place, self.phase, laws)

    def play(self, above: int, turn: int, turns: int, place: str) -> None:
        """Go on by some moments, of which one is the highest by so much above what is live now."""
        total = self.live + above
        if turns and self.chosen is None and total > self.peak.total:
            self.peak = Moment(total, self.turn + turn, place, self.phase)
        self.turn += turns

    def is_chosen_within(self, turns: int) -> bool:
        """Whether the moment that laws are made for is one of the next ones."""
        return self.chosen is not None and self.turn < self.chosen <= self.turn + turns

    def by_kind(self, extra: Expr = ZERO) -> dict[str, Expr]:
        """Return the laws of what is live now, and of a workspace beside it."""
        laws: dict[str, list[Expr]] = {}
        for storage in self.storages:
            laws.setdefault(storage.kind, []).append(storage.law)
        if extra:
            laws.setdefault(WORKSPACE, []).append(extra)
        return {kind: expanded(Add(*parts)) for kind, parts in laws.items()}

    def growth(self, before: Iterable[LiveStorage]) -> Expr:
        """Return the law of what has been allocated since, less what has been freed."""
        old = dict.fromkeys(before)
        added = [storage.law for storage in self.storages if storage not in old]
        freed = [-storage.law for storage in old if storage not in self.storages]
        return expanded(Add(*added, *freed))
