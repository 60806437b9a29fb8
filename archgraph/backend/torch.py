"""Graph to PyTorch: a tree of modules that follows the scopes, its children named after the nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any

from sympy import Expr

from archgraph.errors import ArchgraphError, MissingToolError, UnboundSymbolError
from archgraph.ir import Graph, Member, Node, Repeat, Value
from archgraph.ops.modules import named

if TYPE_CHECKING:
    from torch import Tensor, nn

MAX_ITERATIONS = 100_000


def lower(
    graph: Graph, outputs: tuple[Value, ...] = (), name: str = "Network", device: Any = None
) -> nn.Module:
    """Return the graph as a PyTorch module; every size must be a number.

    The module takes one tensor per input, of shape (batch, *axes), and returns the outputs: a tensor, or a
    tuple of several. A scope of the graph is a child module, a repeat is a list of one body per iteration,
    and nodes that share have the same parameters.

    Args:
        graph: a graph without free symbols.
        outputs: the values to return, the graph's outputs unless told. Every node becomes a module, but only
            those that an output depends on are computed.
        name: what the module is called when it is printed.
        device: where its weights are made; "meta" allocates none.

    Raises:
        UnboundSymbolError: a size is symbolic.
        UnsupportedOpError: torch has no such layer.
        MissingToolError: torch is not installed.
    """
    torch = _torch()
    needed = outputs or graph.outputs
    with torch.device(device) if device is not None else nullcontext():
        module = _scope(graph, needed, needed, name)
    signature = ", ".join(map(repr, graph.inputs))
    module._signature = f"({signature}) -> {', '.join(value.name for value in needed)}"
    return module


def leaves(graph: Graph, module: Any, prefix: str = "") -> Iterator[tuple[str, Node, nn.Module]]:
    """Yield every primitive node of a lowered graph with its path and its module, once per iteration."""
    for node, attribute in zip(graph.nodes, module._attributes, strict=True):
        child = getattr(module, attribute)
        path = f"{prefix}{node.name}"
        if isinstance(node, Node):
            yield path, node, child
            continue
        for body in [child] if node.once else child:
            yield from leaves(node.body, body, f"{path}.")


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise MissingToolError("PyTorch is not installed", hint='pip install "archgraph[torch]"') from None
    return torch


@dataclass(frozen=True)
class Step:
    """One call of a child: where its operands are, where its results go, what nobody reads afterwards."""

    attribute: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    expired: tuple[int, ...]


@cache
def _scope_class() -> Any:
    from torch import nn

    class Scope(nn.Module):
        """The steps of one graph."""

        def __init__(self, label: str, arity: int) -> None:
            super().__init__()
            self._label = label
            self._arity = arity
            self._signature = ""
            self._attributes: list[str] = []
            self._steps: tuple[Step, ...] = ()
            self._results: tuple[int, ...] = ()

        def _get_name(self) -> str:
            return self._label

        def extra_repr(self) -> str:
            return self._signature

        def forward(self, *tensors: Tensor) -> Any:
            if len(tensors) != self._arity:
                raise TypeError(f"{self._label} takes {self._arity} tensors, and got {len(tensors)}")
            values = dict(enumerate(tensors))
            for step in self._steps:
                operands = [values[index] for index in step.inputs]
                results = _listed(getattr(self, step.attribute)(*operands))
                if tensors and not operands:
                    results = [_with_batch(result, tensors[0].shape[0]) for result in results]
                values.update(zip(step.outputs, results, strict=True))
                for index in step.expired:
                    del values[index]
            return _delivered([values.get(index) for index in self._results])

    return Scope


@cache
def _repeat_class() -> Any:
    from torch import nn

    class Repeat(nn.ModuleList):
        """A body per iteration; each takes the carried values of the one before it."""

        _carried = 1

        def forward(self, *tensors: Tensor) -> Any:
            for body in self:
                tensors = (*_listed(body(*tensors)), *tensors[self._carried :])
            return _delivered(list(tensors[: self._carried]))

    return Repeat


def _listed(result: Any) -> list:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _delivered(results: list) -> Any:
    return results[0] if len(results) == 1 else tuple(results)


def _with_batch(result: Tensor | None, batch: int) -> Tensor | None:
    """Give what was computed from no operand the batch axis of everything else."""
    return None if result is None else result.expand(batch, *result.shape[1:])


def _scope(
    graph: Graph,
    results: tuple[Value, ...],
    needed: tuple[Value, ...],
    label: str,
    owner: nn.Module | None = None,
) -> Any:
    """Build the module of one graph, which returns `results` but computes only what is needed of them.

    With an owner, a module of the same graph, it takes the owner's weights.
    """
    alive = graph.live(needed)
    scope = _scope_class()(label, len(graph.inputs))
    groups: dict[str | None, nn.Module] = {}
    for node in graph.nodes:
        attribute = _attribute(node.name, scope)
        tied = groups.get(node.share) if owner is None else getattr(owner, attribute)
        child = _child(node, _read(graph, needed, alive, node), tied)
        scope.add_module(attribute, child)
        scope._attributes.append(attribute)
        if node.share is not None:
            _remember(groups, node, child)
    scope._steps, scope._results = _plan(graph, results, alive, scope._attributes)
    return scope


def _remember(groups: dict[str | None, nn.Module], node: Member, child: Any) -> None:
    """Make the first module of a sharing group its owner; a repeat is represented by one of its bodies."""
    if isinstance(node, Node) or node.once:
        groups.setdefault(node.share, child)
    elif len(child):
        groups.setdefault(node.share, child[0])


def _child(node: Member, needed: tuple[Value, ...], tied: Any) -> nn.Module:
    if isinstance(node, Node):
        return _leaf(node, tied)
    if node.once:
        return _scope(node.body, node.body.outputs, needed, node.block, tied)
    bodies: list[nn.Module] = []
    for index in range(_count(node)):
        owner = tied[index] if isinstance(tied, _repeat_class()) else tied
        if owner is None and node.share is not None and bodies:
            owner = bodies[0]
        bodies.append(_scope(node.body, node.body.outputs, needed, node.block, owner))
    repeat = _repeat_class()(bodies)
    repeat._carried = len(node.outputs)
    return repeat


def _count(node: Repeat) -> int:
    if not node.count.is_Integer:
        raise _unbound(node.name, f"its count is {node.count}")
    if node.count > MAX_ITERATIONS:
        raise ArchgraphError(f"'{node.name}' runs {node.count} times; the limit is {MAX_ITERATIONS} modules")
    return int(node.count)


def _read(
    graph: Graph, needed: tuple[Value, ...], alive: frozenset[Member], node: Member
) -> tuple[Value, ...]:
    """Return the outputs of a body that something alive reads; an iterated body needs all of them."""
    if isinstance(node, Node):
        return ()
    if not node.once or node not in alive:
        return node.body.outputs
    read = {*needed, *(value for other in graph.nodes if other in alive for value in other.inputs)}
    return tuple(inner for inner, value in zip(node.body.outputs, node.outputs, strict=True) if value in read)


def _plan(
    graph: Graph, results: tuple[Value, ...], alive: frozenset[Member], attributes: list[str]
) -> tuple[tuple[Step, ...], tuple[int, ...]]:
    """Number the values and say, for every step, which of them are not read again."""
    members = [(node, name) for node, name in zip(graph.nodes, attributes, strict=True) if node in alive]
    slots = {value: index for index, value in enumerate(graph.inputs)}
    last: dict[Value, int] = {}
    for turn, (node, _) in enumerate(members):
        slots.update(zip(node.outputs, range(len(slots), len(slots) + len(node.outputs)), strict=True))
        last.update(dict.fromkeys((*node.inputs, *node.outputs), turn))
    steps = []
    for turn, (node, name) in enumerate(members):
        expired = [value for value in dict.fromkeys((*node.inputs, *node.outputs)) if last[value] == turn]
        numbers = (node.inputs, node.outputs, [value for value in expired if value not in results])
        steps.append(Step(name, *(tuple(slots[value] for value in values) for values in numbers)))
    return tuple(steps), tuple(slots.get(value, -1) for value in results)


def _attribute(name: str, scope: nn.Module) -> str:
    """Turn the name of a node into that of an attribute which is still free: `enc(0)` becomes `enc_0`."""
    attribute = re.sub(r"\W+", "_", name).strip("_") or "node"
    while hasattr(scope, attribute):
        attribute += "_"
    return attribute


def _leaf(node: Node, tied: nn.Module | None) -> Any:
    torch = _torch()
    _check_bound(node)
    weights = dict(tied.state_dict(keep_vars=True)) if tied is not None else {}
    with torch.device("meta") if weights else nullcontext():
        leaf = node.op.lower(*node.types)
    for path, weight in weights.items():
        scope, _, name = path.rpartition(".")
        inner = leaf.get_submodule(scope)
        (inner._parameters if name in inner._parameters else inner._buffers)[name] = weight
    return named(leaf, node.op.kind, node.op.arguments)


def _check_bound(node: Node) -> None:
    for value in (*node.inputs, *node.outputs):
        if any(not length.is_Integer for _, length in value.type.axes):
            raise _unbound(node.name, f"{value.name} is {value.type}")
    for field in fields(node.op):
        if _is_symbolic(getattr(node.op, field.name)):
            raise _unbound(node.name, f"{field.name} is {getattr(node.op, field.name)}")


def _is_symbolic(argument: object) -> bool:
    if isinstance(argument, tuple):
        return any(map(_is_symbolic, argument))
    return isinstance(argument, Expr) and bool(argument.free_symbols)


def _unbound(name: str, reason: str) -> UnboundSymbolError:
    return UnboundSymbolError(
        f"cannot build '{name}': {reason}", hint="bind every symbol: g.to_torch(D=768, L=12)"
    )
