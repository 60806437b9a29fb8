"""Experts: rows that are sorted by the expert that takes them, and multiplied group by group."""

from __future__ import annotations

from sympy import Expr

from archgraph.graph.ir import Value
from archgraph.ops.traced.grouped import GroupedLinear
from archgraph.pytorch.trace.arguments import Arguments
from archgraph.pytorch.trace.axes import finish
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.registry import aten
from archgraph.sizes.types import CHANNEL

MOST_WALKED = 64
"""Steps that are looked through between a router's choice and where the groups end."""


@aten("_grouped_mm", "transformers::grouped_mm_fallback")
def grouped(i: ProgramInterpreter, a: Arguments) -> object:
    """Rows times the weight of their group: as much work whatever the groups are."""
    weight: RecordedNode = a.nodes["mat2" if "mat2" in a.nodes else "weight"]
    x = a.self if "self" in a.nodes else a.input
    shape = [i.sizes.expression(length) for length in weight.meta["val"].shape]
    origin = _turned(weight)
    if len(shape) != 3 or x.rank != 2 or a.nodes.get("bias") is not None or not i.program.is_natural(origin):
        return NotImplemented
    i.program.used(origin)
    t, _ = i.builder.grouped(i.builder.materialised(x), [(CHANNEL, (1,))])
    assert isinstance(t.value, Value)
    op = GroupedLinear(shape[0], shape[2], _chosen(i, a.nodes["offs"]))
    (value,) = i.builder.emit(op, [t.value])
    return finish(t, value, {1: CHANNEL})


def _turned(weight: RecordedNode) -> RecordedNode:
    """The parameter of which a weight is the transpose, or itself."""
    name = getattr(weight.target, "_schema", None)
    return weight.args[0] if name is not None and name.name == "aten::transpose" else weight


def _chosen(i: ProgramInterpreter, ends: RecordedNode) -> Expr | None:
    """How many experts a router chooses for each position: the length of the choice that groups follow from."""
    seen: list[RecordedNode] = [ends]
    for node in seen:
        for operand in node.all_input_nodes:
            schema = getattr(operand.target, "_schema", None)
            if schema is not None and schema.name == "aten::topk":
                return i.sizes.expression(operand.args[1])
            if operand not in seen and len(seen) < MOST_WALKED:
                seen.append(operand)
    return None
