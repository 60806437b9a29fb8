"""The comparison of networks as a table: every row is derived from the graphs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sympy import Add, Expr, Symbol

from archgraph.comparison.traits import TRAITS
from archgraph.cost.part import whole
from archgraph.errors import ArchgraphError, QueryError
from archgraph.graph.network import Network
from archgraph.laws.domain import smooth_in
from archgraph.laws.scaling import exponent
from archgraph.report.table import Table

NEXT = 64
"""How many values of a symbol are tried to find the next one that all rules allow."""
NOTES = (
    "laws in each spec's symbols; numbers at its defaults, per sample; N: positions of the input",
    "macs: multiply-accumulates of conv, linear and matmul; params: frozen included",
    "hops: fewest moves from the middle output to a position that far away; not read: no path leads there",
    "a knob's next value: what it adds, and MACs added per parameter added",
)


def comparison(networks: Sequence[Network]) -> Table:
    """Return what sets networks apart, a column each.

    >>> from archgraph import load
    >>> table = comparison([load("unet:padded-512").network, load("dit").network])
    >>> table.rows[1]["U-Net padded-512"], table.rows[1]["DiT"]
    ('local', 'global since blocks.attention.scaled_dot_product_attention')
    """
    names = _names(networks)
    rows = [{"": title, **dict(zip(names, (_answer(ask, g) for g in networks), strict=True))} for title, ask in TRAITS]
    rows += _knobs(networks, names)
    return Table(" against ".join(names), ("", *names), rows, notes=NOTES, wrap=56)


def _names(networks: Sequence[Network]) -> list[str]:
    """The names, told apart where two are the same."""
    names = [g.name for g in networks]
    return [name if names.count(name) == 1 else f"{name} ({place + 1})" for place, name in enumerate(names)]


def _answer(ask: Callable[[Network], object], g: Network) -> object:
    try:
        return ask(g)
    except ArchgraphError as error:
        return f"– ({error.message})"


def _knobs(networks: Sequence[Network], names: Sequence[str]) -> Iterator[dict[str, object]]:
    """A row per knob: exponents in the laws, and what its next value buys."""
    for name in dict.fromkeys(knob for g in networks for knob in (*g.symbols, *_counts(g))):
        cells = [_knob(g, name) if name in (*g.symbols, *_counts(g)) else "–" for g in networks]
        yield {"": f"knob {name}", **dict(zip(names, cells, strict=True))}


def _counts(g: Network) -> list[str]:
    """The structural symbols that are numbers, such as how many levels there are."""
    numbers = g.defaults
    return [name for name in sorted(g.structural) if type(numbers[name]) is int and name not in g.symbols]


def _knob(g: Network, name: str) -> str:
    if name not in g.symbols:
        return _next(g, name, 1)
    exponents = _exponents(g, name)
    if g.definition(name) is not None:
        return exponents
    bought = _next(g, name, g.rule_of(name)[0])
    return f"{exponents}; {bought}" if bought else exponents


def _next(g: Network, name: str, step: int) -> str:
    """What the next larger value that all rules allow adds."""
    now = g.at()
    for more in range(g.defaults[name] + step, g.defaults[name] + (NEXT + 1) * step, step):
        try:
            grown = g.at(**{name: more})
        except ArchgraphError:
            continue
        return f"{g.defaults[name]} -> {more}: {_bought(now, grown)}"
    return ""


def _bought(before: Network, after: Network) -> str:
    added = {
        metric: int(whole(after).metric(metric)) - int(whole(before).metric(metric)) for metric in ("params", "macs")
    }
    shown = [
        f"{metric} {100 * more / int(whole(before).metric(metric)):+.3g} %" for metric, more in added.items() if more
    ]
    if added["params"] > 0:
        price = added["macs"] / added["params"]
        shown.append(f"{price:,.0f} {'MAC' if round(price) == 1 else 'MACs'} per new param")
    return ", ".join(shown) or "the same"


def _exponents(g: Network, name: str) -> str:
    parts = []
    for metric in ("params", "macs"):
        try:
            law, symbol = whole(g).law_in(metric, name)
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
