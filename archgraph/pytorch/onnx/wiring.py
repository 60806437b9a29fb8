"""Whether everything that a graph reads is there before it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archgraph.errors import SpecError, quoted
from archgraph.pytorch.onnx.reading import inner_graphs

if TYPE_CHECKING:
    from onnx import GraphProto

CHECKED = "onnx.checker.check_model tells what else is wrong with it"


def refuse_loose_ends(name: str, graph: GraphProto, around: frozenset[str] = frozenset()) -> None:
    """Refuse a graph that reads a tensor before anything gives it.

    Args:
        name: what messages call the file.
        graph: the graph.
        around: tensors of the graph around it.

    Raises:
        SpecError: it does.
    """
    known = {*around, *(given.name for given in graph.input), *(tensor.name for tensor in graph.initializer)}
    known.update(tensor.values.name for tensor in graph.sparse_initializer)
    later = {made for node in graph.node for made in node.output}
    for node in graph.node:
        for read in node.input:
            if read and read not in known:
                when = "before a step gives it" if read in later else "and nothing in the file gives it"
                called = f"{node.op_type} {quoted(node.name)}" if node.name else node.op_type
                raise SpecError(f"{quoted(name)} is damaged: {called} reads {quoted(read)}, {when}", hint=CHECKED)
        for inner in inner_graphs(node):
            refuse_loose_ends(name, inner, frozenset(known))
        known.update(node.output)
    for out in graph.output:
        if out.name not in known:
            raise SpecError(f"{quoted(name)} is damaged: nothing gives its output {quoted(out.name)}", hint=CHECKED)
