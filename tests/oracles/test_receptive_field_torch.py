"""Receptive fields against the structural gradient of the lowered modules: every position, borders included."""

from __future__ import annotations

from itertools import product

import pytest
from random_networks import network

from archgraph.fields.report.axis_field import AxisField
from archgraph.fields.report.receptive_field import ReceptiveFields
from archgraph.fields.sets.indices import Indices
from archgraph.fields.sets.readings import Moving
from archgraph.graph.ir import Graph, Member, Node
from archgraph.ops.cropping import Pad, Roll

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from archgraph.pytorch.lower.lower import lower  # noqa: E402
from archgraph.pytorch.measure.structure import GradientStructure  # noqa: E402
from archgraph.pytorch.verify.lowered import channels  # noqa: E402

KINDS = ("content", "gate", "stat")
PLAIN, MANY = 60, 2000
Position = tuple[int, ...]


def measured(graph: Graph, kind: str, positions: list[Position]) -> list[set[Position]]:
    (out,), (image,) = graph.outputs, graph.inputs
    module = lower(graph, device="meta")
    example = torch.ones(1, *map(int, image.type.sizes.values()), device="meta")
    structure = GradientStructure(module, [example], kind, channels(graph, module), batch=min(len(positions), 64))
    axis = out.type.names.index("c") + 1 if out.type.has("c") else None
    return structure.reads(positions, channel=(1, axis))


def check(seed: int) -> bool:
    """Compare one network; say whether there was anything to compare."""
    graph, kind = network(seed), KINDS[seed % 3]
    out = graph.outputs[0]
    if out in graph.inputs:
        return False
    sizes = {axis: int(out.type.size(axis)) for axis in out.type.positions}
    positions = list(product(*map(range, sizes.values())))
    node = next(node for node in graph.nodes if out in node.outputs)
    fields = ReceptiveFields(graph)
    field, place = fields.at(node.name), node.outputs.index(out)
    partial = any(axis.partial for axis in field.axes.values())
    reads = measured(graph, kind, positions)
    for position, read in zip(positions, reads, strict=True):
        index = dict(zip(sizes, position, strict=True))
        probe = fields.places.probe(node.name, index, kind, place)
        found = set(probe)
        # A block that a border cuts to one position is a bound, and says so.
        assert read == found or (read < found and (partial or not probe.exact)), (seed, kind, index)
    if len(node.outputs) == 1 and kind == "content" and not any(map(folds, graph.nodes)):
        for number, axis in enumerate(field.axes.values()):
            check_axis(seed, axis, number, sizes, positions, reads, fields.places.interior(node.name).area)
    return True


def folds(node: Member) -> bool:
    """Say whether an operation brings in positions from the other side of a border."""
    return isinstance(node, Node) and (
        isinstance(node.op, Roll) or (isinstance(node.op, Pad) and node.op.mode != "zero")
    )


def check_axis(seed, axis: AxisField, number: int, sizes, positions, reads, interior) -> None:
    """Compare the sets without borders: they contain what is read, and are it where no padding is."""
    reading = axis.reading
    if not isinstance(reading, Moving) or len(reading.form) != 1 or not reading.form[0].pure:
        return
    clean = interior_points(interior)
    driver = list(sizes).index(reading.form[0].axis)
    for position, read in zip(positions, reads, strict=True):
        expected = inside(axis.reads(position[driver]), axis.extent)
        along = {index[number] for index in read}
        assert along <= expected, (seed, axis.axis, position)
        if axis.exact and read and position in clean:
            assert along == expected, (seed, axis.axis, position)


def inside(reads: Indices, extent: int) -> set[int]:
    return {index for index in reads if 0 <= index < extent}


def interior_points(interior) -> set[Position]:
    from archgraph.fields.sets.area import points

    return set(points(interior))


@pytest.mark.parametrize("start", range(0, PLAIN, 20))
def test_random_networks(start):
    torch.set_num_threads(1)
    assert sum(map(check, range(start, start + 20))) > 10


@pytest.mark.parametrize("seed", [182, 247])
def test_borders_that_differ_from_output_to_output(seed):
    """What borders bring in depends on the output, where what is read but for them is the same for all."""
    torch.set_num_threads(1)
    assert check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(PLAIN, PLAIN + MANY, 50))
def test_many_random_networks(start):
    torch.set_num_threads(1)
    assert sum(map(check, range(start, start + 50))) > 30
