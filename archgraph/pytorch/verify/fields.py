"""A spec's receptive fields against the structural gradient of the module it lowers to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from archgraph.fields.positions.probe import Probe
from archgraph.fields.report.receptive_field import receptive_fields
from archgraph.fields.sets.area import Area, boxes
from archgraph.fields.sets.field import ReadKind
from archgraph.graph.ir import Graph, Value
from archgraph.graph.network import Network
from archgraph.ops.modules import torch_dtype
from archgraph.pytorch.lower.lower import lower
from archgraph.pytorch.measure.structure import GradientStructure, Position
from archgraph.pytorch.verify.lowered import channels
from archgraph.report.table import Table

if TYPE_CHECKING:
    from torch import Tensor

    from archgraph.fields.report.receptive_field import ReceptiveFields

READ_KINDS: tuple[ReadKind, ...] = ("content", "stat")


@dataclass(frozen=True)
class FieldCheck:
    """What some output positions of a step read, as we say and as PyTorch's gradient says.

    Attributes:
        node: the step.
        kind: content or stat.
        positions: the output positions that were compared.
        sizes: how many input positions each of them reads, as we say.
        wrong: the positions whose sets differ, with how many elements only we and only PyTorch have.
        bound: whether our sets are upper bounds, so that containing PyTorch's is right.
    """

    node: str
    kind: ReadKind
    positions: tuple[Position, ...]
    sizes: tuple[int, ...]
    wrong: tuple[tuple[Position, int, int], ...]
    bound: bool = False

    @property
    def ok(self) -> bool:
        """Whether all sets agree."""
        return not self.wrong

    def row(self) -> dict[str, Any]:
        """Return the row of the report's table."""
        sizes = f"{min(self.sizes)}-{max(self.sizes)}" if len(set(self.sizes)) > 1 else str(self.sizes[0])
        agree = ("yes, as a bound" if self.bound else "yes") if self.ok else f"NO: {self._difference()}"
        return {
            "node": self.node,
            "kind": self.kind,
            "positions": len(self.positions),
            "reads": sizes,
            "agree": agree,
        }

    def _difference(self) -> str:
        place, ours, torch = self.wrong[0]
        return f"at {place} {ours} positions only here, {torch} only in torch"


@dataclass(frozen=True, repr=False)
class FieldReport:
    """The verdict on a spec's receptive fields."""

    name: str
    input: str
    rows: tuple[FieldCheck, ...]

    @property
    def ok(self) -> bool:
        """Whether every set agrees."""
        return all(check.ok for check in self.rows)

    @property
    def table(self) -> Table:
        """The report as a table."""
        count = sum(len(check.positions) for check in self.rows)
        verdict = "agree" if self.ok else "DISAGREE"
        title = f"{self.name}: receptive fields on {self.input} {verdict} with PyTorch at {count} positions"
        notes = (
            "every set of input positions is compared element by element, borders included",
            "torch: gradient of the lowered module with a positive linear stand-in for every operation",
            "content: norm statistics and gates held fixed; stat: with them",
        )
        columns = ("node", "kind", "positions", "reads", "agree")
        return Table(title, columns, [check.row() for check in self.rows], notes=notes)

    def __str__(self) -> str:
        return str(self.table)

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html()


def verify_fields(g: Network, input: str | None = None, kinds: Sequence[ReadKind] = READ_KINDS) -> FieldReport:
    """Compare what the network's steps read with the structural gradient of the lowered module.

    Every step is asked at its corners, at its centre and beside it. Nothing is trained or drawn at random: the
    values of weights do not matter.

    Raises:
        MissingToolError: PyTorch is not installed.
        UnsupportedOpError: an operation has no positive stand-in.
    """
    bound = g.bound()
    fields = receptive_fields(bound, input)
    values = tuple(_steps(bound.graph, bound.selected))
    module = lower(bound.graph, values, bound.name, device="meta")
    names = [value.name for value in bound.graph.inputs]
    examples = [_example(value) for value in bound.graph.inputs]
    structure = GradientStructure(module, examples, "content", channels(bound.graph, module), batch=5)
    rows = [
        row
        for kind in kinds
        for row in _checks(
            bound.graph, bound.selected, fields, structure.of(kind), kind, names.index(fields.input.name)
        )
    ]
    return FieldReport(bound.name, fields.input.name, tuple(rows))


def _steps(graph: Graph, selected: tuple[Value, ...]) -> Iterator[Value]:
    """Yield the outputs of every step that the selected outputs depend on."""
    alive = graph.live(selected)
    for member in graph.nodes:
        for value in member.outputs if member in alive else ():
            if value.type.dtype == "float":
                yield value


def _checks(
    graph: Graph,
    selected: tuple[Value, ...],
    fields: ReceptiveFields,
    structure: GradientStructure,
    kind: ReadKind,
    input: int,
) -> Iterator[FieldCheck]:
    for number, value in enumerate(_steps(graph, selected)):
        positions = tuple(dict.fromkeys(_positions([int(value.type.size(axis)) for axis in value.type.positions])))
        axes = (_channel(fields.input), _channel(value))
        measured = structure.masks(positions, number, input, axes)
        field = fields.at(value)
        probes = partial(fields.places.probe, field.node, kind=kind, output=field.output)
        found = [probes(dict(zip(value.type.positions, p, strict=True))) for p in positions]
        partial_axes = any(axis.partial for axis in field.axes.values())
        bounds = [partial_axes or not probe.exact for probe in found]
        differences = [_difference(probe, mask) for probe, mask in zip(found, measured, strict=True)]
        wrong = tuple(
            (position, here, there)
            for position, (here, there), bound in zip(positions, differences, bounds, strict=True)
            if there or (here and not bound)
        )
        yield FieldCheck(field.title, kind, positions, tuple(map(len, found)), wrong, any(bounds))


def _difference(probe: Probe, measured: Tensor) -> tuple[int, int]:
    """Return how many positions only we and only PyTorch have."""
    ours = _mask(probe.area, tuple(probe.extents.values()))
    return int((ours & ~measured).sum()), int((measured & ~ours).sum())


def _mask(area: Area, extents: tuple[int, ...]) -> Tensor:
    """Return a set of positions as a boolean tensor."""
    import torch

    mask = torch.zeros(extents, dtype=torch.bool)
    for masks in boxes(area):
        if not masks:
            return ~mask
        mask[torch.meshgrid(*(torch.tensor(list(row)) for row in masks), indexing="ij")] = True
    return mask


def _positions(sizes: list[int]) -> Iterator[Position]:
    yield tuple(0 for _ in sizes)
    yield tuple(size - 1 for size in sizes)
    yield tuple(size // 2 for size in sizes)
    yield tuple(min(size // 2 + 1, size - 1) for size in sizes)
    yield tuple(size // 3 for size in sizes)


def _channel(value: Value) -> int | None:
    names = value.type.names
    return names.index("c") + 1 if "c" in names else None


def _example(value: Value) -> Any:
    import torch

    kind = torch_dtype(value.type.dtype)
    return torch.zeros(1, *map(int, value.type.sizes.values()), dtype=kind, device="meta")
