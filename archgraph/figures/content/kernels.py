"""How far the convolutions of a block reach, where blocks of one name differ in that."""

from __future__ import annotations

from collections.abc import Sequence

from archgraph.figures.content.mathtext import line_of, words
from archgraph.figures.drawing.diagram import Line, line_width
from archgraph.figures.drawing.style import SIZES
from archgraph.figures.facts.facts import Facts
from archgraph.graph.ir import Graph, Member, Node, Repeat
from archgraph.ops.arguments import per_axis
from archgraph.ops.convolution import Conv
from archgraph.outline.items import Item
from archgraph.outline.wording import block_name, inmost, named_members, times

_APART = 6.0
Sides = tuple[int, ...]


def with_kernels(facts: Facts, items: Sequence[Item], heading: Sequence[Line], room: float) -> list[Line]:
    """A heading with the largest kernels of its blocks, on its last line if they fit, where its names do not say it."""
    blocks = [inmost(member) for member in named_members([item.member for item in items]) if isinstance(member, Repeat)]
    kernels = facts.known(("kernels",), lambda: Kernels(facts))
    telling = [block for block in blocks if len(kernels.by_name.get(block_name(block), ())) > 1]
    sides = dict.fromkeys(times(side) for block in telling if (side := kernels.largest(block.body)))
    text = " ".join(run.text for line in heading for run in line)
    if not sides or any(side in text for side in sides):
        return [*heading]
    said = words(f"kernels up to {', '.join(sides)}", SIZES.body)
    *lines, last = heading
    if line_width(last) + _APART + line_width(said) <= room:
        return [*lines, line_of(last, said, gap=_APART)]
    return [*heading, said]


class Kernels:
    """The largest kernels of all blocks of a network: each body is looked at once, however often it is called.

    Attributes:
        by_name: the kernels, by what blocks are called.
    """

    def __init__(self, facts: Facts) -> None:
        self._number = facts.number
        self._largest: dict[Graph, Sides] = {}
        self.by_name: dict[str, set[Sides]] = {}
        self.largest(facts.network.graph)

    def largest(self, body: Graph) -> Sides:
        """Return the kernel over most positions, nothing where none is larger than one position."""
        if body not in self._largest:
            sides = [side for member in body.nodes if (side := self._of(member)) and max(side) > 1]
            self._largest[body] = max(sides, key=lambda side: (max(side), side), default=())
        return self._largest[body]

    def _of(self, member: Member) -> Sides:
        if isinstance(member, Repeat):
            side = self.largest(member.body)
            self.by_name.setdefault(block_name(member), set()).add(side)
            return side
        if isinstance(member, Node) and isinstance(member.op.core, Conv):
            kernel = per_axis(member.op.core.kernel, member.inputs[0].type.positions, "kernel")
            return tuple(map(self._number, kernel.values()))
        return ()
