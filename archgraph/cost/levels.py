"""Resolution levels of a network at its binding: positions of equal sizes are one level, whatever their laws are."""

from __future__ import annotations

from collections.abc import Callable

from archgraph.cost.costs import CostRow, grouping
from archgraph.graph.network import Network
from archgraph.sizes.law_text import law_text
from archgraph.sizes.types import TensorType


def group_in(g: Network, by: str) -> Callable[[CostRow], str]:
    """Return the key function of a grouping; levels are numbers where the network is evaluated.

    Raises:
        QueryError: there is no such grouping.
    """
    plain = grouping(by)
    return (lambda row: level_in(g, row.type)) if by == "level" and g.evaluated else plain


def level_in(g: Network, type_: TensorType) -> str:
    """Return the level of a type in the user's symbols or numbers: its position sizes, or `embedding` without any."""
    return " x ".join(law_text(g.law(type_.size(axis))) for axis in type_.positions) or "embedding"
