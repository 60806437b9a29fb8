"""What turning one knob of a network does to its parameters and its compute."""

from collections.abc import Iterator
from dataclasses import dataclass

from sympy import Symbol

from archgraph.cost.part import whole
from archgraph.errors import ArchgraphError
from archgraph.figures.content.mathtext import join, variable, words
from archgraph.figures.drawing.diagram import Line
from archgraph.figures.facts.facts import Facts
from archgraph.laws.numeric import value_at

_FEW, _NOTICED = 3, 1.005


@dataclass(frozen=True)
class Knob:
    """One symbol, or all sides of the input, turned up: the factors of the parameters and of the MACs."""

    names: tuple[str, ...]
    change: str
    params: float
    macs: float

    def line(self, size: float) -> Line:
        """``C × 2: θ × 4, M × 4``."""
        commas = [words(",", size)] * (len(self.names) - 1) + [()]
        pairs = zip(self.names, commas, strict=True)
        named = join(*(variable(name, size) + comma for name, comma in pairs), gap=3.0)
        turned = join(named, words(f"{self.change}:", size), gap=2.0)
        theta = join(variable("theta", size), words(f"× {self.params:.3g},", size), gap=2.0)
        return join(turned, theta, variable("M", size), words(f"× {self.macs:.3g}", size), gap=3.0)


def knobs(facts: Facts) -> list[Knob]:
    """The knobs that matter most: every symbol of the laws doubled, every count that shapes the network one up."""
    found = [knob for knob in (*_doubled(facts), *_structural(facts)) if max(knob.params, knob.macs) > _NOTICED]
    kept = sorted(found, key=lambda knob: (-knob.params * knob.macs, knob.names))[: _FEW - 1]
    sides = [knob for knob in found if knob.change == "× 2" and set(knob.names) == _side_names(facts)]
    rest = [knob for knob in found if knob not in kept and knob not in sides]
    return sorted({*kept, *sides, *rest[: _FEW - len({*kept, *sides})]}, key=lambda knob: (-knob.params, -knob.macs))


def _side_names(facts: Facts) -> set[str]:
    return {str(side) for side in facts.side_symbols()}


def _doubled(facts: Facts) -> Iterator[Knob]:
    """Sides of the input are doubled together."""
    laws = [facts.total(metric) for metric in ("params", "macs")]
    free = {one for law in laws for one in law.free_symbols if isinstance(one, Symbol)}
    sides = facts.side_symbols() & free
    for group in [*([one] for one in sorted(free - sides, key=str)), *([sorted(sides, key=str)] if sides else [])]:
        more = {one: 2 * value if one in group else value for one, value in facts.values.items()}
        params, macs = (value_at(law, more) / (facts.value(law) or 1.0) for law in laws)
        yield Knob(tuple(str(one) for one in group), "× 2", params, macs)


def _structural(facts: Facts) -> Iterator[Knob]:
    """Counts in loops: one more builds the network anew, if there is one of these sizes."""
    defaults = facts.network.defaults
    before = [facts.value(facts.total(metric)) for metric in ("params", "macs")]
    for name in sorted(facts.network.structural):
        value = defaults.get(name)
        if type(value) is int and value > 1:
            try:
                more = whole(facts.network.at(**{name: value + 1}))
                params, macs = (
                    int(now) / (old or 1.0) for now, old in zip((more.params, more.macs), before, strict=True)
                )
            except ArchgraphError:
                continue
            yield Knob((name,), "+ 1", params, macs)
