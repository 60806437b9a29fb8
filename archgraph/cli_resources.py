"""The commands on what a network needs of a machine: memory."""

from __future__ import annotations

import argparse
from typing import Any

from archgraph.analysis.memory import CHOICES, Checkpoint, Setting
from archgraph.cli import _add_at, _add_format, _command, _load


def add_memory(commands: Any) -> None:
    """Add `archgraph memory`."""
    parser = _command(
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
    _add_at(parser)
    _add_format(parser)


def _add_choice(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    choices = list(CHOICES[name])
    parser.add_argument(f"--{name}", choices=choices, default=choices[0], help=text)


def _run_memory(options: argparse.Namespace) -> int:
    from archgraph.memory import memory_table

    g = _load(options)
    chosen = _checkpoint(options.checkpoint)
    settings = [
        _setting(g, mode, options, chosen if mode == "training" else False)
        for mode in ([options.mode] if options.mode else CHOICES["mode"])
    ]
    print(memory_table(g, settings).to(options.format).rstrip())
    return 0


def _checkpoint(given: list[str] | None) -> Checkpoint:
    return False if given is None else given or True


def _setting(g: Any, mode: Any, options: argparse.Namespace, checkpoint: Checkpoint) -> Setting:
    from archgraph.memory import checkpoints

    chosen = checkpoints(g.graph, checkpoint)
    return Setting(mode, options.attention, options.dtype, options.optimizer, chosen)
