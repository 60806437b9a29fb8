"""What symbols must be for a budget, and what they do to costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from archgraph.architecture.measured import Measured
from archgraph.laws.search import Solution
from archgraph.report.table import Table
from archgraph.studies import budgets
from archgraph.studies import scale as growth
from archgraph.studies.budgets import Budget, Range
from archgraph.studies.scale import Change

if TYPE_CHECKING:
    from archgraph.studies.sweep import Sweep


class BudgetQueries(Measured):
    """What symbols must be for a budget, and what they do to costs."""

    def solve(self, name: str, multiple_of: int = 1, within: Range | None = None, **budget: Budget) -> Solution:
        """Return the value of a symbol at which budgets are just met: of a rising law, `<=` gives the largest.

        Args:
            name: the symbol; its own rule (`multiple_of`, `offset`) is kept.
            multiple_of: a further divisor.
            within: the least and the largest value to try, for a law that rises and falls.
            budget: metrics with comparison and bound.

        Raises:
            QueryError: no value meets them, or the law rises and falls and no range is stated.

        >>> from archgraph import load
        >>> load("dit").solve("D", macs=("<=", 1e12), multiple_of=64)
        D = 3328: macs = 966,826,917,888, 33,173,082,112 below 1,000,000,000,000
        >>> load("dit").solve("p", macs=("<=", 1e11))
        p = 4: macs = 29,043,671,040, 70,956,328,960 below 100,000,000,000
        """
        return budgets.solve(self.whole, name, multiple_of, budget, within)

    def iso(self, name: str, over: Mapping[str, Iterable[Any]], multiple_of: int = 1, **budget: Budget) -> Table:
        """Return the curve of equal cost: along one symbol, the value of another at which budgets are just met.

        >>> from archgraph import load
        >>> table = load("dit").iso("D", over={"L": [12, 28]}, multiple_of=64, params=("<=", 700e6))
        >>> [row["D"] for row in table.rows]
        [1728, 1152]
        """
        return budgets.iso(self.whole, name, over, multiple_of, budget)

    def what_if(self, **values: Any) -> Table:
        """Return params, MACs and activations before and after a change of symbols, structural ones included.

        >>> from archgraph import load
        >>> [row["factor"] for row in load("unet:padded-512").what_if(levels=5).rows]
        ['4.008', '1.237', '1.028']
        """
        return growth.what_if(self.whole, values)

    def scale(self, **changes: Change) -> Table:
        """Return what factors on symbols do to params, MACs, activations and what autograd keeps.

        Args:
            changes: a factor per symbol, as a number or a word: `2`, `"x1.5"`, `"xsqrt2"`, `"/2"`; or `"+1"`. A size
                is rounded to the nearest that its rule allows, which the notes say.

        >>> from archgraph import load
        >>> table = load("unet:padded-512").scale(C="xsqrt2")
        >>> [(row["metric"], row["factor"], row["in the limit"]) for row in table.rows][:2]
        [('params', '2.022', '2'), ('macs', '2.021', '2')]
        """
        return growth.scale(self.whole, changes)

    def knobs(self, *changes: Mapping[str, Change], metrics: Iterable[str] = growth.METRICS) -> Table:
        """Return what single changes do to some metrics, a row for each, made alone; see `scale`.

        >>> from archgraph import load
        >>> table = load("dit:B/2").knobs({"D": 2}, {"L": 2}, {"S": 2}, {"p": "/2"})
        >>> [row.get("x params") for row in table.rows]
        [None, '3.979', '1.977', '1.005', '1.004']
        """
        return growth.knobs(self.whole, changes, metrics)

    def sweep(self, grid: Mapping[str, Any], metrics: Iterable[str] = ("params", "macs")) -> Sweep:
        """Return metrics over the product of several symbols' values, every other symbol at its value.

        Args:
            grid: values per symbol: a range, a list, or an array of numpy or dask (the result is lazy then).

        >>> from archgraph import load
        >>> load("transformer").sweep({"D": [256, 512], "L": [6]})["params"].tolist()
        [[4738560], [18914304]]
        """
        from archgraph.studies.sweep import sweep

        return sweep(self.whole, grid, metrics)
