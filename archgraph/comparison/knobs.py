"""What turning one knob of a network does to its parameters and its compute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from sympy import Expr, Symbol

from archgraph.comparison.cells import CellLabel
from archgraph.comparison.ends import main_input
from archgraph.cost.part import whole_part
from archgraph.errors import ArchgraphError, QueryError
from archgraph.graph.network import Network
from archgraph.laws.numeric import value_at
from archgraph.sizes.expansion import expanded

KNOB_METRICS = ("params", "macs")
NEXT = 64
"""How many values of a symbol are tried to find the next one that all rules allow."""
_FEW, NOTICED = 3, 1.005
"""How many knobs are kept where there is little room, and the least factor that counts as a change."""


@dataclass(frozen=True)
class Knob:
    """One symbol, or all sides of the input, turned up: the factors of the parameters and of the MACs.

    Attributes:
        change: `× 2`, or `+ 1`.
        label: `estimate` where the law is taken at a value that the rules do not allow.
    """

    names: tuple[str, ...]
    change: str
    params: float
    macs: float
    label: CellLabel = ""


@dataclass(frozen=True)
class KnobStep:
    """A symbol at the next value that all rules allow: parameters and MACs before and after."""

    value: int
    next: int
    before: tuple[int, int]
    after: tuple[int, int]

    @property
    def factors(self) -> tuple[float, float]:
        """The factors of the parameters and of the MACs."""
        params, macs = (now / (old or 1) for now, old in zip(self.after, self.before, strict=True))
        return params, macs

    @property
    def price(self) -> Fraction | None:
        """MACs added per parameter added, None where no parameter is."""
        params, macs = (now - old for now, old in zip(self.after, self.before, strict=True))
        return Fraction(macs, params) if params > 0 else None


def counts(g: Network) -> list[str]:
    """Return the structural symbols that are numbers, such as how many levels there are.

    >>> from archgraph import load
    >>> counts(load("unet").network)
    ['levels']
    """
    numbers = g.defaults
    return [name for name in sorted(g.structural) if type(numbers[name]) is int and name not in g.symbols]


def next_step(g: Network, name: str, most: int = NEXT) -> KnobStep | None:
    """Return a symbol at the next value that all rules allow, None where none of the next `most` is.

    >>> from archgraph import load
    >>> next_step(load("unet").network, "H").next
    588
    """
    value, stride = g.defaults[name], g.rule_of(name)[0] if name in g.symbols else 1
    for more in range(value + stride, value + (most + 1) * stride, stride):
        try:
            return KnobStep(value, more, _numbers(g.at()), _numbers(g.at(**{name: more})))
        except ArchgraphError:
            continue
    return None


def _numbers(g: Network) -> tuple[int, int]:
    params, macs = (int(whole_part(g).metric(metric)) for metric in KNOB_METRICS)
    return params, macs


def knobs(g: Network) -> tuple[Knob, ...]:
    """Return every symbol of the laws doubled, and every count that shapes the network one up.

    Sides of the main input are doubled together. A count that has no network one up is left out.

    >>> from archgraph import load
    >>> [f"{','.join(knob.names)} {knob.change}" for knob in knobs(load("unet").network)]
    ['C × 2', 'H,W × 2', 'levels + 1']
    """
    return g.once("knobs", lambda: (*_doubled(g), *_one_up(g)))


def _doubled(g: Network) -> Iterator[Knob]:
    laws = [expanded(whole_part(g).expression(metric)) for metric in KNOB_METRICS]
    free = {one for law in laws for one in law.free_symbols if isinstance(one, Symbol)}
    sides = side_symbols(g) & free
    for group in [*([one] for one in sorted(free - sides, key=str)), *([sorted(sides, key=str)] if sides else [])]:
        params, macs = (_factor(law, values_by_symbol(g), group) for law in laws)
        names = tuple(str(one) for one in group)
        yield Knob(names, "× 2", params, macs, "" if all(_allowed(g, name) for name in names) else "estimate")


def _factor(law: Expr, values: Mapping[Symbol, int], group: list[Symbol]) -> float:
    more = {one: 2 * value if one in group else value for one, value in values.items()}
    return value_at(law, more) / (value_at(law, values) or 1.0)


def _allowed(g: Network, name: str) -> bool:
    """Whether a doubled symbol keeps its own rule."""
    if name not in g.symbols:
        return True
    multiple, offset = g.rule_of(name)
    return (2 * g.defaults[name] - offset) % multiple == 0


def _one_up(g: Network) -> Iterator[Knob]:
    for name in counts(g):
        step = next_step(g, name, 1) if g.defaults[name] > 1 else None
        if step is not None:
            yield Knob((name,), "+ 1", *step.factors)


def side_symbols(g: Network) -> set[Symbol]:
    """Return the symbols that give the positions of the main input.

    >>> from archgraph import load
    >>> sorted(map(str, side_symbols(load("unet").network)))
    ['H', 'W']
    """
    try:
        type_ = main_input(g).type
    except QueryError:
        return set()
    sizes = (expanded(g.show(expanded(type_.size(axis)))) for axis in type_.positions)
    return {free for size in sizes for free in size.free_symbols if isinstance(free, Symbol)}


def values_by_symbol(g: Network) -> dict[Symbol, int]:
    """Return values by symbol, those of the laws and those inside the graph.

    >>> from archgraph import load
    >>> {str(free): value for free, value in values_by_symbol(load("conv_stack").network).items()}["K"]
    3
    """
    return dict(g.values) | {free: g.evaluate(g.declared.lookup(name)) for name, free in g.symbols.items()}


def main_knobs(g: Network) -> list[Knob]:
    """Return the few knobs that matter most, those with the most parameters first; the input's sides are one of them.

    >>> from archgraph import load
    >>> [knob.names for knob in main_knobs(load("dit").network)]
    [('D',), ('L',), ('S',)]
    """
    found = [knob for knob in knobs(g) if max(knob.params, knob.macs) > NOTICED]
    found.sort(key=lambda knob: (-knob.params * knob.macs, knob.names))
    kept = found[: _FEW - 1]
    names = {str(side) for side in side_symbols(g)}
    sides = [knob for knob in found if knob.change == "× 2" and set(knob.names) == names]
    rest = [knob for knob in found if knob not in kept and knob not in sides]
    return sorted({*kept, *sides, *rest[: _FEW - len({*kept, *sides})]}, key=lambda knob: (-knob.params, -knob.macs))
