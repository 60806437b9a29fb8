"""Charts of several networks: how they grow, what fits a memory, and what takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Unpack, cast

from archgraph.data.figure_keywords import ChartOptions
from archgraph.keywords import strict_keywords

# A query enters its room when it is asked: most programs ask a few of them.
if TYPE_CHECKING:
    from archgraph.architecture.architecture import Architecture
    from archgraph.cost.training.run import Training
    from archgraph.figures.drawing.diagram import Diagram
    from archgraph.figures.figure import Figure
    from archgraph.report.curves import DataSeries
    from archgraph.studies.growth_path import GrowthPath


@strict_keywords
def growth_figure(
    walks: Iterable[tuple[GrowthPath, Sequence[object]]],
    published: Iterable[Mapping[str, object]] = (),
    language: str = "en",
    **look: Unpack[ChartOptions],
) -> Figure:
    """Return parameters against MACs: how networks grow, published ones, and lines of equal MACs per parameter.

    Args:
        walks: paths (see `Architecture.growth`), each with the values that it takes after the network's own.
        published: mappings with `name`, `layers` (`convolution`, `attention`, `both`), `input` (`pixels`, `latents`,
            `voxels`) and `sizes`: `params` and `macs` by label.
        language: `en` or `zh`.
        width: as for `Architecture.draw`; so are `venue`, `theme`, `background`, `fonts` and `dpi`.

    Raises:
        QueryError: nothing to draw, a published network that cannot be read, or an unknown language or look.

    >>> from archgraph import load
    >>> figure = growth_figure([(load("unet:padded-512").growth("C", name="width"), [128])])
    >>> figure.diagram.width / 72
    6.75
    """
    from archgraph.figures.charts.growth_chart import growth_diagram
    from archgraph.figures.figure import chart_figure
    from archgraph.studies.curves import published as read
    from archgraph.studies.curves import walk

    curves = [*read(published), *(walk(path, values) for path, values in walks)]
    return chart_figure(lambda wide: growth_diagram(curves, wide, language), "growth", **look)


@strict_keywords
def fits_figure(
    panels: Mapping[str, Iterable[GrowthPath]],
    memory: str | float,
    batch: Iterable[int] = (1, 2, 4, 8, 16, 32, 64),
    language: str = "en",
    **options: Annotated[object, ChartOptions],
) -> Figure:
    """Return the largest network that can be trained in a memory, against the batch: a line for each way to grow.

    Args:
        panels: ways to grow (see `Architecture.growth`), under the title of their panel.
        memory: bytes such as `80GB`, or a device.
        batch: the batches.
        language: `en` or `zh`.
        width: as for `Architecture.draw`; so are `venue`, `theme`, `background`, `fonts` and `dpi`.
        options: settings of the run (see `Training`).

    Raises:
        QueryError: nothing fits anywhere, or an unknown language or look.

    >>> from archgraph import load
    >>> path = load("vit:Ti/16").growth("D", 64, heads="D/64")
    >>> fits_figure({"": [path]}, "8GB", [8, 64], dtype="bf16-mixed").diagram.width / 72
    6.75
    """
    from archgraph.cost.training.run import training
    from archgraph.studies.curves import fitting
    from archgraph.studies.listed import listed

    look, settings = _parted(options)
    run, batches = training(None, settings), listed(batch, "batch")
    found = {title: [fitting(path, memory, batches, run) for path in paths] for title, paths in panels.items()}
    return fits_chart(found, memory, run, language, **look)


def fits_chart(
    found: Mapping[str, Sequence[DataSeries]],
    memory: str | float,
    run: Training,
    language: str = "en",
    **look: Unpack[ChartOptions],
) -> Figure:
    """Return the figure of curves that `archgraph.studies.curves.fitting` found, by the title of their panel."""
    from archgraph.cost.training.fit import memory_of
    from archgraph.figures.charts.chart_words import chart_words
    from archgraph.figures.charts.fits_chart import fits_diagram
    from archgraph.figures.figure import chart_figure
    from archgraph.studies.curves import ceiling

    said, (name, room) = chart_words(language), memory_of(memory)
    note = said["comma"].join((said[run.peak], said["settings"].format(run), said["continuous"]))

    def drawn(wide: float) -> Diagram:
        return fits_diagram(found, ceiling(room, run), name, note, wide, language)

    return chart_figure(drawn, f"what fits {name}", **look)


@strict_keywords
def memory_figure(
    architectures: Iterable[Architecture],
    memory: str | float,
    language: str = "en",
    **options: Annotated[object, ChartOptions],
) -> Figure:
    """Return what takes the memory of a training run, part by part, a bar per network.

    Args:
        architectures: the networks.
        memory: bytes such as `80GB`, or a device; a line marks it.
        language: `en` or `zh`.
        width: as for `Architecture.draw`; so are `venue`, `theme`, `background`, `fonts` and `dpi`.
        options: settings of the run (see `Training`).

    Raises:
        QueryError: there is no network, or an unknown language or look.

    >>> from archgraph import load
    >>> memory_figure([load("vit:Ti/16"), load("dit:S/2")], "t4", batch=8).diagram.width / 72
    6.75
    """
    from archgraph.cost.training.fit import fit_of, memory_of
    from archgraph.cost.training.run import training
    from archgraph.figures.charts.chart_words import chart_words
    from archgraph.figures.charts.memory_bars import memory_diagram
    from archgraph.figures.figure import chart_figure
    from archgraph.studies.curves import bars_of

    look, settings = _parted(options)
    run = training(None, settings)
    said, (name, room) = chart_words(language), memory_of(memory)
    bars = bars_of(fit_of(g.network, memory, run) for g in architectures)
    note = said["comma"].join((said[run.peak], f"B = {run.batch}", said["settings"].format(run)))
    return chart_figure(lambda wide: memory_diagram(bars, room, name, note, wide, language), "memory", **look)


def _parted(options: Mapping[str, object]) -> tuple[ChartOptions, dict[str, object]]:
    """How a chart looks, and the settings of the run."""
    look = {name: value for name, value in options.items() if name in ChartOptions.__annotations__}
    return cast(ChartOptions, look), {name: value for name, value in options.items() if name not in look}
