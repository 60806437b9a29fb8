"""Networks, devices and batches side by side: what fits, a row each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product

from archgraph.cost.part import whole_part
from archgraph.cost.training.fit import Fit, fit_of
from archgraph.cost.training.run import Training
from archgraph.graph.network import Network
from archgraph.report.table import Table
from archgraph.steps import stepping
from archgraph.studies.listed import listed


def fits_table(networks: Sequence[Network], devices: Iterable[object], batches: Iterable[int], run: Training) -> Table:
    """Return a row per network, device and batch: what is needed, and whether it fits."""
    chosen = list(product(networks, listed(devices, "devices"), listed(batches, "batch")))
    found = [fit_of(network, where, replace(run, batch=batch)) for network, where, batch in stepping(chosen, "runs")]
    rows = [_row(each) for each in found]
    notes = tuple(dict.fromkeys(_notes(found)))
    return Table("what fits", tuple(rows[0]) if rows else (), rows, notes=notes)


def _row(found: Fit) -> dict[str, object]:
    needed = found.needed
    return {
        "network": needed.name,
        "device": found.device,
        "batch": needed.run.batch,
        "params": int(whole_part(found.network.at()).metric("params")),
        "bytes": found.bytes,
        "memory": found.memory,
        "margin": found.margin,
        "answer": "tight" if found.tight else "fits" if found.fits else "does not fit",
        "peak at": needed.node or needed.phase,
        "kind of number": needed.kind_of_number,
    }


def _notes(found: Iterable[Fit]) -> Iterator[str]:
    for each in found:
        yield f"{each.needed.name}: {each.needed.at}"
    for each in found:
        yield from each.needed.notes[1:]
