"""Architecture: what `load` returns; it holds a traced graph and asks analyses and back-ends lazily."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sympy import Expr, Integer, Symbol, expand

from archgraph import budgets, fields
from archgraph import scale as growth
from archgraph.analysis.cost import METRICS, Costs, Row, find_member, level_of, metric_named
from archgraph.analysis.field_report import ReceptiveField
from archgraph.analysis.memory import Memory, Setting
from archgraph.analysis.receptive_field import ReceptiveFields
from archgraph.analysis.search import Solution
from archgraph.backend.table import Table
from archgraph.budgets import Budget, Range
from archgraph.efficiency import Roofline, efficiency_table, roofline
from archgraph.errors import QueryError, did_you_mean
from archgraph.frontend.declarations import Declarations
from archgraph.frontend.load import Traced, find_spec, find_variant, trace_spec
from archgraph.frontend.spec import Expectation, Spec, read_text
from archgraph.ir import Graph, Member, Node, Repeat, Value
from archgraph.laws import Law, Measured
from archgraph.memory import Attention, Checkpoint, Dtype, Mode, Optimizer, PeakMemory, checkpoints, peak_memory
from archgraph.other_tools import Reconciliation, count_as
from archgraph.scale import Change
from archgraph.symbols import Assumption, evaluate, symbol
from archgraph.types import TensorType

if TYPE_CHECKING:
    from torch import nn

    from archgraph.analysis.effective import Effective
    from archgraph.analysis.halo import Halo
    from archgraph.analysis.hop_path import HopPath
    from archgraph.analysis.paths import Paths
    from archgraph.analysis.productive import Productivity
    from archgraph.analysis.size_law import SizeLaw
    from archgraph.backend.figure import Figure
    from archgraph.sweep import Sweep


class Architecture(Measured):
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
        self._fields: dict[tuple[str | None, bool], ReceptiveFields] = {}

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
        from archgraph.backend.costs import cost_table

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

    # -- budgets -----------------------------------------------------------------------------------------

    def rule_of(self, name: str) -> tuple[int, int]:
        """Return (multiple, offset) of the values that a symbol can have at the bound values of the others.

        >>> load("unet").rule_of("H")
        (16, 12)
        """
        return self._declared().rule_of(name)

    def solve(self, name: str, multiple_of: int = 1, within: Range | None = None, **budget: Budget) -> Solution:
        """Return the value of a symbol at which budgets are just met: of a rising law, `<=` gives the largest.

        Args:
            name: the symbol; its own rule (`multiple_of`, `offset`) is kept.
            multiple_of: a further divisor.
            within: the least and the largest value to try, for a law that rises and falls.
            budget: metrics with comparison and bound.

        Raises:
            QueryError: no value meets them, or the law rises and falls and no range is stated.

        >>> load("dit").solve("D", macs=("<=", 1e12), multiple_of=64)
        D = 3328: macs = 966,826,917,888, 33,173,082,112 below 1,000,000,000,000
        >>> load("dit").solve("p", macs=("<=", 1e11))
        p = 4: macs = 29,043,671,040, 70,956,328,960 below 100,000,000,000
        """
        return budgets.solve(self, name, multiple_of, budget, within)

    def iso(self, name: str, over: Mapping[str, Iterable[Any]], multiple_of: int = 1, **budget: Budget) -> Table:
        """Return the curve of equal cost: along one symbol, the value of another at which budgets are just met.

        >>> table = load("dit").iso("D", over={"L": [12, 28]}, multiple_of=64, params=("<=", 700e6))
        >>> [row["D"] for row in table.rows]
        [1728, 1152]
        """
        return budgets.iso(self, name, over, multiple_of, budget)

    def what_if(self, **values: Any) -> Table:
        """Return params, MACs and activations before and after a change of symbols, structural ones included.

        >>> [row["factor"] for row in load("unet:padded-512").what_if(levels=5).rows]
        ['4.008', '1.237', '1.028']
        """
        return growth.what_if(self, values)

    def scale(self, **changes: Change) -> Table:
        """Return what factors on symbols do to params, MACs, activations and what autograd keeps.

        Args:
            changes: a factor per symbol, as a number or a word: `2`, `"x1.5"`, `"xsqrt2"`, `"/2"`; or `"+1"`. A size
                is rounded to the nearest that its rule allows, which the notes say.

        >>> table = load("unet:padded-512").scale(C="xsqrt2")
        >>> [(row["metric"], row["factor"], row["in the limit"]) for row in table.rows][:2]
        [('params', '2.022', '2'), ('macs', '2.021', '2')]
        """
        return growth.scale(self, changes)

    def knobs(self, *changes: Mapping[str, Change], metrics: Iterable[str] = growth.METRICS) -> Table:
        """Return what single changes do to some metrics, a row for each, made alone; see `scale`.

        >>> table = load("dit:B/2").knobs({"D": 2}, {"L": 2}, {"S": 2}, {"p": "/2"})
        >>> [row.get("x params") for row in table.rows]
        [None, '3.979', '1.977', '1.005', '1.004']
        """
        return growth.knobs(self, changes, metrics)

    def sweep(self, grid: Mapping[str, Any], metrics: Iterable[str] = ("params", "macs")) -> Sweep:
        """Return metrics over the product of several symbols' values, every other symbol at its value.

        Args:
            grid: values per symbol: a range, a list, or an array of numpy or dask (the result is lazy then).

        >>> load("transformer").sweep({"D": [256, 512], "L": [6]})["params"].tolist()
        [[4738560], [18914304]]
        """
        from archgraph.sweep import sweep

        return sweep(self, grid, metrics)

    def rule_law(self, name: str) -> tuple[Expr, Expr] | None:
        """Return the multiple and offset of a symbol as laws, None where it has no rule.

        >>> load("dit").rule_law("S"), load("dit").rule_law("L")
        ((p, 0), None)
        """
        multiple, offset = self.traced.declarations.rule(name)
        return None if multiple == 1 else (self.show(multiple), self.show(offset))

    # -- memory ------------------------------------------------------------------------------------------

    @cached_property
    def _saved(self) -> Expr:
        return Memory(self.graph, self.selected, Setting("training")).saved

    @property
    def saved_bytes(self) -> Law:
        """The bytes that autograd keeps for the backward pass of one sample, in single precision.

        >>> load("dit:XL/2").at().saved_bytes
        848961032
        """
        return self.metric("saved_bytes")

    def saved_memory(self, attention: Attention = "math", dtype: Dtype = "fp32", checkpoint: Checkpoint = False) -> Law:
        """Return the bytes that autograd keeps, for a kernel of attention, a precision, and checkpoints.

        Args:
            attention: `math`, product by product, or `flash`, which keeps no matrix of scores.
            dtype: `fp32`, `bf16`, `fp16` or `mixed`.
            checkpoint: True to keep of every iteration of a repeat its inputs only, or the paths of scopes.

        >>> load("transformer").saved_memory(checkpoint=True)
        4*D*L*N
        """
        setting = Setting("training", attention, dtype, checkpoint=checkpoints(self.graph, checkpoint))
        return self.law(Memory(self.graph, self.selected, setting).saved)

    def peak_memory(
        self,
        mode: Mode = "inference",
        attention: Attention = "math",
        dtype: Dtype = "fp32",
        optimizer: Optimizer = "sgd",
        checkpoint: Checkpoint = False,
    ) -> PeakMemory:
        """Return the most memory that is live at once for one sample, at the bound values, and where.

        Values are freed after their last use and views share storage, as in the lowered module; what a kernel
        or an allocator takes for itself is not counted.

        Args:
            mode: `inference`, or `training`: forward and back, with gradients and the optimiser's numbers.
            attention: as in `saved_memory`.
            dtype: as in `saved_memory`; `mixed` keeps weights and states in single precision besides.
            optimizer: `sgd`, `momentum` or `adam`: 0, 1 or 2 numbers per trained weight.
            checkpoint: as in `saved_memory`.

        >>> load("unet:padded-512").peak_memory("training").node
        'dec(0).relu_2'
        """
        setting = Setting(mode, attention, dtype, optimizer, checkpoints(self.graph, checkpoint))
        return peak_memory(self, setting)

    # -- efficiency --------------------------------------------------------------------------------------

    def efficiency(self, by: str = "stage", dtype: Dtype = "fp32", attention: Attention = "flash") -> Table:
        """Return MACs per parameter, positions per weight and operations per byte, at the bound values.

        Args:
            by: "stage" (the levels of the network's steps), "level" (of nodes), "scope", "op", "block" or "node".
            dtype: of the bytes.
            attention: `flash`, or `math`, which moves the scores too.

        >>> [row["macs/param"] for row in load("adm").efficiency().rows][-1]
        '59.547'
        """
        return efficiency_table(self, by, Setting(attention=attention, dtype=dtype))

    def roofline(
        self, device: str, dtype: str = "bf16", attention: Attention = "flash", batch: int = 1, by: str = "op"
    ) -> Roofline:
        """Return an estimate of the time of a forward pass: every operation at the device's peak or bandwidth.

        Args:
            device: a name in the table of hardware, such as `a100`.
            dtype: `fp32`, `tf32`, `bf16` or `fp16`.
            attention: `flash`, or `math`, which moves the scores too.
            batch: samples at once.
            by: how the report groups nodes: "op", "scope", "stage", "level", "block" or "node".

        >>> load("dit").roofline("a100").seconds < load("dit").roofline("v100", dtype="fp16").seconds
        True
        """
        return roofline(self, device, dtype, attention, batch, by)

    # -- other tools -------------------------------------------------------------------------------------

    def count_as(self, tool: str, functional: Iterable[str] = ()) -> Reconciliation:
        """Return what another tool prints for this network, and the terms between its count and ours.

        Args:
            tool: `thop`, `fvcore`, `torchinfo`, `ptflops`, `calflops`, `deepspeed`, `flopcounter-cpu` or
                `flopcounter`.
            functional: operations that the code calls as functions, or that have a class of their own, where the
                tool counts those otherwise than modules; attention that is written out as products.

        >>> counted = load("sd").count_as("flopcounter-cpu")
        >>> counted.theirs, counted.ours
        (338610585600, 401636720640)
        """
        return count_as(self, tool, tuple(functional))

    # -- receptive fields --------------------------------------------------------------------------------

    def receptive_fields(self, input: str | None = None, fixed_weights: bool = False) -> ReceptiveFields:
        """Return the receptive fields of all nodes on one input, at the bound values.

        With `fixed_weights`, what is mixed with weights computed from the input, as by attention, is left out.

        >>> load("unet:padded-512").receptive_fields("image").at("bottleneck").h.size_max
        140
        """
        key = input, fixed_weights
        if key not in self._fields:
            fields = ReceptiveFields(self.graph, input, evaluate=self.evaluate, fixed_weights=fixed_weights)
            self._fields[key] = fields
        return self._fields[key]

    def receptive_field(
        self, node: str | None = None, input: str | None = None, fixed_weights: bool = False
    ) -> ReceptiveField:
        """Return what one node reads of one input: by default the only output, and the only input with positions.

        Sizes, strides and offsets are in elements of the input, per axis and phase. Symbols in kernels, strides
        and counts take their bound or default values.

        Args:
            node: a step, or the dotted path of an operation inside one.
            input: the name of the input.
            fixed_weights: whether to leave out what is mixed with weights computed from the input, as attention
                and scans do: what convolution reaches by itself.

        Raises:
            QueryError: no such node or input, or none was named and there are several.

        >>> field = load("unet:padded-512").receptive_field("logits")
        >>> field.h.size_min, field.h.size_max, field.h.period
        (188, 204, 16)
        >>> sd = load("sd")
        >>> sd.receptive_field("noise", "latent").h.is_global
        True
        >>> sd.receptive_field("noise", "latent", fixed_weights=True).h.size_max
        401
        """
        fields = self.receptive_fields(input, fixed_weights)
        return fields.at(self._only_output() if node is None else node)

    def _only_output(self) -> Value | None:
        return self.selected[0] if len(self.selected) == 1 else None

    def receptive_field_table(
        self,
        input: str | None = None,
        every: bool = False,
        laws: bool = False,
        effective: bool = False,
        fixed_weights: bool = False,
    ) -> Table:
        """Return the receptive field of the network's steps, or of every primitive node.

        Args:
            input: the name of the input.
            every: whether to show every primitive node.
            laws: whether to add the sizes as laws, of steps only.
            effective: whether to add the effective field at initialisation, of steps only.
            fixed_weights: whether to leave out what is mixed with weights computed from the input; such a table has
                neither laws nor effective fields.

        >>> table = load("conv_stack").receptive_field_table(laws=True)
        >>> table.rows[0]["law"]
        'K*L - L + 1'
        """
        return fields.field_table(self, input, every, laws, effective, fixed_weights)

    def receptive_field_law(
        self, node: str | None = None, input: str | None = None, axis: str | None = None, over: str | None = None
    ) -> SizeLaw:
        """Return how long the receptive field of one of the network's steps is, as a labelled law.

        Args:
            node: the step, by default the only output.
            input: the input, by default the only one with positions.
            axis: an axis of the input, by default its first.
            over: a repeat count, to extrapolate the periodic increments of the largest size at the bound values of
                all other symbols: for bodies with phases, whose law is no expression otherwise.

        >>> print(load("conv_stack").receptive_field_law())
        K*L - L + 1
        """
        return fields.receptive_field_law(self, node, input, axis, over)

    def halo(self, node: str | None = None, input: str | None = None) -> Halo:
        """Return the margin that tiles of the input need for a stitched output, or why none makes it exact.

        >>> load("unet:padded-512").halo()
        tiles of image for logits
          h  margin 96 (reads 94), on a lattice of 16
          w  margin 96 (reads 94), on a lattice of 16
        """
        return fields.tiling(self, node, input)

    def effective_field(self, node: str | None = None, input: str | None = None) -> dict[str, Effective]:
        """Return the effective receptive field of a step at initialisation, by axis; no trained network's.

        >>> print(load("unet:padded-512").effective_field()["h"])
        sigma 8.07, 95 % within 34.8 (at initialisation)
        """
        return fields.effective_field(self, node, input)

    def productivity(self, axis: str | None = None, input: str | None = None) -> Productivity:
        """Return which layers widen receptive fields beyond the input, and the feasible sizes of the input.

        >>> load("vgg").productivity().feasible
        (196, 212)
        """
        return fields.productive(self, axis, input)

    # -- paths -------------------------------------------------------------------------------------------

    def paths(self, axis: str | None = None, node: str | None = None, input: str | None = None) -> Paths:
        """Return the paths between an input and an output along one axis, for many questions on them.

        >>> load("unet:padded-512").paths().at_distance(90)
        10
        """
        return fields.paths(self, node, input, axis)

    def hops(
        self,
        distance: int | None = None,
        axis: str | None = None,
        *,
        start: int | None = None,
        end: int | None = None,
        node: str | None = None,
        input: str | None = None,
    ) -> HopPath | None:
        """Return a path with the fewest moves from an input position to an output, None where there is none.

        A move is an operation by which a position reads another cell of the input than its own.

        Args:
            distance: how far the input position lies from the output's cell, of both sides the farther one.
            axis: an axis of the input, by default its first.
            start: the input position, instead of a distance.
            end: the output position, by default the one in the middle.
            node: the output, by default the only one.
            input: the input, by default the only one with positions.

        >>> load("unet:padded-512").hops(distance=90).moves
        10
        """
        return fields.hops(self, distance, axis, start, end, node, input)

    def max_path(self, axis: str | None = None, node: str | None = None, input: str | None = None) -> int:
        """Return the most hops between any two connected positions of an input and an output.

        >>> load("conv_stack").max_path(), load("transformer").max_path()
        (10, 1)
        """
        return self.paths(axis, node, input).max_path()

    def depth_to_cover(self, distance: int, axis: str | None = None, input: str | None = None) -> int | None:
        """Return the fewest mixing layers by which something reads as far as a distance, None where nothing does.

        >>> load("unet:padded-512").depth_to_cover(90), load("transformer").depth_to_cover(90)
        (13, 1)
        """
        return fields.cover(self, distance, axis, input)

    def draw(
        self,
        view: str = "overview",
        width: str = "auto",
        venue: str = "icml",
        color: str = "locality",
        show: Iterable[str] | None = None,
        terms: str = "leading",
        values: bool = False,
    ) -> Figure:
        """Return an annotated diagram; save it with `.save("x.svg")`.

        Args:
            view: `overview` (stages), `blocks` (inside the repeated block), `full`, `unrolled`, `ladder`, `matrix`,
                `levels` (costs by resolution), `laws` (costs against each symbol).
            width: `auto`, `column`, `text`, or inches such as `3.25in`.
            venue: whose column and text widths are meant.
            color: what the colour of a box says: `locality`, `params`, `macs`, `level` or `op`.
            show: which of `shape`, `params`, `macs`, `field` boxes are annotated with; all by default.
            terms: `leading`, or `full` for whole laws where they have room.
            values: numbers at the bound symbols instead of laws.

        >>> load("dit").draw(view="blocks", width="column").diagram.width / 72
        3.25
        """
        from archgraph.backend.figure import draw

        return draw(self, view, width=width, venue=venue, color=color, show=show, terms=terms, values=values)

    def rows(self) -> list[Row]:
        """Return the cost rows of all primitive nodes.

        >>> [row.path for row in load("conv_stack").rows()]
        ['layers.conv', 'layers.relu']
        """
        return self.costs.rows()

    def to_networkx(self, unroll: bool = False) -> Any:
        """Return the graph for networkx; unrolled, with all counts at their values, when asked.

        >>> load("conv_stack").to_networkx(unroll=True).number_of_nodes()
        22
        """
        return self.flat().to_networkx() if unroll else self.graph.to_networkx()

    def bound(self, **values: Any) -> Architecture:
        """Return the architecture with every symbol a number in the graph itself, at defaults where not given.

        >>> load("dit:S/2").bound(L=2).params
        6363680
        """
        return self.bind(**self.at(**values)._numbers())

    def to_torch(self, device: Any = None, dtype: Any = None, **values: Any) -> nn.Module:
        """Return the network as a PyTorch module with fresh weights (see `archgraph.backend.torch.lower`).

        Args:
            device: where the weights are made; "meta" allocates none.
            dtype: of the weights, such as `torch.bfloat16`; PyTorch's default where none is given.
            values: symbols, the others at their values.

        >>> sum(weight.numel() for weight in load("conv_stack").to_torch(L=2).parameters())
        73856
        """
        from archgraph.backend.torch import lower

        bound = self.bound(**values)
        return lower(bound.graph, bound.selected, self.name, device).to(dtype=dtype)

    def to_spec(self) -> str:
        """Return the text of a spec with the same laws (see `archgraph.backend.spec.write_spec`).

        Raises:
            UnsupportedOpError: a traced module holds what no spec can say, with all of it.

        >>> loads(load("unet").to_spec()).params == load("unet").params
        True
        """
        from archgraph.backend.spec import write_spec

        return write_spec(self)

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


class Part(Measured):
    """A node or scope of an architecture; its costs include the counts of the repeats around it."""

    def __init__(self, architecture: Architecture, path: str, member: Member, around: tuple[Repeat, ...]) -> None:
        self.architecture = architecture
        self.path = path
        self.member = member
        self.around = around

    @property
    def whole(self) -> Architecture:
        """The architecture that this is part of."""
        return self.architecture

    def expression(self, name: str) -> Expr:
        """Return the law of a metric in the spec's symbols, all repetitions together."""
        return self.architecture.show(self._cost(name))

    def rows(self) -> list[Row]:
        """Return the cost rows of the primitive nodes in it."""
        inside = f"{self.path}."
        return [row for row in self.architecture.rows() if row.path == self.path or row.path.startswith(inside)]

    @property
    def outputs(self) -> tuple[TensorType, ...]:
        """The types of its outputs."""
        return tuple(self.architecture.type(value.type) for value in self.member.outputs)

    @property
    def level(self) -> str:
        """The position sizes of its output."""
        return level_of(self.outputs[0])

    def metric(self, name: str) -> Law:
        """Return the law of a metric, all repetitions together, or its value after `at`."""
        return self.architecture.law(self._cost(name))

    def _cost(self, name: str) -> Expr:
        times = prod((metric_named(name).sets(repeat) for repeat in self.around), start=Integer(1))
        return expand(times * self.architecture.costs.member(self.member, name))

    def __repr__(self) -> str:
        return f"<{self.path}: {self.member.label}>"


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
    from archgraph.backend.figure import contrast

    return contrast(*architectures, width=width, venue=venue, panels=panels)


__all__ = ["METRICS", "Architecture", "Law", "Measured", "Part", "contrast", "load", "loads"]
