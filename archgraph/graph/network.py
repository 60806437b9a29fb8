"""A network: a traced graph with its symbols and their values. Every question on cost, fields or figures takes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from sympy import Expr, Integer, Symbol

from archgraph.errors import QueryError, did_you_mean, not_among, printable
from archgraph.graph.dead_steps import dead_steps
from archgraph.graph.ir import Graph, Node, Substitution, Value
from archgraph.sizes.symbols import Assumption, evaluate, replaced, symbol
from archgraph.sizes.types import TensorType

Answer = TypeVar("Answer")
Law: TypeAlias = "Expr | int"
"""A law in the user's symbols; an integer once every symbol is bound by `at`."""
if TYPE_CHECKING:
    from typing_extensions import TypeVar as VariableOfTypes

    Said_co = VariableOfTypes("Said_co", default=Law, covariant=True)
else:
    Said_co = TypeVar("Said_co", covariant=True)
"""What a network says its costs are: `Law`, or `int` after `at`."""


class Declared(Protocol):
    """The symbols of a network: what each is inside the graph, what it is called outside, and its value."""

    @property
    def values(self) -> Mapping[Symbol, int]: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def letters(self) -> Mapping[str, str]: ...

    def lookup(self, name: str) -> Any: ...
    def is_derived(self, name: str) -> bool: ...
    def doc(self, name: str) -> str: ...
    def show(self, expression: Expr) -> Expr: ...
    def numbers(self) -> dict[str, Any]: ...
    def rule(self, name: str) -> tuple[Expr, Expr]: ...
    def rule_of(self, name: str) -> tuple[int, int]: ...


class Expected(Protocol):
    """A published number of a network."""

    @property
    def metric(self) -> str: ...
    @property
    def value(self) -> int: ...
    @property
    def reference(self) -> str: ...
    @property
    def source(self) -> str: ...


class Source(Protocol):
    """Where a network comes from, and what becomes of it at other values.

    A spec is traced anew where a structural symbol changes; a module was traced once, and says no with the reason.
    """

    def at(self, network: Network, values: Mapping[str, Any]) -> Network: ...
    def bind(self, network: Network, values: Mapping[str, Any]) -> Network: ...
    def select(self, network: Network, outputs: tuple[str, ...]) -> Network: ...


@dataclass(frozen=True)
class Origin:
    """What is said of a network besides its graph.

    Attributes:
        family: the name without the variant's.
        variant: the name of the variant; empty for the defaults.
        about: one sentence on the variant.
        file: where the spec was read from.
        doc: one sentence on it.
        cite: its publication.
        variants: the names of all variants of its family.
        expected: published numbers of this variant.
        conditions: for which sizes a trace holds, as text.
        gaps: operators without a rule, whose costs are missing in every number.
        dead: modules and operators of a trace that are run though no output depends on them.
        told: what was chosen for whoever named the network, as text: the inputs of a module.
        module: the module that was traced, None for a spec.
        example: the inputs that it was traced with, without their values.
        traced_at: the values of the symbols inside the graph at these inputs.
        figure: how the spec wants its figure drawn: options of `draw` by name.
    """

    family: str = ""
    variant: str = ""
    about: str = ""
    file: str = ""
    doc: str = ""
    cite: str = ""
    variants: tuple[str, ...] = ()
    expected: tuple[Expected, ...] = ()
    conditions: tuple[str, ...] = ()
    gaps: tuple[Any, ...] = ()
    dead: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    module: Any = None
    example: object = None
    traced_at: Mapping[Symbol, int] = field(default_factory=dict)
    figure: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class Network:
    """A traced graph with its symbols: laws while these are free, integers after `at`.

    Attributes:
        name: of the network, with its variant.
        graph: the traced graph, with all declared outputs.
        selected: the outputs that costs and receptive fields are about.
        named: values of the graph by the names that they were given.
        declared: the symbols.
        values: the value of every symbol inside the graph.
        evaluated: whether this is the result of `at`, so that laws come as numbers.
        source: what makes the network anew at other values.
        origin: what else is known of it.
        structural: symbols whose value is built into the graph.
        assumptions: what was decided at the bound values, and is checked again at every binding.
        runs_dead: costs count what no output depends on as well, as in a module that PyTorch runs.
        pixels: pixels per element of every input that declares them.
        called: names of the selected outputs, where one value may have several; those of the values where it is empty.
        floating: how the values of dtype `float` are stored: a module may be in half precision.
    """

    name: str
    graph: Graph
    selected: tuple[Value, ...]
    named: Mapping[str, Value]
    declared: Declared
    values: Mapping[Symbol, int]
    evaluated: bool
    source: Source
    origin: Origin = field(default_factory=Origin)
    structural: frozenset[str] = frozenset()
    assumptions: tuple[Assumption, ...] = ()
    runs_dead: bool = False
    pixels: Mapping[str, int] = field(default_factory=dict)
    called: tuple[str, ...] = ()
    floating: str = "float32"
    _of_graph: dict[Any, Any] = field(default_factory=dict, repr=False)
    _known: dict[Any, Any] = field(default_factory=dict, repr=False, init=False)
    _numbers: dict[Expr, int] = field(default_factory=dict, repr=False, init=False)

    def __repr__(self) -> str:
        return f"<network {printable(self.name)}: {self.graph!r}>"

    def once(self, key: object, make: Callable[[], Answer]) -> Answer:
        """Return an answer that is made the first time it is asked for."""
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    def once_for_graph(self, key: object, make: Callable[[], Answer]) -> Answer:
        """The same for what depends on the graph and its outputs alone, and holds at all values."""
        if key not in self._of_graph:
            self._of_graph[key] = make()
        return self._of_graph[key]

    # -- symbols -----------------------------------------------------------------------------------------

    @cached_property
    def symbols(self) -> dict[str, Symbol]:
        """The free symbols by name; laws are written in them."""
        return {name: symbol(name) for name in self.declared.names if self.is_free(name)}

    def is_free(self, name: str) -> bool:
        """Whether laws are written in a symbol."""
        inside = self.declared.lookup(name)
        return isinstance(inside, Expr) and bool(inside.free_symbols)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The value of every symbol if nothing else is bound, derived ones included."""
        return self.declared.numbers()

    @property
    def bindings(self) -> str:
        """The value of every free symbol, as `at C=64, H=512`, or `no free symbols`."""
        values = ", ".join(f"{name}={self.defaults[name]}" for name in self.symbols)
        return f"at {values}" if values else "no free symbols"

    @cached_property
    def point(self) -> dict[Symbol, Expr]:
        """The value of every free symbol of the laws."""
        return {free: Integer(self.defaults[name]) for name, free in self.symbols.items()}

    def definition(self, name: str) -> Expr | None:
        """Return the expression that a derived symbol stands for, None for any other symbol."""
        self._check_symbol(name)
        return self.show(self.declared.lookup(name)) if self.declared.is_derived(name) else None

    def rule_of(self, name: str) -> tuple[int, int]:
        """Return (multiple, offset) of the values that a symbol can have at the bound values of the others."""
        self._check_symbol(name)
        return self.declared.rule_of(name)

    def rule_law(self, name: str) -> tuple[Expr, Expr] | None:
        """Return the multiple and offset of a symbol as laws, None if it has no rule."""
        self._check_symbol(name)
        multiple, offset = self.declared.rule(name)
        return None if multiple == 1 else (self.show(multiple), self.show(offset))

    def _check_symbol(self, name: str) -> None:
        if name not in self.declared.names:
            raise not_among("symbol", name, self.declared.names)

    @property
    def outputs(self) -> dict[str, Value]:
        """The selected outputs by all of their names."""
        return {name: self.named[name] for name in self.called} or {value.name: value for value in self.selected}

    # -- expressions of the graph ------------------------------------------------------------------------

    def show(self, expression: Expr) -> Expr:
        """Return an expression of the graph in the user's symbols."""
        return self.declared.show(expression)

    def evaluate(self, expression: Expr) -> int:
        """Return the value of an expression of the graph at the bound values."""
        # Every part of a figure or a field asks for the same few sizes.
        if expression not in self._numbers:
            self._numbers[expression] = evaluate(expression, self.values)
        return self._numbers[expression]

    def law(self, expression: Expr) -> Law:
        """Return an expression of the graph in the user's symbols, or its value after `at`."""
        return self.evaluate(expression) if self.evaluated else self.show(expression)

    def type(self, inside: TensorType) -> TensorType:
        """Return a type of the graph in the user's symbols, or with numbers after `at`."""
        return TensorType(tuple((axis, Integer(0) + self.law(length)) for axis, length in inside.axes), inside.dtype)

    # -- the same network otherwise ------------------------------------------------------------------------

    def at(self, /, **values: Any) -> Network:
        """Return the network at numbers: named symbols as given, every other one at its default."""
        return self.source.at(self, values)

    def bind(self, /, **values: Any) -> Network:
        """Return the network with some symbols bound and the others free."""
        return self.source.bind(self, values)

    def symbolic(self) -> Network:
        """Return the network with its laws again, after `at`; the values stay as the new defaults."""
        return replace(self, evaluated=False) if self.evaluated else self

    def select(self, *outputs: str) -> Network:
        """Return the network whose costs and receptive fields are about these values only.

        Raises:
            QueryError: no value has that name.
        """
        return self.source.select(self, outputs)

    def outputs_named(self, outputs: tuple[str, ...]) -> tuple[Value, ...]:
        """Return values by name; the name of a family stands for all its members.

        Raises:
            QueryError: no value has that name.
        """
        return tuple(self.named[name] for family in outputs for name in self._family(family))

    def calling(self, outputs: tuple[str, ...]) -> Network:
        """Return the network whose costs and fields are about these values only, under the names that they were given.

        Raises:
            QueryError: no value has that name.
        """
        called = tuple(name for family in outputs for name in self._family(family))
        selected = tuple(dict.fromkeys(self.named[name] for name in called))
        return replace(self, selected=selected, called=called, runs_dead=False, _of_graph={})

    def _family(self, name: str) -> tuple[str, ...]:
        found = tuple(key for key in self.named if key == name or key.startswith(f"{name}("))
        if not found and name in {value.name for value in self.graph.inputs}:
            raise QueryError(f"'{name}' is an input, which nothing computes", hint="select what is made of it")
        if not found:
            raise QueryError(f"no value is named '{name}'.{did_you_mean(name, self.named)}")
        return found

    def bound(self, /, **values: Any) -> Network:
        """Return the network with every symbol a number in the graph itself, at defaults where not given."""
        network = self.at(**values)
        numbers = Substitution(network.values)
        return replace(
            network,
            graph=numbers.graph(network.graph),
            selected=numbers.values(network.selected),
            named=dict(zip(network.named, numbers.values(network.named.values()), strict=True)),
            declared=Numbers(network.declared, network.values),
            values={},
            source=Bound(),
            assumptions=(),
            _of_graph={},
        )

    def flat(self, *, experts: bool = False, limit: int = 200_000) -> Graph:
        """Return the flat graph of primitive operations with every symbol at its value.

        A mixture of experts stays whole, or with `experts` becomes one of them.

        Raises:
            ArchgraphError: there would be more than `limit` operations.
        """
        return self.graph.substitute(self.values).unroll(limit, experts=experts)

    @property
    def dead(self) -> tuple[str, ...]:
        """The steps whose results reach no output of the graph; a traced module may run such work.

        No step of a module makes only what costs nothing beside a result that is read, as indices beside a maximum.
        """
        return self.origin.dead or dead_steps(self.graph, costly=self.origin.module is not None)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The paths of all primitive nodes."""
        return tuple(path for path, member in self.graph.walk() if isinstance(member, Node))

    @property
    def scopes(self) -> tuple[str, ...]:
        """The paths of all blocks and repeats."""
        return tuple(path for path, member in self.graph.walk() if not isinstance(member, Node))


class Numbers:
    """The symbols of a network whose graph holds numbers only."""

    def __init__(self, declared: Declared, values: Mapping[Symbol, int]) -> None:
        self._declared = declared
        self._numbers = {free: Integer(value) for free, value in values.items()}
        self.values: Mapping[Symbol, int] = {}
        self.names: tuple[str, ...] = declared.names
        self.letters: Mapping[str, str] = declared.letters

    def lookup(self, name: str) -> Any:
        """Return the number, word or list that a symbol is."""
        inside = self._declared.lookup(name)
        return replaced(inside, self._numbers) if isinstance(inside, Expr) else inside

    def is_derived(self, name: str) -> bool:
        """Whether a symbol is an expression of others."""
        return self._declared.is_derived(name)

    def doc(self, name: str) -> str:
        """What a symbol stands for."""
        return self._declared.doc(name)

    def show(self, expression: Expr) -> Expr:
        """Return a number as it is."""
        return expression

    def numbers(self) -> dict[str, Any]:
        """Return the value of every symbol."""
        return self._declared.numbers()

    def rule(self, name: str) -> tuple[Expr, Expr]:
        """Return the multiple and the offset of a symbol."""
        multiple, offset = self.rule_of(name)
        return Integer(multiple), Integer(offset)

    def rule_of(self, name: str) -> tuple[int, int]:
        """Return the multiple and the offset of a symbol."""
        return self._declared.rule_of(name)


class Bound:
    """The source of a network whose graph holds numbers only: nothing is left to vary."""

    def at(self, network: Network, values: Mapping[str, Any]) -> Network:
        """Return the network itself, where no symbol is asked to change."""
        if values:
            self._refuse(values)
        return network

    def bind(self, network: Network, values: Mapping[str, Any]) -> Network:
        """Return the network itself, where no symbol is asked to change."""
        return self.at(network, values)

    def select(self, network: Network, outputs: tuple[str, ...]) -> Network:
        """Return the network whose costs and fields are about these values only."""
        return network.calling(outputs)

    def _refuse(self, values: Mapping[str, Any]) -> None:
        names = ", ".join(values)
        raise QueryError(f"every symbol is bound, and {names} cannot vary", hint="bind it before, not after `bound`")


__all__ = ["Bound", "Declared", "Expected", "Law", "Network", "Origin", "Said_co", "Source"]
