"""Architecture: what `load` and `trace` return. A façade: every query is one line."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Unpack, cast, final

from sympy import Expr, Rational, Symbol

from archgraph.cost.cost_table import cost_report, cost_table, summary_table
from archgraph.cost.part import Part, costs_of, part, whole_part
from archgraph.data.figure_keywords import DrawOptions
from archgraph.errors import QueryError, printable, quoted, some
from archgraph.graph.network import Expected, Network, Said_co
from archgraph.keywords import strict_class, strict_keywords
from archgraph.spec.load import find_spec, is_spec, read_once
from archgraph.spec.source import SpecSource
from archgraph.studies import scale as growth

# A query enters its room when it is asked: most programs ask a few of them.
if TYPE_CHECKING:
    from torch import nn

    from archgraph.comparison.diff import Diff
    from archgraph.cost.costs import CostRow, Costs
    from archgraph.cost.memory.peak_report import PeakMemory
    from archgraph.cost.memory.setting import AttentionKernel, Dtype, Mode, OptimizerName
    from archgraph.cost.parallel.communication import Communication
    from archgraph.cost.reconciliation import Reconciliation
    from archgraph.cost.roofline import Roofline
    from archgraph.cost.serving.serving_report import Served
    from archgraph.cost.serving.settings import Serving
    from archgraph.cost.training.fit import Fit
    from archgraph.cost.training.run import Training
    from archgraph.cost.training.step_report import CausalPairs, StepFlops
    from archgraph.cost.training.training_memory import TrainingMemory
    from archgraph.fields.effective.effective import EffectiveField
    from archgraph.fields.paths.hop_path import HopPath
    from archgraph.fields.paths.paths import Paths
    from archgraph.fields.report.field_report import ReceptiveField
    from archgraph.fields.report.halo import Halo
    from archgraph.fields.report.productive import Productivity
    from archgraph.fields.report.receptive_field import ReceptiveFields
    from archgraph.fields.report.size_law import SizeLaw
    from archgraph.figures.figure import Figure
    from archgraph.graph.checkpoints import Checkpoint
    from archgraph.graph.ir import Graph, Value
    from archgraph.laws.search import Solution
    from archgraph.outline.forms.network_outline import NetworkOutline
    from archgraph.pytorch.trace.batch.find import AskedBatch
    from archgraph.pytorch.verify.verify import Report
    from archgraph.report.table import Table
    from archgraph.sizes.symbols import Assumption
    from archgraph.sizes.types import TensorType
    from archgraph.studies.budgets import Range
    from archgraph.studies.frontier import Frontier
    from archgraph.studies.growth_path import GrowthPath
    from archgraph.studies.largest import Largest
    from archgraph.studies.scale import Change
    from archgraph.studies.sweep import Sweep


@final
@strict_class
class Architecture(Generic[Said_co]):
    """A network with its symbols: laws while they are free, integers after `at`.

    >>> g = load("dit:S/2")
    >>> g.at().params
    32963360
    >>> g["blocks.attention"].params.coeff(g.symbols["L"])
    4*D**2 + 4*D
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        """What all queries are about."""
        self._whole = cast("Part[Said_co]", whole_part(network))

    def __repr__(self) -> str:
        defaults = self.defaults
        return f"<Architecture {printable(self.name)}: {some(f'{name}={defaults[name]}' for name in self.symbols)}>"

    def _repr_html_(self) -> str:
        return summary_table(self.network).to_html()

    # -- what it is ---------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The spec's name, with the variant's.

        >>> load("dit:S/2").name
        'DiT S/2'
        """
        return self.network.name

    @property
    def graph(self) -> Graph:
        """The traced graph.

        >>> [node.name for node in load("conv_stack").graph.nodes]
        ['layers']
        """
        return self.network.graph

    @property
    def symbols(self) -> dict[str, Symbol]:
        """The free symbols by name; laws are written in them.

        >>> load("unet").symbols
        {'C': C, 'H': H, 'W': W}
        """
        return self.network.symbols

    @property
    def defaults(self) -> dict[str, Any]:
        """The value of every symbol if nothing else is bound, derived ones included.

        >>> load("transformer").defaults
        {'D': 512, 'L': 6, 'heads': 8, 'N': 256}
        """
        return self.network.defaults

    @property
    def structural(self) -> frozenset[str]:
        """Symbols whose value is built into the graph: binding one again rebuilds it.

        >>> load("unet").structural
        frozenset({'levels'})
        """
        return self.network.structural

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """What was decided at the bound values; it is checked again at every binding.

        >>> load("dit").assumptions
        ()
        """
        return self.network.assumptions

    @property
    def inputs(self) -> dict[str, TensorType]:
        """The types of the inputs.

        >>> print(load("unet").inputs["image"])
        {c: 1, h: H, w: W}
        """
        return {value.name: self.network.type(value.type) for value in self.graph.inputs}

    @property
    def outputs(self) -> dict[str, TensorType]:
        """The types of the selected outputs, by all of their names: what a module returns twice has two.

        >>> print(load("unet:padded-512").outputs["logits"])
        {c: 2, h: H, w: W}
        """
        return {name: self.network.type(value.type) for name, value in self.network.outputs.items()}

    @property
    def variant(self) -> str:
        """The name of the variant; empty for the defaults of a spec, and for a module.

        >>> load("dit:S/2").variant
        'S/2'
        """
        return self.network.origin.variant

    @property
    def variants(self) -> tuple[str, ...]:
        """The names of the spec's variants.

        >>> load("dit").variants[:3]
        ('S/8', 'S/8-512', 'S/4')
        """
        return self.network.origin.variants

    @property
    def expectations(self) -> tuple[Expected, ...]:
        """The published numbers of this variant.

        >>> [(expected.metric, expected.value) for expected in load("unet").expectations][0]
        ('params', 31030658)
        """
        return self.network.origin.expected

    @property
    def conditions(self) -> tuple[str, ...]:
        """The sizes for which a trace holds, as text; empty for a spec.

        >>> load("unet").conditions
        ()
        """
        return self.network.origin.conditions

    @property
    def gaps(self) -> tuple[Any, ...]:
        """Operators without a rule, whose costs are missing from every number; empty unless they were allowed.

        >>> load("unet").gaps
        ()
        """
        return self.network.origin.gaps

    @property
    def dead(self) -> tuple[str, ...]:
        """The steps whose results reach no output; PyTorch runs them, so `macs` of a traced module counts them.

        >>> load("unet").dead
        ()
        """
        return self.network.dead

    @property
    def selected(self) -> tuple[Value, ...]:
        """The outputs that costs and receptive fields are about.

        >>> [value.name for value in load("unet").selected]
        ['logits']
        """
        return self.network.selected

    @property
    def evaluated(self) -> bool:
        """Whether this is the result of `at`, so that laws are numbers.

        >>> load("unet").evaluated, load("unet").at().evaluated
        (False, True)
        """
        return self.network.evaluated

    def definition(self, name: str) -> Expr | None:
        """Return the expression that a derived symbol stands for, None for any other symbol.

        >>> load("dit").definition("N"), load("dit").definition("D")
        (S**2/p**2, None)
        """
        return self.network.definition(name)

    @property
    def bindings(self) -> str:
        """The value of every free symbol, as `at C=64, H=512`, or `no free symbols`.

        >>> load("unet").bindings
        'at C=64, H=572, W=572'
        """
        return self.network.bindings

    def point(self) -> dict[Symbol, Expr]:
        """Return the value of every free symbol of the laws.

        >>> load("unet").point()
        {C: 64, H: 572, W: 572}
        """
        return self.network.point

    def rule_of(self, name: str) -> tuple[int, int]:
        """Return (multiple, offset) of the values that a symbol can have at the bound values of the others.

        >>> load("unet").rule_of("H")
        (16, 12)
        """
        return self.network.rule_of(name)

    def rule_law(self, name: str) -> tuple[Expr, Expr] | None:
        """Return the multiple and offset of a symbol as laws, None if it has no rule.

        >>> load("dit").rule_law("S"), load("dit").rule_law("L")
        ((p, 0), None)
        """
        return self.network.rule_law(name)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The paths of all primitive nodes.

        >>> load("conv_stack").nodes
        ('layers.conv', 'layers.relu')
        """
        return self.network.nodes

    @property
    def scopes(self) -> tuple[str, ...]:
        """The paths of all blocks and repeats.

        >>> load("conv_stack").scopes
        ('layers',)
        """
        return self.network.scopes

    # -- binding ------------------------------------------------------------------------------------------

    def at(self, /, **values: Any) -> Architecture[int]:
        """Return the architecture at numbers: the named symbols as given, every other one at its default.

        Raises:
            SpecError: an unknown symbol, or a value that breaks its rule.

        >>> load("dit").at(D=768, L=12, heads=12).macs
        23005102080
        """
        return Architecture(self.network.at(**values))

    def bind(self, /, **values: Any) -> Architecture:
        """Return the architecture with some symbols bound and the others free; options rebuild the graph.

        >>> load("dit").bind(p=2, S=32).params
        18*D**2*L + 3*D**2 + 15*D*L + 1566*D + 32
        """
        return Architecture(self.network.bind(**values))

    def symbolic(self) -> Architecture:
        """Return the architecture with its laws again, after `at`; the values become the new defaults.

        >>> load("unet").at(C=32).symbolic().params
        7574*C**2 + 118*C + 2
        """
        return Architecture(self.network.symbolic())

    def select(self, *outputs: str) -> Architecture[Said_co]:
        """Return the architecture with macs, activations and receptive fields of these values only.

        >>> load("unet:padded-512").select("bottleneck").receptive_field().h.size_max
        140
        """
        return Architecture(self.network.select(*outputs))

    def bound(self, /, **values: Any) -> Architecture:
        """Return the architecture with a number for every symbol in the graph itself: its default, unless one is given.

        >>> load("dit:S/2").bound(L=2).params
        6363680
        """
        return Architecture(self.network.bound(**values))

    # -- laws ---------------------------------------------------------------------------------------------

    @property
    def costs(self) -> Costs:
        """The cost analysis of the graph.

        >>> load("unet").costs.total("params")
        7574*C**2 + 118*C + 2
        """
        return costs_of(self.network)

    def expression(self, name: str) -> Expr:
        """Return the law of a metric in the spec's symbols, whether or not they are bound by `at`.

        >>> load("unet:padded-512").at().expression("macs")
        179*C**2*H*W + 11*C*H*W
        """
        return self._whole.expression(name)

    def metric(self, name: str) -> Said_co:
        """Return the law of a metric by its name, or its value after `at`.

        >>> g = load("unet")
        >>> g.metric("params"), g.at(C=32).metric("params")
        (7574*C**2 + 118*C + 2, 7759554)
        """
        if name == "saved_bytes":
            self._warn_of_saved()
        return self._whole.metric(name)

    def _warn_of_saved(self, depth: int = 3) -> None:
        """A number of its own carries no label: what autograd keeps otherwise is said beside it."""
        if self.network.origin.module is not None and not self.gaps and self.saved_doubt:
            text = f"what autograd keeps of {self.name} is not exact (`saved_doubt`): {self.saved_doubt}"
            warnings.warn(text, UserWarning, stacklevel=depth)

    def law(self, expression: Expr) -> Said_co:
        """Return an expression of the graph in the spec's symbols, or its value after `at`.

        >>> g = load("conv_stack")
        >>> g.law(g.graph.inputs[0].type.numel), g.at(C=4).law(g.graph.inputs[0].type.numel)
        (C*H*W, 65536)
        """
        return cast("Said_co", self.network.law(expression))

    def type(self, inside: TensorType) -> TensorType:
        """Return a type of the graph in the spec's symbols, or with numbers after `at`.

        >>> g = load("unet")
        >>> print(g.type(g.graph.inputs[0].type), g.at().type(g.graph.inputs[0].type))
        {c: 1, h: H, w: W} {c: 1, h: 572, w: 572}
        """
        return self.network.type(inside)

    def show(self, expression: Expr) -> Expr:
        """Return an expression of the graph in the spec's symbols.

        >>> g = load("unet")
        >>> g.show(g.graph.inputs[0].type.size("h"))
        H
        """
        return self.network.show(expression)

    def evaluate(self, expression: Expr) -> int:
        """Return the value of an expression of the graph at the bound values.

        >>> g = load("unet")
        >>> g.evaluate(g.graph.inputs[0].type.numel)
        327184
        """
        return self.network.evaluate(expression)

    def __getitem__(self, path: str) -> Part[Said_co]:
        """Return a node or scope by dotted path.

        Raises:
            QueryError: there is none; the message names the nearest one.
        """
        return cast("Part[Said_co]", part(self.network, path))

    def rows(self) -> list[CostRow]:
        """Return the cost rows of all primitive nodes.

        >>> [row.path for row in load("conv_stack").rows()]
        ['layers.conv', 'layers.relu']
        """
        return self._whole.rows()

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
        return cost_table(self.network, by, tuple(metrics))

    def report(self, metrics: Iterable[str], numbers: Architecture) -> str:
        """Return the totals as text: every law, and its value at the numbers of another binding.

        >>> g = load("unet:padded-512")
        >>> print(g.report(["params"], g.at()).splitlines()[-1])
        params = 7574*C**2 + 118*C + 2 = 31,030,658
        """
        return cost_report(self.network, numbers.network, metrics)

    @property
    def params(self) -> Said_co:
        """Scalars of unique parameters, frozen included.

        >>> load("transformer").params, load("transformer")["blocks.mlp"].params
        (12*D**2*L + 13*D*L, 8*D**2*L + 5*D*L)
        """
        return self._whole.params

    @property
    def params_trainable(self) -> Said_co:
        """Scalars of trained parameters.

        >>> load("dit").at().params_trainable
        674834720
        """
        return self._whole.params_trainable

    @property
    def params_frozen(self) -> Said_co:
        """Scalars of parameters that are not trained.

        >>> load("dit").params_frozen
        D*S**2/p**2
        """
        return self._whole.params_frozen

    @property
    def params_active(self) -> Said_co:
        """Scalars of the parameters that one position uses: of a mixture, the active experts.

        >>> g = load("mixtral").at()
        >>> g.params_active, g.params
        (12879925248, 46702792704)
        """
        return self._whole.params_active

    @property
    def buffers(self) -> Said_co:
        """Scalars of buffers.

        >>> load("vgg").buffers, load("resnet").at().buffers
        (0, 53173)
        """
        return self._whole.buffers

    @property
    def macs(self) -> Said_co:
        """Multiply-accumulates of conv, linear and matmul, per sample.

        >>> load("transformer").macs
        12*D**2*L*N + 2*D*L*N**2
        """
        return self._whole.macs

    @property
    def elementwise(self) -> Said_co:
        """All other scalar operations, per sample.

        >>> load("conv_stack").elementwise
        2*C*H*L*W
        """
        return self._whole.elementwise

    @property
    def flops(self) -> Said_co:
        """2 * macs + elementwise.

        >>> load("conv_stack").flops
        2*C**2*H*K**2*L*W + 2*C*H*L*W
        """
        return self._whole.flops

    @property
    def activations(self) -> Said_co:
        """Elements of all op outputs, per sample.

        >>> load("conv_stack").activations
        2*C*H*L*W
        """
        return self._whole.activations

    @property
    def layer_outputs(self) -> Said_co:
        """Elements of conv and linear outputs, per sample.

        >>> load("conv_stack").layer_outputs
        C*H*L*W
        """
        return self._whole.layer_outputs

    # -- the algebra of laws ------------------------------------------------------------------------------

    def law_in(self, metric: str, name: str) -> tuple[Expr, Symbol]:
        """Return the law of a metric in terms of a symbol, which may be derived, together with the symbol.

        Raises:
            QueryError: there is no such symbol, or it is structural and laws have no symbol for it.

        >>> law, tokens = load("dit").law_in("activations", "N")
        >>> law.coeff(tokens)
        27*D*L + 6*D + 16*p**2
        """
        return self._whole.law_in(metric, name)

    def degree(self, metric: str, name: str) -> Expr:
        """Return the highest power of a symbol in a law.

        >>> load("dit").degree("macs", "N"), load("dit").degree("params", "D")
        (2, 2)
        """
        return self._whole.degree(metric, name)

    def leading(self, metric: str, name: str) -> Expr:
        """Return the terms of a law with the highest power of a symbol.

        >>> load("dit").leading("params", "L")
        18*D**2*L + 15*D*L
        """
        return self._whole.leading(metric, name)

    def elasticity(self, metric: str, name: str) -> Expr | float:
        """Return d log(metric) / d log(symbol); after `at`, its value there.

        >>> round(load("dit").at().elasticity("macs", "D"), 3)
        1.964
        """
        return self._whole.elasticity(metric, name)

    def terms(self, metric: str, by: str = "op") -> dict[str, Expr]:
        """Return the law of a metric by "op", "scope", "level", "block", "node" or "term"; their sum is the law.

        >>> load("dit")["blocks"].terms("macs")["scaled_dot_product_attention"]
        2*D*L*S**4/p**4
        >>> load("transformer").terms("macs", by="term")
        {'D**2*L*N': 12*D**2*L*N, 'D*L*N**2': 2*D*L*N**2}
        """
        return self._whole.terms(metric, by)

    def crossover(self, first: str, second: str, name: str, metric: str = "macs", by: str = "op") -> tuple[Any, ...]:
        """Return the values of a symbol at which two terms of a law are equal; after `at`, as numbers.

        Args:
            first: a term by its name in `terms(metric, by)`.
            second: another one, or "rest": all others together.
            name: the symbol, which may be derived.
            metric: whose terms they are.
            by: how to split the law; "term" collects what is proportional to the same powers.

        Raises:
            QueryError: no such term; or the crossing has no formula, so that other symbols have to be bound.

        >>> load("dit")["blocks"].crossover("D*L*N**2", "D**2*L*N", "N", by="term")
        (6*D,)
        >>> [round(tokens, 1) for tokens in load("dit").at().crossover("D*L*N**2", "rest", "N", by="term")]
        [6913.4]
        """
        return self._whole.crossover(first, second, name, metric, by)

    def share(self, metric: str, by: str = "op") -> dict[str, Rational]:
        """Return each group's share of a metric at the bound values.

        >>> round(float(load("dit").share("macs")["scaled_dot_product_attention"]), 4)
        0.0356
        """
        return self._whole.share(metric, by)

    def ratio(self, above: str, below: str) -> Expr | float:
        """Return one metric over another, such as MACs per parameter; after `at`, its value.

        >>> round(load("dit").at().ratio("macs", "params"), 1)
        175.7
        """
        return self._whole.ratio(above, below)

    def where(
        self, name: str, multiple_of: int = 1, offset: int = 0, at_least: int = 1, at_most: int | None = None
    ) -> Part[Said_co]:
        """Return the same queries on a domain of a symbol, where roundings and minima have one form.

        Args:
            name: the symbol.
            multiple_of: its values are multiples of this plus the offset: `floor(H/2)` is H/2.
            offset: see there.
            at_least: its least value: `max(H, 64)` is H.
            at_most: its largest value.

        Raises:
            QueryError: the domain is empty, or the bound values are outside it; or the law of a query has more than
                one form there.

        >>> from archgraph import loads
        >>> g = loads("{archgraph: 1, symbols: {H: {default: 9}}, inputs: {x: {c: 3, h: H}}, "
        ...           "network: [conv: {out: 8, kernel: 3, stride: 2, padding: 1}]}")
        >>> g.macs, g.where("H", multiple_of=2).macs, g.where("H", multiple_of=2, offset=1).macs
        (72*floor(H/2 - 1/2) + 72, 36*H, 36*H + 36)
        """
        return self._whole.where(name, multiple_of, offset, at_least, at_most)

    # -- budgets and growth -------------------------------------------------------------------------------

    def solve(self, name: str, multiple_of: int = 1, within: Range | None = None, **budget: object) -> Solution:
        """Return the value of a symbol at which budgets are just met: for a rising law, `<=` gives the largest.

        Args:
            name: the symbol; its own rule (`multiple_of`, `offset`) is kept.
            multiple_of: a further divisor.
            within: the least and the largest value to try, for a law that rises and falls.
            budget: metrics with a comparison and a bound; for a run, `training_memory` and `step_flops`, together
                with its settings (see `Training`).

        Raises:
            QueryError: no value meets them, or the law rises and falls and no range is stated.

        >>> load("dit").solve("D", macs=("<=", 1e12), multiple_of=64)
        D = 3328: macs = 966,826,917,888, 33,173,082,112 below 1,000,000,000,000
        >>> load("dit").solve("p", macs=("<=", 1e11))
        p = 4: macs = 29,043,671,040, 70,956,328,960 below 100,000,000,000
        >>> load("dit:S/2").solve("L", training_memory=("<=", 24e9), batch=64, attention="flash").value
        44
        """
        from archgraph.studies import budgets

        return budgets.solve(self.network, name, multiple_of, budget, within)

    def iso(self, name: str, over: Mapping[str, Iterable[Any]], multiple_of: int = 1, **budget: object) -> Table:
        """Return the curve of equal cost: along one symbol, the value of another at which budgets are just met.

        >>> table = load("dit").iso("D", over={"L": [12, 28]}, multiple_of=64, params=("<=", 700e6))
        >>> [row["D"] for row in table.rows]
        [1728, 1152]
        """
        from archgraph.studies import budgets

        return budgets.iso(self.network, name, over, multiple_of, budget)

    def what_if(self, /, **values: Any) -> Table:
        """Return params, MACs and activations before and after a change of symbols, structural ones included.

        >>> [row["factor"] for row in load("unet:padded-512").what_if(levels=5).rows]
        ['4.008', '1.237', '1.028']
        """
        return growth.what_if(self.network, values)

    def diff(self, after: Architecture) -> Diff:
        """Return what changed from this network to another: totals, laws, symbols, fields and nodes.

        >>> found = load("unet").diff(load("unet:padded-512"))
        >>> [(change.metric, change.by) for change in found.totals[:2]]
        [('params', 0), ('macs', 41955911424)]
        """
        from archgraph.comparison.diff import Diff

        doubted = any(g.saved_doubt for g in (self, after) if not g.gaps)
        return Diff(self.network, after.network, frozenset({"saved_bytes"} if doubted else ()))

    def scale(self, /, **changes: Change) -> Table:
        """Return how factors on symbols change params, MACs, activations and what autograd keeps.

        Args:
            changes: a factor per symbol, as a number or a word: `2`, `"x1.5"`, `"xsqrt2"`, `"/2"`; or `"+1"`. A size
                is rounded to the nearest value that its rule allows, and the notes say so.

        >>> table = load("unet:padded-512").scale(C="xsqrt2")
        >>> [(row["metric"], row["factor"], row["in the limit"]) for row in table.rows][:2]
        [('params', '2.022', '2'), ('macs', '2.021', '2')]
        """
        return growth.scale(self.network, changes)

    def knobs(self, *changes: Mapping[str, Change], metrics: Iterable[str] = growth.SCALED_METRICS) -> Table:
        """Return how single changes affect some metrics: a row for each change, made alone; see `scale`.

        >>> table = load("dit:B/2").knobs({"D": 2}, {"L": 2}, {"S": 2}, {"p": "/2"})
        >>> [row.get("x params") for row in table.rows]
        [None, '3.979', '1.977', '1.005', '1.004']
        """
        return growth.knobs(self.network, changes, metrics)

    def sweep(self, grid: Mapping[str, Iterable[Any]], metrics: Iterable[str] = ("params", "macs")) -> Sweep:
        """Return metrics over the product of several symbols' values, every other symbol at its value.

        Args:
            grid: values per symbol: a range, a list, or an array of numpy or dask (the result is lazy then).

        Raises:
            QueryError: an unknown, derived or structural symbol, no values, or some that are not positive integers; or
                the result would take more than 4 GiB.

        >>> load("transformer").sweep({"D": [256, 512], "L": [6]})["params"].tolist()
        [[4738560], [18914304]]
        """
        from archgraph.studies.sweeping import sweep

        return sweep(self.network, grid, metrics)

    # -- memory, and time on a device ---------------------------------------------------------------------

    @property
    def saved_bytes(self) -> Said_co:
        """The bytes that autograd keeps for the backward pass of one sample, in single precision.

        If PyTorch keeps another number for a traced module, a warning says so; see `saved_doubt`.

        >>> load("dit:XL/2").at().saved_bytes
        848961032
        """
        self._warn_of_saved()
        return self._whole.metric("saved_bytes")

    @property
    def saved_doubt(self) -> str:
        """Why the saved bytes of a traced module are not exact, in a sentence; empty if they are.

        The module is run once more on shapes, to see what autograd keeps at the sizes of its trace.

        >>> load("unet").saved_doubt
        ''
        """
        from archgraph.pytorch.verify.doubt import saved_doubt

        return saved_doubt(self.network)

    def saved_memory(
        self, attention: AttentionKernel = "math", dtype: Dtype | None = None, *, checkpoint: Checkpoint = False
    ) -> Said_co:
        """Return the bytes that autograd keeps, for an attention kernel, a precision, and checkpoints.

        Args:
            attention: `math`, product by product, or `flash`, which keeps no matrix of scores.
            dtype: what floating values and weights are cast to, `fp32`, `bf16`, `fp16` or `mixed`; without it they are
                as they are stored, `fp32` in a spec. Integers and tests stay as they are.
            checkpoint: True to keep of every iteration of a repeat its inputs only, or the paths of scopes.

        >>> load("transformer").saved_memory(checkpoint=True)
        4*D*L*N
        """
        from archgraph.cost.memory.memory import saved_memory

        self._warn_of_saved(depth=4)
        return cast("Said_co", saved_memory(self.network, attention, dtype, checkpoint=checkpoint))

    def peak_memory(
        self,
        mode: Mode = "inference",
        attention: AttentionKernel = "math",
        dtype: Dtype | None = None,
        optimizer: OptimizerName = "sgd",
        *,
        checkpoint: Checkpoint = False,
    ) -> PeakMemory:
        """Return the most memory that is live at once for one sample, at the bound values, and where that is.

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
        from archgraph.cost.memory.peak_report import peak_memory
        from archgraph.cost.memory.setting import setting

        return peak_memory(self.network, setting(self.graph, mode, attention, dtype, optimizer, checkpoint=checkpoint))

    def training_memory(self, run: Training | None = None, **options: object) -> TrainingMemory:
        """Return what a training run needs on one rank, at the bound values: a report with laws in the batch.

        Args:
            run: how the network is trained; or its settings as keywords (see `Training`).
            options: the settings.

        Raises:
            QueryError: an unknown setting, or one that contradicts another.

        >>> needed = load("dit:S/2").training_memory(batch=32, attention="flash")
        >>> needed.phase, needed.kind_of_number, needed.by_kind["optimizer states"]
        ('backward', 'estimate', 262920972)
        """
        from archgraph.cost.training.run import training
        from archgraph.cost.training.training_memory import training_memory

        return training_memory(self.network, training(run, options))

    def communication(self, run: Training | None = None, **options: object) -> Communication:
        """Return the bytes that a rank sends to others in one training step: an estimate with laws in the batch.

        Args:
            run: how the network is trained, on several GPUs; or its settings as keywords (see `Training`).
            options: the settings.

        Raises:
            QueryError: an unknown setting, or the network cannot be split like this.

        >>> sent = load("dit:S/2").communication(gpus=8, tp=2, zero=1, batch=4)
        >>> list(sent.by_kind)
        ['gradients', 'sharded weights', 'channels']
        """
        from archgraph.cost.parallel.communication import communication
        from archgraph.cost.training.run import training

        return communication(self.network, training(run, options))

    def fits(self, device: str | float, run: Training | None = None, **options: object) -> Fit:
        """Return whether a training run fits a device: what takes how much, the margin, and what to change first.

        Args:
            device: a name in the table of hardware, or bytes such as `80GB`.
            run: how the network is trained; or its settings as keywords (see `Training`).
            options: the settings.

        Raises:
            QueryError: an unknown device, unit or setting.

        >>> fit = load("dit").fits("h100", batch=32, dtype="bf16-mixed", attention="flash")
        >>> fit.fits, fit.margin > 0, [each.change for each in fit.remedies][0]
        (True, True, 'zero=3, gpus=8')
        """
        from archgraph.cost.training.fit import fit_of
        from archgraph.cost.training.run import training

        return fit_of(self.network, device, training(run, options))

    def largest(self, name: str, memory: str | float, multiple_of: int = 1, **keywords: object) -> Largest:
        """Return the largest value of a symbol, or of the batch `B`, at which a training run fits a memory.

        Args:
            name: a free symbol, or `B`.
            memory: bytes such as `80GB`, or a device.
            multiple_of: only multiples of it are tried.
            keywords: settings of the run (see `Training`), and other symbols: numbers, or expressions in the one to
                find.

        Raises:
            QueryError: nothing fits; the message says what is needed at least, and for what.

        >>> found = load("dit:S/2").largest("D", "24GB", 64, batch=32, heads="D/64", attention="flash")
        >>> found.value, found.next_bytes > 24e9, found.at["heads"] == found.value / 64
        (1792, True, True)
        """
        from archgraph.studies.largest import largest

        return largest(self.network, name, memory, multiple_of, keywords)

    def frontier(
        self,
        size: str | Sequence[str] = "params",
        budgets: Mapping[str, object] | None = None,
        over: Mapping[str, Iterable[object]] | None = None,
        within: Mapping[str, object] | None = None,
        **keywords: object,
    ) -> Frontier:
        """Return the members of a family that no other beats: those large in a size and small in several budgets.

        Args:
            size: a metric, or several, to be large; also a name in `over` whose values are numbers.
            budgets: metrics to be small, each with its limit or None; `memory` is that of a training run, `80GB`.
            over: the values of symbols, of `B`, or of settings of the run, whose combinations are the members.
            within: metrics that need not be small, each with its limit.
            keywords: settings of the run (see `Training`), and symbols that follow what is chosen.

        Raises:
            QueryError: no member is within all limits (the message gives the least there is), or a name is unknown.

        >>> widths = {"D": range(256, 1025, 256), "L": [6, 12]}
        >>> found = load("vit").frontier("params", {"memory": "4GB", "macs": 10e9}, widths, heads="D/64")
        >>> [(each.at["D"], each.at["L"]) for each in found.members]
        [(768, 6), (512, 12), (512, 6), (256, 12), (256, 6)]
        """
        from archgraph.studies.frontier import frontier_of

        sizes = (size,) if isinstance(size, str) else size
        return frontier_of(self.network, sizes, budgets or {}, over or {}, within or {}, keywords)

    def growth(self, symbol: str, multiple_of: int = 1, name: str = "", **follows: object) -> GrowthPath:
        """Return a way in which the network grows, for `largest_table`, `fits_figure` and `growth_figure`.

        Args:
            symbol: what varies: a symbol, `B`, `gpus`, or a name that only expressions in `follows` use.
            multiple_of: only multiples of it are used.
            name: what it is called; the network's own name by default.
            follows: other symbols: numbers, expressions of the symbol, or lists of both.

        Raises:
            QueryError: there is no such symbol.

        >>> grown = load("nnunet").growth("w", 64, features=["C", "2*C", "4*C", "8*C", "w", "w"])
        >>> grown.at(640).defaults["features"]
        [32, 64, 128, 256, 640, 640]
        """
        from archgraph.studies.growth_path import GrowthPath as Path

        return Path(self.network, symbol, multiple_of, follows, name)

    def step_flops(self, run: Training | None = None, **options: object) -> StepFlops:
        """Return the operations of a training step: forward, backward, and what checkpoints recompute.

        Args:
            run: how the network is trained; or its settings as keywords (see `Training`).
            options: the settings.

        >>> step = load("llama:3-8b").at(N=8192).step_flops(checkpoint="block")
        >>> step.backward == 2 * step.forward, round(step.ratio, 3), round(step.again / step.forward, 3)
        (True, 0.832, 0.751)
        """
        from archgraph.cost.training.run import training
        from archgraph.cost.training.step_report import step_flops

        return step_flops(self.network, training(run, options))

    def mfu(
        self,
        device: str,
        tokens_per_second: float,
        run: Training | None = None,
        *,
        causal: CausalPairs = "all",
        **options: object,
    ) -> float:
        """Return the share of the peak rate, of all ranks together, that a measured throughput uses.

        Args:
            device: a name in the table of hardware.
            tokens_per_second: of all ranks. A token is a position that attention mixes first, or else one of the first
                input.
            run: how the network is trained; or its settings as keywords (see `Training`).
            causal: whether causal attention counts with `all` pairs of positions, or with `half` of them; published
                numbers differ in it.
            options: the settings.

        >>> g = load("llama:3-8b").at(N=8192)
        >>> [round(g.mfu("h100", 9500, causal=count, dtype="bf16-mixed"), 3) for count in ("all", "half")]
        [0.556, 0.494]
        """
        from archgraph.cost.training.run import training
        from archgraph.cost.training.step_report import mfu

        return mfu(self.network, device, training(run, options), tokens_per_second, causal)

    def serving(self, settings: Serving | None = None, **options: object) -> Served:
        """Return what it takes to run the network token by token: weights, caches, operations, an estimate of time.

        Args:
            settings: how it is served; or its settings as keywords (see `Serving`).
            options: the settings.

        Raises:
            QueryError: no attention is causal, tokens are mixed in another way, or a setting is unknown.

        >>> served = load("llama:3-8b").serving(dtype="int8", batch=4, past=8192)
        >>> served.cache_per_token, served.cache == 4 * 8192 * served.cache_per_token, served.decode_flops
        (131072, True, 77219233792)
        >>> served.largest("T", "h100").value
        135255
        """
        from archgraph.cost.serving.serving_report import served
        from archgraph.cost.serving.settings import serving_settings

        return served(self.network, serving_settings(settings, options))

    def efficiency(self, by: str = "stage", dtype: Dtype | None = None, attention: AttentionKernel = "flash") -> Table:
        """Return MACs per parameter, positions per weight and operations per byte, at the bound values.

        Args:
            by: "stage" (the levels of the network's steps), "level" (of nodes), "scope", "op", "block" or "node".
            dtype: of the bytes.
            attention: `flash`, or `math`, which moves the scores too.

        >>> [row["macs/param"] for row in load("adm").efficiency().rows][-1]
        '59.547'
        """
        from archgraph.cost.efficiency import efficiency_table
        from archgraph.cost.memory.setting import Setting

        return efficiency_table(self.network, by, Setting(attention=attention, dtype=dtype, own=self.network.floating))

    def roofline(
        self, device: str, dtype: str = "bf16", attention: AttentionKernel = "flash", batch: int = 1, by: str = "op"
    ) -> Roofline:
        """Return an estimate of the time of a forward pass: every operation at the device's peak rate or bandwidth.

        Args:
            device: a name in the table of hardware, such as `a100`.
            dtype: `fp32`, `tf32`, `bf16` or `fp16`.
            attention: `flash`, or `math`, which moves the scores too.
            batch: samples at once.
            by: how the report groups nodes: "op", "scope", "stage", "level", "block" or "node".

        >>> load("dit").roofline("a100").seconds < load("dit").roofline("v100", dtype="fp16").seconds
        True
        """
        from archgraph.cost.roofline import roofline

        return roofline(self.network, device, dtype, attention, batch, by)

    def count_as(self, tool: str, functional: Iterable[str] = ()) -> Reconciliation:
        """Return what another tool prints for this network, and the terms by which its count differs from ours.

        Args:
            tool: `thop`, `fvcore`, `torchinfo`, `ptflops`, `calflops`, `deepspeed`, `flopcounter-cpu` or
                `flopcounter`.
            functional: operations that the code calls as functions, or that have a class of their own, if the tool
                counts them differently from modules; attention that is written out as products.

        >>> counted = load("sd").count_as("flopcounter-cpu")
        >>> counted.theirs, counted.ours
        (338610585600, 401636720640)
        """
        from archgraph.cost.reconciliation import count_as

        return count_as(self.network, tool, tuple(functional))

    # -- receptive fields and paths -----------------------------------------------------------------------

    def receptive_fields(self, input: str | None = None, *, fixed_weights: bool = False) -> ReceptiveFields:
        """Return the receptive fields of all nodes on one input, at the bound values.

        `fixed_weights` leaves out mixing by weights that are computed from the input, as in attention.

        >>> load("unet:padded-512").receptive_fields("image").at("bottleneck").h.size_max
        140
        """
        from archgraph.fields.report.receptive_field import receptive_fields

        return receptive_fields(self.network, input, fixed_weights=fixed_weights)

    def receptive_field(
        self, node: str | None = None, input: str | None = None, *, fixed_weights: bool = False
    ) -> ReceptiveField:
        """Return what one node reads from one input; by default, the only output and the only input with positions.

        Sizes, strides and offsets are in elements of the input, per axis and phase. Symbols in kernels, strides
        and counts take their bound or default values.

        Args:
            node: an output by its name, a step, or the dotted path of an operation inside one. For a step with
                several outputs, it is what they read together.
            input: the name of the input.
            fixed_weights: whether to leave out mixing by weights that are computed from the input, as in attention
                and scans: what convolution reaches by itself.

        Raises:
            QueryError: there is no such node or input, or none was named and there are several.

        >>> field = load("unet:padded-512").receptive_field("logits")
        >>> field.h.size_min, field.h.size_max, field.h.period
        (188, 204, 16)
        >>> sd = load("sd")
        >>> sd.receptive_field("noise", "latent").h.is_global
        True
        >>> sd.receptive_field("noise", "latent", fixed_weights=True).h.size_max
        401
        """
        from archgraph.fields import queries as fields

        return fields.receptive_field(self.network, node, input, fixed_weights=fixed_weights)

    def receptive_field_table(
        self,
        input: str | None = None,
        *,
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
            fixed_weights: whether to leave out mixing by weights that are computed from the input; such a table has
                neither laws nor effective fields.

        >>> table = load("conv_stack").receptive_field_table(laws=True)
        >>> table.rows[0]["law"]
        'K*L - L + 1'
        """
        from archgraph.fields import queries as fields

        return fields.field_table(
            self.network, input, every=every, laws=laws, effective=effective, fixed_weights=fixed_weights
        )

    def receptive_field_law(
        self, node: str | None = None, input: str | None = None, axis: str | None = None, over: str | None = None
    ) -> SizeLaw:
        """Return how long the receptive field of one of the network's steps is, as a labelled law.

        Args:
            node: the step, by default the only output.
            input: the input, by default the only one with positions.
            axis: an axis of the input, by default its first.
            over: a repeat count, to extrapolate the periodic increments of the largest size at the bound values of
                all other symbols: for bodies with phases, whose law is otherwise not an expression.

        >>> print(load("conv_stack").receptive_field_law())
        K*L - L + 1
        """
        from archgraph.fields import queries as fields

        return fields.receptive_field_law(self.network, node, input, axis, over)

    def halo(self, node: str | None = None, input: str | None = None) -> Halo:
        """Return the margin that tiles of the input need for a stitched output, or why none makes it exact.

        >>> load("unet:padded-512").halo()
        tiles of image for logits
          h  margin 96 (reads 94), on a lattice of 16
          w  margin 96 (reads 94), on a lattice of 16
        """
        from archgraph.fields import queries as fields

        return fields.tiling(self.network, node, input)

    def effective_field(self, node: str | None = None, input: str | None = None) -> EffectiveField:
        """Return the effective receptive field of a step at initialisation, by axis; a trained network's is another.

        >>> print(load("unet:padded-512").effective_field().h)
        sigma 8.07, 95 % within 34.8 (at initialisation)
        """
        from archgraph.fields import queries as fields

        return fields.effective_field(self.network, node, input)

    def productivity(self, axis: str | None = None, input: str | None = None) -> Productivity:
        """Return which layers widen receptive fields beyond the input, and the feasible sizes of the input.

        >>> load("vgg").productivity().feasible
        (196, 212)
        """
        from archgraph.fields import queries as fields

        return fields.productive(self.network, axis, input)

    def paths(self, axis: str | None = None, node: str | None = None, input: str | None = None) -> Paths:
        """Return the paths between an input and an output along one axis, to ask many questions of them.

        >>> load("unet:padded-512").paths().at_distance(90)
        10
        """
        from archgraph.fields import queries as fields

        return fields.paths(self.network, node, input, axis)

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
        """Return a path with the fewest moves from an input position to an output, None if there is none.

        A move is an operation by which a position reads a cell of the input other than its own.

        Args:
            distance: how far the input position is from the output's cell, on the side that takes more moves.
            axis: an axis of the input, by default its first.
            start: the input position, instead of a distance.
            end: the output position, by default the one in the middle.
            node: the output, by default the only one.
            input: the input, by default the only one with positions.

        >>> load("unet:padded-512").hops(distance=90).moves
        10
        """
        from archgraph.fields import queries as fields

        return fields.hops(self.network, distance, axis, start, end, node, input)

    def max_path(self, axis: str | None = None, node: str | None = None, input: str | None = None) -> int:
        """Return the most hops between any two connected positions of an input and an output.

        >>> load("conv_stack").max_path(), load("transformer").max_path()
        (10, 1)
        """
        return self.paths(axis, node, input).max_path()

    def depth_to_cover(self, distance: int, axis: str | None = None, input: str | None = None) -> int | None:
        """Return the fewest mixing layers after which some value reads as far as a distance, None if none does.

        >>> load("unet:padded-512").depth_to_cover(90), load("transformer").depth_to_cover(90)
        (13, 1)
        """
        from archgraph.fields import queries as fields

        return fields.cover(self.network, distance, axis, input)

    # -- ways out -----------------------------------------------------------------------------------------

    def draw(self, view: str | None = None, **said: Unpack[DrawOptions]) -> Figure:
        """Return an annotated diagram; save it with `.save("x.svg")`.

        Options that are not given come from the section `figure` of the spec, or else take their defaults. Parts are
        named by their path, by the path of something that contains them, by a pattern (`encoder.*`) or by their kind
        (`conv`).

        Args:
            view: `overview` (stages, the default), `blocks` (inside the repeated block), `full`, `unrolled`, `ladder`,
                `matrix`, `hops` (moves over distance), `levels` (costs by resolution), `laws` (costs against each
                symbol).
            width: `auto`, `column`, `text`, or a length such as `3.25in`.
            venue: whose column and text widths to use, by default `icml`.
            color: what the colour of a box shows: `locality` (the default), `params`, `macs`, `level` or `op`.
            show: the annotations of boxes, out of `shape`, `params`, `macs`, `field`; all by default.
            terms: `leading`, or `full` for whole laws wherever there is room.
            values: numbers at the bound symbols instead of laws.
            height: the maximum height of the drawing, such as `4in`.
            direction: `auto` (a U where there is one, else down), `down` or `right`.
            style: `boxes`; `maps`, feature maps whose height is the resolution and whose width is the channels; or
                `perspective`, the same as solids.
            palette: `ocean`, `ember`, `violet`, `viridis`, `grey`, or two to nine colours that get darker.
            labels: headings of boxes, and names of inputs.
            hide: what to leave out.
            depth: how many levels of blocks to open; by default, as many as are informative.
            focus: the path of the block whose inside to draw.
            node_style: looks of boxes: `fill`, `line` and `text` as colours, `width` in points, `dashed`.
            title: a heading above the drawing, and the title of the file.
            legend: whether to put scale, signs and totals below the drawing.
            theme: `paper`; `slides`, twice as large; or `dark`, light on dark.
            background: `white`, `paper` (a warm white) or `transparent`; by default the page of the theme.
            fonts: `embed` (the letters that are used come with the drawing), `outlines` (letters are shapes, for
                programs that read no embedded fonts) or `system` (fonts of the machine that shows it).
            dpi: dots per inch of a .png, by default 300.

        >>> load("dit").draw(view="blocks", width="column").diagram.width / 72
        3.25
        """
        from archgraph.figures.figure import draw

        return draw(self.network, view, **said)

    def outline(self) -> NetworkOutline:
        """Return what the network looks like from afar: series, residuals, Us, lanes, and what joins from the side.

        It is derived from the graph alone: neither names nor the division into blocks matter. It prints as a tree in
        words; levels are resolutions along a side.

        >>> print(load("unet").outline())
        U of 4 rows
        | image, enc(0) =1 via crop_like_4=> up_4, concat_4, dec(0), logits
        | 1/2: max_pool, enc(1) =1 via crop_like_3=> up_3, concat_3, dec(1)
        | 1/4: max_pool_2, enc(2) =1 via crop_like_2=> up_2, concat_2, dec(2)
        | 1/8: max_pool_3, enc(3) =1 via crop_like=> up, concat, dec(3)
        | bottom (max_pool_4, bottleneck)
        """
        from archgraph.outline.forms.network_outline import network_outline

        return network_outline(self.network)

    def to_networkx(self, *, unroll: bool = False) -> Any:
        """Return the graph for networkx; with `unroll`, all repeats are unrolled at their counts.

        >>> load("conv_stack").to_networkx(unroll=True).number_of_nodes()
        22
        """
        return self.flat().to_networkx() if unroll else self.graph.to_networkx()

    def flat(self, *, experts: bool = False, limit: int = 200_000) -> Graph:
        """Return the flat graph of primitive operations with every symbol at its value.

        A mixture of experts stays whole, or with `experts` becomes one of them.

        Raises:
            ArchgraphError: there would be more than `limit` operations.

        >>> len(load("conv_stack").flat().nodes)
        20
        """
        return self.network.flat(experts=experts, limit=limit)

    def to_torch(self, device: Any = None, dtype: Any = None, **values: Any) -> nn.Module:
        """Return the network as a PyTorch module with fresh weights (see `archgraph.pytorch.lower.lower.lower`).

        Args:
            device: where the weights are made; "meta" allocates none.
            dtype: of the weights, such as `torch.bfloat16`; by default, PyTorch's.
            values: values of symbols; the others keep theirs.

        >>> sum(weight.numel() for weight in load("conv_stack").to_torch(L=2).parameters())
        73856
        """
        from archgraph.pytorch.lower.lower import check_dtype, lower

        bound = self.network.bound(**values)
        check_dtype(dtype)
        return lower(bound.graph, bound.selected, self.name, device, dead=bound.runs_dead).to(dtype=dtype)

    def to_spec(self) -> str:
        """Return the text of a spec with the same laws (see `archgraph.spec.write.writer.write_spec`).

        Raises:
            UnsupportedOpError: a traced module contains what no spec can express; the message lists it.

        >>> loads(load("unet").to_spec()).params == load("unet").params
        True
        """
        from archgraph.spec.write.writer import write_spec

        return write_spec(self.network)


@strict_keywords
def load(
    name: str | Path,
    *,
    inputs: object = None,
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
    fields: Sequence[str] | Mapping[str, str | Sequence[str]] | None = None,
    batch_axis: AskedBatch = "found",
    allow_unsupported: bool = False,
    **options: object,
) -> Architecture:
    """Return the architecture of a spec, or of a model by name: a path, a shipped spec or variant, or a source.

    Sources are `timm:NAME`, `torchvision:NAME`, `hf:config.json` of transformers or diffusers, `plans.json:NAME` of
    nnU-Net, `model.pt2` of `torch.export.save`, `model.onnx`, and `package.file:builder`. No weights are read or
    fetched, and what the model is called with comes from the library's own data, or the file's: sizes that it leaves
    open are given as shapes in `inputs`.

    Args:
        name: what to load.
        inputs: what a model is called with, as for `trace`; by name they replace some of the inputs that are found.
        dynamic: dimensions of a model's inputs to turn into symbols: `{"x": {2: "h", 3: "w"}}`.
        fields: fields of a configuration, or keywords of a builder, to turn into symbols: `["hidden_size", "n"]`,
            where n counts tokens and h and w are the sides of an image; or names of symbols with their fields:
            `{"D": "hidden_size"}`, several fields where they are equal.
        batch_axis, allow_unsupported: as for `trace`.
        options: keywords of the builder of a model, or fields of its configuration: `img_size=384`.

    Raises:
        SpecError, ShapeError: the spec breaks a rule; there is no such model, or it cannot be built.
        QueryError: there is no such field, or it is not a number.
        ArchgraphError: no law in a field was found.
        MissingToolError: PyTorch, or the library of a model, is not installed.

    >>> load("unet:padded-512").at().macs
    192384335872
    """
    from archgraph.pytorch.sources.table import is_model

    if not is_spec(str(name)) and is_model(str(name)):
        from archgraph.pytorch.family.named import NamedFamily

        family = NamedFamily(str(name), inputs, options, dynamic or {}, batch_axis, allow_unsupported)
        return Architecture(family.network(fields))
    given = {"inputs": inputs, "dynamic": dynamic, "fields": fields, **options}
    for keyword, value in ((key, value) for key, value in given.items() if value is not None):
        shown = f"={quoted(printable(str(value)))}" if isinstance(value, (str, int, float)) else ""
        told = f"{keyword}{shown} belongs to a model, and {quoted(str(name))} is a spec"
        raise QueryError(told, hint="at(...) binds its symbols")
    spec, variant = find_spec(str(name))
    return Architecture(SpecSource(spec, variant).network())


@strict_keywords
def loads(text: str, variant: str = "") -> Architecture:
    """Return the architecture of a spec given as text.

    >>> g = loads("{archgraph: 1, inputs: {x: {c: 3, n: 8}}, network: [linear: {out: 5}]}")
    >>> g.at().params
    20
    """
    return Architecture(SpecSource(read_once(text), variant).network())


@strict_keywords
def trace(
    module: nn.Module,
    inputs: Any,
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
    *,
    axes: Mapping[str, Sequence[str]] | None = None,
    batch_axis: AskedBatch = "found",
    name: str = "",
    allow_unsupported: bool = False,
) -> Architecture:
    """Return the architecture of a PyTorch module, traced without running it; see `archgraph.pytorch.trace`.

    Args:
        module: any module whose Python code is available, also on the meta device.
        inputs: its arguments: a tensor, a tuple, or a mapping by name.
        dynamic: dimensions to turn into symbols: `{"sample": {2: "h", 3: "w"}}`.
        axes: names of an input's axes without the batch, if they are not the usual ones.
        batch_axis: the dimension that counts samples, of all inputs or by name (`{"src": 1}`), None where there is
            none. Otherwise it is found: by what operators say, as the one of size 1, or as the one that everything is
            proportional to.
        name: what the network is called; the module's class by default.
        allow_unsupported: list operators without a rule as `gaps` instead of refusing them.

    Raises:
        UnsupportedOpError: an operator has no rule.
        ShapeError: it is unclear which dimension counts samples, or the stated one does not.
        ArchgraphError: the module cannot be recorded, or a requested dimension cannot vary.
        MissingToolError: PyTorch is not installed.

    >>> from torch import nn, zeros
    >>> g = trace(nn.Conv2d(3, 8, 3), zeros(1, 3, 32, 32), {"input": {2: "h", 3: "w"}})
    >>> g.macs
    216*h*w - 432*h - 432*w + 864
    """
    from archgraph.pytorch.trace.module import trace as traced
    from archgraph.pytorch.trace.source import network_of

    found = traced(
        module, inputs, dynamic, axes=axes, batch_axis=batch_axis, name=name, allow_unsupported=allow_unsupported
    )
    return Architecture(network_of(found, module))


@strict_keywords
def verify(architecture: Architecture, **values: Any) -> Report:
    """Build the network in PyTorch and compare shapes, parameters, MACs and saved bytes of every node and in total.

    Nothing is allocated: the module is on the meta device. Symbols that are not given take their defaults.

    Raises:
        MissingToolError: PyTorch is not installed.
        ArchgraphError: PyTorch cannot build or run the network, with the node.

    >>> verify(load("conv_stack"), L=2).ok
    True
    """
    from archgraph.pytorch.verify.verify import verify as verified

    return verified(architecture.network, **values)
