"""Which sizes meet a budget: of one symbol, or of one along another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import gcd, lcm

from archgraph.cost.part import whole_part
from archgraph.cost.training.run import Training
from archgraph.errors import ArchgraphError, QueryError, did_you_mean, not_among, quoted
from archgraph.graph.network import Network
from archgraph.laws.search import HOLDS, MAX_SIZE, Met, Solution, amount, first, last, trend
from archgraph.report.table import Table
from archgraph.sizes.exact import number_of
from archgraph.sizes.law_text import law_text
from archgraph.sizes.symbols import replaced
from archgraph.steps import stepping
from archgraph.studies.listed import listed
from archgraph.studies.run_metrics import RUN_METRICS, Budget, number_at, parted

Range = tuple[int, int]
MOST_BUDGET = 2**1023
"""The largest bound, which a float still holds."""
MOST = 100_000
"""How many values are tried one by one at most."""
NEAR = 4096
"""How many values beside the extreme one are tried for the rules of other symbols."""


def solve(
    g: Network, name: str, multiple_of: int, keywords: Mapping[str, object], within: Range | None = None
) -> Solution:
    """Return the value of one symbol at which budgets are just met, every other symbol at its value.

    Among the keywords are settings of a run, for budgets of its metrics. A law that rises has its largest value within
    a `<=`, one that falls its least. A law that does both is searched value by value within a stated range, for the
    value that leaves least of the first budget.
    """
    budgets, run = parted(keywords)
    _check(g, name, budgets, multiple_of)
    if within is not None and within[0] > within[1]:
        raise QueryError(f"within={within[0]}..{within[1]} holds no value", hint="give the smaller end first")
    search = _Search(g, name, multiple_of, budgets, run)
    found = search.extreme() if within is None else search.nearest(within)
    if found is None:
        raise QueryError(search.failure(within))
    numbers = g.at(**{name: found})
    met = (Met(metric, sign, bound, _achieved(numbers, metric, run)) for metric, (sign, bound) in budgets.items())
    return Solution(name, found, tuple(met))


def _achieved(g: Network, metric: str, run: Training) -> int:
    return number_at(g, metric, run) if metric in RUN_METRICS else int(whole_part(g).metric(metric))


def _check(g: Network, name: str, budgets: Mapping[str, Budget], multiple_of: int) -> None:
    if not isinstance(multiple_of, int) or multiple_of < 1:
        raise QueryError(f"multiple_of is a whole number from 1 on, and not {quoted(multiple_of)[1:-1]}")
    if not budgets:
        raise QueryError("solve takes a budget", hint='g.solve("D", macs=("<=", 1e12))')
    for metric, budget in budgets.items():
        if not isinstance(budget, tuple) or len(budget) != 2:
            raise QueryError(f"the budget of {metric} is a pair, and not {quoted(budget)}", hint='macs=("<=", 1e12)')
        if budget[0] not in HOLDS:
            raise not_among("comparison", budget[0], HOLDS)
        if not isinstance(budget[1], (int, float)) or not abs(budget[1]) <= MOST_BUDGET:
            told = f"the budget of {metric} is a number, and not {quoted(budget[1])}"
            raise QueryError(told, hint="80e9 for 80 GB: no unit is read here" if isinstance(budget[1], str) else "")
    if name not in g.symbols or g.definition(name) is not None:
        known = [symbol for symbol in g.symbols if g.definition(symbol) is None]
        raise QueryError(
            f"cannot solve for '{name}'.{did_you_mean(name, known)}", hint=f"free symbols: {', '.join(known)}"
        )


class _Search:
    """The values of one symbol on their grid, `start + k*step` for k from 1, against budgets."""

    def __init__(self, g: Network, name: str, multiple_of: int, budgets: Mapping[str, Budget], run: Training) -> None:
        self.g, self.name, self.budgets = g, name, budgets
        self.symbol = g.symbols[name]
        fixed = {free: value for free, value in g.point.items() if free != self.symbol}
        laws = (metric for metric in budgets if metric not in RUN_METRICS)
        self.laws = {metric: replaced(whole_part(g).expression(metric), fixed) for metric in laws}
        self.run = run
        self._measured: dict[tuple[str, int], int] = {}
        self.step, self.start = _grid(g, name, multiple_of)

    def value(self, k: int) -> int:
        return self.start + k * self.step

    def holds(self, metric: str, k: int) -> bool:
        comparison, budget = self.budgets[metric]
        return HOLDS[comparison](self.number(metric, k), budget)

    def number(self, metric: str, k: int) -> float:
        """A metric at the k-th value: of a law, or measured there."""
        if metric in self.laws:
            return number_of(self.laws[metric], {self.symbol: self.value(k)})  # type: ignore[return-value]
        if (metric, k) not in self._measured:
            at = self.g.at(**{self.name: self.value(k)})
            self._measured[metric, k] = number_at(at, metric, self.run)
        return self._measured[metric, k]

    def extreme(self) -> int | None:
        """The largest value, where some budget sets an end to large values; else the least."""
        upper, lower = [], []
        for metric in self.budgets:
            (upper if self._rises(metric) == (self.budgets[metric][0] in ("<=", "<")) else lower).append(metric)
        limit = MAX_SIZE // self.step
        ends = last if upper else first
        k = ends(lambda k: all(self.holds(metric, k) for metric in (upper or lower)), limit)
        if k is None:
            return None
        return next((self.value(j) for j in self._beside(k, -1 if upper else 1) if self._admissible(j)), None)

    def _rises(self, metric: str) -> bool:
        if metric in RUN_METRICS:
            return True
        direction = trend(self.laws[metric], self.symbol, self.value(1))
        if direction == 0:
            raise QueryError(f"{metric} does not depend on {self.name}")
        if direction is None:
            message = f"{metric} neither only rises nor only falls with {self.name}: {law_text(self.laws[metric])}"
            raise QueryError(message, hint="state the values to try: within=(1, 1024)")
        return direction > 0

    def nearest(self, within: Range) -> int | None:
        """The value in a range that leaves least of the first budget."""
        low, high = within
        begin, end = max(1, -((self.start - low) // self.step)), (high - self.start) // self.step
        if end - begin >= MOST:
            raise QueryError(f"{end - begin + 1:,} values are too many to try one by one; the limit is {MOST:,}")
        main, (_, budget) = next(iter(self.budgets.items()))

        def slack(k: int) -> float:
            return abs(budget - self.number(main, k))

        values = stepping(range(begin, end + 1), "values")
        feasible = (k for k in values if all(self.holds(metric, k) for metric in self.budgets))
        return next((self.value(k) for k in sorted(feasible, key=slack) if self._admissible(k)), None)

    def _beside(self, k: int, direction: int) -> range:
        return range(k, max(0, k - NEAR), -1) if direction < 0 else range(k, k + NEAR)

    def _admissible(self, k: int) -> bool:
        """Whether all budgets are met there, and all rules of the spec."""
        if not all(self.holds(metric, k) for metric in self.budgets):
            return False
        try:
            self.g.at(**{self.name: self.value(k)})
        except ArchgraphError:
            return False
        return True

    def failure(self, within: Range | None) -> str:
        wanted = " and ".join(f"{metric} {sign} {amount(bound)}" for metric, (sign, bound) in self.budgets.items())
        if within is not None:
            return f"no {self.name} from {within[0]} to {within[1]} has {wanted}"
        k = 1
        shown = ", ".join(f"{metric} is {amount(self.number(metric, k))}" for metric in self.budgets)
        return f"no {self.name} has {wanted}: at {self.value(k)} {shown}"


def _grid(g: Network, name: str, multiple_of: int) -> tuple[int, int]:
    """Return the step and start of the values that a symbol can have: its own rule and the asked divisor."""
    step, start = g.rule_of(name)
    if start % gcd(step, multiple_of):
        raise QueryError(f"no {name} is {start} more than a multiple of {step} and a multiple of {multiple_of}")
    while start % multiple_of:
        start += step
    combined = lcm(step, multiple_of)
    return combined, start % combined


def iso(
    g: Network,
    name: str,
    over: Mapping[str, Iterable[object]],
    multiple_of: int,
    keywords: Mapping[str, object],
) -> Table:
    """Return, along the values of a second symbol, the value of the first at which budgets are just met."""
    if len(over) != 1:
        raise QueryError("iso runs over one symbol", hint='g.iso("D", over={"L": range(4, 49, 4)}, macs=("<=", 1e12))')
    ((second, values),) = over.items()
    if second == name:
        raise QueryError(f"'{name}' is what is solved for, and cannot run over values", hint="give another symbol")
    budgets, run = parted(keywords)
    metrics = tuple(dict.fromkeys((*budgets, "params", "macs")))
    rows, without = [], []
    for value in stepping(listed(values, second), f"values of {second}"):
        at = g.at(**{second: value})
        try:
            found = solve(at, name, multiple_of, keywords).value
        except QueryError as error:
            without.append((value, error))
            continue
        reached = at.at(**{name: found})
        rows.append({second: value, name: found, **{metric: _achieved(reached, metric, run) for metric in metrics}})
    if without and not rows:
        raise without[0][1]
    notes = tuple(f"{second} = {value}: {error.message}" for value, error in without)
    return Table(f"{g.name}: {name} within the budget, along {second}", (second, name, *metrics), rows, notes=notes)
