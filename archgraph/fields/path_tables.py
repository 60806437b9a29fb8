"""Tables of probes, hops and productive layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archgraph.fields.field_table import FIXED
from archgraph.fields.paths.hop_path import HopPath, HopStep
from archgraph.fields.paths.paths import Paths
from archgraph.fields.positions.probe import Probe
from archgraph.fields.report.halo import Halo
from archgraph.fields.report.productive import Productivity
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


def halo_table(name: str, found: Halo) -> Table:
    """Return the margins of tiles, and why no margin makes them exact."""
    rows = [
        {"axis": axis, "reads before": each.before, "reads after": each.after, "lattice": each.lattice}
        | dict(zip(("margin before", "margin after"), each.aligned, strict=True))
        for axis, each in found.axes.items()
    ]
    verdict = "stitched tiles equal the output of the whole input" if found.exact else "no margin is exact"
    notes = (
        f"{verdict}; sizes in elements of {found.input}",
        "reads: what the first and last output of a tile read beyond it; margin: that, on the lattice",
        "lattice: tiles begin and end at multiples of it",
        *(f"not exact: {reason}" for reason in found.reasons),
    )
    columns = ("axis", "reads before", "reads after", "lattice", "margin before", "margin after")
    return Table(f"{name}: tiles of {found.input} for {found.node}", columns, rows, notes=notes)


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
    return Table(f"{name}: hops along {paths.axis}", columns, rows, notes=notes, remarks=_bounds(paths.why))


def _bounds(why: Sequence[str]) -> tuple[str, ...]:
    """Return what hops are where more is taken as read than may be."""
    return tuple(f"hops at least, reach at most: {reason}" for reason in why)


def _hop_row(paths: Paths, distance: int, layers: int | None, end: int) -> dict[str, Any]:
    hops = paths.at_distance(distance, end)
    beside = paths.beside(end, distance)
    sides = (place for place in beside if paths.hops(place, end) == hops)
    place = next(sides, None) if hops is not None else None
    path = None if place is None else paths.path(place, end)
    moved = ", ".join(path.movers) if path else "not connected" if beside else "outside the input"
    return {"distance": distance, "hops": hops, "layers": layers, "moved by": moved}


def path_table(name: str, path: HopPath) -> Table:
    """Return one path, operation by operation, and why a shortest one may be longer."""
    rows = [{"node": step.node, "place": _place(step), "move": "move" if step.moved else ""} for step in path.steps]
    notes = ("place: where the node's output is at home in the input",)
    title = f"{name}: {path.axis}={path.start} to {path.axis}={path.end} in {path.moves} hops"
    return Table(title, ("node", "place", "move"), rows, notes=notes, remarks=_bounds(path.why))


def _place(step: HopStep) -> str:
    return "" if step.place is None else f"{step.place[0]}..{step.place[1]}"


def productivity_table(name: str, found: Productivity) -> Table:
    """Return the layers that widen receptive fields, and whether they meet anything new."""
    rows = [
        {
            "layer": layer.node,
            "input": str(layer.before),
            "narrowest": str(layer.narrowest),
            "widest": str(layer.widest),
            "state": layer.state(found.extent),
        }
        for layer in found.layers
    ]
    least, most = found.feasible or (0, 0)
    notes = (
        f"sizes along {found.axis} in elements of the input, means over phases; its size is {found.extent}",
        "border: the narrowest path to its input has seen all of the input; critical: its own narrowest path does",
        f"feasible sizes: {least} (no layer at the border) to {most} (some layer sees all)",
    )
    columns = ("layer", "input", "narrowest", "widest", "state")
    return Table(f"{name}: productive layers (Richter et al. 2021)", columns, rows, notes=notes)
