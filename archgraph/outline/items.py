"""The members of a graph as a figure sees them: blocks that only group others are opened, dead ones are gone.

Of every graph a flow promises:

- every operation that a result is computed from lies in exactly one item: it is the item, or a block that is not opened
  holds it. What is needed for its shape alone, and a repeat of no iteration, is in none;
- items are in topological order, each value has one maker, and no two items have the same path;
- costs of the items add up to those of the operations in them, if the results that nothing reads are left out, and
  weights that several items share are counted with each;
- names decide nothing, and the same graph gives the same flow.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import islice
from typing import cast

from sympy import Expr, Integer

from archgraph.errors import QueryError
from archgraph.graph.ir import Graph, Member, Node, Repeat, Value
from archgraph.ops.pointwise import Pointwise
from archgraph.outline.resolution import scale

#: Operations on two values that a figure draws as a circle.
CIRCLES = ("add", "multiply")

_FEW = 4

#: Operations of a graph that is read for drawing, at most.
MOST_ITEMS = 5000


@dataclass(frozen=True, eq=False)
class Item:
    """A member with its dotted path and its operands as they are known outside the blocks that were opened.

    Attributes:
        inputs: the operands whose values are read, in order.
        outputs: the results, outside.
        unread: results of the member, of which nothing outside is computed.
    """

    path: str
    member: Member
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    unread: tuple[Value, ...] = ()

    @property
    def label(self) -> str:
        return self.member.label

    @cached_property
    def light(self) -> bool:
        """Whether it multiplies no matrices and holds few weights: norms, activations, rearrangements."""
        return is_light(self.member)

    @property
    def count(self) -> Expr:
        return self.member.count if isinstance(self.member, Repeat) else Integer(1)


def is_light(member: Member) -> bool:
    """Whether a member multiplies no matrices.

    A table of weights that takes the place of a matrix (an embedding) is not light.
    """
    if isinstance(member, Repeat):
        return _is_light_body(member.body)
    return member.op.kind not in ("embedding",) and member.op.macs(*member.types) == 0


@lru_cache(maxsize=4096)
def _is_light_body(body: Graph) -> bool:
    """Bodies are shared by their calls, so that each is looked at once."""
    return all(map(is_light, body.nodes))


def read_operands(member: Member) -> tuple[Value, ...]:
    """The operands whose values are used: not only their shapes, and not only handed to a block that ignores them."""
    if isinstance(member, Repeat):
        pairs = zip(member.inputs, member.body.inputs, strict=True)
        read = set(inputs_read(member))
        return tuple(value for value, own in pairs if own in read)
    reaches = member.reach
    return tuple(value for value, reach in zip(member.inputs, reaches, strict=False) if reach.reads)


def inputs_read(repeat: Repeat) -> tuple[Value, ...]:
    """The inputs of a body that belong to the operands which are read, in the same order.

    What one iteration hands on to the next counts as read, so that the operands before it keep their places.
    """
    carried = 0 if repeat.once else len(repeat.outputs)
    read = _read_in(repeat.body)
    return tuple(value for index, value in enumerate(repeat.body.inputs) if index < carried or value in read)


@lru_cache(maxsize=4096)
def _read_in(body: Graph) -> frozenset[Value]:
    """What results of a body are computed from."""
    read = set(body.outputs)
    for member in reversed(body.nodes):
        if not read.isdisjoint(member.outputs):
            read.update(read_operands(member))
    return frozenset(read)


@dataclass(frozen=True, eq=False)
class Flow:
    """Items in topological order between inputs and outputs."""

    inputs: tuple[Value, ...]
    items: tuple[Item, ...]
    outputs: tuple[Value, ...]

    @cached_property
    def maker(self) -> Mapping[Value, Item]:
        """The item that makes a value; inputs have none."""
        return {value: item for item in self.items for value in item.outputs}

    @cached_property
    def users(self) -> Mapping[Value, tuple[Item, ...]]:
        """The items that read a value."""
        users: dict[Value, list[Item]] = {}
        for item in self.items:
            for value in dict.fromkeys(item.inputs):
                users.setdefault(value, []).append(item)
        return {value: tuple(found) for value, found in users.items()}

    @cached_property
    def place(self) -> Mapping[Item, int]:
        """Where an item stands."""
        return {item: index for index, item in enumerate(self.items)}

    @cached_property
    def results(self) -> frozenset[Value]:
        """The outputs, for looking them up."""
        return frozenset(self.outputs)


def flow_of(
    graph: Graph, outputs: Sequence[Value] = (), prefix: str = "", *, whole: bool = False, depth: int | None = None
) -> Flow:
    """Read a graph for drawing.

    Blocks that hold several stages are opened, or all blocks that are applied once if the ``whole`` is asked
    for, or so many levels of them as are asked for; members that reach no output are left out.
    """
    known: dict[Value, Value] = {}
    items = list(islice(_items(graph, prefix, known, whole=whole, fresh=False, depth=depth), MOST_ITEMS + 1))
    if len(items) > MOST_ITEMS:
        raise QueryError(
            f"more than {MOST_ITEMS} operations are too many for a figure.",
            hint="draw view='overview', which keeps blocks closed, or fewer levels",
        )
    results = tuple(known.get(value, value) for value in tuple(outputs) or graph.outputs)
    needed = set(results)
    kept: list[Item] = []
    for item in reversed(items):
        if needed.intersection(item.outputs):
            needed.update(item.inputs)
            pairs = zip(item.member.outputs, item.outputs, strict=True)
            kept.append(replace(item, unread=tuple(own for own, outside in pairs if outside not in needed)))
    return Flow(graph.inputs, tuple(reversed(kept)), results)


def _items(
    graph: Graph, prefix: str, known: dict[Value, Value], *, whole: bool, fresh: bool, depth: int | None
) -> Iterator[Item]:
    """The items of a graph; ``known`` leads from its values to those outside.

    A body is shared by all its calls, so that every call that is opened needs values of its own.
    """
    for member in graph.nodes:
        path = f"{prefix}{member.name}"
        if isinstance(member, Repeat) and member.count == 0:
            known.update(
                (out, known.get(value, value)) for out, value in zip(member.outputs, member.inputs, strict=False)
            )
        elif isinstance(member, Repeat) and member.once and _is_opened(member, graph, whole=whole, depth=depth):
            inner = {own: known.get(value, value) for own, value in zip(member.body.inputs, member.inputs, strict=True)}
            deeper = None if depth is None else depth - 1
            yield from _items(member.body, f"{path}.", inner, whole=whole, fresh=True, depth=deeper)
            known.update((out, inner[own]) for out, own in zip(member.outputs, member.body.outputs, strict=True))
        else:
            inputs = tuple(known.get(value, value) for value in read_operands(member))
            outputs = tuple(Value(value.type, value.name) for value in member.outputs) if fresh else member.outputs
            known.update(zip(member.outputs, outputs, strict=True))
            yield Item(path, member, inputs, outputs)


def _is_opened(repeat: Repeat, parent: Graph, *, whole: bool, depth: int | None) -> bool:
    return depth > 0 if depth is not None else whole or groups_stages(repeat, parent)


def with_gaps(flow: Flow, hidden: Callable[[Item], bool], inputs: Collection[str] = ()) -> Flow:
    """A flow without some items and inputs: what read a hidden item reads what this one read first.

    Results that nothing is left of, and operands that came from nowhere else, are gone with it.
    """
    stand_in: dict[Value, Value | None] = {value: None for value in flow.inputs if value.name in inputs}
    kept: list[Item] = []
    for item in flow.items:
        read = tuple(new for value in item.inputs if (new := stand_in.get(value, value)) is not None)
        if hidden(item) or (item.inputs and not read):
            stand_in.update(dict.fromkeys(item.outputs, read[0] if read else None))
        else:
            kept.append(replace(item, inputs=read))
    outputs: list[Value] = [new for value in flow.outputs if (new := stand_in.get(value, value)) is not None]
    left = tuple(value for value in flow.inputs if value.name not in inputs)
    return Flow(left, tuple(kept), tuple(dict.fromkeys(outputs)))


def groups_stages(repeat: Repeat, parent: Graph) -> bool:
    """Whether the block is only a chapter of the network: it repeats something, or has three resolutions."""
    if len(parent.nodes) == 1:
        return len(repeat.body.nodes) > 1
    inner = [node for node in repeat.body.nodes if isinstance(node, Repeat)]
    if any(not node.once for node in inner):
        return True
    return bool(inner) and len(_levels(repeat.body)) > 2


def _levels(body: Graph) -> set[Expr]:
    """The resolutions in a body, its input's being 1."""
    levels: dict[Value, Expr] = dict.fromkeys(body.inputs, Integer(1))
    for node in body.nodes:
        level = cast(Expr, levels[node.inputs[0]] * scale(node)) if node.inputs else Integer(1)
        levels.update(dict.fromkeys(node.outputs, level))
    return {level for value, level in levels.items() if value.type.positions}


def resamples(repeat: Repeat) -> bool:
    """Whether a block does nothing but change the resolution: it has no activation and no repeats."""
    nodes = repeat.body.nodes
    if not repeat.once or len(nodes) > _FEW or scale(repeat) == 1:
        return False
    return all(isinstance(node, Node) and not isinstance(node.op.core, Pointwise) for node in nodes)


def is_transition(item: Item) -> bool:
    """Whether an item does nothing but change the resolution: a pool, a strided or transposed convolution."""
    return isinstance(item.member, Node) and scale(item.member) != 1
