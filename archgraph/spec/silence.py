"""What a spec says without effect: names that nothing reads, arguments in vain, conditions that never hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from archgraph.errors import Place
from archgraph.spec.definitions import BlockSpec, Spec, SymbolSpec
from archgraph.spec.language.grammar import words_in
from archgraph.spec.language.tree import Tree


@dataclass
class Observed:
    """What one trace saw of conditions and arguments, by where they stand.

    Attributes:
        conditions: the text of a `when`, and whether it held in any turn.
        arguments: what an argument of a block is called, and whether the block read it in any call.
    """

    conditions: dict[Place, tuple[str, bool]] = field(default_factory=dict)
    arguments: dict[Place, tuple[str, bool]] = field(default_factory=dict)

    def condition(self, tree: Tree, *, holds: bool) -> None:
        """Note what a condition came to."""
        _note(self.conditions, tree.place, str(tree.value), seen=holds)

    def argument(self, tree: Tree, label: str, *, read: bool) -> None:
        """Note whether a block read an argument of a call."""
        _note(self.arguments, tree.place, label, seen=read)


def _note(table: dict[Place, tuple[str, bool]], place: Place, label: str, *, seen: bool) -> None:
    table[place] = (label, seen or table.get(place, ("", False))[1])


def silent_parts(spec: Spec, traces: Iterable[Observed]) -> list[str]:
    """Return a line for everything in a spec that has no effect at its defaults nor in any variant, in order.

    Args:
        spec: the spec itself.
        traces: what was seen at the defaults and in every variant.
    """
    traces = list(traces)
    found = [*_unread(spec)]
    for place, label in _never(spec, [seen.conditions for seen in traces]):
        found.append((place, f"`when: {label}` holds at no defaults and in no variant"))
    for place, label in _never(spec, [seen.arguments for seen in traces]):
        found.append((place, f"{label} has no effect"))
    return [f"{place}: {line}" for place, line in sorted(found, key=lambda item: (item[0].line, item[0].column))]


def _never(spec: Spec, tables: Iterable[Mapping[Place, tuple[str, bool]]]) -> Iterator[tuple[Place, str]]:
    """The places in the spec's own file that were seen, and never as they should be."""
    together: dict[Place, tuple[str, bool]] = {}
    for table in tables:
        for place, (label, seen) in table.items():
            _note(together, place, label, seen=seen)
    return ((place, label) for place, (label, seen) in together.items() if not seen and place.file == spec.file)


def _unread(spec: Spec) -> Iterator[tuple[Place, str]]:
    """Names that are declared and stand nowhere else."""
    read = words_of(_trees(spec))
    # A derived symbol may be there to be asked for: how do the costs grow with it?
    for name, symbol in ((name, symbol) for name, symbol in spec.symbols.items() if symbol.derived is None):
        others = (tree for other, item in spec.symbols.items() if other != name for tree in _of_symbol(item))
        if name not in read and name not in words_of(others):
            yield symbol.place, f"nothing reads symbol '{name}'"
    for name, block in spec.blocks.items():
        if name not in read:
            yield block.place, f"nothing calls block '{name}'"
        yield from _unread_in(block)


def _of_symbol(item: SymbolSpec) -> tuple[Tree | None, ...]:
    return (item.default, item.derived, item.multiple_of, item.offset)


def _trees(spec: Spec) -> list[Tree | None]:
    """What a spec says outside of its symbols."""
    inputs = [tree for item in spec.inputs for tree in (*item.axes.values(), item.when, item.pixels)]
    blocks = [tree for block in spec.blocks.values() for tree in (block.steps, block.outputs, *block.args.values())]
    bound = [tree for variant in spec.variants.values() for tree in variant.at.values()]
    return [spec.network, *inputs, *blocks, *bound]


def _unread_in(block: BlockSpec) -> Iterator[tuple[Place, str]]:
    for name in block.args:
        others = [tree for other, tree in block.args.items() if other != name]
        if name not in words_of([block.steps, block.outputs, *others]):
            yield block.place, f"block {block.name} never reads its argument '{name}'"
    # The first input is what the first step takes.
    for name in block.inputs[1:]:
        if name not in words_of([block.steps, block.outputs, *block.args.values()]):
            yield block.place, f"block {block.name} never reads its input '{name}'"


def words_of(trees: Iterable[Tree | None]) -> set[str]:
    """Return the names in trees: those of expressions, and what steps are called."""
    found: set[str] = set()
    for tree in trees:
        if tree is None:
            continue
        if tree.is_mapping:
            found |= words_of(tree.value.values()) | {word for key in tree.value for word in words_in(key)}
        elif tree.is_list:
            found |= words_of(tree.value)
        elif isinstance(tree.value, str):
            found.update(words_in(tree.value))
    return found
