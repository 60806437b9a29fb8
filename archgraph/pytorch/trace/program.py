"""An exported program prepared for interpretation: subgraphs inlined, constants and attention found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from archgraph.pytorch.trace.attention_patterns import CONTRACTIONS, Fused, find_attentions, name_of
from archgraph.pytorch.trace.builder import Stack
from archgraph.pytorch.trace.dtypes import own_floating, stored_name
from archgraph.pytorch.trace.export import Exported, tree_of
from archgraph.sizes.dtypes import FLOAT

if TYPE_CHECKING:
    from torch import nn

Status = Literal["learned", "frozen", "buffer"]
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


class Program:
    """The nodes of an exported program, and what is known about them.

    Attributes:
        nodes: in order, without those that fused attention stands for.
        constants: nodes that depend on sizes only.
        parameters: placeholders of parameters and buffers, with their names in the module.
        attentions: the last node of every attention that is written out as products and a softmax.
    """

    def __init__(self, exported: Exported, module: nn.Module) -> None:
        program = exported.program
        self.module = program.graph_module
        inline(self.module)
        signature = program.graph_signature
        self.user_inputs = set(exported.inputs)
        lifted = signature.inputs_to_lifted_tensor_constants
        self.constant_tensors = {name: program.constants.get(target) for name, target in lifted.items()}
        self._returned = set(signature.user_outputs)
        tensors = {
            **dict(module.named_parameters(remove_duplicate=False)),
            **dict(module.named_buffers(remove_duplicate=False)),
        }
        self._tensors = tensors
        names = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        every = list(self.module.graph.nodes)
        self.parameters = {node: names[node.name] for node in every if node.op == "placeholder" and node.name in names}
        self.constants = self._find_constants(every)
        self.attentions: Mapping[Any, Fused] = find_attentions(every, self.constants)
        absorbed = {node for fused in self.attentions.values() for node in fused.absorbed}
        self.nodes = [node for node in every if node not in absorbed]
        self._owners: dict[int, Any] = {}
        self._uses: dict[int, int] = {}
        self._count_uses(absorbed)
        self.accounted: set[int] = set()
        floats = (node.meta.get("val") for node in every if node.name in self.user_inputs)
        self.own = own_floating(module, floats)
        self._frozen = not any(p.requires_grad for p in module.parameters())

    # -- weights -----------------------------------------------------------------------------------------

    def _count_uses(self, absorbed: set[Any]) -> None:
        for node, name in self.parameters.items():
            key = id(self._tensors.get(name, node))
            count = sum(occurrences(node, user) for user in node.users if user not in absorbed)
            self._uses[key] = self._uses.get(key, 0) + count
            if count:
                self._owners.setdefault(key, node)

    def _key(self, node: Any) -> int:
        return id(self._tensors.get(self.parameters[node], node))

    def uses(self, node: Any) -> int:
        """Return how many operations use a parameter."""
        return self._uses[self._key(node)]

    def is_local(self, node: Any) -> bool:
        """Whether all operations that use a parameter belong to one call of one module."""
        key = self._key(node)
        places = {n for n in self.parameters if self._key(n) == key}
        return len({self.stack(user) for place in places for user in place.users if occurrences(place, user)}) == 1

    def owner(self, node: Any) -> Any:
        """Return the placeholder that stands for all of its tied names."""
        return self._owners[self._key(node)]

    def used(self, node: Any) -> None:
        """Remember that a parameter is part of the graph."""
        self.accounted.add(self._key(node))

    def status(self, node: Any) -> Status:
        """Return whether it is learned, frozen, or a buffer."""
        return self.status_of(self._tensors.get(self.parameters[node]))

    def status_of(self, tensor: Any) -> Status:
        """Return the status of a tensor of the module; where nothing is trained, everything counts as learned."""
        from torch import nn

        if not isinstance(tensor, nn.Parameter):
            return "buffer"
        return "learned" if tensor.requires_grad or self._frozen else "frozen"

    def is_natural(self, node: Any, *, buffer: bool = False) -> bool:
        """Whether a weight belongs to one layer, which then counts it itself."""
        if node not in self.parameters or self.uses(node) != 1 or not self._is_in_type(node):
            return False
        return self.status(node) == ("buffer" if buffer else "learned")

    def dtype(self, tensor: Any) -> str:
        """Return how a tensor is stored."""
        return stored_name(tensor.dtype, self.own)

    def _is_in_type(self, node: Any) -> bool:
        """Whether a weight is stored in the floating type that its operation computes in."""
        (user,) = [user for user in node.users if occurrences(node, user)][:1] or [node]
        first = next((arg for arg in user.args if hasattr(arg, "meta")), node).meta.get("val")
        own = self.dtype(node.meta["val"])
        floating = first is not None and hasattr(first, "dtype") and first.dtype.is_floating_point
        return own == (self.dtype(first) if floating else FLOAT)

    def origin(self, node: Any) -> Any:
        """Return the parameter that a weight is only another view of, or the node itself."""
        seen = node
        while name_of(seen) in RESHAPINGS and occurrences(seen.args[0], seen) == 1:
            if sum(occurrences(seen, user) for user in seen.users) != 1 or _casts(seen):
                return node
            seen = seen.args[0]
        return seen if seen in self.parameters else node

    def unused(self) -> Iterator[tuple[str, Any]]:
        """Yield the parameters of the module that no operation uses."""
        seen = set(self.accounted)
        for name, tensor in self._tensors.items():
            if id(tensor) not in seen and self.status_of(tensor) != "buffer":
                seen.add(id(tensor))
                yield name, tensor

    def parameter_count(self) -> int:
        """Return the number of scalars in all parameters."""
        found = {id(t): t for t in self._tensors.values() if self.status_of(t) != "buffer"}
        return sum(tensor.numel() for tensor in found.values())

    def buffer_tensors(self) -> list[Any]:
        """Return all buffers, each once."""
        found = {id(t): t for t in self._tensors.values() if self.status_of(t) == "buffer"}
        return list(found.values())

    # -- structure ---------------------------------------------------------------------------------------

    def _find_constants(self, nodes: list[Any]) -> set[Any]:
        """Nodes that depend on sizes only; a product of matrices is counted even then."""
        found: set[Any] = set()
        for node in nodes:
            if node.op == "placeholder":
                if node not in self.parameters and node.name not in self.user_inputs:
                    found.add(node)
            elif node.op == "get_attr" or (node.op == "call_function" and _is_constant(node, found)):
                found.add(node)
        return found

    def stack(self, node: Any) -> Stack:
        """Return the modules that a node was called in, the root left out."""
        entries = node.meta.get("nn_module_stack", {}).items()
        return tuple(
            (str(key), entry[0], _class_name(entry[1]))
            for key, entry in entries
            if isinstance(entry, tuple) and entry[0]
        )

    def path(self, node: Any) -> str:
        """Return the path of the innermost module around a node."""
        stack = self.stack(node)
        return stack[-1][1] if stack else ""

    def where(self, node: Any) -> str:
        """Return the module and the source line of a node."""
        lines = [line.strip() for line in node.meta.get("stack_trace", "").splitlines() if 'File "' in line]
        own = [line for line in lines if "/torch/" not in line] or lines
        line = own[-1].replace('File "', "").replace('", line ', ":").split(",")[0] if own else ""
        return " ".join(part for part in (self.path(node) or "the root module", f"({line})" if line else "") if part)

    def feeds(self, node: Any, operator_name: str, depth: int = 6) -> bool:
        """Whether a node reaches an operator of that name through operations without weights."""
        if depth == 0:
            return False
        for user in node.users:
            schema = getattr(user.target, "_schema", None)
            name = schema.name.removeprefix("aten::") if schema else ""
            if name == operator_name:
                return True
            passes = name not in CONTRACTIONS and name not in ("transpose", "permute", "layer_norm")
            if passes and self.feeds(user, operator_name, depth - 1):
                return True
        return False

    def viewed(self, node: Any) -> Any:
        """Return the node that a node is a view of, or None."""
        schema = getattr(node.target, "_schema", None)
        if node.op != "call_function" or schema is None or schema.name.removeprefix("aten::") not in VIEW_OPERATORS:
            return None
        return node.args[0]

    def results(self, node: Any) -> list[Any]:
        """Return the nodes that the program returns to its user."""
        import torch

        flat = tree_of(torch).tree_leaves(node.args[0])
        return list(dict.fromkeys(item for item in flat if hasattr(item, "name") and item.name in self._returned))


RESHAPINGS = frozenset(("unsqueeze", "squeeze", "view", "reshape", "to"))
"""Views under which a weight stays the weight of its layer."""
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


def occurrences(node: Any, user: Any) -> int:
    """Return how often a node stands among the arguments of another that computes something."""
    import torch

    if name_of(user) in SKIPPED:
        return 0
    return sum(leaf is node for leaf in tree_of(torch).tree_leaves((user.args, user.kwargs)))


def _casts(node: Any) -> bool:
    """Whether a node stores its operand in another type."""
    return node.meta["val"].dtype != node.args[0].meta["val"].dtype


def _class_name(kind: Any) -> str:
    text = kind if isinstance(kind, str) else kind.__name__
    return text.rpartition(".")[2]


def _is_constant(node: Any, known: set[Any]) -> bool:
    schema = getattr(node.target, "_schema", None)
    if schema is not None and schema.name.removeprefix("aten::") in CONTRACTIONS:
        return False
    return all(argument in known or _is_number(argument) for argument in node.all_input_nodes)


def _is_number(node: Any) -> bool:
    value = node.meta.get("val")
    return value is not None and not hasattr(value, "shape") and not isinstance(value, (list, tuple))


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
