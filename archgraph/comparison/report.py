"""The comparison of networks as a table: every row is derived from the graphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sympy import Add, Expr, Symbol

from archgraph.comparison.cells import NONE, Cell, ComparisonRow
from archgraph.comparison.compared import Comparison
from archgraph.comparison.knobs import KNOB_METRICS, KnobStep, counts, next_step
from archgraph.cost.part import whole_part
from archgraph.errors import QueryError
from archgraph.graph.letters import lettered
from archgraph.graph.network import Network
from archgraph.graph.operations import check_listable
from archgraph.laws.domain import smooth_in
from archgraph.laws.scaling import exponent
from archgraph.report.table import Table

COMPARISON_NOTES = (
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
    for g in networks:
        check_listable(g.graph)
    found = Comparison(tuple(map(lettered, networks)))
    rows = [_row(found, row) for row in (*found.rows, *_knob_rows(found))]
    return Table(" against ".join(found.names), ("", *found.names), rows, notes=COMPARISON_NOTES, wrap=56)


def _row(found: Comparison, row: ComparisonRow) -> dict[str, object]:
    return {"": row.trait, **{name: cell.value for name, cell in zip(found.names, row.cells, strict=True)}}


def _knob_rows(found: Comparison) -> Iterator[ComparisonRow]:
    """A row per knob: exponents in the laws, and what its next value buys."""
    for name in dict.fromkeys(knob for g in found.networks for knob in (*g.symbols, *counts(g))):
        cells = (_knob(g, name) if name in (*g.symbols, *counts(g)) else NONE for g in found.networks)
        yield ComparisonRow(f"knob {name}", tuple(cells))


def _knob(g: Network, name: str) -> Cell:
    exponents = _exponents(g, name) if name in g.symbols else ""
    step = next_step(g, name) if g.definition(name) is None else None
    bought = f"{step.value} -> {step.next}: {_bought(step)}" if step is not None else ""
    return Cell("; ".join(part for part in (exponents, bought) if part), fact=step)


def _bought(step: KnobStep) -> str:
    changes = zip(KNOB_METRICS, step.before, step.after, strict=True)
    shown = [f"{metric} {_change(old, now)}" for metric, old, now in changes if now != old]
    if step.price is not None:
        price = float(step.price)
        shown.append(f"{price:,.0f} {'MAC' if round(price) == 1 else 'MACs'} per new param")
    return ", ".join(shown) or "the same"


def _change(old: int, now: int) -> str:
    return f"{100 * (now - old) / old:+.3g} %" if old else f"0 -> {now:,}"


def _exponents(g: Network, name: str) -> str:
    parts = []
    for metric in ("params", "macs"):
        try:
            law, symbol = whole_part(g).law_in(metric, name)
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
