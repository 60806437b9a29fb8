"""What an operator of a file becomes: a row of the table, or a refusal of all that have none."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from types import FunctionType
from typing import TYPE_CHECKING

from archgraph.errors import UnsupportedOpError, counted, did_you_mean, quoted
from archgraph.pytorch.onnx.gaps import gap_rule, is_standard
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
from archgraph.pytorch.onnx.operators.table import OPERATORS, OnnxRule
from archgraph.pytorch.onnx.reading import STANDARD

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

OPERATOR_FAMILIES = (attention, elementwise, layers, losses, quantised, recurrent, reductions, resizing, shapes)
"""Files of rules, imported for what they register."""
STRUCTURE = frozenset(("Constant", "If"))
"""Operators that a network reads by itself."""
LOOPING = frozenset(("Loop", "Scan"))
"""Operators that run a graph as often as values say, whose shapes the standard does not tell."""


def onnx_rule(node: NodeProto, versions: Mapping[str, int]) -> OnnxRule:
    """Return the rule of an operator; a stand-in for one that has none.

    Args:
        node: the operator.
        versions: of the operators of every domain.

    Raises:
        UnsupportedOpError: an attribute is none that the rule knows.
    """
    if not has_onnx_rule(node):
        return gap_rule(node, versions.get(node.domain, 1))
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


def has_onnx_rule(node: NodeProto) -> bool:
    """Whether an operator has a row in the table, or is read by the network itself."""
    return node.domain in STANDARD and (node.op_type in OPERATORS or node.op_type in STRUCTURE)


def refuse_unknown(
    name: str, graph: GraphProto, versions: Mapping[str, int], *, allow_unsupported: bool = False
) -> None:
    """Refuse a graph with operators that have no rule, all of them at once.

    Args:
        name: what the graph is called.
        graph: the graph.
        versions: of the operators of every domain.
        allow_unsupported: refuse those alone of which not even the shapes are known.

    Raises:
        UnsupportedOpError: there are some.
    """
    unknown = (node for node in every_node(graph) if not has_onnx_rule(node))
    if allow_unsupported:
        unknown = (n for n in unknown if n.op_type in LOOPING or not is_standard(n, versions.get(n.domain, 1)))
    found = Counter((node.op_type, node.domain) for node in unknown)
    if not found:
        return
    told = [
        f"{kind} ({domain or 'ai.onnx'}, version {versions.get(domain, 1)}) x {count}"
        for (kind, domain), count in found.most_common()
    ]
    raise UnsupportedOpError(
        f"{name} uses {counted(len(found), 'operator')} of ONNX without a rule: {'; '.join(told)}",
        hint=_way_on({kind for kind, _ in found}, allow_unsupported=allow_unsupported),
    )


def _way_on(kinds: Set[str], *, allow_unsupported: bool) -> str:
    if kinds & LOOPING:
        return "export the model for inputs of fixed sizes, whose steps are written out one after another"
    if allow_unsupported:
        return "nothing says what shapes they give: trace the part of the network before them"
    return "allow_unsupported=True lists them as gaps and traces the rest"


def every_node(graph: GraphProto) -> Iterator[NodeProto]:
    """Yield all nodes, those of graphs inside of nodes too."""
    for node in graph.node:
        yield node
        for item in node.attribute:
            if item.HasField("g"):
                yield from every_node(item.g)
