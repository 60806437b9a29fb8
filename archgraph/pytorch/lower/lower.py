"""Graph to PyTorch: a tree of modules that follows the scopes, its children named after the nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sympy import Expr

from archgraph.errors import ArchgraphError, QueryError, UnboundSymbolError, quoted
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.graph.weights import weights_of
from archgraph.ops.modules import named, torch_dtype
from archgraph.optional import import_torch
from archgraph.pytorch.lower.mixture import mixture_class, takes_each_position
from archgraph.pytorch.lower.modules import ModuleStep, repeat_class, scope_class
from archgraph.steps import stepping

if TYPE_CHECKING:
    import torch
    from torch import nn

MAX_ITERATIONS = 100_000
MOST_ELEMENTS = 2**63


def lower(
    graph: Graph, outputs: tuple[Value, ...] = (), name: str = "Network", device: Any = None, *, dead: bool = False
) -> nn.Module:
    """Return the graph as a PyTorch module; every size must be a number.

    The module takes one tensor per input, of shape (batch, *axes), and returns the outputs: a tensor, or a
    tuple of several. A scope of the graph is a child module, a repeat is a list of one body per iteration,
    and nodes that share have the same parameters.

    Args:
        graph: a graph without free symbols.
        outputs: the values to return, the graph's outputs unless told. Every node becomes a module, but only
            those that an output depends on are computed.
        dead: compute what no output depends on as well.
        name: what the module is called when it is printed.
        device: where its weights are made; "meta" allocates none.

    Raises:
        UnboundSymbolError: a size is symbolic.
        UnsupportedOpError: torch has no such layer.
        MissingToolError: torch is not installed.
    """
    torch = import_torch()
    needed = outputs or graph.outputs
    with _on(torch, device):
        module = _scope(graph, needed, None if dead else needed, name)
    signature = ", ".join(map(repr, graph.inputs))
    module._signature = f"({signature}) -> {', '.join(value.name for value in needed)}"
    return module


def _on(torch: ModuleType, device: object) -> AbstractContextManager[object]:
    try:
        return nullcontext() if device is None else torch.device(device)
    except (RuntimeError, TypeError, ValueError):
        raise QueryError(f"PyTorch has no device {quoted(device)}", hint='"cpu", "cuda" or "meta"') from None


def check_dtype(dtype: torch.dtype | None) -> None:
    """Refuse what is no floating type of PyTorch.

    Raises:
        QueryError: it is none.
        MissingToolError: torch is not installed.
    """
    if dtype is not None and not (isinstance(dtype, import_torch().dtype) and dtype.is_floating_point):
        raise QueryError(f"weights have a floating type of PyTorch, and not {quoted(dtype)}", hint="torch.bfloat16")


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


def mixtures(graph: Graph, module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield every mixture of a lowered graph, which sums what its experts return, with its path."""
    names: list[str] = module._attributes  # type: ignore[assignment]
    for node, attribute in zip(graph.nodes, names, strict=True):
        child, path = getattr(module, attribute), f"{prefix}{node.name}"
        if isinstance(node, Node):
            continue
        if node.experts is not None:
            yield path, child
        for body in [child] if node.once else child:
            yield from mixtures(node.body, body, f"{path}.")


def _scope(
    graph: Graph,
    results: tuple[Value, ...],
    needed: tuple[Value, ...] | None,
    label: str,
    owner: nn.Module | None = None,
) -> Any:
    """Build the module of one graph, which returns `results` but computes only what is needed of them, or everything.

    With an owner, a module of the same graph, it takes the owner's weights.
    """
    alive = graph.running(needed)
    scope = scope_class()(label, len(graph.inputs))
    groups: dict[str | None, nn.Module] = {}
    for node in stepping(graph.nodes, "layers"):
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
    if isinstance(node, Node) or node.once or node.experts is not None:
        groups.setdefault(node.share, child)
    elif len(child):
        groups.setdefault(node.share, child[0])


def _child(node: Member, needed: tuple[Value, ...] | None, tied: Any) -> nn.Module:
    if isinstance(node, Node):
        return _leaf(node, tied)
    if node.once:
        return _scope(node.body, node.body.outputs, needed, node.block, tied)
    if node.experts is not None:
        experts, active = _bodies(node, node.experts, tied, dead=needed is None), _number(node, node.count)
        names, score_names = node.types[0].names, node.types[1].names
        return mixture_class()(experts, active, names, score_names, per_position=takes_each_position(node.body))
    bodies = _bodies(node, node.count, tied, dead=needed is None)
    return repeat_class()(bodies, len(node.outputs), checkpoint=node.checkpoint)


def _bodies(node: Repeat, count: Expr, tied: Any, *, dead: bool) -> list[nn.Module]:
    """Build a body per iteration or expert; a repeat that shares gives all the weights of the first."""
    bodies: list[nn.Module] = []
    for index in range(_number(node, count)):
        owner = tied[index] if isinstance(tied, (repeat_class(), mixture_class())) else tied
        if owner is None and bodies and node.share is not None and node.experts is None:
            owner = bodies[0]
        needed = None if dead else node.body.outputs
        bodies.append(_scope(node.body, node.body.outputs, needed, node.block, owner))
    return bodies


def _number(node: Repeat, count: Expr) -> int:
    if not count.is_Integer:
        raise _unbound(node.name, f"its count is {count}")
    if count > MAX_ITERATIONS:
        raise ArchgraphError(f"'{node.name}' runs {count} times; the limit is {MAX_ITERATIONS} modules")
    return int(count)


def _read(
    graph: Graph, needed: tuple[Value, ...] | None, alive: frozenset[Member], node: Member
) -> tuple[Value, ...] | None:
    """Return the outputs of a body that something alive reads; an iterated body needs all of them."""
    if needed is None:
        return None
    if isinstance(node, Node):
        return ()
    if not node.once or node not in alive:
        return node.body.outputs
    read = {*needed, *(value for other in graph.nodes if other in alive for value in other.inputs)}
    return tuple(inner for inner, value in zip(node.body.outputs, node.outputs, strict=True) if value in read)


def _plan(
    graph: Graph, results: tuple[Value, ...], alive: frozenset[Member], attributes: list[str]
) -> tuple[tuple[ModuleStep, ...], tuple[int, ...]]:
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
        places = (tuple(slots[value] for value in values) for values in numbers)
        again = isinstance(node, Repeat) and node.once and node.checkpoint
        steps.append(ModuleStep(name, *places, no_grad=isinstance(node, Node) and node.no_grad, checkpoint=again))
    return tuple(steps), tuple(slots.get(value, -1) for value in results)


def _attribute(name: str, scope: nn.Module) -> str:
    """Turn the name of a node into that of an attribute which is still free: `enc(0)` becomes `enc_0`."""
    attribute = re.sub(r"\W+", "_", name).strip("_") or "node"
    while hasattr(scope, attribute):
        attribute += "_"
    return attribute


def _leaf(node: Node, tied: nn.Module | None) -> Any:
    torch = import_torch()
    _check_bound(node)
    weights = dict(tied.state_dict(keep_vars=True)) if tied is not None else {}
    with torch.device("meta") if weights else nullcontext():
        leaf = _in_its_type(node, node.op.lower(*node.types))
    for path, weight in weights.items():
        scope, _, name = path.rpartition(".")
        inner = leaf.get_submodule(scope)
        (inner._parameters if name in inner._parameters else inner._buffers)[name] = weight
    return named(leaf, node.op.kind, node.op.arguments)


def _in_its_type(node: Node, leaf: nn.Module) -> nn.Module:
    """Cast a module whose weights are stored in the type that it computes in, and not in the network's own."""
    stated = node.op.weights(*node.types)
    cast = {weight.dtype for name, weight in weights_of(node).items() if weight.dtype != stated[name].dtype}
    return leaf.to(torch_dtype(cast.pop())) if cast and not node.weights_in else leaf


def _check_bound(node: Node) -> None:
    for value in (*node.inputs, *node.outputs):
        if any(not length.is_Integer for _, length in value.type.axes):
            raise _unbound(node.name, f"{value.name} is {value.type}")
    for field in fields(node.op):
        if _is_symbolic(getattr(node.op, field.name)):
            raise _unbound(node.name, f"{field.name} is {getattr(node.op, field.name)}")
    for name, weight in weights_of(node).items():
        if weight.numel >= MOST_ELEMENTS:
            raise QueryError(
                f"'{node.name}' has {weight.numel} scalars of {name}, and a tensor of PyTorch fewer than 2**63",
                hint="bind smaller sizes",
            )


def _is_symbolic(argument: object) -> bool:
    if isinstance(argument, tuple):
        return any(map(_is_symbolic, argument))
    return isinstance(argument, Expr) and bool(argument.free_symbols)


def _unbound(name: str, reason: str) -> UnboundSymbolError:
    return UnboundSymbolError(f"cannot build '{name}': {reason}", hint="bind every symbol: g.to_torch(D=768, L=12)")
