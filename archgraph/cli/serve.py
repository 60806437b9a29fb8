"""The command on what serving a network takes: weights, caches, operations, and the most that a device serves."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from archgraph.cli.output import remark, say, show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import Command, add_at, add_format, add_model, add_names, load_each
from archgraph.cli.values import whole
from archgraph.errors import QueryError

if TYPE_CHECKING:
    from archgraph.cost.serving.serving_report import Served
    from archgraph.cost.serving.settings import Serving
    from archgraph.report.table import Table

SERVE_WORDS = ("dtype", "cache", "logits", "paged")
SERVE_COUNTS = {"batch": 1, "page": 1}


def _serve_options(parser: Parser) -> None:
    from archgraph.cost.serving.settings import SERVING_CHOICES

    parser.add_argument("specs", metavar="SPEC", nargs="+", help="shipped names, paths or models")
    parser.not_with("--device", "--memory")
    parser.add_argument("--device", metavar="DEVICE", help="a device by its name, such as h100")
    parser.add_argument("--memory", metavar="BYTES", help="its memory instead, such as 80GB or 40GiB")
    for name in SERVE_WORDS:
        add_names(parser, f"--{name}", lambda name=name: SERVING_CHOICES[name], name, default=_default(name))
    for name, least in SERVE_COUNTS.items():
        parser.add_argument(f"--{name}", type=whole(f"--{name}", least), default=_default(name), metavar="N")
    parser.add_argument("--past", type=whole("--past", 0), metavar="N", help="tokens in the cache before the next")
    parser.add_argument("--expanded", action="store_true", help="cache whole keys and values, not their latents")
    parser.add_argument("--reserve", metavar="BYTES", help="set aside for activations, kernels and the driver")
    parser.add_argument("--largest", metavar="SYMBOL", help="find the most that fits: B sequences, or T tokens of each")
    add_at(parser)
    add_model(parser)
    add_format(parser)


def _default(name: str) -> object:
    from archgraph.cost.serving.settings import Serving

    return Serving.__dataclass_fields__[name].default


def _run_serve(options: argparse.Namespace) -> int:
    where = options.memory or options.device
    if options.largest is not None and where is None:
        raise QueryError("--largest needs a device, or a memory", hint="--device h100, or --memory 80GB")
    found = [g.serving(_settings(options)) for g in load_each(options)]
    if options.largest is not None:
        return _largest(found, where, options)
    return _reported(found, where, options)


def _reported(found: list[Served], where: str | None, options: argparse.Namespace) -> int:
    from archgraph.cost.training.fit import memory_of

    # An unknown device is told before anything is printed.
    device, memory = ("", 0) if where is None else memory_of(where)
    show(_table(found, options), options.format)
    return max(_fits(each, device, memory) for each in found) if device else 0


def _table(found: list[Served], options: argparse.Namespace) -> Table:
    from archgraph.cost.serving.serving_report import served_table

    if len(found) > 1:
        return served_table(found, options.device)
    return found[0].timed(options.device) if options.device else found[0].table


def _fits(found: Served, device: str, memory: int) -> int:
    from archgraph.cost.units import shown_bytes

    if found.bytes > memory:
        remark(f"{found.network.name} does not fit {device}: {shown_bytes(found.bytes)} of {shown_bytes(memory)}")
        return 1
    return 0


def _settings(options: argparse.Namespace) -> Serving:
    from archgraph.cost.serving.settings import Serving
    from archgraph.cost.units import bytes_of

    given = {name: getattr(options, name) for name in (*SERVE_WORDS, *SERVE_COUNTS, "past", "expanded")}
    return Serving(**given, reserve=0 if options.reserve is None else bytes_of(options.reserve))


def _largest(found: list[Served], where: str, options: argparse.Namespace) -> int:
    from archgraph.cost.serving.largest_served import largest_table

    answers = [(each.network.name, each.largest(options.largest, where)) for each in found]
    if options.format == "text" and len(answers) == 1:
        say(answers[0][1].sentence)
    else:
        show(largest_table(answers), options.format)
    return 0


SERVE = Command(
    "serve",
    "Show what serving a network token by token takes, and the most that a device serves",
    "archgraph serve llama:3-8b --device h100 --past 8192 --dtype int4-g128 --largest B",
    _run_serve,
    _serve_options,
)
