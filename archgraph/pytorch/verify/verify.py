"""A spec against PyTorch, node by node: shapes, parameters, multiply-accumulates, what autograd keeps."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archgraph.cost.costs import METRICS, CostRow
from archgraph.cost.memory.saved_nodes import SavedByNode
from archgraph.cost.memory.setting import Setting
from archgraph.cost.part import whole_part
from archgraph.errors import ArchgraphError
from archgraph.graph.ir import Value
from archgraph.graph.network import Network
from archgraph.keywords import strict_methods
from archgraph.ops.modules import torch_dtype
from archgraph.optional import import_torch
from archgraph.pytorch.lower.lower import leaves, lower
from archgraph.pytorch.lower.saved_storages import saved_bytes
from archgraph.pytorch.verify.original import kept_by_module
from archgraph.report.table import Table
from archgraph.steps import stepping

if TYPE_CHECKING:
    from torch import Tensor, nn


COUNTED = ("params_trainable", "params_frozen", "buffers", "macs")
ORIGINAL = "the module itself"
"""What the check of a traced module is called: it runs as it is, in evaluation mode, on its example inputs."""
Shape = tuple[int, ...]


@strict_methods
@dataclass(frozen=True)
class Check:
    """One node, or the whole network, as we count it and as PyTorch does; all repetitions together.

    Attributes:
        path: the node's path; empty for the whole network.
        shapes: the shapes of its outputs, without the batch axis.
        torch_shapes: what PyTorch gives; one entry per distinct result over the iterations.
        counts: trainable and frozen parameters, buffers, multiply-accumulates, how often it runs, and the bytes of
            its results that are kept for the backward pass in single precision.
        torch_counts: the same of the module, `FlopCounterMode`, its calls, and the tensors that autograd saves.
    """

    path: str
    op: str
    shapes: tuple[Shape, ...]
    torch_shapes: tuple[tuple[Shape, ...], ...]
    counts: Mapping[str, int]
    torch_counts: Mapping[str, int]

    @property
    def ok(self) -> bool:
        """Whether both agree in everything; a node that never ran has no shapes to compare."""
        same_shape = all(shapes == self.shapes for shapes in self.torch_shapes)
        return same_shape and self.counts == self.torch_counts

    @property
    def difference(self) -> str:
        """What differs, as `macs 10, torch 12`, or an empty string."""
        wrong = [shapes for shapes in self.torch_shapes if shapes != self.shapes]
        parts = [f"shape {_shown(self.shapes)}, torch {_shown(shapes)}" for shapes in wrong]
        parts += [
            f"{name} {self.counts[name]:,}, torch {self.torch_counts[name]:,}"
            for name in self.counts
            if self.counts[name] != self.torch_counts[name]
        ]
        return "; ".join(parts)

    def row(self) -> dict[str, Any]:
        """Return the row of the report's table."""
        params = ("params_trainable", "params_frozen")
        return {
            "node": self.path or "total",
            "op": self.op,
            "output": _shown(self.shapes),
            "params": sum(self.counts[name] for name in params),
            "torch params": sum(self.torch_counts[name] for name in params),
            "macs": self.counts["macs"],
            "torch macs": self.torch_counts["macs"],
            "saved": self.counts["saved_bytes"],
            "torch saved": self.torch_counts["saved_bytes"],
            "agree": "yes" if self.ok else f"NO: {self.difference}",
        }


@dataclass(frozen=True, repr=False)
class Report:
    """The verdict on a network: a check per node, one of the totals, and one of the module that was traced."""

    name: str
    version: str
    rows: tuple[Check, ...]
    total: Check
    original: Check | None = None

    @property
    def ok(self) -> bool:
        """Whether every node and the totals agree."""
        return self.disagreement is None

    @cached_property
    def disagreement(self) -> Check | None:
        """The first check that fails, in the network's order; the totals come last."""
        checks = (*self.rows, self.total, *([] if self.original is None else [self.original]))
        return next((check for check in checks if not check.ok), None)

    @property
    def table(self) -> Table:
        """The report as a table."""
        numbers = (name for own in ("params", "macs", "saved") for name in (own, f"torch {own}"))
        columns = ("node", "op", "output", *numbers, "agree")
        notes = (
            f"torch: the lowered module on the meta device, PyTorch {self.version}, batch of 1",
            "torch macs: torch.utils.flop_counter.FlopCounterMode / 2, all repetitions of a node together",
            "saved: bytes kept for the backward pass (single precision, attention product by product), of every "
            "storage once, for the node that made it; the total includes inputs",
        )
        if self.original is not None:
            notes += (f"{ORIGINAL}: in evaluation mode; where kernels differ by device, those of the device it is on",)
        rows = [check.row() for check in (*self.rows, *([] if self.original is None else [self.original]))]
        return Table(self._title(), columns, rows, self.total.row(), notes)

    def _title(self) -> str:
        if self.disagreement is None:
            return (
                f"{self.name} agrees with PyTorch in shapes, parameters, MACs and saved bytes: {len(self.rows)} nodes"
            )
        place = self.disagreement.path or "its totals"
        return f"{self.name} disagrees with PyTorch at {place}: {self.disagreement.difference}"

    def __str__(self) -> str:
        return str(self.table)

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html()


def verify(network: Network, **values: Any) -> Report:
    """Build the network in PyTorch and compare shapes, parameters, MACs and saved bytes of every node and in total.

    Nothing is allocated: the module is on the meta device. Symbols that are not given take their defaults.

    Raises:
        MissingToolError: PyTorch is not installed.
        ArchgraphError: PyTorch cannot build or run the network, with the node.
    """
    bound = network.bound(**values)
    with _in_its_type(network.floating):
        measured = _measured(bound)
    # As it is lowered: what a recording knows of memory beyond that is held against the module itself.
    run = replace(Setting("training", own=network.floating).execution, recorded=False, as_stored=False)
    saved = SavedByNode().of(bound.graph, bound.selected, run)
    checks = tuple(
        _check(row, saved.get(row.path, 0), measured.nodes.get(row.path, Measured()))
        for row in whole_part(bound).rows()
    )
    total = _total(bound, measured, sum(saved.values()))
    return Report(bound.name, measured.version, checks, total, _original(network, bound, total))


def _measured(bound: Network) -> Measurement:
    """What PyTorch says about the lowered network, without gradients and with them."""
    module = lower(bound.graph, bound.selected, bound.name, dead=bound.runs_dead).eval()
    trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
    measured = _measure(bound, module)
    for parameter in trained:
        parameter.requires_grad_()
    # What is thrown away keeps nothing for the backward pass.
    kept = lower(bound.graph, bound.selected, bound.name).eval() if bound.dead else module
    _add_saved(bound, kept, measured)
    return measured


@contextmanager
def _in_its_type(floating: str) -> Iterator[None]:
    """Make everything on the meta device, and values of the network's own type in that type."""
    torch = import_torch()
    usual = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, floating))
    try:
        with torch.device("meta"):
            yield
    finally:
        torch.set_default_dtype(usual)


def _original(network: Network, bound: Network, total: Check) -> Check | None:
    """Hold what autograd keeps of the traced module itself against our number, at the sizes it was traced with."""
    if bound.values != network.values or bound.selected != bound.graph.outputs:
        return None
    kept = kept_by_module(network.origin.module, network.origin.example)
    if kept is None:
        return None
    saved = int(whole_part(bound).metric("saved_bytes"))
    both = ({**total.counts, "saved_bytes": saved}, {**total.torch_counts, "saved_bytes": kept})
    return replace(total, path=ORIGINAL, counts=both[0], torch_counts=both[1])


@dataclass
class Measured:
    """What PyTorch says about one node, or the whole network."""

    shapes: dict[tuple[Shape, ...], None] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass
class Measurement:
    """What PyTorch says about all nodes and the whole."""

    version: str
    nodes: dict[str, Measured] = field(default_factory=lambda: defaultdict(Measured))
    total: Measured = field(default_factory=Measured)


def _add_saved(bound: Network, module: nn.Module, measurement: Measurement) -> None:
    """Add what autograd keeps; the inputs of the network are no node's."""
    found = saved_bytes(bound.graph, module, _operands(bound))
    measurement.total.counts["saved_bytes"] = found.total()
    for path, size in found.items():
        measurement.nodes[path].counts["saved_bytes"] = size


def _check(row: CostRow, saved: int, measured: Measured) -> Check:
    counts = {name: int(row.cost(METRICS[name])) for name in COUNTED}
    counts["runs"] = int(row.times) if row.alive else 0
    counts["saved_bytes"] = saved
    return _compare(row.path, row.node.op.kind, row.node.outputs, counts, measured)


def _total(bound: Network, measurement: Measurement, saved: int) -> Check:
    numbers = whole_part(bound)
    counts = {name: int(numbers.metric(name)) for name in COUNTED}
    counts["runs"] = sum(int(row.times) for row in whole_part(bound).rows() if row.alive)
    counts["saved_bytes"] = saved
    return _compare("", "", bound.selected, counts, measurement.total)


def _compare(path: str, op: str, values: tuple[Value, ...], counts: dict[str, int], measured: Measured) -> Check:
    shapes = tuple(tuple(int(length) for length in value.type.sizes.values()) for value in values)
    torch_counts = {name: measured.counts[name] for name in counts}
    return Check(path, op, shapes, tuple(measured.shapes), counts, torch_counts)


def _measure(bound: Network, module: nn.Module) -> Measurement:
    """Run the module once, with a hook on every leaf."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    measurement = Measurement(torch.__version__)
    running = [""]
    seen: set[int] = set()
    measurement.total.counts.update(_weights(module, set()))
    handles: list[Any] = []
    runs = sum(int(row.times) for row in whole_part(bound).rows())
    calls = iter(stepping(range(runs), "operations"))
    with FlopCounterMode(display=False) as counter:
        for path, _, leaf in leaves(bound.graph, module):
            measured = measurement.nodes[path]
            measured.counts.update(_weights(leaf, seen))
            handles += _listen(leaf, path, measured, counter, running, calls)
        module.requires_grad_(False)
        try:
            results = module(*_operands(bound))
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            raise ArchgraphError(f"PyTorch cannot run '{running[0]}': {error}", path=running[0]) from error
        finally:
            for handle in handles:
                handle.remove()
    measurement.total.shapes[_shapes(results)] = None
    runs = sum(node.counts["runs"] for node in measurement.nodes.values())
    measurement.total.counts.update(macs=counter.get_total_flops() // 2, runs=runs)
    return measurement


def _listen(
    leaf: nn.Module, path: str, measured: Measured, counter: Any, running: list[str], calls: Iterator[int]
) -> list[Any]:
    """Record what one leaf returns and how many operations it takes."""
    before = [0]

    def enter(module: nn.Module, tensors: tuple[Tensor, ...]) -> None:
        running[0] = path
        next(calls, None)
        before[0] = counter.get_total_flops()

    def leave(module: nn.Module, tensors: tuple[Tensor, ...], result: Any) -> None:
        measured.shapes[_shapes(result)] = None
        measured.counts["runs"] += 1
        measured.counts["macs"] += (counter.get_total_flops() - before[0]) // 2

    return [leaf.register_forward_pre_hook(enter, prepend=True), leaf.register_forward_hook(leave)]


def _weights(module: nn.Module, seen: set[int]) -> Counter[str]:
    """Count scalars by kind, each tensor for the first module that has it."""
    counts: Counter[str] = Counter()
    for parameter in module.parameters():
        if id(parameter) not in seen:
            counts["params_trainable" if parameter.requires_grad else "params_frozen"] += parameter.numel()
        seen.add(id(parameter))
    for buffer in module.buffers():
        counts["buffers"] += buffer.numel() if id(buffer) not in seen else 0
        seen.add(id(buffer))
    return counts


def _operands(bound: Network) -> list[Tensor]:
    import torch

    return [
        torch.zeros(1, *map(int, type_.sizes.values()), dtype=torch_dtype(type_.dtype), device="meta")
        for type_ in (value.type for value in bound.graph.inputs)
    ]


def _shapes(results: Any) -> tuple[Shape, ...]:
    listed = results if isinstance(results, (tuple, list)) else (results,)
    return tuple(tuple(result.shape[1:]) for result in listed)


def _shown(shapes: tuple[Shape, ...]) -> str:
    """Write shapes as `(64, 32, 32)`, equal ones counted: `3 x (64, 8)`."""
    texts = ["(" + ", ".join(map(str, shape)) + ")" for shape in shapes]
    return ", ".join(f"{count} x {text}" if count > 1 else text for text, count in Counter(texts).items())
