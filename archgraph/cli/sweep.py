"""The command that computes metrics over a grid."""

from __future__ import annotations

import argparse
from math import prod

from archgraph.cli.output import say, say_written, show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import Command, add_at, add_format, add_model, add_names, load_bound
from archgraph.cli.values import read_each, some_of, swept_values


def _sweep_options(parser: Parser) -> None:
    from archgraph.data.question_words import METRIC_NAMES

    parser.add_argument("spec", metavar="SPEC", help="a shipped name, a path, or a model: timm:resnet50")
    parser.add_argument("grid", nargs="+", metavar="SYMBOL=VALUES", help="a..b, a..b:step, or a list 1,2,4")
    known = ("saved_bytes", *METRIC_NAMES)
    add_names(parser, "--metrics", lambda: known, "metric", "with commas: ", read=some_of, default="params,macs")
    parser.add_argument("-o", "--output", metavar="FILE", help="write .csv or .parquet instead of printing")
    parser.add_argument(
        "--pareto", nargs="+", default=[], metavar="NAME", help="only what no point beats: small in these"
    )
    parser.add_argument("--larger", nargs="+", default=[], metavar="NAME", help="with --pareto: large in these")
    for option in ("--pareto", "--larger", "--format", "--json"):
        parser.not_with(option, "--output")
    add_at(parser)
    add_model(parser)
    add_format(parser)


def _run_sweep(options: argparse.Namespace) -> int:
    from archgraph.studies.sweep import check_rows
    from archgraph.studies.sweeping import streamed

    given = read_each(options.grid, swept_values, "swept")
    if options.output is not None:
        result = streamed(load_bound(options).network, given, options.metrics)
        kept = result.save(options.output)
        say_written(options.output)
        for note in (*result.left_out(kept), *result.repeats()):
            say(f"  {note}")
        return 0
    check_rows(prod(map(len, given.values())))
    result = load_bound(options).sweep(given, options.metrics)
    front = options.pareto or options.larger
    table = result.pareto(*options.pareto, larger=options.larger) if front else result.table()
    show(table, options.format)
    return 0


SWEEP = Command(
    "sweep",
    "Compute metrics over a grid of sizes (needs numpy)",
    "archgraph sweep dit D=256..4096:64 L=4..64 -o dit.csv",
    _run_sweep,
    _sweep_options,
)
