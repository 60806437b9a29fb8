"""What is the largest that fits, for several networks and runs: a row each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from archgraph.cost.training.fit import memory_of
from archgraph.cost.training.run import OPTIONS, Training, training
from archgraph.errors import QueryError, not_among
from archgraph.report.table import Table
from archgraph.steps import stepping
from archgraph.studies.growth_path import GrowthPath
from archgraph.studies.largest import Largest, largest_of
from archgraph.studies.listed import listed

SHOWN_SETTINGS = ("batch", "checkpoint", "attention", "dtype", "optimizer", "kernel", "peak")
"""Settings that every number is printed with."""


def largest_rows(
    paths: Iterable[GrowthPath], memory: object, over: Mapping[str, Iterable[object]], options: Mapping[str, object]
) -> Table:
    """Return a row per path and run; where nothing fits, a row without a value, and why in the notes.

    Raises:
        QueryError: a setting that there is not, or one that has a value of its own too.
    """
    paths = tuple(paths)
    for path in paths:
        if path.setting in over:
            raise QueryError(f"{path.symbol} is what is looked for, and cannot run over values")
    runs = tuple(_runs({name: listed(values, name) for name, values in over.items()}, options))
    room = memory_of(memory)[1]
    found = [(path, run, _largest(path, room, run)) for path, run in stepping(list(product(paths, runs)), "runs")]
    columns = tuple(dict.fromkeys((*SHOWN_SETTINGS, *over)))
    rows = [_row(*each, room, columns) for each in found]
    notes = tuple(dict.fromkeys(note for each in found for note in _notes(*each)))
    return Table("the largest that fits", tuple(rows[0]) if rows else (), rows, notes=notes)


def _runs(over: Mapping[str, Sequence[object]], options: Mapping[str, object]) -> Iterator[Training]:
    for name in over:
        if name not in OPTIONS:
            raise not_among("setting of a training run", name, OPTIONS)
        if name in options:
            raise QueryError(f"{name} has a value, {options[name]}, and cannot run over others")
    for values in product(*over.values()):
        yield training(None, {**options, **dict(zip(over, values, strict=True))})


def _largest(path: GrowthPath, room: int, run: Training) -> Largest | QueryError:
    try:
        return largest_of(path, room, run)
    except QueryError as error:
        return error


def _row(
    path: GrowthPath, run: Training, found: Largest | QueryError, room: int, columns: Sequence[str]
) -> dict[str, object]:
    met = found if isinstance(found, Largest) else None
    return {
        "network": path.title,
        **{name: getattr(met.needed.run if met else run, name) for name in columns},
        "symbol": path.symbol,
        "value": met and met.value,
        "params": met and met.params,
        "macs": met and met.macs,
        "bytes": met and met.needed.bytes,
        "memory": room,
        "peak at": met and (met.needed.node or met.needed.phase),
        "next": met and met.next_value,
        "next bytes": met and met.next_bytes,
        "kind of number": met and met.needed.kind_of_number,
    }


def _notes(path: GrowthPath, run: Training, found: Largest | QueryError) -> Iterator[str]:
    if isinstance(found, QueryError):
        settings = ", ".join(f"{name} {getattr(run, name)}" for name in ("batch", "checkpoint", "peak"))
        yield f"{path.title}, {settings}: {found.message}"
    else:
        yield from found.needed.notes[-2:]
