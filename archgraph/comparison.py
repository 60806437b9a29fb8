"""The comparison of architectures as a table: every row is derived from the graphs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from sympy import Add, Expr, Integer, Symbol

from archgraph.analysis.scaling import exponent, smooth_in
from archgraph.api import Architecture
from archgraph.backend.table import Table
from archgraph.errors import ArchgraphError, QueryError
from archgraph.ir import Node, Repeat

Row = tuple[str, Callable[[Architecture], object]]


def comparison(architectures: Sequence[Architecture]) -> Table:
    """Return what sets architectures apart, a column each.

    >>> from archgraph import load
    >>> table = comparison([load("unet:padded-512"), load("dit")])
    >>> table.rows[1]["U-Net padded-512"], table.rows[1]["DiT"]
    ('local', 'global since blocks.attention.scaled_dot_product_attention')
    """
    names = [g.name for g in architectures]
    rows = [
        {"": title, **dict(zip(names, (_answer(ask, g) for g in architectures), strict=True))} for title, ask in ROWS
    ]
    rows += _knobs(architectures, names)
    notes = (
        "laws in each spec's symbols; numbers at its defaults, per sample",
        "macs: multiply-accumulates of conv, linear and matmul; params: frozen included",
    )
    return Table(" against ".join(names), ("", *names), rows, notes=notes, wrap=56)


def _answer(ask: Callable[[Architecture], object], g: Architecture) -> object:
    try:
        return ask(g)
    except ArchgraphError as error:
        return f"– ({error.message})"


def _core(g: Architecture) -> str:
    """The operations that combine positions, by their share of the MACs."""
    kinds = {row.node.label for row in g.rows() if row.alive and _mixes(row.node) != "none"}
    share = g.share("macs")
    listed = sorted(kinds, key=lambda kind: -share.get(kind, 0))
    return ", ".join(f"{kind} ({_percent(share[kind])} of MACs)" if kind in share else kind for kind in listed)


def _mixes(node: Node) -> str:
    kinds = {reach.mixing for reach in node.op.reach(*node.types)}
    return next((kind for kind in ("dynamic", "static") if kind in kinds), "none")


def _connectivity(g: Architecture) -> str:
    axes = g.receptive_fields().at(g.selected[0]).axes.values()
    if all(axis.is_global for axis in axes):
        return f"global since {next(iter(axes)).global_since}"
    statistics = next((axis.stat_since for axis in axes if axis.stat_since), None)
    return "local" if statistics is None else f"local; statistics of all positions since {statistics}"


def _weights(g: Architecture) -> str:
    """Whether mixing coefficients are fixed or computed from the input."""
    kinds = {_mixes(row.node) for row in g.rows() if row.alive} - {"none"}
    words = {
        "static": "static: learned, the same for every input",
        "dynamic": "dynamic: computed from the input",
    }
    return "; ".join(words[kind] for kind in sorted(kinds, reverse=True)) or "positions are not mixed"


def _sharing(g: Architecture) -> str:
    """Positions per weight: how often a weight is used, over the levels of the network."""
    uses: list[tuple[Fraction, int]] = []
    for row in g.at().rows():
        params = g.evaluate(row.node.op.macs(*row.node.types)) and sum(
            g.evaluate(weight.numel) for weight in row.node.op.weights(*row.node.types).values()
        )
        if params:
            uses.append((Fraction(g.evaluate(row.node.op.macs(*row.node.types)), params), params))
    if not uses:
        return "–"
    low, high = min(uses)[0], max(uses)[0]
    mean = sum(use * params for use, params in uses) / sum(params for _, params in uses)
    return f"{float(low):,.0f} to {float(high):,.0f}, mean {float(mean):,.0f}"


def _field(g: Architecture) -> str:
    field = g.receptive_fields().at(g.selected[0])
    parts = []
    for name, axis in field.axes.items():
        size = str(axis.size_max) if axis.size_min == axis.size_max else f"{axis.size_min}-{axis.size_max}"
        parts.append(f"{name}: {'all ' if axis.is_global else ''}{size} of {axis.extent}")
    return ", ".join(parts)


def _top_level(g: Architecture) -> str:
    share = g.share("params", "level")
    name, part = max(share.items(), key=lambda item: item[1])
    shown = " x ".join(str(g.evaluate(size)) for size in _level_sizes(g, name)) or name
    macs = g.share("macs", "level").get(name, Integer(0))
    return f"{shown}: {_percent(part)} of params, {_percent(macs)} of MACs"


def _level_sizes(g: Architecture, name: str) -> list[Expr]:
    from archgraph.analysis.cost import level_of

    row = next(row for row in g.rows() if level_of(row.type) == name)
    return [row.type.size(axis) for axis in row.type.positions]


def _percent(part: object) -> str:
    return f"{float(part) * 100:.3g} %"  # type: ignore[arg-type]


def _per_weight(g: Architecture) -> str:
    numbers = g.at()
    return f"{int(numbers.activations) / int(numbers.params):.3g}"


def _blocks_repeat(g: Architecture) -> str:
    repeats = [member for _, member in g.graph.walk() if isinstance(member, Repeat) and not member.once]
    return ", ".join(f"{member.block} x {g.show(member.count)}" for member in repeats) or "none"


ROWS: tuple[Row, ...] = (
    ("positions are mixed by", _core),
    ("connectivity", _connectivity),
    ("mixing weights", _weights),
    ("params", lambda g: g.expression("params")),
    ("macs", lambda g: g.expression("macs")),
    ("params, value", lambda g: g.at().params),
    ("macs, value", lambda g: g.at().macs),
    ("macs per param", lambda g: f"{g.at().ratio('macs', 'params'):,.1f}"),
    ("uses of a weight per sample", _sharing),
    ("activations per param", _per_weight),
    ("most params sit at", _top_level),
    ("repeated", _blocks_repeat),
    ("receptive field of the output", _field),
)


def _knobs(architectures: Sequence[Architecture], names: Sequence[str]) -> Iterator[dict[str, object]]:
    """A row per knob: exponents in the laws, and what its next value buys."""
    for name in dict.fromkeys(symbol for g in architectures for symbol in g.symbols):
        cells = [_knob(g, name) if name in g.symbols else "–" for g in architectures]
        yield {"": f"knob {name}", **dict(zip(names, cells, strict=True))}


def _knob(g: Architecture, name: str) -> str:
    if g.definition(name) is not None:
        return _exponents(g, name)
    step, _ = g.rule_of(name)
    now, more = g.at(), g.defaults[name] + step
    try:
        grown = g.at(**{name: more})
    except ArchgraphError:
        return _exponents(g, name)
    changes = [f"{metric} {_change(now.metric(metric), grown.metric(metric))}" for metric in ("params", "macs")]
    return f"{_exponents(g, name)}; {g.defaults[name]} -> {more}: {', '.join(changes)}"


def _exponents(g: Architecture, name: str) -> str:
    parts = []
    for metric in ("params", "macs"):
        try:
            law, symbol = g.law_in(metric, name)
            parts.append(f"{metric} {_growth(law, symbol)}")
        except QueryError as error:
            parts.append(f"{metric}: {error.message}")
    return ", ".join(parts)


def _growth(law: Expr, symbol: Symbol) -> str:
    """The extreme exponents of a symbol in a law."""
    if symbol not in law.free_symbols:
        return "do not change"
    powers = {exponent(term, symbol) for term in Add.make_args(smooth_in(law, symbol))}
    low, high = min(powers), max(powers)
    if low >= 0:
        return f"~ {symbol}^{high}"
    return f"~ {symbol}^{low}" if high <= 0 else f"~ {symbol}^{low} to {symbol}^{high}"


def _change(before: object, after: object) -> str:
    change = int(after) / int(before) - 1  # type: ignore[call-overload]
    return f"{change * 100:+.3g} %"
