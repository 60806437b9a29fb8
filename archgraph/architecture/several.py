"""What is asked of several networks at once: what sets them apart, and tables with a row for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Unpack

from archgraph.data.figure_keywords import ContrastOptions
from archgraph.keywords import strict_keywords

# A query enters its room when it is asked: most programs ask a few of them.
if TYPE_CHECKING:
    from archgraph.architecture.architecture import Architecture
    from archgraph.figures.figure import Figure
    from archgraph.report.table import Table
    from archgraph.studies.growth_path import GrowthPath


@strict_keywords
def contrast(*architectures: Architecture, **said: Unpack[ContrastOptions]) -> Figure:
    """Return two or more networks side by side on one scale.

    Args:
        architectures: the networks.
        width: as for `Architecture.draw`, by default `text`; so are `venue` and `height`.
        panels: any of `stages`, `levels`, `laws`, `ladder`, `hops`, `matrix`, from top to bottom; by default all.
        style: how stages are drawn: as `boxes`, or as feature maps (`maps`, `perspective`).
        labels: as for `Architecture.draw`, for all networks that have such a part; so is `hide`.
        title: as for `Architecture.draw`; so are `legend`, `palette`, `theme`, `background`, `fonts` and `dpi`.

    Raises:
        QueryError: an unknown panel, or fewer than two networks.

    >>> from archgraph import load
    >>> contrast(load("unet"), load("dit")).diagram.width / 72
    6.75
    """
    from archgraph.figures.figure import contrast as drawn

    return drawn(*(one.network for one in architectures), **said)


@strict_keywords
def compare(*architectures: Architecture) -> Table:
    """Return what sets networks apart as a table, a row per trait and a column per network.

    It holds what `contrast` draws, and more: connectivity, fields and hops, laws and their growth, and what every
    symbol buys.

    >>> from archgraph import load
    >>> table = compare(load("unet:padded-512"), load("dit"))
    >>> row = next(row for row in table.rows if row[""] == "connectivity")
    >>> row["U-Net padded-512"], row["DiT"]
    ('local', 'global since blocks.attention.scaled_dot_product_attention')
    """
    from archgraph.comparison.report import comparison

    return comparison([one.network for one in architectures])


@strict_keywords
def fits_table(
    architectures: Iterable[Architecture],
    devices: Iterable[str | float],
    batch: Iterable[int] = (1,),
    **options: object,
) -> Table:
    """Return a row per network, device and batch: what a training run needs, and whether it fits.

    Args:
        architectures: the networks.
        devices: names in the table of hardware, or bytes.
        batch: the batches.
        options: settings of the run (see `Training`).

    >>> from archgraph import load
    >>> table = fits_table([load("dit:S/2"), load("vit")], ["t4"], [8, 64])
    >>> [row["answer"] for row in table.rows]
    ['fits', 'fits', 'fits', 'fits']
    """
    from archgraph.cost.training.run import training
    from archgraph.studies.fits_table import fits_table as tabled

    return tabled([one.network for one in architectures], devices, batch, training(None, options))


@strict_keywords
def largest_table(
    paths: Iterable[GrowthPath], memory: str | float, over: Mapping[str, Iterable[object]], **options: object
) -> Table:
    """Return the largest member of each path that fits a memory, a row per path and setting.

    Args:
        paths: ways in which networks grow (see `Architecture.growth`).
        memory: bytes such as `80GB`, or a device.
        over: settings of the run, such as the batch or `peak`, with the values that each takes.
        options: settings of all runs (see `Training`).

    Raises:
        QueryError: there is no such setting.

    >>> from archgraph import load
    >>> path = load("dit:S/2").growth("D", 64, heads="D/64")
    >>> table = largest_table([path], "24GB", {"batch": [8, 32]}, dtype="bf16-mixed", attention="flash")
    >>> [(row["batch"], row["value"]) for row in table.rows]
    [(8, 2304), (32, 2176)]
    """
    from archgraph.studies.largest_table import largest_rows

    return largest_rows(paths, memory, over, options)


@strict_keywords
def growth_table(walks: Iterable[tuple[GrowthPath, Sequence[object]]]) -> Table:
    """Return what growth costs: a row per step of each path, with MACs per new parameter.

    Args:
        walks: paths (see `Architecture.growth`), each with the values that it takes after the network's own.

    >>> from archgraph import load
    >>> table = growth_table([(load("unet:padded-512").growth("levels"), [5])])
    >>> table.rows[1]["macs/new param"]
    489.0
    """
    from archgraph.studies.curves import growth_table as tabled

    return tabled(walks)
