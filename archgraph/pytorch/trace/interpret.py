"""From a recording to operations on named axes: one handler per operator of PyTorch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from archgraph.errors import ArchgraphError
from archgraph.graph.ir import Value
from archgraph.ops.arguments import Named
from archgraph.ops.sources import Parameter
from archgraph.ops.traced.moves import Move
from archgraph.ops.traced.values import Constant
from archgraph.pytorch.trace.arguments import Arguments, Lazy
from archgraph.pytorch.trace.batch.roles import InputRoles
from archgraph.pytorch.trace.builder import Builder, Pending, Tracked, moved_axes
from archgraph.pytorch.trace.layout import whole_axis
from archgraph.pytorch.trace.masking.attended import KeyMask
from archgraph.pytorch.trace.masking.elements import cut_down, said_in_part, say_lost
from archgraph.pytorch.trace.masking.seen import RecordedMasks
from archgraph.pytorch.trace.memories import Memories
from archgraph.pytorch.trace.moving.origins import CommonOrigins
from archgraph.pytorch.trace.program import Program, occurrences, shared_constants
from archgraph.pytorch.trace.recording.copied_operands import copied_operands
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.recording.recording import storage_of
from archgraph.pytorch.trace.registry import HANDLERS, Handler
from archgraph.pytorch.trace.sizes import TracedSizes
from archgraph.pytorch.trace.symbols.checked_shapes import CheckedShapes
from archgraph.sizes.types import TensorType
from archgraph.steps import stepping

if TYPE_CHECKING:
    from torch import nn


class ProgramInterpreter:
    """Runs through a recording and builds operations.

    Attributes:
        gaps, places, counted_weights: operators without a handler, the first place of each, what it may have learned.
        masks: what constants mask of what steps read.
        step: the step that is read now.
        weighed: weights of attention that are made while one step is read, and which of them count.
    """

    def __init__(self, program: Program, sizes: TracedSizes, module: nn.Module, roles: InputRoles) -> None:
        self.program = program
        self.sizes = sizes
        self.builder: Builder = Builder()
        self.memories: Memories = Memories(self.builder)
        self.origins: CommonOrigins = CommonOrigins(self.builder)
        self.roles = roles
        self.masks: RecordedMasks = RecordedMasks(program.every, sizes.number)
        self.step: RecordedNode | None = None
        self.weighed: tuple[Tracked, KeyMask] | None = None
        self.env: dict[Any, Any] = {}
        self._shared = shared_constants(program, sizes.number)
        self._writes: dict[int, int] = {}
        self._seen: dict[Any, int] = {}
        self._rewritten: set[Any] = set()
        self.inputs: list[Value] = []
        self.gaps: Counter[str] = Counter()
        self.places: dict[str, str] = {}
        self._lengths = CheckedShapes(sizes)
        self.counted_weights: dict[str, set[RecordedNode]] = {}
        self._leaves = {path for path, part in module.named_modules() if not any(True for _ in part.children())}

    def run(self) -> dict[str, Value]:
        """Build all operations and return the values that the module returns, by their places."""
        for node in stepping(self.program.nodes, "operations"):
            self._enter(node)
            if node.kind == "input":
                self._input(node)
            elif node.op == "call_function" and node not in self.program.constants:
                self._call(node)
        return dict(self._outputs())

    def _enter(self, node: RecordedNode) -> None:
        self.builder.stack = stack = self.program.stack(node)
        # A layer such as Linear stays one operation if what rearranges its operands stands outside of it.
        self.builder.outer = stack[:-1] if stack and stack[-1][1] in self._leaves else stack
        self.builder.name = node.name
        self.builder.no_grad = not node.gradients.enabled

    # -- values ------------------------------------------------------------------------------------------

    def _input(self, node: RecordedNode) -> None:
        value = node.meta["val"]
        sizes = [self.sizes.expression(length) for length in value.shape]
        dims = self.roles.dimensions(node)
        dtype = self.program.dtype(value)
        names = self.roles.names(node, dtype)
        axes = tuple((name, sizes[dim]) for name, dim in zip(names, dims, strict=True))
        made = Value(TensorType(axes, dtype), node.name)
        self.inputs.append(made)
        layout: list = [()] * len(sizes)
        for name, dim in zip(names, dims, strict=True):
            layout[dim] = whole_axis(name, sizes[dim])
        self.env[node] = self.memories.placed(node, Tracked(made, tuple(layout)))

    def fetch(self, item: Any) -> Any:
        """Return what an argument is: a tracked tensor, a size, or the argument itself."""
        if isinstance(item, (list, tuple)):
            return [self.fetch(part) for part in item]
        if not hasattr(item, "meta"):
            return item
        if self._is_stale(item):
            self._refreshed(item)
        if item in self.env:
            return self.env[item]
        value = item.meta.get("val")
        if item in self.program.constants:
            return self._constant(item, value)
        if item in self.program.parameters:
            return self._parameter(item)
        raise ArchgraphError(f"'{item.name}' has no value")

    def _constant(self, node: RecordedNode, value: Any) -> Any:
        if not hasattr(value, "shape"):
            raise ArchgraphError(f"'{node.name}' is a constant list")
        if storage_of(node) not in self._shared:
            return self.source_of(value)
        with self.builder.before(self._shared[storage_of(node)]):
            is_view = node.base in self.program.constants
            self._set(node, self._viewed(node) if is_view else self.builder.settled(self.source_of(value)))
        return self.env[node]

    def source_of(self, shaped: Any) -> Tracked:
        """Return a constant of the shape of a result."""
        dtype = self.program.dtype(shaped)
        return self.pending(shaped.shape, partial(Constant, dtype=dtype), "constant", dtype)

    def pending(self, shape: Sequence[Any], make: Any, name: str, dtype: str = "float", storage: int = -1) -> Tracked:
        """Return a source of a shape, whose axes are named at its first use."""
        sizes = tuple(self.sizes.expression(length) for length in shape)
        layout = tuple(whole_axis(f"?{i}", length) for i, length in enumerate(sizes))
        return Tracked(Pending(make, sizes, name, dtype, storage), layout)

    def recorded(self, node: RecordedNode) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the shape and the strides that a tensor had in the first recording."""
        shaped = node.meta["val"]
        return tuple(map(self.sizes.number, shaped.shape)), shaped.strides

    def copies(self, a: Arguments, name: str) -> bool:
        """Whether a product reads one of its operands through a copy of its own, which is kept in its place."""
        return a.nodes[name] in copied_operands(a.node, self.sizes.number)

    def read(self, a: Arguments, *names: str) -> list[Tracked]:
        """Return operands of a product, as copies where it makes some."""
        return [
            self.builder.copied(t) if self.copies(a, name) and isinstance(t.value, Value) else t
            for name in names
            if isinstance(t := getattr(a, name), Tracked)
        ]

    def _parameter(self, node: RecordedNode) -> Tracked:
        """Return a parameter or buffer; one that several operations use stands before all of them."""
        dtype, status = self.program.dtype(node.meta["val"]), self.program.status(node)
        made = self.pending(
            node.meta["val"].shape,
            lambda shape: Parameter(shape, status, dtype),
            self.program.parameters[node].rpartition(".")[2],
            dtype,
            storage_of(node),
        )
        self.program.used(node)
        if self.program.uses(node) > 1:
            owner = self.program.owner(node)
            if owner not in self.env:
                self.env[owner] = self.builder.settled(made, shared=not self.program.is_local(node))
            return self.env[owner]
        return made

    # -- calls -------------------------------------------------------------------------------------------

    def _call(self, node: RecordedNode) -> None:
        if not hasattr(node.target, "_schema"):
            self.env[node] = self.memories.placed(node, self._one_of_several(node, *node.args))
            return
        name = node.target._schema.name.removeprefix("aten::")
        handler = self._handler(node)
        self.step, self.builder.limit = node, self.masks.limit(node)
        first = len(self.builder.records)
        result = self._kept(node, self._handled(handler, node, name))
        lost, self.builder.limit = bool(self.builder.limit), ""
        cut_down(self.builder, node, result, self.masks, self.sizes.number)
        if lost:
            say_lost(self.builder, first, result)
        if len(node.writes) == 1:
            # First, so that all of a memory is met before the part of it that is written to.
            self._written(node.writes[0], result)
        self._set(node, result)

    def _one_of_several(self, node: RecordedNode, maker: RecordedNode, place: int) -> Any:
        """Return one result of an operator; one that is read and that no handler gives, as statistics, is a gap."""
        results = self.fetch(maker)
        found = results[place] if place < len(results) else None
        if found is None and (node.users or node in self.program.outputs.values()):
            return self._gap(maker, maker.target._schema.name.removeprefix("aten::"))[place]
        return found

    def _handler(self, node: RecordedNode) -> Handler | None:
        if node in self.program.attentions:
            return HANDLERS["attention"]
        name = node.target._schema.name.removeprefix("aten::")
        # `add_` is `add`, and then what it was applied to has changed.
        functional = name[:-1] if name.endswith("_") and not name.endswith("__") else name
        return HANDLERS.get(name) or HANDLERS.get(functional)

    def _kept(self, node: RecordedNode, result: Any) -> Any:
        """A view of a parameter that several operations use, or that one writes into, is one value."""
        parameter = isinstance(result, Tracked) and isinstance(result.value, Pending)
        if not parameter or result.value.name == "constant":
            return result
        again = sum(occurrences(node, user) for user in node.users) > 1
        written = node.base is not None and any(node in user.writes for user in node.users)
        return self.builder.settled(result) if again or written else result

    def _handled(self, handler: Handler | None, node: RecordedNode, name: str) -> Any:
        if handler is None:
            return self._gap(node, name)
        if 0 in getattr(node.meta["val"], "shape", ()):
            return self.source_of(node.meta["val"])
        try:
            result = handler(self, self._arguments(node))
        except ArchgraphError as error:
            if not error.path:
                error.path = self.program.path(node)
                error.operands = (("operator", name), ("shape", _shape_of(node.meta.get("val"))))
            raise
        # The handler knows the operator, but not this use of it.
        if result is NotImplemented:
            return self._gap(node, name)
        if isinstance(result, Tracked) and isinstance(node.meta["val"], (list, tuple)):
            result = [result]
        return self._checked(node, result)

    def _arguments(self, node: RecordedNode) -> Arguments:
        schema = node.target._schema.arguments
        nodes: dict[str, Any] = {}
        for index, argument in enumerate(schema):
            if index < len(node.args):
                nodes[argument.name] = node.args[index]
            elif argument.name in node.kwargs:
                nodes[argument.name] = node.kwargs[argument.name]
            elif argument.has_default_value():
                nodes[argument.name] = argument.default_value
        lazy = Lazy(self.fetch, nodes)
        return Arguments(node, nodes, lazy)

    def _written(self, target: RecordedNode, result: Any) -> None:
        """After an operation in place, its operand is the result, and what the operand views has changed."""
        changed = list(self._changed(target, result))
        storage = storage_of(target)
        self._writes[storage] = self._writes.get(storage, 0) + 1
        # Whatever else lies in this memory is looked at again when it is read.
        self._seen.update(dict.fromkeys(changed, self._writes[storage]))
        self._rewritten.update(changed)

    def _changed(self, target: RecordedNode, result: Any) -> Iterator[Any]:
        """Put a result in the place of a tensor and of all that it views, and yield them."""
        base = target.base
        if base is not None and (base in target.writes or self._is_all_of(target, base)):
            # What stood there and what it became are one place.
            yield from self._changed(base, result)
        elif base is not None and 0 not in result.shape:
            yield from self._changed(base, HANDLERS["written_into"](self, base, target, result))
        self.env[target] = self.memories.placed(target, result)
        yield target

    def _set(self, node: RecordedNode, result: Any) -> None:
        self.env[node] = self.memories.placed(node, result)
        self._seen[node] = self._writes.get(storage_of(node), 0)

    def holds_live(self, node: RecordedNode) -> bool:
        """Whether a tensor holds anything else than constants at this moment."""
        if node in self._rewritten or self._is_stale(node):
            return True
        return node not in self.program.constants and node.known is None

    def _is_stale(self, node: RecordedNode) -> bool:
        """Whether something was written into the memory of a step's result after it was read."""
        storage = storage_of(node)
        return storage >= 0 and self._seen.get(node, 0) < self._writes.get(storage, 0)

    def _refreshed(self, node: RecordedNode) -> None:
        """Look again at what stands in memory that was written to by another name."""
        if node.base is None:
            self._seen[node] = self._writes[storage_of(node)]
        else:
            self._set(node, self._viewed(node))

    def _viewed(self, node: RecordedNode) -> Any:
        """Return what a view shows of what stands in its memory now."""
        if node.base in node.writes:
            return self.fetch(node.base)
        if hasattr(node.target, "_schema"):
            return self._handled(self._handler(node), node, node.target._schema.name.removeprefix("aten::"))
        several = node.args[0]
        self.env[several] = self._handled(self._handler(several), several, several.target._schema.name)
        return self.env[several][node.args[1]]

    def _is_all_of(self, view: RecordedNode, base: RecordedNode) -> bool:
        """Whether a view is its base in the same dimensions, as what `to` gives may be."""
        one, other = self.env.get(view), self.env.get(base)
        if not isinstance(one, Tracked) or not isinstance(other, Tracked):
            return False
        return one.value is other.value and one.layout == other.layout

    def _gap(self, node: RecordedNode, name: str) -> Any:
        """Stand in for an operator without a handler."""
        name, place, weights = self.program.gap_at(node, name)
        self.gaps[name] += 1
        self.places.setdefault(name, place)
        self.counted_weights.setdefault(name, set()).update(weights)
        # Settled once, so that weights count once however many results there are.
        operands = [self.builder.settled(t) for t in self._tensors(node) if isinstance(t, Tracked)]
        results = node.meta["val"]
        if isinstance(results, (list, tuple)):
            return [self.moved(name, operands, result) for result in results]
        return self.moved(name, operands, results)

    def _tensors(self, node: RecordedNode) -> Iterator[Any]:
        for argument in node.all_input_nodes:
            yield self.fetch(argument)

    def moved(self, function: str, operands: Sequence[Tracked], result: Any) -> Any:
        """Return the result of an operation that only moves elements, in a way that is not described further."""
        if not hasattr(result, "shape"):
            return result
        if 0 in result.shape:
            return self.source_of(result)
        values = [self.builder.settled(t).value for t in operands]
        sizes = [self.sizes.expression(length) for length in result.shape]
        layout, axes = moved_axes(operands, sizes)
        dtype = self.program.dtype(result)
        kept = [value for value in values if isinstance(value, Value)]
        if not kept:
            return self.pending(result.shape, partial(Constant, dtype=dtype), "constant", dtype)
        (value,) = self.builder.emit(Move(function, Named(axes), dtype), kept)
        return Tracked(value, layout)

    # -- checks ------------------------------------------------------------------------------------------

    def _checked(self, node: RecordedNode, result: Any) -> Any:
        """Compare the result's sizes at the example with PyTorch's."""
        expected = node.meta.get("val")
        if isinstance(result, (list, tuple)):
            pairs = zip(result, expected, strict=False) if isinstance(expected, (list, tuple)) else ()
        else:
            pairs = ((result, expected),)
        kept = []
        for found, value in pairs:
            tensor = isinstance(found, Tracked) and hasattr(value, "shape")
            if tensor:
                self._lengths.check(node, found, value)
            kept.append(self.builder.cast(found, self.program.dtype(value)) if tensor else found)
        return kept if isinstance(result, (list, tuple)) and kept else kept[0] if kept else result

    def _outputs(self) -> Iterator[tuple[str, Value]]:
        self.builder.stack = self.builder.outer = ()
        made: dict[Any, Value] = {}
        for place, node in self.program.outputs.items():
            if node not in made:
                value = self._delivered(self.builder.settled(self.fetch(node))).value
                assert isinstance(value, Value)
                made[node] = said_in_part(self.builder, value) if self.masks.holds_masked_weights(node) else value
            yield place, made[node]

    def _delivered(self, t: Tracked) -> Tracked:
        """An output has an axis for every dimension of its own, as whoever called the module sees it."""
        split = [dim for dim, content in enumerate(t.layout) if len(content) > 1 or not all(map(t.is_whole, content))]
        return self.builder.grouped(t, [(None, (dim,)) for dim in split])[0] if split else t


def _shape_of(value: Any) -> object:
    return tuple(value.shape) if hasattr(value, "shape") else type(value).__name__
