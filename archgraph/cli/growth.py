"""The command on what growth costs: a table of steps, or parameters against MACs as a figure."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from archgraph.cli.charts import add_chart, chart_keywords
from archgraph.cli.output import show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import Command, add_at, add_format, add_model, load_each, save
from archgraph.errors import QueryError, counted, quoted

if TYPE_CHECKING:
    from archgraph.architecture.architecture import Architecture
    from archgraph.studies.growth_path import GrowthPath


def _growth_options(parser: Parser) -> None:
    parser.add_argument("specs", metavar="SPEC", nargs="+", help="shipped names, paths or models; one for each --along")
    parser.add_argument(
        "--along",
        action="append",
        required=True,
        metavar="PATH",
        help="values of a symbol, and what follows it: 'C=96|128', 'D=2304|4608,heads=D/72'; once for each network",
    )
    parser.add_argument(
        "--published",
        metavar="FILE",
        help="published networks as YAML: a list of name, layers, input, and sizes: {label: {params: ..., macs: ...}}",
    )
    parser.goes_with("--published", "--output")
    add_chart(parser)
    add_at(parser)
    add_model(parser)
    add_format(parser)


def _run_growth(options: argparse.Namespace) -> int:
    from archgraph.architecture.charts import growth_figure
    from archgraph.architecture.several import growth_table

    networks = load_each(options)
    if len(networks) != len(options.along):
        raise QueryError(
            f"{counted(len(networks), 'network')} and {len(options.along)} --along are given, and each has its own",
            hint="archgraph growth unet dit --along 'C=96|128' --along 'L=32|56'",
        )
    walks = [_walk(g, text) for g, text in zip(networks, options.along, strict=True)]
    if options.output is None:
        show(growth_table(walks), options.format)
        return 0
    return save(growth_figure(walks, _published(options.published), **chart_keywords(options)), options.output)


def _walk(g: Architecture, text: str) -> tuple[GrowthPath, Sequence[object]]:
    """Read `C=96|128` or `D=2304|4608,heads=D/72`: a path, and the values of its symbol."""
    from archgraph.studies.growth_path import growth_path, outer_parts

    symbol, equals, rest = text.partition("=")
    values, *others = outer_parts(rest)
    follows = "".join(f",{other}" for other in others)
    try:
        found = [json.loads(value) for value in values.split("|")] if equals else []
    except ValueError:
        found = []
    if not found:
        raise QueryError(f"cannot read {quoted(text)} as a path", hint="write --along 'D=2304|4608,heads=D/72'")
    path = growth_path(g.network, symbol.strip() + follows)
    if path.setting:
        raise QueryError(f"{symbol} is of a run, and no network grows by it", hint="--along 'C=96|128'")
    return path, found


def _published(name: str | None) -> list[Mapping[str, object]]:
    if name is None:
        return []
    import yaml

    from archgraph.report.reading import named_text

    try:
        found = yaml.safe_load(named_text(name, "YAML", (".yaml", ".yml")))
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise QueryError(f"{quoted(name)} is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(found, list):
        raise QueryError(f"{quoted(name)} is no list of published networks")
    return found


GROWTH = Command(
    "growth",
    "Show what growth costs: MACs per new parameter, step by step, or with -o the figure",
    "archgraph growth unet dit --along 'C=96|128' --along 'L=32|56' -o growth.svg",
    _run_growth,
    _growth_options,
)
