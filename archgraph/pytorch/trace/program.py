"""A recording prepared for interpretation: constants, attention and the uses of weights found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from math import prod
from typing import TYPE_CHECKING, Any, Literal

from archgraph.pytorch.trace.attention_patterns import CONTRACTIONS, Fused, find_attentions, name_of
from archgraph.pytorch.trace.builder import Stack
from archgraph.pytorch.trace.checkpoints import Checkpoints, common_scope
from archgraph.pytorch.trace.dtypes import own_floating, stored_name
from archgraph.pytorch.trace.recording.copied_operands import kept_operands
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.recording.operators import operator_of
from archgraph.pytorch.trace.recording.recording import Recording, storage_of
from archgraph.pytorch.trace.registry import STAND_INS
from archgraph.sizes.dtypes import FLOAT

if TYPE_CHECKING:
    from torch import nn

Status = Literal["learned", "frozen", "buffer"]


class Program:
    """The steps of a recording, and what is known about them.

    Attributes:
        every: the steps in order.
        nodes: the same without those that fused attention stands for.
        constants: nodes that depend on sizes only.
        parameters: placeholders of parameters and buffers, with their names in the module.
        attentions: the last node of every attention that is written out as products and a softmax.
        outputs: what the module returns, by its place.
    """

    def __init__(self, recording: Recording, module: nn.Module) -> None:
        self.outputs: Mapping[str, RecordedNode] = recording.outputs
        self._tensors = {
            **dict(module.named_parameters(remove_duplicate=False)),
            **dict(module.named_buffers(remove_duplicate=False)),
        }
        self.every: list[RecordedNode] = list(recording.nodes)
        every = self.every
        self.checkpoints: Checkpoints = Checkpoints(recording.calls)
        self.parameters: dict[RecordedNode, str] = {
            node: node.target for node in every if node.kind in ("parameter", "buffer")
        }
        self.constants: set[RecordedNode] = set()
        # Memory that is written to later is no constant, though made of sizes: its values depend on when it is read.
        written = self._find_constants(every)
        steady = {node for node in self.constants if storage_of(node) not in written}
        self.attentions: Mapping[Any, Fused] = find_attentions(every, steady)
        absorbed = {node for fused in self.attentions.values() for node in fused.absorbed}
        self.constants |= masks_alone(every, self.constants, absorbed)
        self.nodes: list[RecordedNode] = [node for node in every if node not in absorbed]
        self._owners: dict[int, Any] = {}
        self._uses: dict[int, int] = {}
        self._count_uses(absorbed)
        self.accounted: set[int] = set()
        floats = (node.meta["val"] for node in every if node.kind == "input")
        self.own: str = own_floating(module, floats)
        self._frozen = not any(p.requires_grad for p in module.parameters())

    # -- weights -----------------------------------------------------------------------------------------

    def _count_uses(self, absorbed: set[Any]) -> None:
        for node, name in self.parameters.items():
            key = id(self._tensors.get(name, node))
            # What fused attention stands for is no step any more; its weights are read by the attention.
            count = sum(occurrences(node, user) for user in node.users if user not in absorbed)
            self._uses[key] = self._uses.get(key, 0) + count
            if count:
                self._owners.setdefault(key, node)

    def _key(self, node: RecordedNode) -> int:
        return id(self._tensors.get(self.parameters[node], node))

    def uses(self, node: RecordedNode) -> int:
        """Return how many operations use a parameter."""
        return self._uses[self._key(node)]

    def is_local(self, node: RecordedNode) -> bool:
        """Whether all operations that use a parameter belong to one call of one module."""
        key = self._key(node)
        places = {n for n in self.parameters if self._key(n) == key}
        return len({self.stack(user) for place in places for user in place.users if occurrences(place, user)}) == 1

    def owner(self, node: RecordedNode) -> Any:
        """Return the placeholder that stands for all of its tied names."""
        return self._owners[self._key(node)]

    def used(self, node: RecordedNode) -> None:
        """Remember that a parameter is part of the graph."""
        self.accounted.add(self._key(node))

    def status(self, node: RecordedNode) -> Status:
        """Return whether it is learned, frozen, or a buffer."""
        return self.status_of(self._tensors.get(self.parameters[node]))

    def status_of(self, tensor: Any) -> Status:
        """Return the status of a tensor of the module; where nothing is trained, everything counts as learned."""
        from torch import nn

        if not isinstance(tensor, nn.Parameter):
            return "buffer"
        return "learned" if tensor.requires_grad or self._frozen else "frozen"

    def is_natural(self, node: RecordedNode, *, buffer: bool = False) -> bool:
        """Whether a weight belongs to one layer, which then counts it itself."""
        if node not in self.parameters or self.uses(node) != 1 or not self._is_in_type(node):
            return False
        return self.status(node) == ("buffer" if buffer else "learned")

    def dtype(self, tensor: Any) -> str:
        """Return how a tensor is stored."""
        return stored_name(tensor.dtype, self.own)

    @property
    def single(self) -> str:
        """How a number of single precision is stored."""
        return stored_name("float32", self.own)

    def _is_in_type(self, node: RecordedNode) -> bool:
        """Whether a weight is stored in the floating type that its operation computes in."""
        (user,) = [user for user in node.users if occurrences(node, user)][:1] or [node]
        others = (arg for arg in user.args if hasattr(arg, "meta") and arg is not node)
        first = next(others, node).meta.get("val")
        own = self.dtype(node.meta["val"])
        floating = first is not None and hasattr(first, "dtype") and first.dtype.is_floating_point
        return own == (self.dtype(first) if floating else FLOAT)

    def origin(self, node: RecordedNode) -> Any:
        """Return the parameter that a weight is only another view of, or the node itself."""
        # Only if every view on the way has one reader: else the weight is used twice, and no layer has it alone.
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

    def _find_constants(self, nodes: list[RecordedNode]) -> set[int]:
        """Find the steps that depend on sizes only; a product of matrices is counted even then.

        Returns:
            Memory into which something else was written later.
        """
        found = self.constants
        written: set[int] = set()
        for node in nodes:
            if node.kind == "constant" or (node.op == "call_function" and _is_constant(node, found, written)):
                found.add(node)
            elif node.op == "call_function":
                written.update(storage_of(target) for target in node.writes)
        return written

    def stack(self, node: RecordedNode) -> Stack:
        """Return the modules that a node was called in, the root left out, and regions that are computed again."""
        return self.checkpoints.stack(node)

    def path(self, node: RecordedNode) -> str:
        """Return the path of the innermost module around a node."""
        return node.stack[-1].path if node.stack else ""

    def gap_at(self, node: RecordedNode, name: str) -> tuple[str, str, list[RecordedNode]]:
        """Return what a step without a rule is called, where it stands, and weights that it alone says are some."""
        if name not in STAND_INS:
            return name, self.where(node), []
        # A step of a file stands in no line of code.
        return STAND_INS[name], self.path(node), list(self.weights_read(node))

    def weights_read(self, node: RecordedNode) -> Iterator[RecordedNode]:
        """Yield the parameters that a step reads, also as another view."""
        for operand in node.all_input_nodes:
            if len(operand.all_input_nodes) == 1:
                yield from self.weights_read(operand)
            elif operand in self.parameters and self.status(operand) != "buffer":
                yield self.owner(operand)

    def where(self, node: RecordedNode) -> str:
        """Return the module and the source line of a node."""
        line = f" ({node.line.file}:{node.line.number})" if node.line else ""
        return f"{self.path(node) or 'the root module'}{line}"


def shared_constants(program: Program, number: Callable[[object], int]) -> Mapping[int, Stack]:
    """Return the memories of constants that are kept otherwise than as a tensor of its own for each reader.

    They are kept by several steps, as a part of a larger tensor, or as the one element that else were a number.

    Returns:
        By memory, the scope that all of its readers are in.
    """
    keepers: dict[int, int] = {}
    special: set[int] = set()
    for step in program.nodes:
        held = [node for node in step.all_input_nodes if node in program.constants and storage_of(node) >= 0]
        if not held or step in program.constants or step.op != "call_function" or not hasattr(step.target, "_schema"):
            continue
        for node in kept_operands(step, program.constants, number):
            memory = storage_of(node)
            keepers[memory] = keepers.get(memory, 0) + 1
            if _size(node, number) == 1 or _size(node, number) != _size(_root(node), number):
                special.add(memory)
    others = {storage_of(node) for node in program.every if node not in program.constants}
    chosen = {memory for memory, count in keepers.items() if count > 1 or memory in special} - others
    return {memory: _around(program, memory) for memory in chosen}


def _around(program: Program, memory: int) -> Stack:
    """The scope that all readers of a constant's memory are in."""
    places = [node for node in program.constants if storage_of(node) == memory]
    return common_scope(
        [program.stack(user) for node in places for user in node.users if user not in program.constants]
    )


def _root(node: RecordedNode) -> RecordedNode:
    return node if node.base is None else _root(node.base)


def _size(node: RecordedNode, number: Callable[[object], int]) -> int:
    return prod(map(number, node.meta["val"].shape))


def masks_alone(
    steps: list[RecordedNode], constants: Set[RecordedNode], absorbed: Set[RecordedNode]
) -> set[RecordedNode]:
    """Return what is made of stored tensors, not learned, for nothing but the masks of attention.

    It is constant as masks are that are made of sizes, and is no part of the graph.
    """
    found: set[RecordedNode] = set()
    # Backwards, so that a mask of a mask has its readers decided before it is.
    for step in reversed(steps):
        if step.op != "call_function" or step in constants or step.held is None or step.writes:
            continue
        # A product is work, for whatever it is made.
        if name_of(step) in CONTRACTIONS:
            continue
        if step.users and all(user in absorbed or user in found or _masks(user, step) for user in step.users):
            found.add(step)
    return found


def _masks(user: RecordedNode, mask: RecordedNode) -> bool:
    if name_of(user) != "scaled_dot_product_attention":
        return False
    return (user.args[3] if len(user.args) > 3 else user.kwargs.get("attn_mask")) is mask


RESHAPINGS = frozenset(("unsqueeze", "squeeze", "view", "reshape", "to"))
"""Views under which a weight stays the weight of its layer."""


def occurrences(node: RecordedNode, user: RecordedNode) -> int:
    """Return how often a node stands among the arguments of another."""
    return sum(leaf is node for leaf in _leaves((user.args, user.kwargs)))


def _leaves(arguments: Any) -> Iterator[Any]:
    if isinstance(arguments, (list, tuple)):
        for item in arguments:
            yield from _leaves(item)
    elif isinstance(arguments, dict):
        yield from _leaves(tuple(arguments.values()))
    else:
        yield arguments


def _casts(node: RecordedNode) -> bool:
    """Whether a node stores its operand in another type."""
    return node.meta["val"].dtype != node.args[0].meta["val"].dtype


def _is_constant(node: RecordedNode, known: set[RecordedNode], written: set[int]) -> bool:
    # What only stands for an operator is work of an unknown size, whatever it reads.
    if name_of(node) in CONTRACTIONS or name_of(node) in STAND_INS:
        return False
    if hasattr(node.target, "_schema") and operator_of(node.target).of_shapes:
        # new_full may be given a tensor to fill with.
        return all(operand in known for operand in node.all_input_nodes[1:])
    return all(operand in known and storage_of(operand) not in written for operand in node.all_input_nodes)
