"""The commands on receptive fields and on the paths by which far positions meet."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from archgraph.cli.output import show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import Command, add_at, add_format, add_model, load_bound
from archgraph.cli.values import distinct, whole
from archgraph.errors import QueryError, SpecError, not_among, quoted
from archgraph.sizes.whole_numbers import read_whole

if TYPE_CHECKING:
    from archgraph.architecture.architecture import Architecture
    from archgraph.fields.paths.paths import Paths
    from archgraph.report.table import Table


def _rf_options(parser: Parser) -> None:
    parser.add_argument("spec", metavar="SPEC", help="a shipped name, a path, or a model: timm:resnet50")
    parser.add_argument("--input", help="the input to measure on (default: the only one with positions)")
    parser.add_argument("--all", action="store_true", help="every primitive node, not only the network's steps")
    parser.add_argument("--laws", action="store_true", help="sizes as laws in the spec's symbols")
    parser.add_argument("--effective", action="store_true", help="the effective field at initialisation besides")
    parser.add_argument("--probe", metavar="INDEX", help="the exact set that one output reads: 0,0 or h=0,w=9")
    parser.add_argument("--node", help="the node to probe or to tile for (default: the only output)")
    parser.add_argument("--halo", action="store_true", help="the margin that tiles of the input need")
    parser.add_argument(
        "--productive", action="store_true", help="which layers meet anything new (Richter et al. 2021)"
    )
    parser.add_argument(
        "--fixed-weights",
        action="store_true",
        help="leave out what is mixed with weights computed from the input: the field of convolution alone",
    )
    parser.add_argument("--axis", help="the axis of --productive (default: the input's first)")
    parser.goes_with("--node", "--probe", "--halo")
    parser.goes_with("--axis", "--productive")
    for option in ("--all", "--laws", "--effective"):
        parser.not_with(option, "--probe", "--halo", "--productive")
    parser.not_with("--fixed-weights", "--halo", "--productive")
    parser.not_with("--probe", "--halo", "--productive")
    parser.not_with("--halo", "--productive")
    add_at(parser)
    add_model(parser)
    add_format(parser)


def _run_rf(options: argparse.Namespace) -> int:
    g = load_bound(options)
    show(_rf_table(g, options), options.format)
    return 0


def _rf_table(g: Architecture, options: argparse.Namespace) -> Table:
    from archgraph.fields.path_tables import probe_table
    from archgraph.fields.report.halo import halo_table
    from archgraph.fields.report.productive import productivity_table

    if options.halo:
        return halo_table(g.halo(options.node, options.input), g.name)
    if options.productive:
        return productivity_table(g.productivity(options.axis, options.input), g.name)
    if options.probe is not None:
        field = g.receptive_field(options.node, options.input, fixed_weights=options.fixed_weights)
        index = _index(options.probe, field.outputs)
        return probe_table(g.name, [field.probe("content", **index), field.probe("stat", **index), field.unread])
    return g.receptive_field_table(
        options.input,
        every=options.all,
        laws=options.laws,
        effective=options.effective,
        fixed_weights=options.fixed_weights,
    )


_PROBED = "write --probe 0,0 or --probe h=0,w=9"


def _index(text: str, axes: tuple[str, ...]) -> dict[str, int]:
    """Read `0,0` in the order of the axes, or `h=0,w=9`."""
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise SpecError(f"cannot read the position {quoted(text)}", hint=_PROBED)
    if len(parts) > len(axes):
        known = ", ".join(axes) or "none"
        raise QueryError(f"{quoted(text)} names {len(parts)} positions; the output has the axes {known}")
    pairs = [part.partition("=") if "=" in part else (name, "=", part) for name, part in zip(axes, parts, strict=False)]
    try:
        index = distinct(((axis.strip(), read_whole(value)) for axis, _, value in pairs), "placed")
    except ValueError:
        raise SpecError(f"cannot read the position {quoted(text)}", hint=_PROBED) from None
    for axis in index:
        if axis not in axes:
            raise not_among("axis", axis, axes)
    return index


def _hops_options(parser: Parser) -> None:
    parser.add_argument("spec", metavar="SPEC", help="a shipped name, a path, or a model: timm:resnet50")
    parser.add_argument(
        "--distance",
        type=whole("--distance", 0),
        nargs="+",
        default=[],
        help="in input elements (default: powers of 2)",
    )
    start, end = whole("--from", 0), whole("--to", 0)
    parser.add_argument(
        "--from", type=start, dest="start", metavar="POSITION", help="one input position: show its path"
    )
    parser.add_argument(
        "--to", type=end, dest="end", metavar="POSITION", help="the output position (default: the middle)"
    )
    parser.add_argument("--axis", help="the axis of the input (default: its first)")
    parser.add_argument("--node", help="the output (default: the only one)")
    parser.add_argument("--input", help="the input (default: the only one with positions)")
    parser.not_with("--distance", "--from")
    add_at(parser)
    add_model(parser)
    add_format(parser)


def _distances(options: argparse.Namespace, found: Paths) -> list[int]:
    """Return the distances that are asked for, by default the powers of 2 up to half of the input."""
    powers = [2**power for power in range(found.extent.bit_length()) if 2**power < found.extent // 2]
    return options.distance or powers or [1]


def _run_hops(options: argparse.Namespace) -> int:
    from archgraph.fields.path_tables import hop_table
    from archgraph.fields.paths.hop_path import path_table

    g = load_bound(options)
    found = g.paths(options.axis, options.node, options.input)
    if options.start is None:
        covers = {far: g.depth_to_cover(far, found.axis, found.input.name) for far in _distances(options, found)}
        show(hop_table(g.name, found, covers, options.end), options.format)
        return 0
    end = found.centre if options.end is None else options.end
    path = found.path(options.start, end)
    if path is None:
        raise QueryError(
            f"no path leads from {found.axis}={options.start} of {found.input.name} to {found.axis}={end} of "
            f"{found.output}",
            hint=f"from there the farthest path reaches {found.reach(end)} positions",
        )
    show(path_table(path, g.name), options.format)
    return 0


RF = Command(
    "rf",
    "Show the receptive field of every step, or what one position reads",
    "archgraph rf unet:padded-512 --probe 0,0",
    _run_rf,
    _rf_options,
)
HOPS = Command(
    "hops",
    "Show how many moves bring distant input positions to an output, and which nodes make them",
    "archgraph hops unet:padded-512 --distance 8 32 64 90",
    _run_hops,
    _hops_options,
)
