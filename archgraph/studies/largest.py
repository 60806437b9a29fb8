"""The largest size, or batch, of a run that fits a memory: found by the memory itself, at each value that is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from archgraph.cost.part import whole_part
from archgraph.cost.training.fit import beside, changes_of, memory_of
from archgraph.cost.training.run import OPTIONS, Training, training
from archgraph.cost.training.training_memory import TrainingMemory, training_memory
from archgraph.cost.units import shown_bytes
from archgraph.errors import ArchgraphError, QueryError
from archgraph.graph.network import Network
from archgraph.laws.search import MAX_SIZE, Met, Solution, first, last_within
from archgraph.studies.growth_path import GrowthPath

METRIC = "training_memory"
SEVERAL_RANKS = 2
BELOW = 256
"""How many values below one that breaks a rule are looked through for one that does not."""


@dataclass(frozen=True, repr=False)
class Largest(Solution):
    """The largest value that fits; for `gpus`, the least.

    Attributes:
        at: the values of all symbols there.
        params: scalars of parameters there.
        macs: multiply-accumulates of one sample there.
        needed: what takes the memory there.
        next_value: the next value that the network can have, None where there is none near; of `gpus` the next fewer.
        next_bytes: what it would need.
    """

    at: Mapping[str, object]
    params: int
    macs: int
    needed: TrainingMemory
    next_value: int | None
    next_bytes: int | None

    def __repr__(self) -> str:
        after = "" if self.next_bytes is None else f"; {self.next_value} needs {self.next_bytes:,}"
        return f"{super().__repr__()}{after}; {self.params:,} parameters, {self.macs:,} MACs a sample"


def largest(
    g: Network, name: str, memory: object, multiple_of: int, keywords: Mapping[str, object], run: Training | None = None
) -> Largest:
    """Return the largest value of a symbol, or of the batch, at which a run fits; of `gpus` the least.

    Args:
        g: the network, every other symbol at its value.
        name: a free symbol, `B`, `gpus`, or a name that only expressions of other symbols use.
        memory: a device, or bytes.
        multiple_of: only multiples of it are tried.
        keywords: settings of the run, and other symbols: numbers, or expressions of the one that is solved for.
        run: the run, instead of its settings.

    Raises:
        QueryError: nothing fits, with the least that is needed; everything does; or no such symbol.
    """
    options = {key: value for key, value in keywords.items() if key in OPTIONS}
    follows = {key: value for key, value in keywords.items() if key not in OPTIONS}
    # Weights that are shared need several ranks; how many is what is looked for.
    asked = {**options, "gpus": SEVERAL_RANKS} if name == "gpus" and run is None else options
    return largest_of(GrowthPath(g, name, multiple_of, follows), memory, training(run, asked))


def largest_of(path: GrowthPath, memory: object, run: Training) -> Largest:
    """Return the largest value of a path at which a run fits a memory; of `gpus` the least.

    Raises:
        QueryError: nothing fits, with the least that is needed; or everything does.
    """
    return _Largest(path, memory_of(memory)[1], run).found()


class _Largest:
    def __init__(self, path: GrowthPath, memory: int, run: Training) -> None:
        self.path, self.run, self.step, self.g = path, run, path.multiple_of, path.network
        self.memory = beside(memory, run.reserve)
        self._known: dict[int, TrainingMemory | None] = {}
        self._refused: ArchgraphError | None = None

    def at(self, value: int) -> tuple[Network, Training]:
        """Return the network and the run at a value."""
        setting = self.path.setting
        run = replace(self.run, **{setting: value, **self._alone(value)}) if setting else self.run
        return self.path.at(value), run

    def _alone(self, value: int) -> dict[str, int]:
        """One rank shares nothing."""
        return {"zero": 0} if self.path.setting == "gpus" and value == 1 else {}

    def needed(self, k: int) -> TrainingMemory | None:
        """Return what is needed at the k-th value, None where the network cannot have it."""
        if k not in self._known:
            try:
                self._known[k] = training_memory(*self.at(k * self.step))
            except QueryError:
                raise
            except ArchgraphError as error:
                self._known[k], self._refused = None, self._refused or error
        return self._known[k]

    def holds(self, k: int) -> bool:
        """Whether the run fits at the k-th value, or at the next below that a network can have."""
        return self.number(k) <= self.memory

    def number(self, k: int) -> int:
        """Return the bytes at the k-th value, or at the next below that a network can have; 0 where none is near."""
        found = next((each for each in map(self.needed, range(k, max(0, k - BELOW), -1)) if each is not None), None)
        return 0 if found is None else found.bytes

    def found(self) -> Largest:
        k = self._searched()
        while k and self.needed(k) is None:
            k -= 1
        if not k:
            raise QueryError(self._failure(), hint=self._hint())
        needed, after = self.needed(k), self._next(k)
        assert needed is not None
        network, _ = self.at(k * self.step)
        whole = whole_part(network)
        met = Met(METRIC, "<=", self.memory, needed.bytes)
        numbers = (int(whole.metric("params")), int(whole.metric("macs")))
        following = (None, None) if after is None else (after * self.step, self._bytes(after))
        return Largest(self.path.symbol, k * self.step, (met,), network.defaults, *numbers, needed, *following)

    def _searched(self) -> int | None:
        """Where the search ends; where the network can have no value at all, the reason is that of the first."""
        limit = MAX_SIZE // self.step
        try:
            if self.path.setting == "gpus":
                return first(self.holds, limit)
            return last_within(self.number, self.memory, limit, self._start)
        except QueryError:
            if self._refused is None or any(each is not None for each in self._known.values()):
                raise
            raise self._refused from None

    @property
    def _start(self) -> int:
        """Where the search begins: the value that the network has, from which the answer is seldom far."""
        return max(1, (self.path.start or 0) // self.step)

    def _next(self, k: int) -> int | None:
        """The next value that the network can have: of ranks, the next fewer."""
        if self.path.setting == "gpus":
            return k - 1 if k > 1 else None
        return next((each for each in range(k + 1, k + BELOW) if self.needed(each) is not None), None)

    def _bytes(self, k: int) -> int | None:
        found = self.needed(k)
        return None if found is None else found.bytes

    def _first(self) -> tuple[int, TrainingMemory]:
        return next((k, found) for k in range(1, BELOW + 1) if (found := self.needed(k)) is not None)

    def _failure(self) -> str:
        try:
            k, least = self._first()
        except StopIteration:
            return f"no {self.path.symbol} up to {BELOW * self.step} is one that {self.g.name} can have"
        takes = max(least.by_kind, key=lambda kind: least.by_kind[kind])
        told = f"{self.path.symbol} = {k * self.step} needs {shown_bytes(least.bytes)}, of which {takes} take "
        return f"no {self.path.symbol} fits {shown_bytes(self.memory)}: {told}{shown_bytes(least.by_kind[takes])}"

    def _hint(self) -> str:
        return ", or ".join(words for words, _ in self._turns()) or "a larger memory, or a smaller network"

    def _turns(self) -> Iterator[tuple[str, Mapping[str, object]]]:
        yield from changes_of(self.run)
