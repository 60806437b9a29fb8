"""What a graph looks like from afar: its main line, what joins it from the side, and what jumps along it.

Of every flow a structure promises:

- every item lies in exactly one group;
- the items on the main line, those before a group among them, are a path: each reads what the last one made;
- a value that is read in another group than it was made flows down the main line, or there is a link from its group
  (or from the input that it is) to the one that reads it; or it is a constant that stands with its first reader;
- names decide nothing, and the same flow gives the same structure.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from archgraph.graph.ir import Node, Repeat, Value
from archgraph.laws.numeric import value_at
from archgraph.outline.constants import Constants, placed_constants
from archgraph.outline.early_results import without_early
from archgraph.outline.groups import Group, is_circle, merge
from archgraph.outline.items import Flow, Item, is_transition, resamples
from archgraph.outline.resolution import magnitude, scale

# For every symbol, where only the order of magnitude is asked for.
_LARGE = 2**12


@dataclass(frozen=True, eq=False)
class Structure:
    """The main line and what hangs on it.

    Attributes:
        chain: groups from the main input to the main output.
        sides: groups off the main line, in topological order.
        links: (group or input, group, value) for what does not simply flow down the main line; two ends are told
            once, with the first value between them.
    """

    flow: Flow
    entry: Value | None
    chain: tuple[Group, ...]
    sides: tuple[Group, ...]
    links: tuple[tuple["Group | Value", Group, Value], ...]
    outputs: tuple[tuple[Group, Value], ...] = field(default=())

    @cached_property
    def owner(self) -> Mapping[Item, Group]:
        return {item: group for group in (*self.chain, *self.sides) for item in group.all}


def structure(flow: Flow) -> Structure:
    """Find the main line of a flow and group its items.

    The main line is the longest path from the main input (the first with the most positions) to the first
    output; equal neighbours become one group with a count.
    """
    entry = entry_of(flow)
    line = longest_path(flow, entry, end_of(flow))
    constants = placed_constants(flow, line)
    trees, absorbed = _off_line(flow, line, constants)
    chain = merge(_grouped(flow, line, absorbed, constants), flow)
    sides = (Group(tuple(tree), shared=_read_elsewhere(tree, tree, constants)) for tree in trees)
    return linked(flow, entry, tuple(chain), tuple(sides))


def linked(flow: Flow, entry: Value | None, chain: tuple[Group, ...], sides: tuple[Group, ...]) -> Structure:
    """The groups of a flow with the links between them."""
    # Links are between groups, so that it takes a structure with all of them to find any.
    found = Structure(flow, entry, chain, sides, ())
    links = tuple(_links(found))
    outputs = tuple(
        (found.owner[flow.maker[value]], value) for value in flow.outputs if flow.maker.get(value) in found.owner
    )
    return Structure(flow, entry, chain, sides, links, outputs)


def entry_of(flow: Flow) -> Value | None:
    """The input that the network is about.

    Of the inputs from which the main line can start, the first of those with the most position axes.
    """
    end = end_of(flow)
    leading = [value for value in flow.inputs if _leads(flow, value, end)] or list(flow.inputs)
    return max(leading, key=lambda value: (len(value.type.positions), value.type.has("c")), default=None)


def _leads(flow: Flow, start: Value, end: Value) -> bool:
    reached = {start}
    for item in flow.items:
        if reached.intersection(_carried(item)):
            reached.update(item.outputs)
    return end in reached


def end_of(flow: Flow) -> Value:
    """The output with the finest positions; of several, the first that is not made on the way to another.

    One that is only an input handed on comes last.
    """
    ranks = [(value in flow.maker, value_at(value.type.area, {}, _LARGE)) for value in flow.outputs]
    finest = [value for value, rank in zip(flow.outputs, ranks, strict=True) if rank == max(ranks)]
    return finest[0] if len(finest) == 1 else (without_early(flow, finest) or finest)[0]


def longest_path(flow: Flow, start: Value | None, end: Value) -> tuple[Item, ...]:
    """The path with the most items; from any source if the start does not lead to the end."""
    return (_longest(flow, {start: (0, None, None)}, end) if start is not None else ()) or _longest(flow, {}, end)


def longest_path_among(items: Sequence[Item]) -> tuple[Item, ...]:
    """The path with the most items among some, in topological order, that ends in the last of them."""
    flow = Flow((), tuple(items), items[-1].outputs[:1])
    return _longest(flow, {}, items[-1].outputs[0])


def _longest(flow: Flow, best: dict[Value, tuple[int, Item | None, Value | None]], end: Value) -> tuple[Item, ...]:
    """The longest path to the end from where the best is known, or from anywhere if that is nowhere."""
    anywhere = not best
    for item in flow.items:
        reached = [(best[value][0], value) for value in _carried(item) if value in best]
        if reached or anywhere:
            length, value = max(reached, key=lambda pair: pair[0], default=(0, None))
            for output in item.outputs:
                best[output] = (length + 1, item, value)
    path: list[Item] = []
    value: Value | None = end
    while value is not None and value in best:
        _, item, value = best[value]
        if item is not None:
            path.append(item)
    return tuple(reversed(path))


def _carried(item: Item) -> tuple[Value, ...]:
    """The operands by which the main line may enter: into a repeat only those that it hands on."""
    if isinstance(item.member, Repeat) and not item.member.once:
        return item.inputs[: len(item.outputs)]
    return item.inputs


def _off_line(
    flow: Flow, line: Sequence[Item], constants: Constants
) -> tuple[list[list[Item]], dict[Item, list[Item]]]:
    """Trees off the line, each ending in a value with several users; what goes to the item of the line that uses it."""
    on_line, placed, tree_of = set(line), constants.placed, dict[Item, list[Item]]()
    trees: list[list[Item]] = []
    # From the end, so that the only user of a value is in its tree already.
    for item in reversed(flow.items):
        if item in on_line or item in placed:
            continue
        users = {user for value in item.outputs for user in flow.users.get(value, ())}
        only = next(iter(users)) if len(users) == 1 else None
        if only is not None and only in tree_of and flow.results.isdisjoint(item.outputs):
            tree_of[item] = tree_of[only]
        else:
            tree_of[item] = []
            trees.append(tree_of[item])
        tree_of[item].insert(0, item)
    return _without_crops(flow, [_with_constants(flow, tree, constants) for tree in trees[::-1]], on_line, constants)


def _with_constants(flow: Flow, tree: Sequence[Item], constants: Constants) -> list[Item]:
    """A tree with the constants that its items read first."""
    own = {constant for item in tree for constant in constants.beside.get(item, ())}
    return sorted((*own, *tree), key=flow.place.__getitem__)


def _without_crops(
    flow: Flow, trees: list[list[Item]], on_line: set[Item], constants: Constants
) -> tuple[list[list[Item]], dict[Item, list[Item]]]:
    """The trees that are boxes; constants, crops and copies by the item of the line that reads them."""
    kept: list[list[Item]] = []
    absorbed = {item: list(constants.beside.get(item, ())) for item in on_line if constants.joined(item)}
    for tree in trees:
        users = {user for item in tree for value in item.outputs for user in flow.users.get(value, ())} - set(tree)
        passive = all(map(_invisible, tree)) and not any(map(constants.joined, tree))
        if passive and len(users) == 1 and users <= on_line and not _has_result(flow, tree):
            absorbed.setdefault(next(iter(users)), []).extend(tree)
        else:
            kept.append(tree)
    return kept, absorbed


def _has_result(flow: Flow, tree: Sequence[Item]) -> bool:
    return any(value in flow.results for item in tree for value in item.outputs)


def _invisible(item: Item) -> bool:
    """Crops and copies on the way of a skip are not worth a box."""
    return isinstance(item.member, Node) and item.member.op.kind in ("crop_like", "crop", "identity", "dropout")


def _grouped(
    flow: Flow, line: Sequence[Item], absorbed: Mapping[Item, Sequence[Item]], constants: Constants
) -> list[Group]:
    groups: list[Group] = []
    current: list[Item] = []
    waiting: list[Item] = []

    def close() -> None:
        if current:
            own = tuple(constant for item in current for constant in absorbed.get(item, ()))
            # Not among the box's own constants, for which a circle would no longer be one.
            beside = tuple(constant for item in waiting for constant in absorbed.get(item, ()))
            shared = _read_elsewhere((*waiting, *current), (*beside, *own), constants)
            groups.append(Group(tuple(current), tuple(waiting), own, beside=beside, shared=shared))
            current.clear()
            waiting.clear()

    for index, item in enumerate(line):
        # Written beside an arrow, for which there has to be a box on either side.
        if is_passing(item) and index + 1 < len(line) and (groups or current):
            close()
            waiting.append(item)
            continue
        if current and _starts_anew(flow, current, item, absorbed, line):
            close()
        current.append(item)
    close()
    return groups


def _read_elsewhere(items: Iterable[Item], own: Collection[Item], constants: Constants) -> tuple[Item, ...]:
    """The constants that items read and that stand elsewhere."""
    read = (constant for item in items for constant in constants.shared.get(item, ()))
    return tuple(dict.fromkeys(constant for constant in read if constant not in own))


def is_passing(item: Item) -> bool:
    """Whether an item is written beside an arrow: a pool or an up-sampling; a strided convolution is part of a box."""
    if isinstance(item.member, Repeat):
        return resamples(item.member)
    return is_transition(item) and (item.light or magnitude(scale(item.member)) < 1) and not is_circle(item)


def _starts_anew(
    flow: Flow, current: Sequence[Item], item: Item, absorbed: Mapping[Item, Sequence[Item]], line: Sequence[Item]
) -> bool:
    last = current[-1]
    # Others read it too: a line must be able to leave from here, and lines leave boxes only.
    if len(flow.users.get(last.outputs[0], ())) > 1 or last.outputs[0] in flow.outputs:
        return True
    if (is_circle(item) and item not in absorbed) or (is_circle(last) and last not in absorbed):
        return True
    if any(isinstance(one.member, Repeat) and not one.member.once for one in (item, last)):
        return True
    # What others are put beside belongs to what follows: a box says the size of what it makes itself.
    if _takes_others(item) and item not in absorbed and any(not one.light for one in current):
        return True
    return not item.light and (any(not one.light for one in current) or not _is_merge(last))


def _takes_others(item: Item) -> bool:
    return item.label == "concat" and len(set(item.inputs)) > 1


def _is_merge(item: Item) -> bool:
    return item.label in ("concat", "crop_like", "pad")


def merged_groups(found: Structure) -> tuple[Group, ...]:
    """The main line with all equal neighbours merged, even where values branch off between them."""
    return tuple(merge(found.chain, found.flow, lossy=True))


def _links(found: Structure) -> Iterable[tuple[Group | Value, Group, Value]]:
    """Every value that enters a group other than from the group just above it, once per pair."""
    flow, owner = found.flow, found.owner
    above = {group: before for before, group in zip(found.chain, found.chain[1:], strict=False)}
    seen: set[tuple[object, object]] = set()
    for group in (*found.chain, *found.sides):
        for item in group.all:
            for value in item.inputs:
                maker = flow.maker.get(value)
                source: Group | Value = value if maker is None else owner[maker]
                flows_down = isinstance(source, Group) and above.get(group) is source and value is source.output
                if source is group or flows_down or maker in group.shared:
                    continue
                if source is found.entry and found.chain and group is found.chain[0]:
                    continue
                if (source, group) not in seen:
                    seen.add((source, group))
                    yield source, group, value
