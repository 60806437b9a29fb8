"""The commands on how costs grow: the sizes that meet a budget, and what a change of sizes does."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from decimal import Decimal
from math import isfinite, nan
from typing import Any

from archgraph.cli.output import say, show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import Command, add_at, add_format, add_model, load_bound
from archgraph.cli.values import distinct, range_of, swept_values, whole
from archgraph.errors import QueryError, SpecError, quoted

BUDGETS = ("params", "macs", "flops", "activations", "saved_bytes")


def _solve_options(parser: Parser) -> None:
    parser.add_argument("spec", metavar="SPEC", help="a shipped name, a path, or a model: timm:resnet50")
    parser.add_argument("symbol", metavar="SYMBOL", help="the symbol to find")
    for metric in BUDGETS:
        parser.add_argument(_option(metric), metavar="BUDGET", help=f'a bound on {metric}: "<=1e9"')
    parser.add_argument(
        "--multiple-of", type=whole("--multiple-of", 1), default=1, metavar="N", help="only multiples of N (default: 1)"
    )
    parser.not_with("--within", "--over")
    parser.add_argument("--within", metavar="A..B", help="the values to try, for a law that rises and falls")
    parser.add_argument("--over", metavar="SYMBOL=VALUES", help="solve for each of these values of another symbol")
    add_at(parser)
    add_model(parser)
    add_format(parser)


def _option(metric: str) -> str:
    return f"--{metric.replace('_', '-')}"


def _run_solve(options: argparse.Namespace) -> int:
    given = {name: getattr(options, name) for name in BUDGETS if getattr(options, name) is not None}
    budgets = {name: _budget(text) for name, text in given.items()}
    if not budgets:
        known = ", ".join(map(_option, BUDGETS))
        raise QueryError(f"no budget is given for {options.symbol}", hint=f'{known}: write --macs "<=1e12"')
    g = load_bound(options)
    if options.over:
        table = g.iso(options.symbol, dict([swept_values(options.over)]), options.multiple_of, **budgets)
        show(table, options.format)
        return 0
    within = None if options.within is None else range_of(options.within)
    solution = g.solve(options.symbol, options.multiple_of, within, **budgets)
    if options.format == "text":
        say(repr(solution))
    else:
        show(solution.table(), options.format)
    return 0


def _budget(text: str) -> Any:
    """Read `<=1e12`; a bare number is an upper bound."""
    comparison = next((sign for sign in ("<=", ">=", "<", ">") if text.startswith(sign)), "")
    number = text.removeprefix(comparison)
    try:
        bound = float(number) if number.isascii() else nan
    except ValueError:
        bound = nan
    if not isfinite(bound):
        raise SpecError(f"cannot read the budget {quoted(text)}", hint='write a number, like "<=1e12"')
    # What is whole stays exact: a float would round it beyond 2**53.
    exact = Decimal(number)
    return comparison or "<=", int(exact) if exact == exact.to_integral_value() else bound


def _scale_options(parser: Parser) -> None:
    parser.add_argument("spec", metavar="SPEC", help="a shipped name, a path, or a model: timm:resnet50")
    text = "SYMBOL=xF, /F, +N or -N, such as D=x2, D=xsqrt2, levels=+1; several at once with commas"
    parser.add_argument("changes", nargs="+", metavar="CHANGE", help=text)
    add_at(parser)
    add_model(parser)
    add_format(parser)


def _run_scale(options: argparse.Namespace) -> int:
    show(load_bound(options).knobs(*map(_changes, options.changes)), options.format)
    return 0


def _changes(text: str) -> dict[str, str]:
    pairs: Sequence[tuple[str, str, str]] = [part.partition("=") for part in text.split(",")]
    if not all(name and change for name, _, change in pairs):
        raise SpecError(f"cannot read the change {quoted(text)}", hint="write D=x2, D=xsqrt2, p=/2 or levels=+1")
    return distinct(((name, change) for name, _, change in pairs), "changed")


SOLVE = Command(
    "solve",
    "Find the size that meets a budget, or with --over the curve of sizes",
    'archgraph solve dit D --macs "<=1e12" --multiple-of 64 --over L=12..36:8',
    _run_solve,
    _solve_options,
)
SCALE = Command(
    "scale",
    "Show what one change at a time does to params, MACs, activations and what autograd keeps",
    "archgraph scale dit:B/2 D=x2 D=xsqrt2 L=x2 S=x2 p=/2 D=x2,heads=x2",
    _run_scale,
    _scale_options,
)
