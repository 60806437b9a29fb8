"""The outline of a network: its trunk as a tree of forms, and what joins and leaves it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sympy import Symbol

from archgraph.graph.ir import Graph, Repeat, Value
from archgraph.graph.network import Network
from archgraph.keywords import strict_methods
from archgraph.outline.forms.building import dag_of
from archgraph.outline.forms.dag import Dag
from archgraph.outline.forms.form import Grid, Leaf, OutlinePart, U, leaves_of, walked
from archgraph.outline.forms.levels import flow_levels
from archgraph.outline.forms.reading import ReadGraph, read
from archgraph.outline.forms.resampling import on_one_level
from archgraph.outline.forms.solve import form_of
from archgraph.outline.forms.text import told
from archgraph.outline.forms.trunk import Beside, trunk_of
from archgraph.outline.items import Flow


@dataclass(frozen=True, eq=False)
class SideForm:
    """What joins the trunk from the side, or leaves it for another result.

    Attributes:
        part: what it is made of.
        touches: the leaves of the trunk that take it, or that it leaves from.
    """

    part: OutlinePart
    touches: tuple[Leaf, ...]


@strict_methods
@dataclass(frozen=True, eq=False)
class NetworkOutline:
    """What a network looks like from afar, from the graph alone: neither names nor the division into blocks matter.

    Every member that a result is computed from is a leaf of the tree, of a side or of an exit, or a constant, and of
    one of them only.

    Attributes:
        tree: the trunk, from the main input and other streams to the main result.
        sides: what conditions it: timesteps, texts, masks.
        exits: what leaves it for other results.
        constants: what depends on no input: tables of positions, learned queries.
        sources: the inputs that the trunk begins with.
        flow: the members as they were read.
    """

    tree: OutlinePart
    sides: tuple[SideForm, ...]
    exits: tuple[SideForm, ...]
    constants: tuple[Leaf, ...]
    sources: tuple[Leaf, ...]
    flow: Flow

    @cached_property
    def us(self) -> tuple[U, ...]:
        """The Us among the forms, outer ones first; grids are none."""
        return tuple(form for form in walked(self.tree) if isinstance(form, U) and not isinstance(form, Grid))

    def inside(self, leaf: Leaf) -> NetworkOutline | None:
        """The outline of what a block or a repeat holds; None for an operation or an input."""
        item = leaf.item
        if item is None or not isinstance(item.member, Repeat):
            return None
        body = item.member.body
        pairs = zip(body.outputs, item.member.outputs, strict=True)
        read_ones = tuple(own for own, outside in pairs if outside not in item.unread or not item.member.once)
        return outline_of(body, read_ones, f"{item.path}.")

    def blocks(self) -> Iterator[tuple[str, NetworkOutline]]:
        """Yield everything that is applied repeatedly, each once with the name of its block, outer ones first."""
        seen: set[Graph] = set()
        waiting: list[NetworkOutline] = [self]
        while waiting:
            outer = waiting.pop()
            held = [leaf for part in outer.whole for leaf in leaves_of(part)]
            inner: list[NetworkOutline] = []
            for leaf in held:
                member = leaf.item.member if leaf.item is not None else None
                if isinstance(member, Repeat) and member.body not in seen and len(member.body.nodes) > 1:
                    seen.add(member.body)
                    found = outer.inside(leaf)
                    if found is not None:
                        inner.append(found)
                        yield member.block, found
            waiting += reversed(inner)

    @property
    def whole(self) -> tuple[OutlinePart, ...]:
        """The tree, and the forms of sides and exits."""
        return (self.tree, *(side.part for side in (*self.sides, *self.exits)))

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def __repr__(self) -> str:
        return f"<outline of {sum(1 for part in self.whole for _ in leaves_of(part))} parts>"

    def _lines(self) -> Iterator[str]:
        yield from told(self.tree)
        for word, ends, sides in (("side", "→", self.sides), ("exit", "←", self.exits)):
            for side in sides:
                first, *rest = told(side.part)
                touched = _listed([leaf.name for leaf in side.touches])
                yield from (f"{word}: {first}", *(f"  {line}" for line in rest), f"  {ends} {touched}")
        if self.constants:
            yield f"constants: {_listed([leaf.name for leaf in self.constants])}"


_FEW = 4


def _listed(names: Sequence[str]) -> str:
    """A few names, or how many there are."""
    return ", ".join(names) if len(names) <= _FEW else f"{len(names)} places"


def outline_of(
    graph: Graph, outputs: Sequence[Value] = (), prefix: str = "", numbers: Mapping[Symbol, int] | None = None
) -> NetworkOutline:
    """Return the outline of a graph.

    Args:
        graph: the graph.
        outputs: the results that it is about; those of the graph where none are given.
        prefix: what the paths of its members begin with.
        numbers: of symbols that a resolution is divided by, such as the side of a patch.
    """
    return _outline(read(graph, outputs, prefix, numbers))


def outline_of_flow(flow: Flow, numbers: Mapping[Symbol, int] | None = None) -> NetworkOutline:
    """Return the outline of members as they were read: no block is opened that is closed there."""
    return _outline(ReadGraph(flow, flow_levels(flow, numbers or {})))


def _outline(reading: ReadGraph) -> NetworkOutline:
    flow = reading.flow
    read_dag, ends = dag_of(reading)
    trunk = trunk_of(read_dag, ends)
    dag = on_one_level(read_dag, trunk.members)
    return NetworkOutline(
        form_of(dag, trunk.members),
        tuple(_side(dag, one) for one in trunk.sides),
        tuple(_side(dag, one) for one in trunk.exits),
        tuple(dag.vertices[vertex].leaf for vertex in trunk.constants if dag.vertices[vertex].leaf.item is not None),
        tuple(dag.vertices[vertex].leaf for vertex in trunk.sources),
        flow,
    )


def _side(dag: Dag, beside: Beside) -> SideForm:
    touched = tuple(dag.vertices[vertex].leaf for vertex in beside.touches)
    return SideForm(form_of(dag, beside.members), touched)


def network_outline(network: Network) -> NetworkOutline:
    """Return the outline of what the selected results of a network need; the network remembers it."""
    return network.once("outline", lambda: outline_of(network.graph, network.selected, numbers=network.values))
