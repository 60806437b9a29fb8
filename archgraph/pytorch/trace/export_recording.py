"""An exported program as a recording, whose sizes are expressions: for modules that are traced at all sizes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sympy import Expr, Integer

from archgraph.errors import ArchgraphError
from archgraph.pytorch.trace.capture import Dynamic
from archgraph.pytorch.trace.export import Exported, export, tree_of
from archgraph.pytorch.trace.export_sizes import sizes_of, translate
from archgraph.pytorch.trace.export_values import Computed
from archgraph.pytorch.trace.recording.node import ModuleCall, RecordedNode, Shaped, SourceLine
from archgraph.pytorch.trace.recording.outputs import named_tensors
from archgraph.pytorch.trace.recording.recording import Recording
from archgraph.pytorch.trace.sizes import TracedSizes

if TYPE_CHECKING:
    from torch import nn

VIEW_OPERATORS = frozenset(
    [
        "slice",
        "select",
        "view",
        "reshape",
        "transpose",
        "permute",
        "squeeze",
        "unsqueeze",
        "flatten",
        "unflatten",
        "expand",
        "t",
        "narrow",
        "chunk",
        "split",
        "alias",
        "detach",
        "movedim",
        "diagonal",
    ]
)
SKIPPED = frozenset(
    {
        "_assert_scalar",
        "_assert_async",
        "_assert_tensor_metadata",
        "sym_constrain_range",
        "sym_constrain_range_for_size",
        "sym_size",
        "sym_numel",
        "sym_stride",
        "_local_scalar_dense",
    }
)
"""Operators that compute nothing."""


def export_recording(module: nn.Module, inputs: Any, dynamic: Dynamic, name: str) -> tuple[Recording, TracedSizes]:
    """Export a module and return its steps as if they had been recorded, with sizes in the user's symbols."""
    exported = export(module, inputs, dynamic)
    sizes, inside = sizes_of(exported, name)
    inline(exported.program.graph_module)
    return _Translation(exported, inside).recording(), sizes


class _Translation:
    """Makes recorded nodes of a program's."""

    def __init__(self, exported: Exported, inside: Mapping[Any, Expr]) -> None:
        self.exported = exported
        self.program = exported.program
        self.inside = inside
        self.made: dict[Any, Any] = {}
        signature = self.program.graph_signature
        self.kinds = {name: ("input", name) for name in exported.inputs}
        self.kinds |= {name: ("parameter", path) for name, path in signature.inputs_to_parameters.items()}
        self.kinds |= {name: ("buffer", path) for name, path in signature.inputs_to_buffers.items()}

    def recording(self) -> Recording:
        """Return all steps."""
        outputs: Mapping[str, RecordedNode] = {}
        for node in self.program.graph_module.graph.nodes:
            if node.op == "output":
                outputs = self._outputs(node)
            elif node.op in ("placeholder", "get_attr"):
                self._placeholder(node)
            else:
                self._call(node)
        steps = [item for item in self.made.values() if isinstance(item, RecordedNode)]
        end = RecordedNode("output", "output", "output", (dict(outputs),), {}, tuple(outputs.values()))
        of_kind = lambda kind, by: {getattr(n, by): n for n in steps if n.kind == kind}  # noqa: E731
        return Recording(
            (*(n for n in steps if n.kind), *(n for n in steps if not n.kind), end),
            of_kind("input", "name"),
            of_kind("parameter", "target"),
            of_kind("buffer", "target"),
            of_kind("constant", "name"),
            outputs,
        )

    def _placeholder(self, node: Any) -> None:
        value = node.meta.get("val")
        if not hasattr(value, "shape"):
            self.made[node] = value
            return
        made = RecordedNode("placeholder", node.target, node.name)
        made.kind, made.target = self.kinds.get(node.name, ("constant", node.name))
        made.meta["val"] = self._shaped(value)
        made.held = Computed(node, self.program)
        self.made[node] = made

    def _call(self, node: Any) -> None:
        value = node.meta.get("val")
        schema = getattr(node.target, "_schema", None)
        name = schema.name.removeprefix("aten::") if schema else ""
        if value is not None and not hasattr(value, "shape") and not isinstance(value, (list, tuple)):
            self.made[node] = self._number(value)
        if name in SKIPPED or value is None or node in self.made:
            return
        args, kwargs = (self._argument(item) for item in (tuple(node.args), dict(node.kwargs)))
        operands = [self.made[item] for item in node.all_input_nodes]
        made = RecordedNode(node.op, node.target, node.name, args, kwargs, [n for n in operands if _is_step(n)])
        made.meta["val"] = self._shaped(value)
        made.stack = _stack(node)
        made.line = _line(node)
        made.held = Computed(node, self.program)
        changes = name.endswith("_") and not name.endswith("__") and _is_step(made.args[0])
        made.writes = (made.args[0],) if changes else ()
        made.base = made.args[0] if changes or name in VIEW_OPERATORS else None
        self.made[node] = made

    def _argument(self, item: Any) -> Any:
        if isinstance(item, dict):
            return {key: self._argument(part) for key, part in item.items()}
        if isinstance(item, (list, tuple)):
            return type(item)([self._argument(part) for part in item])
        return self.made[item] if hasattr(item, "meta") else item

    def _shaped(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return tuple(map(self._shaped, value))
        return Shaped(tuple(map(self._number, value.shape)), value.dtype) if hasattr(value, "shape") else value

    def _number(self, value: Any) -> Any:
        if not hasattr(value, "node"):
            return value
        try:
            size = translate(value.node.expr, self.inside)
        except ArchgraphError:
            # Of numbers that are no sizes, such as a scale, the value at the example is enough.
            return float(value.node.hint) if value.node.hint is not None else 0.0
        return int(size) if isinstance(size, Integer) else size

    def _outputs(self, node: Any) -> Mapping[str, RecordedNode]:
        """Return what the module returns by its place: the program's outputs in the form of the module's."""
        import torch

        tree = tree_of(torch)
        spec = self.program.call_spec.out_spec
        returned = tree.tree_leaves(node.args[0], is_leaf=lambda item: item is None)
        steps = [self.made.get(item) if hasattr(item, "meta") else None for item in returned[-spec.num_leaves :]]
        marks = [torch.empty(0, device="meta") if _is_step(step) else None for step in steps]
        step_of: dict[int, Any] = {id(mark): step for mark, step in zip(marks, steps, strict=True)}
        places = named_tensors(tree.tree_unflatten(marks, spec))
        return {place: step_of[id(mark)] for place, mark in places}


def _is_step(item: Any) -> bool:
    return isinstance(item, RecordedNode)


def _stack(node: Any) -> tuple[ModuleCall, ...]:
    """The modules that a node was called in, the root left out."""
    entries = node.meta.get("nn_module_stack", {}).items()
    return tuple(
        ModuleCall(str(key), entry[0], _class_name(entry[1]))
        for key, entry in entries
        if isinstance(entry, tuple) and entry[0]
    )


def _class_name(kind: Any) -> str:
    text = kind if isinstance(kind, str) else kind.__name__
    return text.rpartition(".")[2]


def _line(node: Any) -> SourceLine | None:
    """The innermost line that is not PyTorch's."""
    found = re.findall(r'File "(.+)", line (\d+), in (.+)', node.meta.get("stack_trace", "") or "")
    own = [line for line in found if "/torch/" not in line[0]] or found
    return SourceLine(own[-1][0], int(own[-1][1]), own[-1][2]) if own else None


def inline(module: Any) -> None:
    """Put the graphs of higher-order operators, such as autocast regions, in the place of their calls."""
    graph = module.graph
    for node in list(graph.nodes):
        subgraph = _subgraph(module, node)
        if subgraph is None:
            continue
        inline(subgraph)
        position = next(i for i, arg in enumerate(node.args) if getattr(arg, "op", "") == "get_attr")
        operands = node.args[position + 1 :]
        places = [inner for inner in subgraph.graph.nodes if inner.op == "placeholder"]
        with graph.inserting_before(node):
            results = graph.graph_copy(subgraph.graph, dict(zip(places, operands, strict=True)))
        _replace_results(graph, node, results)


def _replace_results(graph: Any, node: Any, results: Any) -> None:
    for user in list(node.users):
        if isinstance(results, (tuple, list)):
            user.replace_all_uses_with(results[user.args[1]])
            graph.erase_node(user)
    if not isinstance(results, (tuple, list)):
        node.replace_all_uses_with(results)
    graph.erase_node(node)


def _subgraph(module: Any, node: Any) -> Any:
    if node.op != "call_function" or type(node.target).__module__.startswith("torch._ops") is False:
        return None
    if "HigherOrder" not in type(node.target).__mro__[-2].__name__ and not str(node.target).startswith("wrap_with"):
        return None
    attribute = next((arg for arg in node.args if getattr(arg, "op", "") == "get_attr"), None)
    return None if attribute is None else getattr(module, attribute.target)
