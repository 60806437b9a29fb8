"""The commands on what a network needs of a machine, and on what other tools say that it costs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, cast

from archgraph.cli.output import show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import Command, add_at, add_format, add_model, add_names, load_bound
from archgraph.cli.values import read_policy, whole
from archgraph.errors import QueryError

if TYPE_CHECKING:
    from archgraph.architecture.architecture import Architecture
    from archgraph.cost.memory.setting import Mode, Setting
    from archgraph.graph.checkpoints import Checkpoint


def _memory_options(parser: Parser) -> None:
    from archgraph.data.question_words import CHOICES

    parser.add_argument("spec", metavar="SPEC", help="a shipped name, a path, or a model: timm:resnet50")
    add_names(parser, "--mode", lambda: CHOICES["mode"], "mode", "only one of ", default=None)
    _add_choice(parser, "attention", "the kernel")
    _add_choice(parser, "dtype", "of values and weights")
    _add_choice(parser, "optimizer", "what training keeps per weight")
    parser.add_argument(
        "--checkpoint",
        nargs="*",
        metavar="HOW",
        help="keep only the inputs of these scopes, of those that block, attention, sqrt or a number of blocks "
        "says, or without a word of every iteration of a repeat",
    )
    add_at(parser)
    add_model(parser)
    add_format(parser)


def _add_choice(parser: Parser, name: str, text: str) -> None:
    from archgraph.data.question_words import CHOICES

    choices = list(CHOICES[name])
    add_names(parser, f"--{name}", lambda: choices, name, f"{text}: ", default=choices[0])


def _run_memory(options: argparse.Namespace) -> int:
    from archgraph.cost.memory.peak_report import memory_table
    from archgraph.data.question_words import CHOICES

    for option in ("--optimizer", "--checkpoint"):
        if options.mode == "inference" and option in options.given:
            raise QueryError(f"{option} has no effect with --mode inference: it is about training")
    g = load_bound(options)
    chosen = _checkpoint(options.checkpoint)
    settings = [
        _setting(g, mode, options, chosen if mode == "training" else False)
        for mode in ((options.mode,) if options.mode else CHOICES["mode"])
    ]
    show(memory_table(g.network, settings), options.format)
    return 0


def _checkpoint(given: list[str] | None) -> Checkpoint:
    """Read scopes, or the one word of a policy."""
    if given is None or not given:
        return given is not None
    return read_policy(given[0]) if len(given) == 1 else given


def _setting(g: Architecture, mode: str, options: argparse.Namespace, checkpoint: Checkpoint) -> Setting:
    from archgraph.cost.memory.setting import Setting, checkpoints

    chosen = checkpoints(g.graph, checkpoint)
    return Setting(cast("Mode", mode), options.attention, options.dtype, options.optimizer, chosen)


def _efficiency_options(parser: Parser) -> None:
    parser.add_argument("spec", metavar="SPEC", help="a shipped name, a path, or a model: timm:resnet50")
    add_names(parser, "--by", _groups, "grouping", default="stage")
    _add_choice(parser, "dtype", "of the bytes")
    add_at(parser)
    add_model(parser)
    add_format(parser)


def _run_efficiency(options: argparse.Namespace) -> int:
    show(load_bound(options).efficiency(options.by, options.dtype), options.format)
    return 0


def _groups() -> tuple[str, ...]:
    from archgraph.data.question_words import GROUP_NAMES

    return ("stage", *GROUP_NAMES)


def _roofline_options(parser: Parser) -> None:
    from archgraph.data import table
    from archgraph.data.question_words import CHOICES, ROOFLINE_DTYPES

    parser.add_argument("spec", metavar="SPEC", help="a shipped name, a path, or a model: timm:resnet50")
    add_names(parser, "device", lambda: table("hardware"), "device")
    add_names(parser, "--dtype", lambda: ROOFLINE_DTYPES, "dtype", default="bf16")
    add_names(parser, "--attention", lambda: CHOICES["attention"], "attention", "the kernel: ", default="flash")
    batch = whole("--batch", 1)
    parser.add_argument("--batch", type=batch, default=1, metavar="N", help="samples at once (default: 1)")
    add_names(parser, "--by", _groups, "grouping", default="op")
    add_at(parser)
    add_model(parser)
    add_format(parser)


def _run_roofline(options: argparse.Namespace) -> int:
    g = load_bound(options)
    estimate = g.roofline(options.device, options.dtype, options.attention, options.batch, options.by)
    show(estimate.table, options.format)
    return 0


MEMORY = Command(
    "memory",
    "Show what is live at the peak of inference and training",
    "archgraph memory dit --attention flash --dtype bf16 --optimizer adam --checkpoint",
    _run_memory,
    _memory_options,
)
EFFICIENCY = Command(
    "efficiency",
    "Show MACs per parameter, positions per weight and operations per byte",
    "archgraph efficiency adm --by stage",
    _run_efficiency,
    _efficiency_options,
)
ROOFLINE = Command(
    "roofline",
    "Estimate the time of a forward pass from a device's peak rates",
    "archgraph roofline dit a100 --dtype bf16 --batch 32",
    _run_roofline,
    _roofline_options,
)
