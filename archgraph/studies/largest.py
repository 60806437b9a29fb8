"""The largest size, or batch, of a run that fits a memory: found by the memory itself, at each value that is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sympy import Expr, Integer

from archgraph.cost.part import whole_part
from archgraph.cost.training.fit import changes_of, memory_of
from archgraph.cost.training.run import OPTIONS, Training, training
from archgraph.cost.training.training_memory import TrainingMemory, batch_symbol, training_memory
from archgraph.cost.units import shown_bytes
from archgraph.errors import ArchgraphError, QueryError, SpecError, did_you_mean, quoted
from archgraph.graph.network import Network
from archgraph.laws.search import MAX_SIZE, Met, Solution, first, last
from archgraph.report.table import Table
from archgraph.spec.language.expressions import evaluate_expression
from archgraph.spec.language.grammar import names_in

METRIC = "training_memory"
SEVERAL_RANKS = 2
BELOW = 256
"""How many values below one that breaks a rule are looked through for one that does not."""


@dataclass(frozen=True, repr=False)
class Largest(Solution):
    """The largest value that fits, or of `gpus` the least.

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
        name: a free symbol, `B`, or `gpus`.
        memory: a device, or bytes.
        multiple_of: only its multiples are tried.
        keywords: settings of the run, and other symbols: numbers, or expressions of the one that is solved for.
        run: the run, instead of its settings.

    Raises:
        QueryError: nothing fits, with the least that is needed; everything does; or no such symbol.
    """
    options = {key: value for key, value in keywords.items() if key in OPTIONS}
    tied = {key: value for key, value in keywords.items() if key not in OPTIONS}
    # Weights that are shared need several ranks; how many is what is looked for.
    asked = {**options, "gpus": SEVERAL_RANKS} if name == "gpus" and run is None else options
    return _Largest(g, name, memory_of(memory)[1], multiple_of, training(run, asked), tied).found()


def found_table(found: Sequence[Largest]) -> Table:
    """Return what was found for several networks as a table."""
    rows = [
        {
            "network": each.needed.name,
            "symbol": each.symbol,
            "value": each.value,
            "bytes": each.needed.bytes,
            "memory": int(each.met[0].budget),
            "next": each.next_value,
            "next bytes": each.next_bytes,
            "params": each.params,
            "macs": each.macs,
        }
        for each in found
    ]
    notes = tuple(dict.fromkeys(note for each in found for note in each.needed.notes))
    return Table("the largest that fits", tuple(rows[0]) if rows else (), rows, notes=notes)


class _Largest:
    def __init__(
        self, g: Network, name: str, memory: int, multiple_of: int, run: Training, tied: Mapping[str, object]
    ) -> None:
        self.g, self.name, self.run, self.tied, self.step = g, name, run, tied, multiple_of
        self.memory = memory - run.reserve
        self._check()
        self._known: dict[int, TrainingMemory | None] = {}

    def _check(self) -> None:
        known = [free for free in self.g.symbols if self.g.definition(free) is None]
        for key in (self.name, *self.tied):
            if key not in (*known, *self.g.defaults) and not (key == self.name and self._of_run):
                words = [*known, str(batch_symbol(self.g)), *OPTIONS]
                raise QueryError(f"there is no '{key}' to choose.{did_you_mean(key, words)}", hint=", ".join(words))
        if not isinstance(self.step, int) or self.step < 1:
            raise QueryError(f"multiple_of is a whole number from 1 on, and not {quoted(self.step)[1:-1]}")
        if self.name in self.tied:
            raise QueryError(f"{self.name} is what is looked for, and cannot be given")
        for key, given in self.tied.items():
            for name in names_in(given) if isinstance(given, str) else ():
                if name not in self.g.defaults:
                    raise QueryError(f"{key} follows '{name}', which is no symbol.{did_you_mean(name, known)}")

    @property
    def _of_run(self) -> str:
        """The setting of a run that is looked for: the batch or the number of ranks; none where it is a symbol."""
        return {str(batch_symbol(self.g)): "batch", "gpus": "gpus"}.get(self.name, "")

    def at(self, value: int) -> tuple[Network, Training]:
        """Return the network and the run at a value."""
        run = replace(self.run, **{self._of_run: value, **self._alone(value)}) if self._of_run else self.run
        values = {} if self._of_run else {self.name: value}
        point = _Point({**self.g.defaults, **values})
        tied = {key: point.value(given) for key, given in self.tied.items()}
        return self.g.at(**{**values, **tied}), run

    def _alone(self, value: int) -> dict[str, int]:
        """One rank shares nothing."""
        return {"zero": 0} if self._of_run == "gpus" and value == 1 else {}

    def needed(self, k: int) -> TrainingMemory | None:
        """Return what is needed at the k-th value, None where the network cannot have it."""
        if k not in self._known:
            try:
                self._known[k] = training_memory(*self.at(k * self.step))
            except QueryError:
                raise
            except ArchgraphError:
                self._known[k] = None
        return self._known[k]

    def holds(self, k: int) -> bool:
        """Whether the run fits at the k-th value, or at the next below that a network can have."""
        found = self._near(k)
        return found is None or found.bytes <= self.memory

    def _excess(self, k: int) -> float:
        """What is needed there as a share of the memory."""
        found = self._near(k)
        return 1.0 if found is None else max(1, found.bytes) / self.memory

    def _near(self, k: int) -> TrainingMemory | None:
        return next((each for each in map(self.needed, range(k, max(0, k - BELOW), -1)) if each is not None), None)

    def found(self) -> Largest:
        limit = MAX_SIZE // self.step
        k = first(self.holds, limit) if self._of_run == "gpus" else last(self.holds, limit, self._excess)
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
        return Largest(self.name, k * self.step, (met,), network.defaults, *numbers, needed, *following)

    def _next(self, k: int) -> int | None:
        """The next value that the network can have: of ranks, the next fewer."""
        if self._of_run == "gpus":
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
            return f"no {self.name} up to {BELOW * self.step} is one that {self.g.name} can have"
        takes = max(least.by_kind, key=lambda kind: least.by_kind[kind])
        told = f"{self.name} = {k * self.step} needs {shown_bytes(least.bytes)}, of which {takes} take "
        return f"no {self.name} fits {shown_bytes(self.memory)}: {told}{shown_bytes(least.by_kind[takes])}"

    def _hint(self) -> str:
        return ", or ".join(words for words, _ in self._turns()) or "a larger memory, or a smaller network"

    def _turns(self) -> Iterator[tuple[str, Mapping[str, object]]]:
        yield from changes_of(self.run)


class _Point:
    """The scope of an expression such as `D/64`: every symbol is a number."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def value(self, given: object) -> object:
        """Return a number as it is, and an expression at the values of all symbols."""
        if not isinstance(given, str):
            return given
        found = evaluate_expression(self, text=given)
        return int(found) if isinstance(found, Expr) and found.is_Integer else found

    def lookup(self, name: str) -> object:
        """Return the value of a symbol."""
        if name not in self._values:
            raise SpecError(f"'{name}' is not defined.{did_you_mean(name, self._values)}")
        value = self._values[name]
        return Integer(value) if isinstance(value, int) and not isinstance(value, bool) else value

    def items(self, name: str) -> tuple:
        """Return the elements of a list."""
        return tuple(self.lookup(name))  # type: ignore[arg-type]

    def axis(self, name: str, indices: tuple[int, ...], axis: str) -> Expr:
        """Refuse: there are no values here, symbols alone."""
        raise SpecError(f"'{name}' is a symbol, and has no axis '{axis}'")

    def concrete(self, value: Expr, role: str) -> int:
        """Return a number."""
        return int(value)

    def tell(self, value: object) -> str:
        """Return a value in words."""
        return str(value)
