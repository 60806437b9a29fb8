"""A graph of ONNX as a module: a step per operator, and a scope per prefix of their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from torch import Tensor, nn

from archgraph.errors import ArchgraphError, SpecError, UnsupportedOpError, quoted
from archgraph.pytorch.onnx.gaps import CUT_BEFORE
from archgraph.pytorch.onnx.operators.recurrent import torch_weights
from archgraph.pytorch.onnx.operators.table import BY_VERSION, SEVERAL, OnnxRule, has_onnx_rule, rule_name
from archgraph.pytorch.onnx.stated import StatedShapes
from archgraph.pytorch.onnx.stored import LARGEST_VALUES, StoredTensor, tensor_of
from archgraph.pytorch.onnx.weights import STEPWISE, StoredWeights, register_weight

if TYPE_CHECKING:
    from onnx import AttributeProto, GraphProto, NodeProto, TensorProto

NamedTensors: TypeAlias = dict[str, Tensor]
"""Tensors by their names in the graph."""
RuleOf: TypeAlias = "Callable[[NodeProto], OnnxRule]"
GapOf: TypeAlias = "Callable[[NodeProto, StatedShapes, NamedTensors], nn.Module]"
"""What stands for an operator without a rule, of what the file states and the weights that it may read."""


HOLDERS = ("Constant", "ConstantOfShape")
"""Operators of which a result may be a tensor that the file holds."""
LABELS = ("weight", "bias", "mean", "variance")
"""How the stored operands of a step are called, first to last."""


class OnnxStep(nn.Module):
    """One operator with its weights; `unread` names tensors whose values lie in another file."""

    def __init__(
        self, node: NodeProto, rule: OnnxRule, opset: int, weights: Mapping[str, Tensor], unread: Container[str] = ()
    ) -> None:
        super().__init__()
        self._unread = unread
        self.kind: str = node.op_type
        self._reads, self._makes = tuple(node.input), tuple(node.output)
        self._rule = rule
        self._attributes = {item.name: _attribute(item) for item in node.attribute}
        self._attributes |= {"opset": opset} if self.kind in BY_VERSION else {}
        self._attributes |= {"outputs": len(self._makes)} if self.kind in SEVERAL else {}
        own = {name: weights[name] for name in self._reads if name in weights}
        self._labels: dict[str, str] = {}
        if self.kind in STEPWISE:
            self._take_steps(node, own)
            return
        for place, (name, tensor) in enumerate(own.items()):
            self._labels[name] = LABELS[place] if place < len(LABELS) else f"weight_{place}"
            register_weight(self, self._labels[name], tensor)

    def _take_steps(self, node: NodeProto, own: Mapping[str, Tensor]) -> None:
        """Keep the weights of a recurrent layer as PyTorch has them."""
        given = [own.get(name) for name in (*self._reads, "")[1:4]]
        if given[0] is None or given[1] is None or (len(self._reads) > 3 and self._reads[3] and given[2] is None):
            raise SpecError(f"{self.kind} {quoted(node.name)} computes its weights", hint="store them in the file")
        made = torch_weights(self.kind, given[0].detach(), given[1].detach(), given[2])
        self.weights: nn.ParameterList = nn.ParameterList(nn.Parameter(part.detach()) for part in made)

    def _get_name(self) -> str:
        return self.kind

    def operands(self, values: NamedTensors) -> Iterator[Tensor | Sequence[Tensor] | None]:
        """Yield the operands, None for one that is left out."""
        if self.kind in STEPWISE:
            yield value_of(values, self._reads[0])
            yield list(self.weights)
            yield from (value_of(values, name) if name else None for name in self._reads[4:])
            return
        for name in self._reads:
            label = self._labels.get(name)
            yield getattr(self, label) if label else value_of(values, name) if name else None

    def forward(self, values: NamedTensors) -> None:
        """Compute the results and put them among the values."""
        operands = list(self.operands(values))
        try:
            made = self._rule(*operands, **self._attributes)
        except ArchgraphError:
            self._refuse_unread()
            raise
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise self._unfit(operands, error) from None
        results = [made] if isinstance(made, Tensor) else list(made)
        values.update({name: part for name, part in zip(self._makes, results, strict=False) if name})

    def _refuse_unread(self) -> None:
        """Say of a step that asks for values whether these lie in a file that is not opened."""
        for name in self._reads:
            if name in self._unread:
                raise SpecError(
                    f"{self.kind} asks for the values of {quoted(name)}, which lie in another file, and none is opened",
                    hint="onnx.save_model(model, path, save_as_external_data=False) stores them within",
                )

    def _unfit(self, operands: Sequence[object], error: Exception) -> SpecError:
        shapes = " and ".join("x".join(map(str, x.shape)) or "1" for x in operands if isinstance(x, Tensor))
        return SpecError(
            f"{self.kind} does not take operands of {shapes}: {type(error).__name__}: {error}",
            hint="onnx.checker.check_model(path, full_check=True) tells whether the file is right",
        )


class OnnxBranches(nn.Module):
    """A choice between two graphs, by a test that is known."""

    def __init__(
        self, node: NodeProto, branches: Mapping[str, OnnxScope], outputs: Mapping[str, Sequence[str]]
    ) -> None:
        super().__init__()
        self._test, self._makes, self._outputs = node.input[0], tuple(node.output), outputs
        self.then_branch: OnnxScope = branches["then_branch"]
        self.else_branch: OnnxScope = branches["else_branch"]

    def forward(self, values: NamedTensors) -> None:
        """Run the branch that the test chooses."""
        name = "then_branch" if self._holds(values) else "else_branch"
        inner = dict(values)
        (self.then_branch if name == "then_branch" else self.else_branch)(inner)
        values.update(zip(self._makes, (inner[out] for out in self._outputs[name]), strict=True))

    def _holds(self, values: NamedTensors) -> bool:
        try:
            return bool(value_of(values, self._test).item())
        except UnsupportedOpError:
            raise
        except ArchgraphError:
            raise UnsupportedOpError(
                f"If chooses a graph by {quoted(self._test)}, whose value depends on what the network computes",
                hint=f"export the model for one of the choices, or {CUT_BEFORE}",
            ) from None


class OnnxScope(nn.Module):
    """Steps one after another."""

    def __init__(self) -> None:
        super().__init__()
        self.constants: NamedTensors = {}

    def forward(self, values: NamedTensors) -> None:
        """Run all steps on the values that are there, and add theirs."""
        values.update(self.constants)
        for part in self.children():
            part(values)

    def inner(self, name: str) -> OnnxScope:
        """Return a new scope at the end of this one."""
        scope = OnnxScope()
        self.add_module(free_name(self, name), scope)
        return scope


class OnnxNetwork(nn.Module):
    """A whole graph: it takes its inputs by name, and returns its outputs by name."""

    def __init__(self, body: OnnxScope, inputs: Mapping[str, str], outputs: Sequence[str]) -> None:
        super().__init__()
        self.body: OnnxScope = body
        self._inputs, self._outputs = inputs, outputs

    def forward(self, **given: Tensor) -> dict[str, Tensor]:
        """Return what the graph computes."""
        values = {self._inputs.get(name, name): value for name, value in given.items()}
        self.body(values)
        return {name: value_of(values, name) for name in self._outputs}


def value_of(values: NamedTensors, name: str) -> Tensor:
    """Return a tensor by its name.

    Raises:
        UnsupportedOpError: no step gave it, as a second result that has no rule.
    """
    if name not in values:
        raise UnsupportedOpError(f"no step gives {quoted(name)}", hint="a further result of an operator has no rule")
    return values[name]


def free_name(scope: nn.Module, wanted: str) -> str:
    """Return a name that no part of a scope has, as near as possible to the wanted one."""
    base = re.sub(r"\W", "_", wanted) or "step"
    taken, number, name = dict(scope.named_children()), 1, base
    while name in taken or hasattr(scope, name):
        name, number = f"{base}_{number}", number + 1
    return name


class OnnxBuilder:
    """Makes modules of graphs.

    Args:
        onnx_rule: what an operator with a rule becomes.
        gap: what one without a rule becomes.
        opset: the version of the standard's operators.
        values: whether weights get their values, which only a comparison of results needs.
    """

    def __init__(self, onnx_rule: RuleOf, gap: GapOf, opset: int, *, values: bool = False) -> None:
        self._rule_of, self._gap_of, self._opset, self._values = onnx_rule, gap, opset, values
        self._shared: NamedTensors = {}
        self._unread: set[str] = set()

    def scope(self, graph: GraphProto, around: StatedShapes | None = None) -> OnnxScope:
        """Return a graph as steps in scopes."""
        stored = stored_tensors(graph)
        stated = StatedShapes.of(graph, stored, around)
        self._unread.update(name for name, tensor in stored.items() if tensor.is_elsewhere)
        weights = StoredWeights(graph, stored)
        own = {name: self._weight(name, stored[name], weights) for name in weights.parameters | weights.buffers}
        self._shared.update(own)
        top = OnnxScope()
        top.constants = {n: self._constant(tensor) for n, tensor in stored.items() if n not in own}
        path: list[tuple[str, OnnxScope]] = []
        for place, node in enumerate(graph.node):
            if rule_name(node) not in HOLDERS or node.output[0] not in stored:
                self._add(top, path, self._step(node, stated), node.name or f"{node.op_type}_{place}")
        return top

    def _add(self, top: OnnxScope, path: list[tuple[str, OnnxScope]], step: nn.Module, name: str) -> None:
        *parts, leaf = [part for part in name.split("/") if part] or ["step"]
        most = min(len(parts), len(path))
        same = next((k for k in range(most) if parts[k] != path[k][0]), most)
        del path[same:]
        for part in parts[same:]:
            path.append((part, (path[-1][1] if path else top).inner(part)))
        scope = path[-1][1] if path else top
        scope.add_module(free_name(scope, leaf), step)

    def _step(self, node: NodeProto, stated: StatedShapes) -> nn.Module:
        if not has_onnx_rule(node):
            return self._gap_of(node, stated, self._shared)
        if node.op_type != "If":
            return OnnxStep(node, self._rule_of(node), self._opset, self._shared, self._unread)
        graphs = {item.name: item.g for item in node.attribute}
        return OnnxBranches(
            node,
            {name: self.scope(graph, stated) for name, graph in graphs.items()},
            {name: [out.name for out in graph.output] for name, graph in graphs.items()},
        )

    def _weight(self, name: str, stored: StoredTensor, weights: StoredWeights) -> Tensor:
        tensor = stored.tensor(values=self._values)
        return nn.Parameter(tensor, tensor.is_floating_point()) if name in weights.parameters else tensor

    def _constant(self, stored: StoredTensor) -> Tensor:
        return stored.tensor(values=self._values or stored.numel <= LARGEST_VALUES)


def stored_tensors(graph: GraphProto) -> dict[str, StoredTensor]:
    """Return the tensors that a file holds: listed ones, those of nodes, and those of one number in a stored shape."""
    from onnx import helper

    found = {tensor.name: StoredTensor(tensor) for tensor in graph.initializer}
    for node in graph.node:
        given = {item.name: item for item in node.attribute}
        if rule_name(node) == "Constant":
            found.update((node.output[0], StoredTensor(proto)) for proto in map(_constant_of, given.values()) if proto)
        elif rule_name(node) == "ConstantOfShape" and node.input[0] in found:
            shape = found[node.input[0]].tensor(values=True)
            number = given["value"].t if "value" in given else helper.make_tensor("", 1, [1], [0.0])
            found[node.output[0]] = StoredTensor(number, tuple(shape.tolist()))
    return found


def _constant_of(item: AttributeProto) -> TensorProto | None:
    """The tensor of a node that holds one."""
    import numpy
    from onnx import numpy_helper

    if item.name == "value":
        return item.t
    if not item.name.startswith("value_"):
        return None
    kind = numpy.int64 if "int" in item.name else numpy.float32
    return numpy_helper.from_array(numpy.array(_attribute(item), kind))


def _attribute(item: AttributeProto) -> object:
    """An attribute as plain numbers, text or a tensor."""
    from onnx import TensorProto, helper

    found = helper.get_attribute_value(item)
    if isinstance(found, bytes):
        return found.decode()
    if isinstance(found, TensorProto):
        return tensor_of(found)
    if not isinstance(found, (str, int, float)):
        return [part.decode() if isinstance(part, bytes) else part for part in found]
    return found
