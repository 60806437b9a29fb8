"""Members of a family that no other beats: large in size, and small in every budget at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

from archgraph.cost.costs import METRICS
from archgraph.cost.part import whole_part
from archgraph.cost.training.fit import memory_of
from archgraph.cost.training.run import OPTIONS, Training, training
from archgraph.cost.training.training_memory import batch_symbol
from archgraph.cost.units import shown_bytes
from archgraph.errors import ArchgraphError, QueryError, counted, not_among, quoted
from archgraph.graph.network import Network
from archgraph.laws.grid import front as front_of
from archgraph.report.brief import in_brief
from archgraph.report.table import Table
from archgraph.steps import stepping
from archgraph.studies.growth_path import check_growing, following_values, grown
from archgraph.studies.largest_table import SHOWN_SETTINGS
from archgraph.studies.listed import listed
from archgraph.studies.run_metrics import RUN_METRICS, number_at

MEMORY_BUDGET = "memory"
"""What the memory of a training run is called as a budget, beside its name as a metric."""
MOST_MEMBERS = 4096
"""How many members are looked at; each is a network of its own."""


@dataclass(frozen=True, repr=False)
class FrontierMember:
    """One member: its values of what was chosen and of what follows, and its numbers by metric."""

    at: Mapping[str, object]
    numbers: Mapping[str, int]

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value}" for name, value in self.at.items())
        numbers = ", ".join(f"{name} {number:,}" for name, number in self.numbers.items())
        return in_brief(f"<{values}: {numbers}>")


@dataclass(frozen=True, repr=False)
class Frontier:
    """The members within all limits that no other member beats: none is at least as large in every size, at most as
    small in every budget, and better in one of them.

    Attributes:
        name: the network's.
        settings: how its runs are trained, but for what members choose; empty where no run is asked about.
        sizes: the metrics, or the chosen names, that are large.
        budgets: the metrics that are small.
        limits: the most of a metric that a member may have.
        members: the largest first.
        looked_at: how many members there are.
        impossible: how many of them the network cannot have.
        above: how many of the others are above a limit.
    """

    name: str
    settings: str
    sizes: tuple[str, ...]
    budgets: tuple[str, ...]
    limits: Mapping[str, int]
    members: tuple[FrontierMember, ...]
    looked_at: int
    impossible: int
    above: int

    @property
    def table(self) -> Table:
        """A row per member: its values, its sizes, and what it takes of every budget."""
        rows = [{**member.at, **member.numbers} for member in self.members]
        limits = [f"{name} at most {limit:,}" for name, limit in self.limits.items()]
        small = f", small in {', '.join(self.budgets)}" if self.budgets else ""
        settings = (self.settings,) if self.settings else ()
        notes = (f"large in {', '.join(self.sizes)}{small}", *settings, *limits)
        return Table(f"{self.name}: members that no other beats", tuple(rows[0]), rows, notes=notes, remarks=self.told)

    @property
    def told(self) -> tuple[str, ...]:
        """How many members there are, and why the others are left out."""
        beaten = self.looked_at - self.impossible - self.above - len(self.members)
        counts = {"the network cannot have": self.impossible, "above a limit": self.above, "beaten": beaten}
        left = ", ".join(f"{count:,} {why}" for why, count in counts.items() if count)
        whole = f"{len(self.members):,} of {counted(self.looked_at, 'member')}"
        return (f"{whole}; left out: {left}" if left else whole,)

    def __str__(self) -> str:
        return str(self.table)

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html()


def frontier_of(
    g: Network,
    sizes: Sequence[str],
    budgets: Mapping[str, object],
    over: Mapping[str, Iterable[object]],
    within: Mapping[str, object],
    keywords: Mapping[str, object],
) -> Frontier:
    """Return the members of a family that no other beats.

    Args:
        g: the network; symbols that are not named keep their values.
        sizes: metrics, or names of `over` that have numbers, that are large.
        budgets: metrics that are small, and the most of each, None for no limit; `memory` is that of a training run,
            as bytes or a device.
        over: the values that are chosen from: of symbols, of `B`, of settings of the run, or of names that follow.
        within: metrics that need not be small, each with its limit.
        keywords: settings of the run, and symbols that follow what is chosen.

    Raises:
        QueryError: no member is within all budgets, with the least of each; an unknown name; too many members.
    """
    options = {name: value for name, value in keywords.items() if name in OPTIONS and name not in over}
    follows = {name: value for name, value in keywords.items() if name not in OPTIONS}
    values = {name: listed(given, name) for name, given in over.items()}
    limits = {name: _limit(name, most) for name, most in {**within, **budgets}.items() if most is not None}
    _check(sizes, dict.fromkeys((*budgets, *within)), values)
    check_growing(g, [name for name in values if not _setting(g, name)], follows)
    return _Family(g, tuple(sizes), tuple(budgets), limits, values, follows, training(None, options)).frontier()


def _limit(name: str, limit: object) -> int:
    if name in (MEMORY_BUDGET, "training_memory"):
        return memory_of(limit)[1]
    if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not 0 < limit < float("inf"):
        raise QueryError(f"the budget of {name} is a positive number, and not {quoted(limit)}")
    return int(limit)


def _check(sizes: Sequence[str], metrics: Collection[str], values: Mapping[str, Sequence]) -> None:
    known = (MEMORY_BUDGET, *RUN_METRICS, *METRICS)
    if not sizes or not metrics or not values:
        missing = "size" if not sizes else "budget" if not metrics else "value to choose from"
        raise QueryError(f"a frontier needs a {missing}", hint='size="params", budgets={"memory": "80GB"}, over={...}')
    for name in metrics:
        if name not in known:
            raise not_among("metric", name, known)
    numbered = [name for name, given in values.items() if all(isinstance(each, int) for each in given)]
    for name in sizes:
        if name not in (*known, *numbered):
            raise not_among("size", name, (*known, *numbered))
    for name, given in values.items():
        if not given:
            raise QueryError(f"there is no value of {name} to choose", hint=f"{{'{name}': [1, 2, 4]}}")
    count = prod(map(len, values.values()))
    if count > MOST_MEMBERS:
        raise QueryError(f"{count:,} members are too many: the limit is {MOST_MEMBERS:,}", hint="wider steps")


def _setting(g: Network, name: str) -> str:
    """The setting of a run that a name chooses; none where it is a symbol."""
    if name in g.defaults:
        return ""
    return "batch" if name == str(batch_symbol(g)) else name if name in OPTIONS else ""


def _run_metric(name: str) -> str:
    return "training_memory" if name == MEMORY_BUDGET else name if name in RUN_METRICS else ""


@dataclass(frozen=True)
class _Family:
    """The members, and the numbers of each."""

    g: Network
    sizes: tuple[str, ...]
    budgets: tuple[str, ...]
    limits: Mapping[str, int]
    values: Mapping[str, Sequence[object]]
    follows: Mapping[str, object]
    run: Training

    def frontier(self) -> Frontier:
        chosen = list(self._chosen())
        possible = [each for each in map(self._possible, stepping(chosen, "members")) if each is not None]
        if not possible:
            # Why the network cannot have the first of them.
            self._member(chosen[0])
        within = [each for each in possible if self._is_within(each)]
        if not within:
            raise QueryError(self._failure(possible), hint="a larger budget, or other values to choose from")
        columns = [[sign * self._number(each, name) for each in within] for sign, name in self._aims]
        kept = [within[index] for index in front_of(columns)]
        kept.sort(key=lambda each: [-self._number(each, name) for name in self.sizes])
        counts = (len(chosen), len(chosen) - len(possible), len(possible) - len(within))
        return Frontier(self.g.name, self._settings, self.sizes, self.budgets, self.limits, tuple(kept), *counts)

    @property
    def _settings(self) -> str:
        if not any(map(_run_metric, (*self.sizes, *self.budgets, *self.limits))):
            return ""
        chosen = {_setting(self.g, name) for name in self.values}
        return ", ".join(f"{name} {getattr(self.run, name)}" for name in SHOWN_SETTINGS if name not in chosen)

    def _chosen(self) -> Iterator[dict[str, object]]:
        for values in product(*self.values.values()):
            yield dict(zip(self.values, values, strict=True))

    @cached_property
    def _aims(self) -> list[tuple[int, str]]:
        return [*((-1, name) for name in self.sizes), *((1, name) for name in self.budgets)]

    def _possible(self, chosen: Mapping[str, object]) -> FrontierMember | None:
        try:
            return self._member(chosen)
        except ArchgraphError:
            return None

    def _member(self, chosen: Mapping[str, object]) -> FrontierMember:
        """A member and its numbers.

        Raises:
            ArchgraphError: the network cannot have it.
        """
        settings = {own: value for name, value in chosen.items() if (own := _setting(self.g, name))}
        symbols = {name: value for name, value in chosen.items() if not _setting(self.g, name)}
        run = training(None, {**self._options, **settings})
        network = grown(self.g, symbols, self.follows)
        names = dict.fromkeys(name for name in (*self.sizes, *self.budgets, *self.limits) if name not in chosen)
        numbers = {name: _number_of(network, name, run) for name in names}
        return FrontierMember({**chosen, **following_values(self.g, symbols, self.follows)}, numbers)

    @cached_property
    def _options(self) -> dict[str, object]:
        return {name: getattr(self.run, name) for name in OPTIONS}

    def _number(self, member: FrontierMember, name: str) -> int:
        found = member.numbers.get(name, member.at.get(name))
        assert isinstance(found, int)
        return found

    def _is_within(self, member: FrontierMember) -> bool:
        return all(self._number(member, name) <= limit for name, limit in self.limits.items())

    def _failure(self, possible: Sequence[FrontierMember]) -> str:
        least = {name: min(self._number(each, name) for each in possible) for name in self.limits}
        told = [
            f"{name} is {_shown(name, least[name])} at least, and may be {_shown(name, limit)}"
            for name, limit in self.limits.items()
            if least[name] > limit
        ]
        return f"no member is within all limits: {'; '.join(told) or 'each is met, and never all of them'}"


def _number_of(g: Network, name: str, run: Training) -> int:
    metric = _run_metric(name)
    return number_at(g, metric, run) if metric else int(whole_part(g.at()).metric(name))


def _shown(name: str, number: int) -> str:
    return shown_bytes(number) if name in (MEMORY_BUDGET, "training_memory") else f"{number:,}"
