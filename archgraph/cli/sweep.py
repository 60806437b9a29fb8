"""The command that computes metrics over a grid."""

from __future__ import annotations

import argparse
from typing import Any

from archgraph.cli.shared import add_at, add_format, command, load_bound, save, swept_values


def add_sweep(commands: Any) -> None:
    """Add `archgraph sweep`."""
    parser = command(
        commands,
        "sweep",
        _run_sweep,
        "Compute metrics over a grid of sizes (needs numpy)",
        "archgraph sweep dit D=256..4096:64 L=4..64 -o dit.csv",
    )
    parser.add_argument("spec", metavar="SPEC", help="a shipped name or a path")
    parser.add_argument("grid", nargs="+", metavar="SYMBOL=VALUES", help="a..b, a..b:step, or a list 1,2,4")
    parser.add_argument("--metrics", default="params,macs", help="comma-separated metrics (default: params,macs)")
    parser.add_argument("-o", "--output", metavar="FILE", help="write .csv or .parquet instead of printing")
    parser.add_argument(
        "--pareto", nargs="+", default=[], metavar="NAME", help="only what no point beats: small in these"
    )
    parser.add_argument("--larger", nargs="+", default=[], metavar="NAME", help="with --pareto: large in these")
    add_at(parser)
    add_format(parser)


def _run_sweep(options: argparse.Namespace) -> int:
    from archgraph.studies.sweep import chunked

    grid = chunked(dict(swept_values(pair) for pair in options.grid))
    result = load_bound(options).sweep(grid, [name.strip() for name in options.metrics.split(",")])
    if options.output:
        return save(result, options.output)
    front = options.pareto or options.larger
    table = result.pareto(*options.pareto, larger=options.larger) if front else result.table()
    print(table.to(options.format).rstrip())
    return 0
