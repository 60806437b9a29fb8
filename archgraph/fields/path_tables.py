"""Tables of probes and hops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archgraph.fields.paths.hop_path import bounded_hops
from archgraph.fields.paths.paths import Paths
from archgraph.fields.positions.probe import Probe
from archgraph.fields.report.field_rows import FIXED
from archgraph.report.table import Table


def probe_table(name: str, probes: Sequence[Probe]) -> Table:
    """Return what one position reads, a row per kind, and what nobody reads."""
    (first, *_) = probes
    rows = [_probe_row(probe) for probe in probes]
    notes = (
        "the set of input positions, borders included, exact where not marked; per axis from the first to the last",
        "positions: how many of that box are read",
    )
    reasons = dict.fromkeys(reason for probe in probes if not probe.exact for reason in probe.why)
    notes = (*notes, *(f"at most: {reason}" for reason in reasons))
    columns = ("what", *first.extents, "positions")
    title = f"{name}: what {first.node} reads of {first.input}"
    if first.fixed_weights:
        title, notes = f"{title}, through fixed weights alone", (FIXED, *notes)
    return Table(title, columns, rows, notes=notes)


def _probe_row(probe: Probe) -> dict[str, Any]:
    what = probe.kind if probe.title.startswith("{node} reads") else probe.title.split(" ", 1)[0]
    hulls = {axis: "" if ends is None else f"{ends[0]}..{ends[1]}" for axis, ends in probe.intervals.items()}
    return {"what": what, **hulls, "positions": len(probe) if probe.exact else f"at most {len(probe)}"}


def hop_table(name: str, paths: Paths, covers: Mapping[int, int | None], output: int | None = None) -> Table:
    """Return the hops at some distances from one output, with the operations that move.

    Args:
        name: the network.
        paths: its paths.
        covers: by distance, the fewest mixing layers that cover it.
        output: its position, by default the middle.

    Raises:
        QueryError: the position lies outside.
    """
    end = paths.centre if output is None else output
    paths.check_output(end)
    rows = [_hop_row(paths, distance, layers, end) for distance, layers in covers.items()]
    notes = (
        f"from output {end} to the input positions at a distance from its cell, on the side that takes more hops",
        f"hops: the fewest moves on any path; reach {paths.reach(end)}, at most {paths.max_path(end)} hops from here "
        f"and {paths.max_path()} between any two positions",
        "layers: the fewest mixing layers by which any value of the network reads as far to either side",
    )
    columns = ("distance", "hops", "layers", "moved by")
    return Table(f"{name}: hops along {paths.axis}", columns, rows, notes=notes, remarks=bounded_hops(paths.why))


def _hop_row(paths: Paths, distance: int, layers: int | None, end: int) -> dict[str, Any]:
    hops = paths.at_distance(distance, end)
    beside = paths.beside(end, distance)
    sides = (place for place in beside if paths.hops(place, end) == hops)
    place = next(sides, None) if hops is not None else None
    path = None if place is None else paths.path(place, end)
    moved = ", ".join(path.movers) if path else "not connected" if beside else "outside the input"
    return {"distance": distance, "hops": hops, "layers": layers, "moved by": moved}
