"""A PyTorch module as a graph: traced through `torch.export`, with named axes and symbolic sizes.

The files beside this one, in the order in which a module passes through them:

- the program: `export` asks PyTorch for it, `program` prepares it, `attention_patterns` finds
  attention that is written out;
- sizes: `conditions` says for which the export holds, `sizes` gives them the user's names;
- operators: `interpret` calls the handler that `registry` has for each; handlers stand in `handlers`, a file per
  family, and `masks` tells whether a mask is causal;
- axes: `layout` says which digits of which named axes a dimension of a tensor is made of, `align` brings
  operands to common axes, `axes` to whole ones, and `regroup` makes the operation that it takes;
- the graph: `builder` records nodes, `nesting` makes scopes of modules and repeats of equal ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sympy import Expr, Integer, Symbol

from archgraph.errors import ArchgraphError, UnsupportedOpError
from archgraph.graph.ir import Graph, Value
from archgraph.ops.arguments import Named
from archgraph.ops.sources import Parameter
from archgraph.pytorch.trace.builder import Record
from archgraph.pytorch.trace.export import Dynamic, export
from archgraph.pytorch.trace.handlers import (  # noqa: F401  they register handlers
    attention,
    cuts,
    indexing,
    layers,
    norms,
    reductions,
    resampling,
    shapes,
)
from archgraph.pytorch.trace.interpret import ProgramInterpreter
from archgraph.pytorch.trace.layout import EXAMPLE
from archgraph.pytorch.trace.nesting import nest
from archgraph.pytorch.trace.program import Program
from archgraph.pytorch.trace.sizes import sizes_of
from archgraph.sizes.dtypes import FLOAT
from archgraph.sizes.symbols import ZERO, Assumption, deciding
from archgraph.spec.declarations import Declarations
from archgraph.spec.spec import Spec

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Gap:
    """An operator without a rule: its name, how often it was met, and where first."""

    operator: str
    count: int
    place: str

    def __str__(self) -> str:
        return f"{self.operator} x {self.count}, first in {self.place}"


@dataclass(frozen=True)
class TracedModule:
    """A module as a graph.

    Attributes:
        graph: modules are scopes, equal consecutive ones a repeat.
        selected: the outputs that costs are about: all of them.
        declarations: the symbols of the sizes, as a spec would declare them; `show` leads back to the user's.
        values: the value of every symbol inside the graph at the example inputs.
        conditions: for which sizes the export holds, as text in the user's names.
        assumptions: what must hold at every binding.
        gaps: operators without a rule, whose costs are missing; empty unless they were allowed.
        unused: parameters of the module that no operation uses; the node `unused` counts them.
        floating: the floating type of the module.
    """

    name: str
    spec: Spec
    graph: Graph
    selected: tuple[Value, ...]
    declarations: Declarations
    values: Mapping[Symbol, int]
    conditions: tuple[str, ...]
    assumptions: tuple[Assumption, ...]
    gaps: tuple[Gap, ...]
    unused: tuple[str, ...]
    floating: str = "float32"

    def show(self, expression: Expr) -> Expr:
        """Return an expression of the graph in the user's symbols."""
        return self.declarations.show(expression)


def trace(
    module: nn.Module,
    inputs: Any,
    dynamic: Dynamic | None = None,
    *,
    axes: Mapping[str, Sequence[str]] | None = None,
    name: str = "",
    allow_unsupported: bool = False,
) -> TracedModule:
    """Trace a module, in evaluation mode, without running or allocating anything.

    Costs are per sample: of inputs with a larger batch one sample is kept. Modules and inputs may be on the meta
    device.

    Args:
        module: any module that `torch.export` can export.
        inputs: its arguments: a tensor, a tuple, or a mapping by name.
        dynamic: which dimensions are symbols, by the input's name: `{"sample": {2: "h", 3: "w"}}`.
        axes: names of an input's axes, the batch left out, where the usual ones are not meant.
        name: what the network is called; the module's class by default.
        allow_unsupported: list operators without a rule as gaps instead of refusing them.

    Raises:
        UnsupportedOpError: an operator has no rule.
        ArchgraphError: the module cannot be exported, or a dimension that was asked to vary cannot.
        MissingToolError: PyTorch is not installed.
    """
    exported = export(module, inputs, dynamic or {})
    title = name or type(module).__name__
    sizes = sizes_of(exported, title)
    program = Program(exported, module)
    values = dict(sizes.declarations.values)
    token = EXAMPLE.set(values)
    try:
        with deciding(values) as context:
            for fact in sizes.assumptions:
                context.assume(fact)
            interpreter = ProgramInterpreter(program, sizes, module, axes or {})
            outputs = interpreter.run()
    finally:
        EXAMPLE.reset(token)
    gaps = _gaps(interpreter)
    if gaps and not allow_unsupported:
        raise _refused(title, gaps)
    unused = dict(program.unused())
    records = [*interpreter.builder.prelude, *interpreter.builder.records]
    records = _with_unused(program, records, unused)
    graph = nest(records, interpreter.inputs, outputs)
    return TracedModule(
        title,
        sizes.spec,
        graph,
        graph.outputs,
        sizes.declarations,
        values,
        sizes.conditions,
        tuple(context.assumptions),
        gaps,
        tuple(unused),
        program.own,
    )


def _gaps(interpreter: ProgramInterpreter) -> tuple[Gap, ...]:
    found = interpreter.gaps.most_common()
    return tuple(Gap(name, count, interpreter.places[name]) for name, count in found)


def _refused(name: str, gaps: tuple[Gap, ...]) -> UnsupportedOpError:
    listed = "; ".join(map(str, gaps))
    return UnsupportedOpError(
        f"{name} uses {len(gaps)} operators that have no rule: {listed}",
        hint="allow_unsupported=True lists them as gaps and traces the rest",
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
    op = Parameter(Named({"c": Integer(count)}), status, dtype)  # type: ignore[arg-type]
    name = "_".join(["unused", *([] if status == "learned" else [status]), *([] if dtype == FLOAT else [dtype])])
    return Record(name, op, (), (Value(op.infer()[0], name),), ())


def _weights(record: Record) -> list[Any]:
    return list(record.op.weights(*(value.type for value in record.inputs)).values())
