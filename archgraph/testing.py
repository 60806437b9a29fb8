"""For the tests of whoever builds on a network: what it costs and reads, held to numbers."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from archgraph.errors import QueryError, not_among, quoted
from archgraph.keywords import strict_keywords
from archgraph.sizes.law_text import law_text

if TYPE_CHECKING:
    from archgraph.architecture.architecture import Architecture
    from archgraph.fields.report.axis_field import AxisField

Wanted: TypeAlias = "float | tuple[str, float]"
"""A number, or a relation and a number: `("<=", 120e9)`."""
WantedField: TypeAlias = "int | str | Mapping[str, int | str]"
"""The largest field along every axis of the main input, or by axis; `all` if everything is read."""


@strict_keywords
def assert_cost(
    network: str | Path | Architecture,
    *,
    at: Mapping[str, int | str] | None = None,
    field: WantedField | None = None,
    **wanted: Wanted,
) -> None:
    """Fail unless a network costs and reads what it should; the failure shows each law beside the expected value.

    Args:
        network: a shipped name, a path, or what `load` or `trace` returned.
        at: values of its symbols; by default, their defaults.
        field: the largest receptive field of the main output, in elements of the main input, along every axis or by
            axis; `all` if everything is read.
        wanted: a number or a relation to one, per metric: `params=675_129_632`, `macs=("<=", 120e9)`.

    Raises:
        AssertionError: something else is true, or a bound cannot decide.
        QueryError: an unknown metric, axis or relation.
        SpecError, ShapeError: the spec breaks a rule.

    >>> assert_cost("dit:S/2", params=32_963_360, macs=("<=", 7e9), field="all")
    >>> assert_cost("unet", at={"C": 32}, params=("<", 1_000_000))
    Traceback (most recent call last):
        ...
    AssertionError: U-Net at C=32, H=572, W=572
      params: 7574*C**2 + 118*C + 2 = 7,759,554 and not < 1,000,000
    """
    from archgraph.architecture.architecture import Architecture, load

    g = network if isinstance(network, Architecture) else load(network)
    g = g.at(**at) if at else g.at()
    told = [line for metric, want in wanted.items() if (line := _cost_broken(g, metric, want))]
    told += _field_broken(g, field) if field is not None else []
    if told:
        raise AssertionError("\n  ".join([f"{g.name} {g.network.bindings}", *told]))


def _cost_broken(g: Architecture, metric: str, want: Wanted) -> str:
    from archgraph.cost.costs import metric_named
    from archgraph.laws.search import HOLDS

    relation, number = want if isinstance(want, tuple) and len(want) == 2 else ("==", want)
    if relation not in (*HOLDS, "=="):
        raise not_among("relation", relation, (*HOLDS, "=="))
    if not isinstance(number, int | float):
        raise QueryError(f"{metric} is held to a number, and not to {quoted(number)}", hint='macs=("<=", 120e9)')
    value = int(g.metric(metric))
    law = f"{metric}: {law_text(g.symbolic().metric(metric))} = {value:,}"
    if g.gaps and not metric_named(metric).weights:
        return f"{law} at least, which cannot be held to {relation} {number:,}"
    holds = value == number if relation == "==" else HOLDS[relation](value, number)
    return "" if holds else f"{law} and not {relation} {number:,}"


def _field_broken(g: Architecture, wanted: WantedField) -> list[str]:
    from archgraph.comparison.seen import seen

    axes = seen(g.network).axes
    by_axis = wanted if isinstance(wanted, Mapping) else dict.fromkeys(axes, wanted)
    for name in by_axis:
        if name not in axes:
            raise not_among("axis", name, axes)
    return [
        f"field along {name}: {axes[name]} and not {want}"
        for name, want in by_axis.items()
        if not _sees(axes[name], want)
    ]


def _sees(axis: AxisField, want: int | str) -> bool:
    if isinstance(want, str) and want == "all":
        return axis.settled and axis.is_global and axis.exact
    if not isinstance(want, Integral):
        raise QueryError(f"a field is a whole number or 'all', and not {quoted(want)}")
    return axis.settled and axis.exact and axis.size_max == want
