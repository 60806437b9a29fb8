"""The commands on what a network needs of a machine, and on what other tools say that it costs."""

from __future__ import annotations

import argparse
from typing import Any

from archgraph.cli.shared import add_at, add_format, command, load_bound
from archgraph.cost.memory.setting import CHOICES, Checkpoint, Setting


def add_memory(commands: Any) -> None:
    """Add `archgraph memory`."""
    parser = command(
        commands,
        "memory",
        _run_memory,
        "Show what is live at the peak of inference and training",
        "archgraph memory dit --attention flash --dtype bf16 --optimizer adam --checkpoint",
    )
    parser.add_argument("spec", metavar="SPEC", help="a shipped name or a path")
    parser.add_argument("--mode", choices=CHOICES["mode"], help="one of the two (default: both)")
    _add_choice(parser, "attention", "the kernel (default: math)")
    _add_choice(parser, "dtype", "of values and weights (default: fp32)")
    _add_choice(parser, "optimizer", "what training keeps per weight (default: sgd, nothing)")
    parser.add_argument(
        "--checkpoint",
        nargs="*",
        metavar="SCOPE",
        help="keep only the inputs of these scopes; without a name, of every iteration of a repeat",
    )
    add_at(parser)
    add_format(parser)


def _add_choice(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    choices = list(CHOICES[name])
    parser.add_argument(f"--{name}", choices=choices, default=choices[0], help=text)


def _run_memory(options: argparse.Namespace) -> int:
    from archgraph.cost.memory.peak_report import memory_table

    g = load_bound(options)
    chosen = _checkpoint(options.checkpoint)
    settings = [
        _setting(g, mode, options, chosen if mode == "training" else False)
        for mode in ([options.mode] if options.mode else CHOICES["mode"])
    ]
    print(memory_table(g.network, settings).to(options.format).rstrip())
    return 0


def _checkpoint(given: list[str] | None) -> Checkpoint:
    return False if given is None else given or True


def _setting(g: Any, mode: Any, options: argparse.Namespace, checkpoint: Checkpoint) -> Setting:
    from archgraph.cost.memory.setting import checkpoints

    chosen = checkpoints(g.graph, checkpoint)
    return Setting(mode, options.attention, options.dtype, options.optimizer, chosen)


def add_efficiency(commands: Any) -> None:
    """Add `archgraph efficiency`."""
    parser = command(
        commands,
        "efficiency",
        _run_efficiency,
        "Show MACs per parameter, positions per weight and operations per byte",
        "archgraph efficiency adm --by stage",
    )
    parser.add_argument("spec", metavar="SPEC", help="a shipped name or a path")
    parser.add_argument("--by", default="stage", help="stage, level, scope, op, block or node")
    _add_choice(parser, "dtype", "of the bytes (default: fp32)")
    add_at(parser)
    add_format(parser)


def _run_efficiency(options: argparse.Namespace) -> int:
    print(load_bound(options).efficiency(options.by, options.dtype).to(options.format).rstrip())
    return 0


def add_roofline(commands: Any) -> None:
    """Add `archgraph roofline`."""
    parser = command(
        commands,
        "roofline",
        _run_roofline,
        "Estimate the time of a forward pass from a device's peak rates",
        "archgraph roofline dit a100 --dtype bf16 --batch 32",
    )
    parser.add_argument("spec", metavar="SPEC", help="a shipped name or a path")
    known = "a100, a100-40gb, h100, h200, v100, rtx-3090, rtx-4090, mi300x"
    parser.add_argument("device", metavar="DEVICE", help=known)
    parser.add_argument("--dtype", default="bf16", help="fp32, tf32, bf16 or fp16 (default: bf16)")
    parser.add_argument("--attention", choices=("flash", "math"), default="flash", help="the kernel (default: flash)")
    parser.add_argument("--batch", type=int, default=1, metavar="N", help="samples at once (default: 1)")
    parser.add_argument("--by", default="op", help="op, scope, stage, level, block or node")
    add_at(parser)
    add_format(parser)


def _run_roofline(options: argparse.Namespace) -> int:
    g = load_bound(options)
    estimate = g.roofline(options.device, options.dtype, options.attention, options.batch, options.by)
    print(estimate.table.to(options.format).rstrip())
    return 0
