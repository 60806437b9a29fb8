"""A PyTorch module as a graph: recorded while it runs on shapes, with named axes and symbolic sizes.

The files beside this one, in the order in which a module passes through them:

- the steps: `capture` has them recorded by `recording`, on the one sample that `batch` finds, `program` prepares them,
  `attention_patterns` finds attention that is written out;
- sizes: `sizes` holds the user's symbols; where there are any, `symbols` records the module at several sizes, and makes
  laws of the integers that vary;
- operators: `interpret` calls the handler that `registry` has for each; handlers stand in `handlers`, a file per
  family, and `masks` tells whether a mask is causal;
- axes: `layout` says which digits of which named axes a dimension of a tensor is made of, `align` brings
  operands to common axes, `axes` to whole ones, and `regroup` makes the operation that it takes;
- the graph: `builder` records nodes, `nesting` makes scopes of modules and repeats of equal ones, `outputs` names
  what the module returns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sympy import Expr, Integer, Symbol

from archgraph.cost.costs import Costs
from archgraph.errors import ArchgraphError, UnsupportedOpError, counted, unbroken
from archgraph.graph.ir import Graph, Value
from archgraph.graph.weights import as_stored
from archgraph.ops.arguments import Named
from archgraph.ops.sources import Parameter
from archgraph.ops.traced.transforms import FOURIER_CONVENTION, Fourier
from archgraph.pytorch.collection import without_collection
from archgraph.pytorch.trace.batch.find import AskedBatch
from archgraph.pytorch.trace.batch.roles import InputRoles
from archgraph.pytorch.trace.batch.sample import Batch
from archgraph.pytorch.trace.builder import Record
from archgraph.pytorch.trace.capture import capture
from archgraph.pytorch.trace.dead_work import dead_work
from archgraph.pytorch.trace.idle_copies import without_idle_copies
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.layout import RECORDED
from archgraph.pytorch.trace.masking.listings import held
from archgraph.pytorch.trace.nesting import ahead, nest
from archgraph.pytorch.trace.outputs import refuse_idle, with_names
from archgraph.pytorch.trace.program import Program
from archgraph.pytorch.trace.recording.node import RecordedNode, taken_apart
from archgraph.pytorch.trace.recording.recording import Recording
from archgraph.pytorch.trace.recording.surroundings import usual_defaults
from archgraph.pytorch.trace.sizes import TracedSizes, declared_sizes
from archgraph.pytorch.trace.symbols.asked import Dynamic
from archgraph.sizes.dtypes import FLOAT
from archgraph.sizes.symbols import ZERO, Assumption, deciding, evaluate
from archgraph.spec.declarations import Declarations
from archgraph.spec.spec import Spec

if TYPE_CHECKING:
    from torch import nn

PROVED = ("macs", "elementwise")
"""Totals that are compared at a recording that took no part in finding the laws."""


@dataclass(frozen=True)
class Gap:
    """An operator without a rule: its name, how often it was met, and where first.

    Attributes:
        weights: how many scalars that it reads count as parameters though nothing says so, in a file of ONNX.
    """

    operator: str
    count: int
    place: str
    weights: int = 0

    def __str__(self) -> str:
        assumed = f", where {counted(self.weights, 'stored number')} count as parameters" if self.weights else ""
        return f"{self.operator} x {self.count}, first in {self.place}{assumed}"


@dataclass(frozen=True)
class TracedModule:
    """A module as a graph.

    Attributes:
        graph: modules are scopes, equal consecutive ones a repeat.
        selected: the outputs that costs are about: all of them.
        named: the outputs by name: by their places in what the module returns, `logits`, `past_key_values[0]`; a
            single tensor has the name of the operation that makes it.
        declarations: the symbols of the sizes, as a spec would declare them; `show` leads back to the user's.
        values: the value of every symbol inside the graph at the example inputs.
        conditions: for which sizes the trace holds, as text in the user's names, and what is counted by convention.
        assumptions: what must hold at every binding.
        gaps: operators without a rule, whose costs are missing; empty unless they were allowed.
        unused: parameters of the module that no operation uses; the node `unused` counts them.
        dead: modules and operators that are run though no output depends on them, as text.
        floating: the floating type of the module.
        inputs: the sample that it was traced with.
    """

    name: str
    spec: Spec
    graph: Graph
    selected: tuple[Value, ...]
    named: Mapping[str, Value]
    declarations: Declarations
    values: Mapping[Symbol, int]
    conditions: tuple[str, ...]
    assumptions: tuple[Assumption, ...]
    gaps: tuple[Gap, ...]
    unused: tuple[str, ...]
    dead: tuple[str, ...]
    floating: str = "float32"
    inputs: Any = None

    def show(self, expression: Expr) -> Expr:
        """Return an expression of the graph in the user's symbols."""
        return self.declarations.show(expression)


@without_collection()
@taken_apart()
def trace(
    module: nn.Module,
    inputs: Any,
    dynamic: Dynamic | None = None,
    *,
    axes: Mapping[str, Sequence[str]] | None = None,
    batch_axis: AskedBatch = "found",
    name: str = "",
    allow_unsupported: bool = False,
) -> TracedModule:
    """Trace a module, in evaluation mode, without running or allocating anything.

    Costs are per sample: of inputs with a larger batch one sample is kept. Which dimension counts samples is found by
    what operators say, such as a convolution or `batch_first`, then as the one of size 1, then as the one that
    everything is proportional to; where that leaves a choice, it is asked for. Modules and inputs may be on the meta
    device.

    Args:
        module: any module whose Python is there.
        inputs: its arguments: a tensor, a tuple, or a mapping by name.
        dynamic: which dimensions are symbols, by the input's name: `{"sample": {2: "h", 3: "w"}}`.
        axes: names of an input's axes without the batch, if they are not the usual ones.
        batch_axis: the dimension that counts samples, of all inputs or by name, None where there is none.
        name: what the network is called; the module's class by default.
        allow_unsupported: list operators without a rule as gaps instead of refusing them.

    Raises:
        ShapeError: nothing says which dimension counts samples, a stated one does not, or `axes` has other numbers.
        UnsupportedOpError: an operator has no rule.
        ArchgraphError: the module cannot be recorded, it returns nothing that it computes, or a dimension that was
            asked to vary cannot.
        MissingToolError: PyTorch is not installed.
    """
    title = unbroken(name) or type(module).__name__
    captured = capture(module, inputs, dynamic or {}, title, batch_axis)
    sizes = captured.sizes
    roles = InputRoles(captured.batch, axes or {})
    found = _read(module, captured.recording, sizes, roles, title)
    if found.gaps and not allow_unsupported:
        raise _refused(title, found.gaps)
    if sizes.proof is not None:
        _prove(found, _read(module, sizes.proof, declared_sizes(title, ()), roles, title), sizes.points[-1])
    return replace(found, conditions=(*found.conditions, *_told(captured.batch)), inputs=captured.inputs)


def _told(batch: Batch) -> tuple[str, ...]:
    """Where samples are counted by another dimension than the first, or by none."""
    counted = {name: "no dimension" if dim is None else f"dimension {dim}" for name, dim in batch.items() if dim != 0}
    return tuple(f"{what} of '{name}' counts samples" for name, what in counted.items())


@usual_defaults()
def _read(module: nn.Module, recording: Recording, sizes: TracedSizes, roles: InputRoles, name: str) -> TracedModule:
    """Return a recording as a graph."""
    refuse_idle(module, recording)
    program = Program(recording, module)
    values = dict(sizes.declarations.values)
    token = RECORDED.set((values, *sizes.points))
    try:
        with deciding(values) as context:
            for fact in sizes.assumptions:
                context.assume(fact)
            interpreter = ProgramInterpreter(program, sizes, module, roles)
            outputs = interpreter.run()
    finally:
        RECORDED.reset(token)
    unused = dict(program.unused())
    builder = interpreter.builder
    records = [*builder.prelude, *ahead(builder.records, builder.early)]
    records, gone = without_idle_copies(records, builder.copies, builder.dense, outputs.values())
    outputs = {place: gone.get(value, value) for place, value in outputs.items()}
    records = _with_unused(program, [replace(record, op=held(record.op, values)) for record in records], unused)
    graph = nest(records, interpreter.inputs, list(outputs.values()), program.checkpoints.keys)
    graph, named = with_names(graph, dict(zip(outputs, graph.outputs, strict=True)))
    return TracedModule(
        name,
        sizes.spec,
        graph,
        graph.outputs,
        named,
        sizes.declarations,
        values,
        (*sizes.conditions, *_conventions(records)),
        tuple(context.assumptions),
        _gaps(interpreter),
        tuple(unused),
        dead_work(recording, program.constants),
        program.own,
    )


def _conventions(records: Iterable[Record]) -> tuple[str, ...]:
    """What is counted by a convention, for no law of PyTorch says it."""
    return (FOURIER_CONVENTION,) if any(isinstance(record.op, Fourier) for record in records) else ()


def _prove(found: TracedModule, numbers: TracedModule, values: Mapping[Symbol, int]) -> None:
    """Compare totals of laws with those of a recording at numbers, which took no part in finding the laws.

    Raises:
        ArchgraphError: they differ: a law is wrong.
    """
    if not all(assumption.holds(values) for assumption in found.assumptions):
        return
    for metric in PROVED:
        law = Costs(found.graph, found.selected).total(metric)
        expected = Costs(numbers.graph, numbers.selected).total(metric)
        if evaluate(law, values) != expected:
            sizes = ", ".join(f"{symbol} = {value}" for symbol, value in values.items())
            raise ArchgraphError(
                f"{found.name} has {expected} {metric} at {sizes}, where its law {law} says {evaluate(law, values)}",
                hint="please report the module",
            )


def _gaps(interpreter: ProgramInterpreter) -> tuple[Gap, ...]:
    found = interpreter.gaps.most_common()
    weights = interpreter.counted_weights
    return tuple(Gap(name, n, interpreter.places[name], _numel(weights.get(name, ()))) for name, n in found)


def _numel(nodes: Iterable[RecordedNode]) -> int:
    return sum(node.meta["val"].numel() for node in nodes)


def _refused(name: str, gaps: tuple[Gap, ...]) -> UnsupportedOpError:
    listed = "; ".join(map(str, gaps))
    return UnsupportedOpError(
        f"{name} uses {counted(len(gaps), 'operator')} without a rule: {listed}",
        hint="allow_unsupported=True, or --allow-unsupported, lists them as gaps and traces the rest",
    )


def _with_unused(program: Program, records: list[Record], unused: Mapping[str, Any]) -> list[Record]:
    """Count the weights that no operation uses: they are declared, and stored."""
    weights = [weight for record in records for weight in _weights(record)]
    params = int(sum((weight.numel for weight in weights if weight.kind != "buffer"), ZERO))
    if params + sum(tensor.numel() for tensor in unused.values()) != program.parameter_count():
        raise ArchgraphError(
            f"the graph has {params} parameters of {program.parameter_count()}: a rule of archgraph is wrong",
            hint="please report the module",
        )
    left = Counter(_stock(program, unused.values()))
    left.update(_stock(program, program.buffer_tensors()))
    for weight in weights:
        if weight.kind == "buffer":
            left[weight.kind, weight.dtype] -= int(weight.numel)
    return [*(_declared(*key, count) for key, count in left.items() if count > 0), *records]


def _stock(program: Program, tensors: Iterable[Any]) -> Counter[tuple[str, str]]:
    """Scalars by status and dtype."""
    found: Counter[tuple[str, str]] = Counter()
    for tensor in tensors:
        found[program.status_of(tensor), program.dtype(tensor)] += tensor.numel()
    return found


def _declared(status: str, dtype: str, count: int) -> Record:
    """A node that counts weights which nothing uses."""
    op = Parameter(Named({"c": Integer(count)}), status, dtype, unused=True)  # type: ignore[arg-type]
    name = "_".join(["unused", *([] if status == "learned" else [status]), *([] if dtype == FLOAT else [dtype])])
    return Record(name, op, (), (Value(op.infer()[0], name),), ())


def _weights(record: Record) -> list[Any]:
    weights = record.op.weights(*(value.type for value in record.inputs))
    return list(as_stored(weights, record.weights_in or record.outputs[0].type.dtype).values())
