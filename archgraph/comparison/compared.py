"""Networks compared: every trait is asked of every network once, by whoever shows it, as text or as a figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from archgraph.comparison.cells import Cell, ComparisonRow
from archgraph.comparison.traits import SUMS, TRAITS
from archgraph.errors import ArchgraphError
from archgraph.graph.network import Network

_ASKED = dict((*TRAITS, *SUMS))


@dataclass(frozen=True)
class Comparison:
    """What sets networks apart, as data.

    >>> from archgraph import load
    >>> found = Comparison((load("unet:padded-512").network, load("dit").network))
    >>> [cell.text for cell in found.row("macs per param").cells]
    ['6,199.8', '175.7']
    """

    networks: tuple[Network, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names, told apart where two are the same."""
        names = [g.name for g in self.networks]
        return tuple(name if names.count(name) == 1 else f"{name} ({place + 1})" for place, name in enumerate(names))

    @property
    def rows(self) -> tuple[ComparisonRow, ...]:
        """Every trait of every network."""
        return tuple(self.row(trait) for trait, _ in TRAITS)

    def row(self, trait: str) -> ComparisonRow:
        """Return one trait of every network."""
        return ComparisonRow(trait, tuple(self.cell(trait, g) for g in self.networks))

    def cell(self, trait: str, g: Network) -> Cell:
        """Return one trait of one network; why there is none, where it has none."""
        return g.once(("compared", trait), lambda: _answer(_ASKED[trait], g))


def _answer(ask: Callable[[Network], Cell], g: Network) -> Cell:
    try:
        return ask(g)
    except ArchgraphError as error:
        return Cell(f"– ({error.message})")
