"""What an architecture is like, trait by trait: each derived from its graph, none asserted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import TypeAlias

from sympy import Add

from archgraph.cost.part import whole
from archgraph.cost.work import work_of
from archgraph.errors import QueryError
from archgraph.fields.paths.paths import Paths
from archgraph.fields.queries import paths
from archgraph.fields.report.field_report import ReceptiveField
from archgraph.fields.report.receptive_field import receptive_fields
from archgraph.graph.execution import Execution
from archgraph.graph.ir import Node, Repeat, Value
from archgraph.graph.network import Network
from archgraph.laws.domain import smooth_in
from archgraph.laws.scaling import elasticity, exponent
from archgraph.ops.reach import Blocks
from archgraph.outline.mixing import mixers
from archgraph.sizes.symbols import replaced, symbol

Trait: TypeAlias = "tuple[str, Callable[[Network], object]]"
PARTS = (8, 4)
"""Distances at which hops are counted, as parts of the side of the input."""


def main_input(g: Network) -> str:
    """Return the input that the output is about: with the same positions, or else the first that has any.

    >>> from archgraph import load
    >>> main_input(load("sd").network)
    'latent'
    """
    placed = [value for value in g.graph.inputs if value.type.positions]
    if not placed:
        raise QueryError("no input has positions")
    same = [value for value in placed if value.type.positions == g.selected[0].type.positions]
    return (same or placed)[0].name


def _input(g: Network) -> Value:
    name = main_input(g)
    return next(value for value in g.graph.inputs if value.name == name)


def field_of(g: Network) -> ReceptiveField:
    """Return the receptive field of the first output on the main input."""
    return receptive_fields(g, main_input(g)).at(g.selected[0])


def percent(part: object) -> str:
    """Return a share in percent.

    >>> percent(Fraction(1, 8))
    '12.5 %'
    """
    return f"{float(part) * 100:.3g} %"  # type: ignore[arg-type]


def core(g: Network) -> str:
    """The operations that multiply most."""
    shares = sorted(whole(g).share("macs").items(), key=lambda item: -item[1])
    return ", ".join(f"{kind} ({percent(share)} of MACs)" for kind, share in shares[:2])


def _mixing(g: Network, kind: str) -> str:
    """The operations that combine positions with weights of one kind, by their share of the MACs."""
    total = int(whole(g.at()).macs) or 1

    def macs(node: Node) -> float:
        return g.evaluate(node.op.macs(*node.types)) / total

    found = mixers(g.graph, g.evaluate, macs, g.show)
    chosen = sorted(((mixer, cost) for mixer, cost in found.items() if mixer.kind == kind), key=lambda item: -item[1])
    shown = [
        f"{mixer.name} ({percent(cost)} of MACs{', without overlap' if mixer.tiles else ''})" for mixer, cost in chosen
    ]
    return ", ".join(shown[:3]) + (", …" if len(shown) > 3 else "") or "none"


def connectivity(g: Network) -> str:
    """Local, windowed or global, and since which operation."""
    axes = list(field_of(g).axes.values())
    parts = [_windows(g)] if _windows(g) else []
    if axes and all(axis.is_global for axis in axes):
        parts.append(f"global since {axes[0].global_since}")
    elif axes and all(axis.is_causal or axis.is_global for axis in axes):
        parts.append("global over what comes before")
    elif not parts:
        parts.append("local")
    gate = next((axis.gate_since for axis in axes if axis.gate_since and not axis.is_global), None)
    statistics = next((axis.stat_since for axis in axes if axis.stat_since not in (None, axis.global_since)), None)
    parts += [f"through gates since {gate}"] if gate else []
    parts += [f"statistics of all positions since {statistics}, O(1/N) each"] if statistics else []
    return "; ".join(parts)


def _windows(g: Network) -> str:
    for path, member in g.graph.walk():
        if isinstance(member, Node):
            maps = [read for reach in member.op.reach(*member.types) for _, read in reach.maps]
            size = next((read.size for read in maps if isinstance(read, Blocks)), None)
            if size is not None:
                return f"windows of {g.evaluate(size)} since {path}"
    return ""


def field(g: Network) -> str:
    """The receptive field of the output, axis by axis."""
    parts = []
    for name, axis in field_of(g).axes.items():
        size = str(axis.size_max) if axis.size_min == axis.size_max else f"{axis.size_min}-{axis.size_max}"
        parts.append(f"{name}: {'all ' if axis.is_global else ''}{size} of {axis.extent}")
    return ", ".join(parts)


def hops(g: Network) -> str:
    """The fewest moves from the middle output to an eighth and a quarter of the side away, and to the border."""
    found = paths(g.at(), _placed(g), main_input(g), None)
    centre, shown = found.centre, []
    for part in PARTS:
        places = found.beside(centre, max(1, found.extent // part))
        shown.append(f"1/{part}: {_farthest(found, places, centre)}")
    return ", ".join([*shown, f"border: {_farthest(found, (0, found.extent - 1), centre)}"])


def _farthest(found: Paths, places: tuple[int, ...], output: int) -> str:
    """The most hops to some positions; those outside of the input are none."""
    moves = [found.hops(place, output) for place in places]
    read = [count for count in moves if count is not None]
    return str(max(read)) if read else "not read" if places else "–"


def _placed(g: Network) -> str:
    """The step of the first output, or the last before it that has the input's positions."""
    steps = [member for member in g.graph.nodes if member.outputs[0].type.positions]
    last = next((member for member in reversed(steps) if g.selected[0] in member.outputs), None)
    found = last or next((member for member in reversed(steps)), None)
    if found is None:
        raise QueryError("no step has positions")
    return found.name


def growth(g: Network, metric: str) -> str:
    """The exponent of a metric in the number of positions N of the input, in the limit and at the defaults."""
    input = _input(g)
    sides = {free for axis in input.type.positions for free in g.show(input.type.size(axis)).free_symbols}
    if not sides:
        return "the input has one size"
    side, rank = symbol("r"), len(input.type.positions)
    law = replaced(whole(g).expression(metric), {free: side * free for free in sides})  # type: ignore[dict-item]
    law = smooth_in(law, side)
    if side not in law.free_symbols:
        return "the same for every N"
    highest = max(exponent(term, side) for term in Add.make_args(law))
    here = replaced(elasticity(law, side), {**g.point, side: Fraction(1)})  # type: ignore[dict-item]
    return f"~ N^{highest / rank}; N^{float(here) / rank:.3g} at the defaults"


def sharing(g: Network) -> str:
    """At how many positions a weight of conv and linear layers is used: the least, the most, the mean."""
    uses: list[tuple[Fraction, int]] = []
    for row in whole(g.at()).rows():
        work = work_of(row, Execution())
        weights = g.evaluate(work.weights)
        if weights:
            uses.append((Fraction(g.evaluate(work.products), weights), weights))
    if not uses:
        return "–"
    mean = sum(use * weights for use, weights in uses) / sum(weights for _, weights in uses)
    return f"{float(min(uses)[0]):,.0f} to {float(max(uses)[0]):,.0f}, mean {float(mean):,.0f}"


def home(g: Network, most: str, other: str) -> str:
    """The level that holds most of a metric, and what it holds of another."""
    share = whole(g).share(most, "level")
    name, part = max(share.items(), key=lambda item: item[1])
    rest = whole(g).share(other, "level").get(name, Fraction(0))
    return f"{_level(g, name)}: {percent(part)} of {most}, {percent(rest)} of {other}"


def _level(g: Network, name: str) -> str:
    from archgraph.cost.costs import level_of

    row = next(row for row in whole(g).rows() if level_of(row.type) == name)
    return " x ".join(str(g.evaluate(row.type.size(axis))) for axis in row.type.positions) or name


def per_weight(g: Network) -> str:
    """Values computed, and values that training keeps, over the number of weights."""
    numbers = whole(g.at())
    params, kept = int(numbers.params), int(numbers.metric("saved_bytes")) / 4
    return f"{int(numbers.activations) / params:.3g} computed, {kept / params:.3g} kept"


def repeated(g: Network) -> str:
    """The blocks that a count repeats."""
    repeats = [member for _, member in g.graph.walk() if isinstance(member, Repeat) and not member.once]
    counted = Counter(f"{member.block} x {g.show(member.count)}" for member in repeats)
    shown = [text if times == 1 else f"{text} ({times} times)" for text, times in counted.items()]
    return ", ".join(shown) or "none"


TRAITS: tuple[Trait, ...] = (
    ("core operation", core),
    ("connectivity", connectivity),
    ("mixing by learned weights", partial(_mixing, kind="static")),
    ("mixing by weights of the input", partial(_mixing, kind="dynamic")),
    ("receptive field of the output", field),
    ("hops over parts of the side", hops),
    ("params", lambda g: whole(g).expression("params")),
    ("macs", lambda g: whole(g).expression("macs")),
    ("params, value", lambda g: whole(g.at()).params),
    ("macs, value", lambda g: whole(g.at()).macs),
    ("params against positions", partial(growth, metric="params")),
    ("macs against positions", partial(growth, metric="macs")),
    ("macs per param", lambda g: f"{whole(g.at()).ratio('macs', 'params'):,.1f}"),
    ("positions per weight", sharing),
    ("activations per param", per_weight),
    ("most params sit at", partial(home, most="params", other="macs")),
    ("most macs sit at", partial(home, most="macs", other="params")),
    ("repeated", repeated),
)
"""Every row of the comparison but the knobs, by its title."""
