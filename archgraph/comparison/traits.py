"""What an architecture is like, trait by trait: each derived from its graph, none asserted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import TypeAlias

from sympy import Add

from archgraph.comparison.cells import NONE, Cell
from archgraph.comparison.ends import main_input, main_output
from archgraph.comparison.knobs import main_knobs
from archgraph.comparison.mixing import mixing
from archgraph.comparison.seen import global_text, seen
from archgraph.cost.part import costs_of, whole_part
from archgraph.cost.work import work_of
from archgraph.errors import QueryError
from archgraph.fields.paths.paths import Paths
from archgraph.fields.queries import paths
from archgraph.fields.report.axis_field import AxisField
from archgraph.graph.execution import Execution
from archgraph.graph.ir import Node, Repeat
from archgraph.graph.network import Network
from archgraph.laws.domain import smooth_in
from archgraph.laws.scaling import elasticity, exponent
from archgraph.ops.reach import Blocks, in_general
from archgraph.sizes.law_text import law_text
from archgraph.sizes.symbols import replaced, symbol

Trait: TypeAlias = "tuple[str, Callable[[Network], Cell]]"
PARTS = (8, 4)
"""Distances at which hops are counted, as parts of the side of the input."""


def percent(part: object) -> str:
    """Return a share in percent.

    >>> percent(Fraction(1, 8))
    '12.5 %'
    """
    return f"{float(part) * 100:.3g} %"  # type: ignore[arg-type]


def core(g: Network) -> Cell:
    """The operations that multiply most."""
    shares = sorted(whole_part(g).share("macs").items(), key=lambda item: -item[1])
    return Cell(", ".join(f"{kind} ({percent(share)} of MACs)" for kind, share in shares[:2]), fact=dict(shares))


def mixed(g: Network, kind: str) -> Cell:
    """The operations that combine positions with weights of one kind, by their share of the MACs."""
    found = mixing(g)
    shown = [
        f"{mixer.name} ({percent(share)} of MACs{', without overlap' if mixer.tiles else ''})"
        for mixer, share in found.of(kind)
    ]
    return Cell(", ".join(shown[:3]) + (", …" if len(shown) > 3 else "") or "none", fact=found)


def connectivity(g: Network) -> Cell:
    """Local, windowed or global, and since which operation."""
    since, windows = seen(g).since, _windows(g)
    far = global_text(since)
    parts = [part for part in (windows, far) if part] or ["local"]
    parts += [f"through gates since {since.gates}"] if since.gates else []
    parts += [f"statistics of all positions since {since.statistics}, O(1/N) each"] if since.statistics else []
    return Cell("; ".join(parts), fact=since)


def _windows(g: Network) -> str:
    for path, member in g.graph.walk():
        if isinstance(member, Node):
            maps = [in_general(read) for reach in member.reach for _, read in reach.maps]
            size = next((read.size for read in maps if isinstance(read, Blocks)), None)
            if size is not None:
                return f"windows of {g.evaluate(size)} since {path}"
    return ""


def field(g: Network) -> Cell:
    """The receptive field of the output, axis by axis."""
    found = seen(g)
    text = ", ".join(f"{name}: {_size(axis)} of {axis.extent}" for name, axis in found.axes.items())
    return Cell(text, label=found.label, fact=found)


def _size(axis: AxisField) -> str:
    size = str(axis.size_max) if axis.size_min == axis.size_max else f"{axis.size_min}-{axis.size_max}"
    kind = "all " if axis.is_global else "up to " if axis.is_causal else ""
    return f"{'' if axis.exact else 'at most '}{kind}{size}"


def hops(g: Network) -> Cell:
    """The fewest moves from the middle output to an eighth and a quarter of the side away, and to the border."""
    found = paths(g.at(), _placed(g), main_input(g).name, None)
    places = {f"1/{part}": found.beside(found.centre, max(1, found.extent // part)) for part in PARTS}
    places["border"] = (0, found.extent - 1)
    far = {name: _farthest(found, some, found.centre) for name, some in places.items()}
    bound = "at least " if found.why else ""
    text = ", ".join(f"{name}: {bound if isinstance(moves, int) else ''}{moves}" for name, moves in far.items())
    return Cell(text, label="bound" if bound else "", fact=far)


def _farthest(found: Paths, places: tuple[int, ...], output: int) -> int | str:
    """The most hops to some positions; those outside of the input are none."""
    moves = [found.hops(place, output) for place in places]
    read = [count for count in moves if count is not None]
    return max(read) if read else "not read" if places else "–"


def _placed(g: Network) -> str:
    """The step of the main output, or the last before it that has the input's positions."""
    steps = [member for member in g.graph.nodes if member.outputs[0].type.positions]
    last = next((member for member in reversed(steps) if main_output(g) in member.outputs), None)
    found = last or next((member for member in reversed(steps)), None)
    if found is None:
        raise QueryError("no step has positions")
    return found.name


def growth(g: Network, metric: str) -> Cell:
    """The exponent of a metric in the number of positions N of the input, in the limit and at the defaults."""
    input = main_input(g)
    sides = {free for axis in input.type.positions for free in g.show(input.type.size(axis)).free_symbols}
    if not sides:
        return Cell("the input has one size")
    side, rank = symbol("r"), len(input.type.positions)
    law = replaced(whole_part(g).expression(metric), {free: side * free for free in sides})  # type: ignore[dict-item]
    law = smooth_in(law, side)
    if side not in law.free_symbols:
        return Cell("the same for every N", number=0)
    highest = max(exponent(term, side) for term in Add.make_args(law))
    here = replaced(elasticity(law, side), {**g.point, side: Fraction(1)})  # type: ignore[dict-item]
    return Cell(f"~ N^{highest / rank}; N^{float(here) / rank:.3g} at the defaults", number=float(here) / rank)


def sharing(g: Network) -> Cell:
    """At how many positions a weight of conv and linear layers is used: the least, the most, the mean."""
    uses: list[tuple[Fraction, int]] = []
    for row in whole_part(g.at()).rows():
        work = work_of(row, Execution())
        weights = g.evaluate(work.weights)
        if weights:
            uses.append((Fraction(g.evaluate(work.products), weights), weights))
    if not uses:
        return NONE
    mean = sum(use * weights for use, weights in uses) / sum(weights for _, weights in uses)
    return Cell(f"{float(min(uses)[0]):,.0f} to {float(max(uses)[0]):,.0f}, mean {float(mean):,.0f}", number=mean)


def home(g: Network, most: str, other: str) -> Cell:
    """The level that holds most of a metric, and what it holds of another."""
    numbers = whole_part(g.at())
    share = numbers.share(most, "level")
    name, part = max(share.items(), key=lambda item: item[1])
    rest = numbers.share(other, "level").get(name, Fraction(0))
    text = f"{name}: {percent(part)} of {most}, {percent(rest)} of {other}"
    return Cell(text, number=Fraction(int(part.p), int(part.q)))


def per_weight(g: Network) -> Cell:
    """Values computed, and values that training keeps, over the number of weights."""
    numbers = whole_part(g.at())
    params, kept = int(numbers.params), int(numbers.metric("saved_bytes")) / 4
    if not params:
        raise QueryError("no parameters")
    computed = int(numbers.activations) / params
    return Cell(f"{computed:.3g} computed, {kept / params:.3g} kept", number=computed)


def repeated(g: Network) -> Cell:
    """The blocks that a count repeats."""
    repeats = [member for _, member in g.graph.walk() if isinstance(member, Repeat) and not member.once]
    counted = Counter(f"{member.block} x {g.show(member.count)}" for member in repeats)
    shown = [text if times == 1 else f"{text} ({times} times)" for text, times in counted.items()]
    return Cell(", ".join(shown) or "none")


def heaviest(g: Network) -> Cell:
    """The member of the network that holds the most parameters, and its share of them."""
    costs, total = costs_of(g), g.evaluate(costs_of(g).total("params"))
    held = [(g.evaluate(costs.member(member, "params")), member.name) for member in g.graph.nodes]
    most, name = max(held, default=(0, "nothing"))
    share = Fraction(most, total) if total else Fraction(0)
    return Cell(f"{name}: {100 * float(share):.0f} %", number=share)


def law(g: Network, metric: str) -> Cell:
    """The law of a metric in the user's symbols."""
    found = whole_part(g).expression(metric)
    return Cell(law_text(found), law=found)


def value(g: Network, metric: str) -> Cell:
    """The value of a metric at the defaults."""
    number = int(whole_part(g.at()).metric(metric))
    return Cell(f"{number:,}", number=number)


def intensity(g: Network) -> Cell:
    """MACs per parameter: the mean over the weights of how often each is used."""
    params, macs = (int(whole_part(g.at()).metric(metric)) for metric in ("params", "macs"))
    if not params:
        raise QueryError("no parameters")
    return Cell(f"{macs / params:,.1f}", number=Fraction(macs, params), fact=(params, macs))


TRAITS: tuple[Trait, ...] = (
    ("core operation", core),
    ("connectivity", connectivity),
    ("mixing by learned weights", partial(mixed, kind="static")),
    ("mixing by weights of the input", partial(mixed, kind="dynamic")),
    ("receptive field of the output", field),
    ("hops over parts of the side", hops),
    ("params", partial(law, metric="params")),
    ("macs", partial(law, metric="macs")),
    ("params, value", partial(value, metric="params")),
    ("macs, value", partial(value, metric="macs")),
    ("params against positions", partial(growth, metric="params")),
    ("macs against positions", partial(growth, metric="macs")),
    ("macs per param", intensity),
    ("positions per weight", sharing),
    ("activations per param", per_weight),
    ("most params sit at", partial(home, most="params", other="macs")),
    ("most macs sit at", partial(home, most="macs", other="params")),
    ("repeated", repeated),
)
"""Every row of the comparison but the knobs, by its title."""
SUMS: tuple[Trait, ...] = (
    ("most params in", heaviest),
    ("mixed by", lambda g: Cell(mixing(g).text, fact=mixing(g))),
    ("knobs", lambda g: Cell("", fact=tuple(main_knobs(g)))),
)
"""What the rows say in fewer words, where there is little room."""
