"""Architecture: what `load` returns; it holds a traced graph and asks analyses and back-ends lazily."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sympy import Expr, Integer, Symbol

from archgraph.architecture.measured import Law, Measured
from archgraph.architecture.part import Part
from archgraph.architecture.queries.budget import BudgetQueries
from archgraph.architecture.queries.conversion import Conversions
from archgraph.architecture.queries.field import FieldQueries
from archgraph.architecture.queries.resource import ResourceQueries
from archgraph.cost.costs import METRICS, Costs, Row, find_member
from archgraph.cost.memory.memory import Memory, Setting
from archgraph.errors import QueryError, did_you_mean
from archgraph.graph.ir import Graph, Node, Value
from archgraph.report.table import Table
from archgraph.sizes.symbols import Assumption, evaluate, symbol
from archgraph.sizes.types import TensorType
from archgraph.spec.declarations import Declarations
from archgraph.spec.load import Traced, find_spec, find_variant, trace_spec
from archgraph.spec.spec import Expectation, Spec, read_text

if TYPE_CHECKING:
    from archgraph.figures.figure import Figure


class Architecture(BudgetQueries, ResourceQueries, FieldQueries, Conversions, Measured):
    """A traced spec with its symbols: laws while they are free, integers after `at`.

    >>> g = load("dit:S/2")
    >>> g.at().params
    32963360
    >>> g["blocks.attention"].params.coeff(g.symbols["L"])
    4*D**2 + 4*D
    """

    def __init__(
        self,
        spec: Spec,
        variant: str = "",
        bound: Mapping[str, Any] | None = None,
        given: Mapping[str, Any] | None = None,
        traced: Traced | None = None,
        values: Mapping[Symbol, int] | None = None,
        selection: tuple[str, ...] = (),
    ) -> None:
        self.spec = spec
        self.variant = variant
        self._variant = find_variant(spec, variant)
        self._bound = dict(bound or {})
        self._given = dict(given or {})
        self.traced = traced or trace_spec(spec, self._variant, self._bound, self._given)
        self._evaluated = values is not None
        self.values: Mapping[Symbol, int] = self.traced.declarations.values if values is None else values
        self._selection = selection

    # -- what it is --------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The spec's name, with the variant's.

        >>> load("dit:S/2").name
        'DiT S/2'
        """
        return f"{self.spec.name} {self.variant}".strip()

    @property
    def graph(self) -> Graph:
        """The traced graph.

        >>> [node.name for node in load("conv_stack").graph.nodes]
        ['layers']
        """
        return self.traced.graph

    @cached_property
    def symbols(self) -> dict[str, Symbol]:
        """The free symbols by name; laws are written in them.

        >>> load("unet").symbols
        {'C': C, 'H': H, 'W': W}
        """
        return {name: symbol(name) for name in self.spec.symbols if self._is_free(name)}

    def _is_free(self, name: str) -> bool:
        inside = self.traced.declarations.lookup(name)
        return isinstance(inside, Expr) and bool(inside.free_symbols)

    @property
    def defaults(self) -> dict[str, Any]:
        """The value of every symbol where nothing else is bound; derived ones included.

        >>> load("transformer").defaults
        {'D': 512, 'L': 6, 'heads': 8, 'N': 256}
        """
        return self._declared().numbers()

    @property
    def structural(self) -> frozenset[str]:
        """Symbols whose value is built into the graph: binding them anew rebuilds it.

        >>> load("unet").structural
        frozenset({'levels'})
        """
        return self.traced.structural

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """What was decided at the bound values, and is checked again at every binding.

        >>> load("dit").assumptions
        ()
        """
        return self.traced.assumptions

    @property
    def inputs(self) -> dict[str, TensorType]:
        """The types of the inputs.

        >>> print(load("unet").inputs["image"])
        {c: 1, h: H, w: W}
        """
        return {value.name: self.type(value.type) for value in self.graph.inputs}

    @property
    def outputs(self) -> dict[str, TensorType]:
        """The types of the selected outputs.

        >>> print(load("unet:padded-512").outputs["logits"])
        {c: 2, h: H, w: W}
        """
        return {value.name: self.type(value.type) for value in self.selected}

    @property
    def variants(self) -> tuple[str, ...]:
        """The names of the spec's variants.

        >>> load("dit").variants[:3]
        ('S/8', 'S/8-512', 'S/4')
        """
        return tuple(self.spec.variants)

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """The published numbers of this variant.

        >>> [(expected.metric, expected.value) for expected in load("unet").expectations][0]
        ('params', 31030658)
        """
        return self._variant.expect

    @cached_property
    def selected(self) -> tuple[Value, ...]:
        """The outputs that costs and receptive fields are about.

        >>> [value.name for value in load("unet").selected]
        ['logits']
        """
        if not self._selection:
            return self.traced.selected
        return tuple(value for name in self._selection for value in self._output(name))

    def _output(self, name: str) -> tuple[Value, ...]:
        named = self.traced.named
        members = tuple(value for key, value in named.items() if key == name or key.startswith(f"{name}("))
        if not members:
            raise QueryError(f"no value is named '{name}'.{did_you_mean(name, named)}")
        return members

    def __repr__(self) -> str:
        free = ", ".join(f"{name}={self.defaults[name]}" for name in self.symbols)
        return f"<Architecture {self.name}: {free}>"

    # -- binding -----------------------------------------------------------------------------------------

    def at(self, **values: Any) -> Architecture:
        """Return the same queries at numbers: named symbols as given, every other one at its default.

        Raises:
            SpecError: an unknown symbol, or a value that breaks its rule.

        >>> load("dit").at(D=768, L=12, heads=12).macs
        23005102080
        """
        given = {**self._given, **values}
        fresh = self._declared(values)
        fresh.numbers()  # every one must have a value, unused ones too
        if self._needs_rebuild(values, fresh.values):
            rebuilt = Architecture(self.spec, self.variant, self._bound, given, selection=self._selection)
            return rebuilt.at()
        return Architecture(
            self.spec, self.variant, self._bound, given, self.traced, dict(fresh.values), self._selection
        )

    def _declared(self, values: Mapping[str, Any] | None = None) -> Declarations:
        """Return the declarations at the given values, over the defaults."""
        old = self.traced.declarations
        return Declarations(old.specs, {**old.bindings, **self._given, **(values or {})}, old.fixed)

    def _needs_rebuild(self, values: Mapping[str, Any], numbers: Mapping[Symbol, int]) -> bool:
        if numbers.keys() != self.traced.declarations.values.keys():
            return True
        if any(value != self.defaults[name] for name, value in values.items() if not self._is_free(name)):
            return True
        return not all(assumption.holds(numbers) for assumption in self.assumptions)

    def bind(self, **values: Any) -> Architecture:
        """Return the architecture with some symbols bound and the others free; options rebuild the graph.

        >>> load("dit").bind(p=2, S=32).params
        18*D**2*L + 3*D**2 + 15*D*L + 1566*D + 32
        """
        bound = {**self._bound, **values}
        return Architecture(self.spec, self.variant, bound, self._given, selection=self._selection)

    def symbolic(self) -> Architecture:
        """Return the architecture with its laws again, after `at`; the values stay as the new defaults.

        >>> load("unet").at(C=32).symbolic().params
        7574*C**2 + 118*C + 2
        """
        if not self._evaluated:
            return self
        return Architecture(self.spec, self.variant, self._bound, self._given, selection=self._selection)

    def select(self, *outputs: str) -> Architecture:
        """Return the architecture whose macs, activations and receptive fields are about these values only.

        >>> load("unet:padded-512").select("bottleneck").receptive_field().h.size_max
        140
        """
        chosen = Architecture(
            self.spec,
            self.variant,
            self._bound,
            self._given,
            self.traced,
            self.values if self._evaluated else None,
            outputs,
        )
        assert chosen.selected
        return chosen

    # -- laws --------------------------------------------------------------------------------------------

    @cached_property
    def costs(self) -> Costs:
        """The cost analysis of the graph.

        >>> load("unet").costs.total("params")
        7574*C**2 + 118*C + 2
        """
        return Costs(self.graph, self.selected)

    @property
    def whole(self) -> Architecture:
        """This architecture.

        >>> g = load("unet")
        >>> g.whole is g
        True
        """
        return self

    @property
    def evaluated(self) -> bool:
        """Whether this is the result of `at`: laws come as numbers.

        >>> load("unet").evaluated, load("unet").at().evaluated
        (False, True)
        """
        return self._evaluated

    def expression(self, name: str) -> Expr:
        """Return the law of a metric in the spec's symbols, whether or not they are bound by `at`."""
        return self.show(self._total(name))

    def definition(self, name: str) -> Expr | None:
        """Return what a derived symbol is derived from, None for any other symbol.

        >>> load("dit").definition("N"), load("dit").definition("D")
        (S**2/p**2, None)
        """
        if self.spec.symbols[name].derived is None:
            return None
        return self.show(self.traced.declarations.lookup(name))

    @property
    def bindings(self) -> str:
        """The value of every free symbol, as `at C=64, H=512`; `no free symbols` where there is none.

        >>> load("unet").bindings
        'at C=64, H=572, W=572'
        """
        values = ", ".join(f"{name}={self.defaults[name]}" for name in self.symbols)
        return f"at {values}" if values else "no free symbols"

    def point(self) -> dict[Symbol, Expr]:
        """Return the value of every free symbol of the laws.

        >>> load("unet").point()
        {C: 64, H: 572, W: 572}
        """
        return {free: Integer(self.defaults[name]) for name, free in self.symbols.items()}

    def metric(self, name: str) -> Law:
        """Return the law of a metric, or its value after `at`."""
        return self.law(self._total(name))

    def _total(self, name: str) -> Expr:
        return self._saved if name == "saved_bytes" else self.costs.total(name)

    def law(self, expression: Expr) -> Law:
        """Return an expression of the graph in the spec's symbols, or its value after `at`.

        >>> g = load("conv_stack")
        >>> g.law(g.graph.inputs[0].type.numel), g.at(C=4).law(g.graph.inputs[0].type.numel)
        (C*H*W, 65536)
        """
        return self.evaluate(expression) if self._evaluated else self.show(expression)

    def type(self, inside: TensorType) -> TensorType:
        """Return a type of the graph in the spec's symbols, or with numbers after `at`.

        >>> g = load("unet")
        >>> print(g.type(g.graph.inputs[0].type), g.at().type(g.graph.inputs[0].type))
        {c: 1, h: H, w: W} {c: 1, h: 572, w: 572}
        """
        return TensorType(tuple((axis, Integer(0) + self.law(length)) for axis, length in inside.axes), inside.dtype)

    def show(self, expression: Expr) -> Expr:
        """Return an expression of the graph in the spec's symbols.

        >>> g = load("unet")
        >>> g.show(g.graph.inputs[0].type.size("h"))
        H
        """
        return self.traced.declarations.show(expression)

    def evaluate(self, expression: Expr) -> int:
        """Return the value of an expression of the graph at the bound values.

        >>> g = load("unet")
        >>> g.evaluate(g.graph.inputs[0].type.numel)
        327184
        """
        return evaluate(expression, self.values)

    def __getitem__(self, path: str) -> Part:
        """Return a node or scope by dotted path.

        Raises:
            QueryError: there is none, with the nearest that exists.
        """
        return Part(self, path, *find_member(self.graph, path))

    @property
    def nodes(self) -> tuple[str, ...]:
        """The paths of all primitive nodes.

        >>> load("conv_stack").nodes
        ('layers.conv', 'layers.relu')
        """
        return tuple(path for path, member in self.graph.walk() if isinstance(member, Node))

    @property
    def scopes(self) -> tuple[str, ...]:
        """The paths of all blocks and repeats.

        >>> load("conv_stack").scopes
        ('layers',)
        """
        return tuple(path for path, member in self.graph.walk() if not isinstance(member, Node))

    def table(self, by: str = "scope", metrics: Iterable[str] = ("params", "macs", "flops", "activations")) -> Table:
        """Return costs by "node", "scope" (the network's steps), "op", "level" or "block".

        Raises:
            QueryError: an unknown grouping or metric.

        >>> print(load("transformer").at().table(by="op", metrics=["params"]).to_csv().strip())
        op,params
        layer_norm,12288
        linear,18902016
        split,0
        scaled_dot_product_attention,0
        add,0
        gelu,0
        """
        from archgraph.cost.cost_table import cost_table

        return cost_table(self, by, tuple(metrics))

    def report(self, metrics: Iterable[str], numbers: Architecture) -> str:
        """Return the totals as text: every law, and its value at the numbers of another binding.

        >>> g = load("unet:padded-512")
        >>> print(g.report(["params"], g.at()).splitlines()[-1])
        params = 7574*C**2 + 118*C + 2 = 31,030,658
        """
        bindings = ", ".join(f"{name}={numbers.defaults[name]}" for name in self.symbols)
        lines = [f"{name} = {self.metric(name)} = {numbers.metric(name):,}" for name in metrics]
        return "\n".join(
            [
                f"{self.name} ({self.spec.cite})" if self.spec.cite else self.name,
                f"  at {bindings}",
                *lines,
                "",
            ]
        )

    def rule_of(self, name: str) -> tuple[int, int]:
        """Return (multiple, offset) of the values that a symbol can have at the bound values of the others.

        >>> load("unet").rule_of("H")
        (16, 12)
        """
        return self._declared().rule_of(name)

    def rule_law(self, name: str) -> tuple[Expr, Expr] | None:
        """Return the multiple and offset of a symbol as laws, None where it has no rule.

        >>> load("dit").rule_law("S"), load("dit").rule_law("L")
        ((p, 0), None)
        """
        multiple, offset = self.traced.declarations.rule(name)
        return None if multiple == 1 else (self.show(multiple), self.show(offset))

    @cached_property
    def _saved(self) -> Expr:
        return Memory(self.graph, self.selected, Setting("training")).saved

    def rows(self) -> list[Row]:
        """Return the cost rows of all primitive nodes.

        >>> [row.path for row in load("conv_stack").rows()]
        ['layers.conv', 'layers.relu']
        """
        return self.costs.rows()

    def bound(self, **values: Any) -> Architecture:
        """Return the architecture with every symbol a number in the graph itself, at defaults where not given.

        >>> load("dit:S/2").bound(L=2).params
        6363680
        """
        return self.bind(**self.at(**values)._numbers())

    def flat(self, experts: bool = False, limit: int = 200_000) -> Graph:
        """Return the flat graph of primitive operations with every symbol at its value.

        A mixture of experts stays whole, or with `experts` becomes one of them.

        Raises:
            ArchgraphError: there would be more than `limit` operations.

        >>> len(load("conv_stack").flat().nodes)
        20
        """
        return trace_spec(self.spec, self._variant, self._numbers()).graph.unroll(limit, experts)

    def _numbers(self) -> dict[str, Any]:
        fresh = self._declared()
        return {name: value for name, value in fresh.numbers().items() if fresh.specs[name].derived is None}


def load(name: str | Path) -> Architecture:
    """Return the architecture of a spec: a path, or the name of a shipped spec or variant.

    Raises:
        SpecError, ShapeError: the spec breaks a rule.

    >>> load("unet:padded-512").at().macs
    192384335872
    """
    spec, variant = find_spec(str(name))
    return Architecture(spec, variant)


def loads(text: str, variant: str = "") -> Architecture:
    """Return the architecture of a spec given as text.

    >>> g = loads("{archgraph: 1, inputs: {x: {c: 3, n: 8}}, network: [linear: {out: 5}]}")
    >>> g.at().params
    20
    """
    return Architecture(read_text(text), variant)


def contrast(
    *architectures: Architecture, width: str = "text", venue: str = "icml", panels: Iterable[str] | None = None
) -> Figure:
    """Return two or more networks side by side on one scale.

    Args:
        architectures: the networks.
        width: as for `Architecture.draw`; and `venue`.
        panels: of `stages`, `levels`, `laws`, `ladder`, `hops`, `matrix`, from top to bottom; by default all.

    Raises:
        QueryError: an unknown panel, or fewer than two networks.

    >>> contrast(load("unet"), load("dit")).diagram.width / 72
    6.75
    """
    from archgraph.figures.figure import contrast

    return contrast(*architectures, width=width, venue=venue, panels=panels)


__all__ = ["METRICS", "Architecture", "Law", "Measured", "Part", "contrast", "load", "loads"]
