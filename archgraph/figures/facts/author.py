"""What the author says of single parts of a figure: their headings and looks, and what is not drawn."""

from collections.abc import Sequence
from functools import cached_property

from archgraph.errors import QueryError
from archgraph.figures.drawing.box_look import BoxLook
from archgraph.figures.facts.naming import check_names, means, said_of
from archgraph.figures.facts.options import Options
from archgraph.graph.ir import Repeat
from archgraph.graph.network import Network
from archgraph.outline.items import Flow, Item, with_gaps


class Author:
    """Labels, looks and hidden parts, and which of them were met while drawing.

    Raises:
        QueryError: a name that means nothing in the network.
    """

    def __init__(self, network: Network, options: Options) -> None:
        self.network = network
        self.options = options
        self.met: set[str] = set()
        check_names(network.graph, options.labels, "labels")
        check_names(network.graph, options.hide, "hide")
        check_names(network.graph, options.looks, "node_style")

    def kept(self, flow: Flow) -> Flow:
        """A flow without what is hidden.

        Raises:
            QueryError: nothing is left of it.
        """
        hide = self.options.hide
        if not hide:
            return flow
        inputs = [value.name for value in flow.inputs if value.name in hide]
        hidden = {item: [name for name in hide if means(name, item)] for item in flow.items}
        self.met.update(inputs, *hidden.values())
        left = with_gaps(flow, lambda item: bool(hidden[item]), inputs)
        if not left.items or not left.outputs:
            raise QueryError(f"hide: nothing of {self.network.name} is left to draw")
        return left

    def label(self, items: Sequence[Item]) -> str:
        """The heading of the box of some items, or nothing."""
        found = said_of(self.options.labels, items, self._framed) if self.options.labels else []
        self.met.update(name for name, _ in found)
        return found[-1][1] if found else ""

    def input_label(self, name: str) -> str:
        """What an input is called, or nothing."""
        self.met.update({name} & self.options.labels.keys())
        return self.options.labels.get(name, "")

    def look(self, items: Sequence[Item]) -> BoxLook:
        """How the box of some items looks."""
        look = BoxLook()
        for name, said in said_of(self.options.looks, items, self._framed) if self.options.looks else ():
            self.met.add(name)
            look = said.over(look)
        return look

    @cached_property
    def _framed(self) -> frozenset[str]:
        """The names of repeats, which are drawn as frames where they are opened: what is inside has other names."""
        names = (*self.options.labels, *self.options.looks)
        walked = self.network.graph.walk() if names else ()
        return frozenset(path for path, one in walked if path in names and isinstance(one, Repeat) and not one.once)

    @property
    def unmet(self) -> tuple[str, ...]:
        """Names of labels, hidden parts and looks that no box of what was drawn so far has."""
        said = (*self.options.labels, *self.options.hide, *self.options.looks)
        return tuple(dict.fromkeys(name for name in said if name not in self.met))
