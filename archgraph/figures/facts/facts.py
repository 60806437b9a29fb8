"""The numbers that a figure prints: laws in the user's symbols, values, receptive fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from sympy import Add, Expr, Symbol

from archgraph.comparison.ends import main_flow
from archgraph.comparison.knobs import values_by_symbol
from archgraph.cost.costs import METRICS, CostRow, Costs
from archgraph.cost.part import costs_of, whole_part
from archgraph.data.figure_words import COLORS
from archgraph.errors import ArchgraphError, QueryError, not_among, quoted
from archgraph.fields.effective.effective import EffectiveFields
from archgraph.fields.report.extent import ReadExtent, reach_of, read_interval
from archgraph.fields.report.receptive_field import ReceptiveFields, receptive_fields, with_other_counts
from archgraph.figures.drawing.evaluated import Evaluated
from archgraph.figures.facts.author import Author
from archgraph.figures.facts.coloring import kind_tint, level_scale, level_tint
from archgraph.figures.facts.field_laws import FieldsAtAnySize
from archgraph.figures.facts.found_once import FoundOnce
from archgraph.figures.facts.hop_facts import HopFacts, Hops
from archgraph.figures.facts.options import Options
from archgraph.figures.facts.ways import ways_through
from archgraph.graph.ir import Graph, Repeat, Value
from archgraph.graph.letters import lettered
from archgraph.graph.locate import find_member
from archgraph.graph.network import Network
from archgraph.laws.numeric import value_at
from archgraph.outline.forms.network_outline import NetworkOutline, network_outline, outline_of_flow
from archgraph.outline.groups import Group
from archgraph.outline.items import Flow, Item, flow_of
from archgraph.outline.mixing import Attended, learned_of
from archgraph.outline.streams import TwoStreams, streams_of
from archgraph.outline.structure import Structure, entry_of, structure
from archgraph.outline.u_parts import UParts, us_of
from archgraph.outline.wording import brief
from archgraph.sizes.expansion import expanded
from archgraph.sizes.law_text import law_text
from archgraph.sizes.rounding import shortly_rounded

MOST_OPERATIONS = 20_000
"""The longest network whose paths a figure counts."""
_LONGEST_SIZE = 20


class Facts:
    """What a figure asks of a network.

    Attributes:
        place: of which of several networks in a figure.
        frozen: whether a size was written into words, so that they hold at the drawn sizes alone.
    """

    def __init__(self, network: Network, color: str = "locality", options: Options | None = None, place: int = 0):
        if color not in COLORS:
            raise not_among("colouring", color, COLORS)
        self.network: Network = lettered(network)  # all that is written is in the letters that its author chose
        self.color = color
        self.options: Options = options or Options()
        self.author: Author = Author(network, self.options)
        self.place: int = place
        self.frozen: bool = False
        self.known: FoundOnce = FoundOnce()

    @cached_property
    def flow(self) -> Flow:
        """What is drawn: the network, or a block that it is focused on, without what is hidden."""
        depth = self.options.depth
        if self.options.focus:
            block = self.focused
            return self.author.kept(flow_of(block.body, prefix=f"{self.options.focus}.", depth=depth))
        whole = main_flow(self.network)
        return self.author.kept(
            whole if depth is None else flow_of(self.network.graph, self.network.selected, depth=depth)
        )

    def operations(self, graph: Graph, selected: tuple[Value, ...], depth: int | None = None) -> Flow:
        """Every operation of a graph, or as deep as is said or asked for, without what is hidden."""
        depth = self.options.depth if depth is None else depth
        if self.options.focus:
            return self.author.kept(flow_of(self.focused.body, (), f"{self.options.focus}.", whole=True, depth=depth))
        return self.author.kept(flow_of(graph, selected, whole=True, depth=depth))

    @cached_property
    def focused(self) -> Repeat:
        """The block that is drawn alone."""
        member = find_member(self.network.graph, self.options.focus)[0]
        if not isinstance(member, Repeat):
            raise QueryError(f"{quoted(self.options.focus)} is a single operation: nothing lies inside it")
        return member

    @cached_property
    def structure(self) -> Structure:
        return structure(self.flow)

    @cached_property
    def outline(self) -> NetworkOutline:
        """The tree of what is drawn."""
        options = self.options
        plain = options.depth is None and not options.focus and not options.hide  # the one tree that all figures share
        return network_outline(self.network) if plain else outline_of_flow(self.flow, self.network.values)

    @cached_property
    def us(self) -> tuple[UParts, ...]:
        """The network as a U, or as several in a row; nothing where it is none."""
        return us_of(self.outline)

    @cached_property
    def streams(self) -> TwoStreams | None:
        """The network as two streams that meet, if it is that."""
        return streams_of(self.outline)

    @cached_property
    def _entry(self) -> Value | None:
        """The input that the whole network is about, whatever is drawn of it."""
        return entry_of(main_flow(self.network))

    def inside(self, group: Group) -> Structure:
        """The structure of what a group repeats."""
        return self.known(("inside", group.items[0]), lambda: self._inside(group.items[0]))

    def _inside(self, item: Item) -> Structure:
        repeat = item.member
        assert isinstance(repeat, Repeat)
        pairs = zip(repeat.body.outputs, repeat.outputs, strict=True)
        # What nothing outside reads is read by the next iteration, if there is one.
        read = tuple(own for own, outside in pairs if outside not in item.unread or not repeat.once)
        depth = self.options.depth
        deeper = None if depth is None else max(0, depth - self.level(item.path) - 1)
        return structure(self.author.kept(flow_of(repeat.body, read, prefix=f"{item.path}.", depth=deeper)))

    def level(self, path: str) -> int:
        """How many blocks a path lies in, of those that are drawn."""
        return path.removeprefix(f"{self.options.focus}.").count(".")

    def tells_inside(self, group: Group) -> bool:
        """Whether a repeat may be opened, and there is something to see inside."""
        if self.options.depth is not None and self.level(group.name) >= self.options.depth:
            return False
        try:
            return len(self.inside(group).chain) > 1
        except QueryError:
            return False

    @cached_property
    def input(self) -> Value | None:
        """The input whose positions the receptive fields are about."""
        entry = self._entry
        return entry if entry is not None and entry.type.positions else None

    @cached_property
    def pixels(self) -> int:
        """Pixels per element of the main input."""
        return self.network.pixels.get(self.input.name, 1) if self.input is not None else 1

    @property
    def flat(self) -> Graph:
        """The graph with every repeat unrolled at its value."""
        return self.network.flat()

    @cached_property
    def located(self) -> bool:
        """Whether some box of the main line has a receptive field."""
        return any(self.reach(group.items[-1].path) is not None for group in self.structure.chain)

    @cached_property
    def hatched(self) -> str:
        """Through what hatched fields reach the whole input, for the legend; nothing where none is hatched."""
        return ways_through(self.reach(group.items[-1].path) for group in self.structure.chain)

    # costs

    def tint(self, items: Sequence[Item], reach: ReadExtent | None) -> float | None:
        """What the colour of a box says, from 0 to 1; nothing if it has no colour."""
        if self.color == "op":
            return kind_tint(items, learned_of(self.network))
        if self.color == "level":
            return level_tint(self._scale(items[-1]), self.coarsest)
        if self.color != "locality":
            law = self.params(items) if self.color == "params" else self.macs(items)
            return self.value(law) / (self.value(self.total(self.color)) or 1.0)  # the whole may cost nothing
        if reach is None:
            return None
        return reach.share if reach.sizes[1] > 1 else 0.0  # of one position alone, reading it all is local

    def _scale(self, item: Item) -> float | None:
        return None if self.input is None else level_scale(self.input.type, item.outputs[0].type, self.value)

    @cached_property
    def coarsest(self) -> float:
        """By how much the coarsest group of the main line is coarser than the input."""
        scales = (self._scale(item) for group in self.structure.chain for item in group.all)
        return max((scale for scale in scales if scale is not None), default=1.0)

    def params(self, items: Iterable[Item]) -> Expr:
        """Parameters of some items, in the user's symbols."""
        return self._sum(items, "params")

    def macs(self, items: Iterable[Item]) -> Expr:
        """Multiply-accumulates of some items, in the user's symbols."""
        return self._sum(items, "macs")

    def total(self, metric: str) -> Expr:
        """The law of the whole network, in the user's symbols."""
        return self.shown(self._costs.total(metric))

    def _sum(self, items: Iterable[Item], metric: str) -> Expr:
        every = tuple(items)  # they may come lazily, and the key needs them too
        costs = lambda: (self._costs.member(item.member, metric, item.unread) for item in every)  # noqa: E731
        return self.known((metric, every), lambda: self.shown(Add(*costs())))

    @property
    def selected(self) -> tuple[Value, ...]:
        """The outputs that costs are about."""
        return self.network.selected

    @cached_property
    def rows(self) -> list[CostRow]:
        """The cost rows of all primitive nodes."""
        return whole_part(self.network).rows()

    def row_costs(self, row: CostRow) -> tuple[Expr, Expr]:
        """Parameters and multiply-accumulates of a row."""
        return row.cost(METRICS["params"]), row.cost(METRICS["macs"])

    @property
    def _costs(self) -> Costs:
        return costs_of(self.network)

    def shown(self, expression: Expr) -> Expr:
        """An expression of the graph in the user's symbols, multiplied out."""
        show = self.network.show
        return self.known(("shown", expression), lambda: shortly_rounded(expanded(show(expanded(expression)))))

    def brief(self, length: Expr) -> object:
        """A size in the user's symbols if that is short, else its number."""
        found = brief(self.network, length)
        self.frozen |= bool(self.shown(length).free_symbols) and not getattr(found, "free_symbols", ())
        return found

    def number(self, expression: Expr) -> int:
        """The value of an expression in the user's or in the inner symbols."""
        return int(self.network.evaluate(expression))

    def value(self, shown: Expr) -> float:
        """The value of an expression in the user's symbols at the bindings."""
        return value_at(shown, self.values)

    @cached_property
    def values(self) -> Mapping[Symbol, int]:
        """Values by symbol, those of the spec and those inside the graph."""
        return values_by_symbol(self.network)

    def sizes(self, value: Value) -> list[Expr | int]:
        """The sizes of a value in order; a size that takes long to write is given as its number."""
        return [self.size(length) for _, length in value.type.axes]

    def size(self, length: Expr) -> Expr | int:
        return self.known(("size", length), lambda: self._size(length))

    def _size(self, length: Expr) -> Expr | int:
        shown = self.shown(length)
        if not shown.free_symbols:
            return self.number(length)
        if not self.options.values and shown.is_integer is not False and len(str(shown)) < _LONGEST_SIZE:
            return shown
        return Evaluated(self.number(length), shown, self.place)

    def shown_type(self, value: Value) -> str:
        """The type of a value in plain text."""
        parts = (f"{axis}: {law_text(self.shown(length))}" for axis, length in value.type.axes)
        return self.known(("type", value.type.axes), lambda: "{" + ", ".join(parts) + "}")

    @cached_property
    def _fields(self) -> ReceptiveFields | None:
        if self.input is None:
            return None
        return receptive_fields(self.network, self.input.name)

    @cached_property
    def field_laws(self) -> FieldsAtAnySize | None:
        """The fields as laws, for pages that compute them anew."""
        if self._fields is None or self.input is None:
            return None
        return FieldsAtAnySize(self.network.graph, self.input, self._fields, self.shown, self.number)

    def fields_of(self, graph: Graph) -> ReceptiveFields:
        """The fields of the same graph with other counts of repeats; there must be an input."""
        assert self._fields is not None
        return with_other_counts(self._fields, graph)

    def reach(self, path: str) -> ReadExtent | None:
        """What the output of a member reads of the main input; nothing if it does not depend on positions."""
        return self.known(("reach", path), lambda: self._reach(path))

    def _reach(self, path: str) -> ReadExtent | None:
        if self._fields is None:
            return None
        try:
            return reach_of(self._fields.at(path))
        except (QueryError, ArchgraphError):
            return None

    def own_reach(self, items: Sequence[Item]) -> ReadExtent | None:
        """What one output of some items reads of the operand that it reads most of."""
        return self.known(("own reach", tuple(items)), lambda: self._own_reach(items))

    def _own_reach(self, items: Sequence[Item]) -> ReadExtent | None:
        made = {value for item in items for value in item.member.outputs}
        outside = tuple(dict.fromkeys(v for item in items for v in item.member.inputs if v not in made))
        last, members = items[-1].member.outputs[0], tuple(item.member for item in items)
        found: list[ReadExtent] = []
        for operand in outside if last.type.positions else ():
            if operand.type.positions:
                try:
                    fields = ReceptiveFields(Graph(outside, members, (last,)), operand.name, evaluate=self.number)
                    found += [reach] if (reach := reach_of(fields.at(members[-1].name))) is not None else []
                except ArchgraphError:
                    continue
        return max(found, key=lambda reach: (reach.everything, reach.share), default=None)

    @property
    def unit(self) -> str:
        """What the positions of the main input are called."""
        axes = set(self.input.type.positions) if self.input is not None else set()
        return "voxels" if {"d", "h", "w"} <= axes else "px" if {"h", "w"} <= axes else "positions"

    def connections(self, path: str, rows: int) -> list[tuple[float, float, float]]:
        """For positions of a member spread over the widest axis: first and last input read, as shares of the side.

        The third number is the share of the side that is read, for the colour.
        """
        if self._fields is None:
            return []
        try:
            axes = [axis for axis in self._fields.at(path).axes.values() if axis.settled]
        except ArchgraphError:
            return []
        axis = max(axes, key=lambda one: one.extent, default=None)
        if axis is not None and axis.is_global and not axis.outputs and self._positioned(path):
            return [(0.0, 1.0, 1.0)] * rows  # positions of other axes: each reads the whole input
        if axis is None or not axis.outputs:
            return []
        found = []
        for row in range(rows):
            middle = min(axis.outputs - 1, int((row + 0.5) * axis.outputs / rows))
            interval = read_interval(axis, middle)
            if interval is not None:
                low, high = interval[0] / axis.extent, (interval[1] + 1) / axis.extent
                found.append((low, high, min(1.0, axis.size_max / axis.extent)))
        return found

    def _positioned(self, path: str) -> bool:
        """Whether the output of a member has positions, though they may be other axes than the input's."""
        return bool(find_member(self.network.graph, path)[0].outputs[0].type.positions)

    @cached_property
    def widest_axis(self) -> str:
        """The axis along which the main input has the most positions."""
        assert self.input is not None
        type_ = self.input.type
        return max(type_.positions, key=lambda axis: self.number(type_.size(axis)))

    def hops(self, path: str) -> Hops | None:
        """How many moves input positions are away from the positions of a member, along the widest axis."""
        return self._hops.at(path) if self._hops is not None and path else None

    def why_no_hops(self, path: str) -> str:
        """Why `hops` has nothing to say, empty where it has."""
        return self._hops.why_none(path) if self._hops is not None and path else ""

    @cached_property
    def _hops(self) -> HopFacts | None:
        if self.input is None:
            return None
        return HopFacts(self.network.graph, self.input.name, self.widest_axis, self.number)

    @cached_property
    def effective(self) -> EffectiveFields | None:
        """The effective receptive fields at initialisation, along the widest axis of the main input."""
        if self.input is None:
            return None
        return EffectiveFields(self.network.graph, self.input, self.number, (self.widest_axis,))

    @cached_property
    def last_located(self) -> str:
        """The path of the last member of the main line whose output has positions that read the input."""
        paths = [item.path for group in self.structure.chain for item in group.items]
        return next((path for path in reversed(paths) if self.connections(path, 1)), "")

    def attends(self, items: Sequence[Item]) -> frozenset[str]:
        """What items attend to by themselves, see `Attended`."""
        return frozenset(kind for item in items for kind in self._attends.of(item.member))

    @cached_property
    def _attends(self) -> Attended:
        return Attended(self.number, learned_of(self.network))
