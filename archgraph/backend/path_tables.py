"""Tables of probes, hops and productive layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archgraph.analysis.hop_path import HopPath, HopStep
from archgraph.analysis.paths import Paths
from archgraph.analysis.probe import Probe
from archgraph.analysis.productive import Productivity
from archgraph.backend.table import Table


def probe_table(name: str, probes: Sequence[Probe]) -> Table:
    """Return what one position reads, a row per kind, and what nobody reads."""
    (first, *_) = probes
    rows = [_probe_row(probe) for probe in probes]
    notes = (
        "the exact set of input positions, borders included; per axis from the first to the last",
        "positions: how many of that box are read",
    )
    columns = ("what", *first.extents, "positions")
    return Table(f"{name}: what {first.node} reads of {first.input}", columns, rows, notes=notes)


def _probe_row(probe: Probe) -> dict[str, Any]:
    what = probe.kind if probe.title.startswith("{node} reads") else probe.title.split(" ", 1)[0]
    hulls = {axis: "" if ends is None else f"{ends[0]}..{ends[1]}" for axis, ends in probe.intervals.items()}
    return {"what": what, **hulls, "positions": len(probe) if probe.exact else f"at most {len(probe)}"}


def hop_table(name: str, paths: Paths, distances: Sequence[int] = ()) -> Table:
    """Return the hops at some distances from the central output, with the operations that move."""
    chosen = distances or _powers(paths.extent)
    rows = [_hop_row(paths, distance) for distance in chosen]
    end = paths.centre
    notes = (
        f"from output {end} to the input positions at a distance from its cell, of both sides the farther one",
        f"hops: the fewest moves on any path; reach {paths.reach()}, at most {paths.max_path(end)} hops from here "
        f"and {paths.max_path()} between any two positions",
    )
    return Table(f"{name}: hops along {paths.axis}", ("distance", "hops", "moved by"), rows, notes=notes)


def _powers(extent: int) -> list[int]:
    return [2**power for power in range(extent.bit_length()) if 2**power < extent // 2] or [1]


def _hop_row(paths: Paths, distance: int) -> dict[str, Any]:
    hops = paths.at_distance(distance)
    sides = (place for place in paths.beside(paths.centre, distance) if paths.hops(place, paths.centre) == hops)
    place = next(sides, None) if hops is not None else None
    path = None if place is None else paths.path(place, paths.centre)
    return {"distance": distance, "hops": hops, "moved by": ", ".join(path.movers) if path else "not connected"}


def path_table(name: str, path: HopPath) -> Table:
    """Return one path, operation by operation."""
    rows = [{"node": step.node, "place": _place(step), "move": "move" if step.moved else ""} for step in path.steps]
    notes = ("place: where the node's output is at home in the input",)
    title = f"{name}: {path.axis}={path.start} to {path.axis}={path.end} in {path.moves} hops"
    return Table(title, ("node", "place", "move"), rows, notes=notes)


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
