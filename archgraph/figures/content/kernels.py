"""How far the convolutions of a block reach, where blocks of one name differ in that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archgraph.figures.content.mathtext import line_of, words
from archgraph.figures.drawing.diagram import Line, line_width
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.graph.ir import Member, Node, Repeat
from archgraph.ops.arguments import per_axis
from archgraph.ops.convolution import Conv
from archgraph.outline.items import Item
from archgraph.outline.wording import block_name, inmost, named_members, times

_APART = 6.0
Sides = tuple[int, ...]


def with_kernels(facts: Facts, items: Sequence[Item], heading: Sequence[Line], room: float) -> list[Line]:
    """A heading with the largest kernels of its blocks, on its last line if they fit, where its names do not say it."""
    blocks = [inmost(member) for member in named_members([item.member for item in items]) if isinstance(member, Repeat)]
    kernels = _kernels(facts)
    telling = [block for block in blocks if len(kernels.get(block_name(block), ())) > 1]
    sides = dict.fromkeys(times(side) for block in telling if (side := _largest(facts, block)))
    text = " ".join(run.text for line in heading for run in line)
    if not sides or any(side in text for side in sides):
        return [*heading]
    said = words(f"kernels up to {', '.join(sides)}", SIZES.body)
    *lines, last = heading
    if line_width(last) + _APART + line_width(said) <= room:
        return [*lines, line_of(last, said, gap=_APART)]
    return [*heading, said]


def _kernels(facts: Facts) -> dict[str, set[Sides]]:
    """The largest kernels of all blocks of a network, by what they are called."""
    return facts.known(("kernels",), lambda: _found(facts))


def _found(facts: Facts) -> dict[str, set[Sides]]:
    found: dict[str, set[Sides]] = {}
    for _, member in facts.network.graph.walk():
        if isinstance(member, Repeat):
            found.setdefault(block_name(member), set()).add(_largest(facts, member))
    return found


def _largest(facts: Facts, block: Repeat) -> Sides:
    """The kernel over most positions, nothing where none is larger than one position."""
    sides = [side for side in _sides(facts, block) if max(side) > 1]
    return max(sides, key=lambda side: (max(side), side), default=())


def _sides(facts: Facts, member: Member) -> Iterator[Sides]:
    if isinstance(member, Repeat):
        for inner in member.body.nodes:
            yield from _sides(facts, inner)
    elif isinstance(member, Node) and isinstance(member.op.core, Conv):
        kernel = per_axis(member.op.core.kernel, member.inputs[0].type.positions, "kernel")
        yield tuple(facts.number(side) for side in kernel.values())
