"""Curves that charts draw: how parameters grow with MACs, the largest that fits against the batch, memory by part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf, log
from typing import cast

from archgraph.cost.costs import CostRow
from archgraph.cost.memory.optimizers import OPTIMIZERS
from archgraph.cost.memory.precision import PRECISIONS
from archgraph.cost.part import whole_part
from archgraph.cost.training.fit import Fit, beside
from archgraph.cost.training.run import Training
from archgraph.errors import QueryError, not_among, printable, quoted
from archgraph.graph.network import Network
from archgraph.graph.weights import weights_of
from archgraph.report.curves import LAYER_KINDS, WORKS_ON, Bar, DataSeries
from archgraph.report.table import Table
from archgraph.steps import stepping
from archgraph.studies.growth_path import GrowthPath
from archgraph.studies.largest import Largest, largest_of

PathValues = tuple[GrowthPath, Sequence[object]]
CONVOLUTIONS_COUNT = 0.1
"""The least share of the parameters in wide kernels that makes a network with attention one of both kinds."""


def layers_of(g: Network) -> str:
    """Return what a network's layers are: `convolution`, `attention`, `both`, or `other`.

    >>> from archgraph import load
    >>> [layers_of(load(name).network) for name in ("unet", "adm", "dit", "vgg")]
    ['convolution', 'both', 'attention', 'convolution']
    """
    g = g.at()
    wide = sum(_wide_params(g, row) for row in whole_part(g).rows())
    mixes = any("attention" in node.label for node in g.graph.nodes) or _attends(g)
    if not mixes:
        return "convolution" if wide else "other"
    return "both" if wide > CONVOLUTIONS_COUNT * int(whole_part(g).metric("params")) else "attention"


def _attends(g: Network) -> bool:
    return any("attention" in row.node.label for row in whole_part(g).rows())


def _wide_params(g: Network, row: CostRow) -> int:
    """The parameters of a convolution whose kernel covers more than one position, and not one patch."""
    arguments = getattr(row.node.op, "arguments", {})
    kernel, stride = str(arguments.get("kernel", 1)), str(arguments.get("stride", 1))
    if row.node.label != "conv" or kernel in ("1", stride):
        return 0
    weights = weights_of(row.node).values()
    return sum(g.evaluate(weight.numel) for weight in weights) * g.evaluate(row.weight_times)


def works_on(g: Network) -> str:
    """Return what a network works on, by its first input: `voxels`, `latents` where it is called so, or `pixels`.

    >>> from archgraph import load
    >>> [works_on(load(name).network) for name in ("unet", "nnunet", "dit", "gpt2")]
    ['pixels', 'voxels', 'latents', 'other']
    """
    name, type_ = next(iter(g.graph.inputs)).name, next(iter(g.graph.inputs)).type
    positions = len(type_.positions)
    return "latents" if "latent" in name else {3: "voxels", 2: "pixels"}.get(positions, "other")


def walk(path: GrowthPath, values: Sequence[object], labels: Sequence[str] = ()) -> DataSeries:
    """Return MACs and parameters along a path, at these values after those that the network starts from."""
    networks = [path.network.at(), *(path.at(value) for value in values)]
    points = tuple((int(whole_part(g).metric("macs")), int(whole_part(g).metric("params"))) for g in networks)
    named = (path.network.name, *[""] * (len(points) - 2), path.name or path.symbol)[: len(points)]
    return DataSeries(path.title, points, layers_of(path.network), works_on(path.network), tuple(labels) or named)


def growth_table(walks: Iterable[PathValues]) -> Table:
    """Return a row per step of each path: what it adds, and what a new parameter costs."""
    rows = [row for path, values in walks for row in _steps(path, values)]
    columns = ("network", "change", "params", "x params", "macs", "x macs", "macs/new param", "slope")
    return Table("what growth costs", columns, rows, notes=("macs of one sample; slope: of log params over log macs",))


def _steps(path: GrowthPath, values: Sequence[object]) -> Iterator[dict[str, object]]:
    points = walk(path, values).points
    (macs, params), named = points[0], {"network": path.title}
    yield {**named, "change": "", "params": params, "macs": macs}
    for value, (more, larger) in zip(values, points[1:], strict=True):
        steep = None if more == macs or larger == params else round(log(larger / params) / log(more / macs), 3)
        yield {
            **named,
            "change": f"{path.symbol} = {value}",
            "params": larger,
            "x params": round(larger / params, 4),
            "macs": more,
            "x macs": round(more / macs, 4),
            "macs/new param": None if larger == params else round((more - macs) / (larger - params), 1),
            "slope": 0.0 if larger == params else steep,
        }


def fitting(path: GrowthPath, memory: object, batches: Sequence[int], run: Training) -> DataSeries:
    """Return the largest that fits at each batch, the symbol taken as continuous; no point where nothing fits."""
    points = []
    for batch in stepping(batches, "batches"):
        try:
            points.append((batch, _continuous(path, largest_of(path, memory, replace(run, batch=batch)))))
        except QueryError as error:
            if "no " not in error.message:
                raise
    return DataSeries(path.title, tuple(points), layers_of(path.network), works_on(path.network))


def ceiling(memory: int, run: Training) -> float:
    """Return how many parameters a memory holds with no activations: weights, gradients and states alone.

    >>> ceiling(80 * 10**9, Training(dtype="bf16-mixed"))
    5000000000.0
    """
    bytes_of, numbers = PRECISIONS[run.dtype], OPTIMIZERS[run.optimizer].per_scalar
    states = (numbers or 0) * bytes_of.states + bytes_of.master
    return beside(memory, run.reserve) / (bytes_of.weights + bytes_of.gradients + states)


def _continuous(path: GrowthPath, found: Largest) -> float:
    """The parameters between the last value that fits and the next, where the memory would be met."""
    if found.next_value is None or found.next_bytes is None:
        return found.params
    larger = int(whole_part(path.at(found.next_value)).metric("params"))
    room, used = found.met[0].budget, found.needed.bytes
    return found.params + (larger - found.params) * (room - used) / max(1, found.next_bytes - used)


def bars_of(fits: Iterable[Fit]) -> list[Bar]:
    """Return what takes what, a bar for each report."""
    return [Bar(fit.needed.name, dict(fit.by_kind), fit.bytes) for fit in fits]


def published(rows: Iterable[Mapping[str, object]]) -> list[DataSeries]:
    """Return published networks as curves: mappings with `name`, `layers`, `input` and `sizes` of `params` and `macs`.

    Raises:
        QueryError: one of them lacks what it takes.
    """
    return [_published(row) for row in rows]


def _published(row: Mapping[str, object]) -> DataSeries:
    try:
        sizes = cast(Mapping[str, Mapping[str, str]], row["sizes"])
        points = tuple((float(size["macs"]), float(size["params"])) for size in sizes.values())
        name, layers, works_on_it = (str(row[key]) for key in ("name", "layers", "input"))
    except (KeyError, TypeError, AttributeError, ValueError):
        raise _unreadable(row) from None
    if not points or not all(0 < value < inf for point in points for value in point):
        raise _unreadable(row)
    if layers not in LAYER_KINDS:
        raise not_among("kind of layers", layers, LAYER_KINDS)
    if works_on_it not in WORKS_ON:
        raise not_among("kind of input", works_on_it, WORKS_ON)
    labels = tuple(f"{name} {size}" if k in {0, len(sizes) - 1} else str(size) for k, size in enumerate(sizes))
    return DataSeries(name, points, layers, works_on_it, labels, published=True)


def _unreadable(row: Mapping[str, object]) -> QueryError:
    hint = "each has name, layers, input, and sizes: {label: {params: ..., macs: ...}}, all above zero"
    return QueryError(f"cannot read a published network from {quoted(printable(str(row)))}", hint=hint)
