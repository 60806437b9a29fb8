"""The command on what a training run needs, and whether it fits."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, cast

from archgraph.cli.charts import add_chart, chart_keywords
from archgraph.cli.output import remark, say, show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import Command, add_at, add_format, add_model, add_names, load_each, save
from archgraph.cli.values import read_each, read_policy, swept_values, whole
from archgraph.errors import QueryError, counted, quoted

if TYPE_CHECKING:
    from archgraph.architecture.architecture import Architecture
    from archgraph.cost.training.run import Training
    from archgraph.studies.growth_path import GrowthPath

RUN_WORDS = ("optimizer", "dtype", "attention", "kernel", "loss", "peak")
RUN_COUNTS = {"batch": 1, "accumulate": 1, "gpus": 1, "tp": 1, "pp": 1, "virtual": 1, "ep": 1, "zero": 0, "chunks": 1}


def _fit_options(parser: Parser) -> None:
    parser.add_argument("specs", metavar="SPEC", nargs="+", help="shipped names, paths or models")
    parser.not_with("--device", "--memory")
    parser.add_argument("--device", metavar="DEVICE", help="a device by its name, such as h100")
    parser.add_argument("--memory", metavar="BYTES", help="its memory instead, such as 80GB or 40GiB")
    _add_run(parser)
    parser.add_argument(
        "--largest",
        action="append",
        metavar="GROWTH",
        help="find the largest that fits: B, D, or D%%64,heads=D/64; once for all networks, or once for each",
    )
    parser.add_argument(
        "--over",
        nargs="+",
        default=[],
        action="extend",
        metavar="SETTING=VALUES",
        help="with --largest, for each of these settings: --over batch=1,8,32 peak=saved,live",
    )
    parser.add_argument(
        "--multiple-of", type=whole("--multiple-of", 1), default=1, metavar="N", help="of --largest (default: 1)"
    )
    parser.add_argument(
        "--with",
        nargs="+",
        default=[],
        action="extend",
        dest="tied",
        metavar="SYMBOL=EXPRESSION",
        help="with --largest, what follows the symbol: --with heads=D/64",
    )
    _add_frontier(parser)
    add_chart(parser)
    add_at(parser)
    add_model(parser)
    add_format(parser)


def _add_frontier(parser: Parser) -> None:
    parser.add_argument(
        "--frontier",
        nargs="+",
        action="extend",
        metavar="NAME=VALUES",
        help="the members of a family that no other beats: --frontier D=256..1024:64 L=12,24",
    )
    parser.add_argument(
        "--large", nargs="+", metavar="NAME", help="with --frontier: what is large in them (default: params)"
    )
    parser.add_argument(
        "--small",
        nargs="+",
        metavar="METRIC[=MOST]",
        help="with --frontier: what is small (default: memory, where one is large)",
    )
    for option in ("--largest", "--output"):
        parser.not_with("--frontier", option)


def _add_run(parser: Parser) -> None:
    from archgraph.cost.training.run import RUN_CHOICES

    for name in RUN_WORDS:
        add_names(parser, f"--{name}", lambda name=name: RUN_CHOICES[name], name, default=_default(name))
    for name, least in RUN_COUNTS.items():
        parser.add_argument(f"--{name}", type=whole(f"--{name}", least), default=_default(name), metavar="N")
    parser.add_argument(
        "--checkpoint", metavar="HOW", default="none", help="none, block, attention, sqrt, or a number of blocks"
    )
    parser.add_argument("--sequence", action="store_true", help="with --tp, split positions between split layers too")
    parser.add_argument("--ema", action="store_true", help="keep an average of all weights")
    parser.add_argument("--reserve", metavar="BYTES", help="set aside for kernels, the allocator and the driver")


def _default(name: str) -> Any:
    from archgraph.cost.training.run import Training

    return Training.__dataclass_fields__[name].default


def _run_fit(options: argparse.Namespace) -> int:
    where = options.memory or options.device
    if where is None:
        raise QueryError("fit needs a device, or a memory", hint="--device h100, or --memory 80GB")
    _check_companions(options)
    networks, run = load_each(options), _training(options)
    if options.frontier is not None:
        return _frontier(networks, where, run, options)
    if options.output is not None:
        return _figure(networks, where, run, options)
    if options.largest is not None:
        return _largest(networks, where, run, options)
    if len(networks) > 1:
        return _side_by_side(networks, where, run, options)
    found = networks[0].fits(where, run)
    show(found.table, options.format)
    if not found.fits:
        turned = "no single change is enough" if found.remedy is None else f"it would with {found.remedy.change}"
        remark(f"{found.needed.name} does not fit; {turned}")
    return 0 if found.fits else 1


def _check_companions(options: argparse.Namespace) -> None:
    """Refuse what belongs to an option that is not there."""
    for option in ("--multiple-of", "--over", "--with"):
        followed = option == "--with" and options.frontier is not None
        if option in options.given and options.largest is None and not followed:
            raise QueryError(f"{option} has no effect without --largest", hint="--largest B, or a symbol")
    for option in ("--large", "--small"):
        if option in options.given and options.frontier is None:
            raise QueryError(f"{option} has no effect without --frontier", hint="--frontier D=256..1024:64")


def _frontier(networks: list[Architecture], where: str, run: Training, options: argparse.Namespace) -> int:
    """Print the members of one family that no other beats."""
    if len(networks) > 1:
        raise QueryError(f"--frontier is of one network, and {len(networks)} are given", hint="one after the other")
    over = read_each(options.frontier, _chosen, "chosen")
    given = {item.name: getattr(run, item.name) for item in fields(run) if item.name not in over}
    sizes = options.large or ["params"]
    small = read_each(options.small or (["memory"] if len(sizes) == 1 else []), _budget, "given")
    follows = read_each(options.tied, _tie, "given")
    found = networks[0].frontier(sizes, small, over, {"memory": where}, **{**given, **follows})
    show(found.table, options.format)
    return 0


def _chosen(pair: str) -> tuple[str, list[object]]:
    """Read `D=256..1024:64`, `L=12,24` or `checkpoint=none,block`."""
    name, values = swept_values(pair) if ".." in pair else _settings(pair, "--frontier D=256..1024:64 L=12,24")
    return name, list(values)


def _budget(text: str) -> tuple[str, float | None]:
    """Read `macs` or `macs=2e12`."""
    name, equals, most = text.partition("=")
    try:
        return name, float(most) if equals else None
    except ValueError:
        raise QueryError(f"cannot read the budget {quoted(text)}", hint="write macs, or macs=2e12") from None


def _figure(networks: list[Architecture], where: str, run: Training, options: argparse.Namespace) -> int:
    """Draw what takes the memory, or with `--largest` what fits against the batch."""
    from archgraph.architecture.charts import fits_figure, memory_figure

    given = {item.name: getattr(run, item.name) for item in fields(run)}
    if options.largest is None:
        return save(memory_figure(networks, where, **chart_keywords(options), **given), options.output)
    over = read_each(options.over, _settings, "given")
    if set(over) - {"batch"}:
        raise QueryError("a figure runs over the batch alone", hint="--over batch=1,8,32")
    del given["batch"]
    batches = cast("list[int]", over.get("batch", [1, 2, 4, 8, 16, 32, 64]))
    paths = {"": _paths(networks, options)}
    return save(fits_figure(paths, where, batches, **chart_keywords(options), **given), options.output)


def _training(options: argparse.Namespace) -> Training:
    from archgraph.cost.training.run import Training
    from archgraph.cost.units import bytes_of

    given = {name: getattr(options, name) for name in (*RUN_WORDS, *RUN_COUNTS)}
    return Training(
        **given,
        checkpoint=read_policy(options.checkpoint),
        ema=options.ema,
        sequence=options.sequence,
        reserve=0 if options.reserve is None else bytes_of(options.reserve),
    )


def _side_by_side(networks: list[Architecture], where: str, run: Training, options: argparse.Namespace) -> int:
    from archgraph.studies.fits_table import fits_table

    table = fits_table([g.network for g in networks], [where], [run.batch], run)
    show(table, options.format)
    without = [str(row["network"]) for row in table.rows if row["answer"] == "does not fit"]
    if without:
        remark(f"does not fit: {', '.join(without)}")
    return int(bool(without))


def _largest(networks: list[Architecture], where: str, run: Training, options: argparse.Namespace) -> int:
    from archgraph.studies.largest import largest_of
    from archgraph.studies.largest_table import largest_rows

    paths = _paths(networks, options)
    over = read_each(options.over, _settings, "given")
    if options.format == "text" and len(paths) == 1 and not over:
        say(repr(largest_of(paths[0], where, run)))
        return 0
    given = {item.name: getattr(run, item.name) for item in fields(run) if item.name not in over}
    table = largest_rows(paths, where, over, given)
    if not any(row["value"] for row in table.rows):
        # What nothing fits is an answer that is refused, with the least that is needed.
        largest_of(paths[0], where, run)
    show(table, options.format)
    return 0


def _paths(networks: list[Architecture], options: argparse.Namespace) -> list[GrowthPath]:
    """Return how each network grows: as it is said of it, or as of all."""
    from archgraph.studies.growth_path import growth_path

    words: list[str] = options.largest
    if len(words) not in (1, len(networks)):
        raise QueryError(
            f"{counted(len(networks), 'network')} and {len(words)} --largest are given",
            hint="one --largest, or one for each",
        )
    words = words * len(networks) if len(words) == 1 else words
    found = [growth_path(g.network, text) for g, text in zip(networks, words, strict=True)]
    return [_tied(each, options) for each in found]


def _tied(path: GrowthPath, options: argparse.Namespace) -> GrowthPath:
    """A path with what `--multiple-of` and `--with` say of all."""
    follows = read_each(options.tied, _tie, "given", path.follows)
    multiple_of = options.multiple_of if "--multiple-of" in options.given else path.multiple_of
    return replace(path, multiple_of=multiple_of, follows=follows)


def _settings(pair: str, example: str = "--over batch=1,8,32") -> tuple[str, list[object]]:
    """Read `batch=1,8,32` or `peak=saved,live`."""
    name, equals, text = pair.partition("=")
    if not equals or not name or not all(text.split(",")):
        raise QueryError(f"cannot read {quoted(pair)}", hint=f"write {example}")
    return name, [int(word) if word.isascii() and word.isdigit() else word for word in text.split(",")]


def _tie(pair: str) -> tuple[str, str]:
    name, equals, text = pair.partition("=")
    if not equals or not name or not text:
        raise QueryError(f"cannot read {quoted(pair)}", hint="write --with heads=D/64")
    return name, text


FIT = Command(
    "fit",
    "Show whether a training run fits a device, what takes how much, and the largest that fits",
    "archgraph fit dit --device h100 --batch 32 --dtype bf16-mixed --checkpoint block",
    _run_fit,
    _fit_options,
)
