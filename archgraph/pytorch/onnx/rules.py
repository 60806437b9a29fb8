"""What an operator of a file becomes: a row of the table, or a refusal of all that have none."""

from __future__ import annotations

import inspect
from collections import Counter
from types import FunctionType
from typing import TYPE_CHECKING

from archgraph.errors import UnsupportedOpError, counted, did_you_mean, quoted
from archgraph.pytorch.onnx.gaps import FIXED_SIZES, operator_text
from archgraph.pytorch.onnx.operators import (
    attention,
    elementwise,
    layers,
    losses,
    quantised,
    recurrent,
    reductions,
    resizing,
    shapes,
)
from archgraph.pytorch.onnx.operators.table import OPERATORS, OnnxRule, has_onnx_rule
from archgraph.pytorch.onnx.reading import STANDARD, Versions, every_node, inner_graphs

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

OPERATOR_FAMILIES = (attention, elementwise, layers, losses, quantised, recurrent, reductions, resizing, shapes)
"""Files of rules, imported for what they register."""
LIST_AS_GAPS = "allow_unsupported=True, or --allow-unsupported, lists them as gaps and traces the rest"
"""The way on from operators without a rule."""


def onnx_rule(node: NodeProto) -> OnnxRule:
    """Return the rule of an operator that has one.

    Raises:
        UnsupportedOpError: an attribute is none that the rule knows.
    """
    rule = OPERATORS[node.op_type]
    known = _attributes(rule)
    for item in node.attribute:
        if item.name not in known:
            raise UnsupportedOpError(
                f"{node.op_type} with the attribute {quoted(item.name)} has no rule.{did_you_mean(item.name, known)}",
                hint="export it without, or in another version of the operators",
                path=node.name,
            )
    return rule


def _attributes(rule: OnnxRule) -> list[str]:
    if not isinstance(rule, FunctionType):
        return []
    parameters = inspect.signature(rule).parameters.values()
    own = [each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY]
    # Those that a quantised layer hands on are the layer's.
    handed_on = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters)
    return [*own, *_attributes(OPERATORS["Conv"])] if handed_on else own


def without_rule(name: str, graph: GraphProto, versions: Versions) -> UnsupportedOpError | None:
    """Return the error that names all operators of a graph that have no rule; None where all have one.

    Args:
        name: what the graph is called.
        graph: the graph.
        versions: of the operators of every domain.
    """
    unknown = [node for node in every_node(graph) if not has_onnx_rule(node)]
    found = Counter(operator_text(node, versions) for node in unknown)
    if not found:
        return None
    told = "; ".join(f"{each} x {count}" for each, count in found.most_common())
    looping = any(node.domain in STANDARD for node in unknown for _ in inner_graphs(node))
    return UnsupportedOpError(
        f"{name} uses {counted(len(found), 'operator')} of ONNX without a rule: {told}",
        hint=FIXED_SIZES if looping else LIST_AS_GAPS,
    )
