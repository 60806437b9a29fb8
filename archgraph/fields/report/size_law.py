"""The size of receptive fields as laws in the symbols of a network: kernels, strides, repeat counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from sympy import Expr

from archgraph.fields.hulls.hull import Hull
from archgraph.fields.hulls.hull_fold import HullFold
from archgraph.fields.report.axis_field import AxisField
from archgraph.fields.sets.band import Unknown
from archgraph.graph.ir import Graph, Value
from archgraph.sizes.law_text import law_text

SizeLabel = Literal["hull", "mean", "bound", "all", "none"]


@dataclass(frozen=True)
class SizeLaw:
    """How long the receptive field of a node is along one axis, as a law.

    Attributes:
        expression: the law, None where there is none.
        label: `hull`: the length from the first to the last position, for all values of the symbols; `mean`: its
            mean over the phases; `bound`: neither, see the domain; `all`: the whole axis; `none`: no law.
        domain: what it holds for, or why there is none.
    """

    expression: Expr | None
    label: SizeLabel
    domain: str = ""

    def __str__(self) -> str:
        if self.expression is None:
            return self.domain or self.label
        if self.label in ("hull", "all"):
            note = self.domain or ("all" if self.label == "all" else "")
            return f"{law_text(self.expression)} ({note})" if note else law_text(self.expression)
        return f"{law_text(self.expression)} ({self.label}{': ' if self.label == 'bound' else ' '}{self.domain})"


class SizeLaws:
    """The laws of all steps of a network on one of its inputs.

    Args:
        graph: the traced graph.
        input: the input.
    """

    def __init__(self, graph: Graph, input: Value) -> None:
        self.input = input
        self._values = HullFold().values(graph, input)

    def at(self, value: Value, axis: str, checked: AxisField | None, evaluate: Callable[[Expr], Fraction]) -> SizeLaw:
        """Return the law of one value.

        Args:
            value: a value of the network's own graph.
            axis: an axis of the input.
            checked: the field at the bound values, against which the law is held.
            evaluate: gives the value of an expression there.
        """
        span = self._values[value].get(axis)
        if span is None:
            return SizeLaw(None, "none", "nothing")
        if isinstance(span, Unknown):
            return SizeLaw(None, "none", span.reason)
        if not isinstance(span, Hull):
            return SizeLaw(self.input.type.size(axis), "all")
        return _law(span, checked, evaluate)


def _law(hull: Hull, checked: AxisField | None, evaluate: Callable[[Expr], Fraction]) -> SizeLaw:
    exact = checked.size_mean if checked is not None and checked.settled else None
    if hull.reason:
        known = "" if exact is None else f"; exactly {exact} at the bound values"
        return SizeLaw(hull.size, "bound", hull.reason + known)
    if exact is not None and evaluate(hull.size) != exact:
        return SizeLaw(hull.size, "bound", f"branches cross; exactly {exact} at the bound values")
    if hull.phased:
        return SizeLaw(hull.size, "mean", "over the phases")
    return SizeLaw(hull.size, "hull")
