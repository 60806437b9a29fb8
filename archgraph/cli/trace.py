"""The command that traces a PyTorch module of the user's own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from archgraph.cli.caveats import note_asked
from archgraph.cli.output import say, say_written, show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import Command, add_at, add_format, add_gaps, add_names, add_shape, save
from archgraph.cli.tensors import read_dynamic, read_inputs
from archgraph.cli.values import bindings, read_each
from archgraph.errors import SpecError, quoted
from archgraph.sizes.whole_numbers import read_whole

if TYPE_CHECKING:
    from archgraph.architecture.architecture import Architecture
    from archgraph.pytorch.trace.batch.find import AskedBatch


def _trace_options(parser: Parser) -> None:
    _add_module(parser)
    add_at(parser)
    add_format(parser)


def _run_trace(options: argparse.Namespace) -> int:
    values = bindings(options.at)
    g = _traced(options)
    g = g.at(**values) if values else g
    note_asked(options, g.network)
    if options.output is not None:
        return _write_traced(g, Path(options.output))
    if options.format == "text":
        say(g.symbolic().report(["params", "macs"], g.at()))
    show(g.at().table(by=options.by, metrics=["params", "macs", "flops", "activations"]), options.format)
    return 0


def _write_traced(g: Architecture, target: Path) -> int:
    """Write the figure of a traced module, or its spec."""
    if target.suffix not in (".yaml", ".yml"):
        return save(g.draw(), str(target))
    from archgraph.report.files import write_text

    write_text(target, g.to_spec())
    say_written(target)
    return 0


def _add_module(parser: Parser) -> None:
    """Add the arguments of `archgraph trace`."""
    from archgraph.data.question_words import GROUP_NAMES

    parser.add_argument(
        "module", metavar="MODULE:NAME", help="a module, or a function without arguments that makes one"
    )
    add_shape(parser, "1x3x224x224, x=1x3x224x224, ids=1x128:int", required=True)
    parser.add_argument(
        "--dynamic", action="append", default=[], metavar="INPUT:DIM=NAME", help="x:2=h,3=w makes sizes symbols"
    )
    parser.add_argument(
        "--axes", action="append", default=[], metavar="INPUT=NAMES", help="x=h,w,c names an input's axes but its batch"
    )
    parser.add_argument(
        "--batch-axis",
        action="append",
        default=[],
        metavar="DIM",
        help="the dimension that counts samples: 1, src=1, or none; found where it is not given",
    )
    add_gaps(parser)
    add_names(parser, "--by", lambda: GROUP_NAMES, "grouping", default="scope")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the figure (.svg, .pdf, …) or a spec (.yaml) instead of printing costs",
    )
    for option in ("--by", "--format", "--json"):
        parser.not_with(option, "--output")


def _traced(options: argparse.Namespace) -> Architecture:
    """Return the architecture of the module that the options name."""
    from archgraph.architecture.architecture import trace
    from archgraph.pytorch.sources.builders import own_module

    dynamic = read_each(options.dynamic, read_dynamic, "made dynamic")
    inputs = read_inputs(options.shapes)
    return trace(
        own_module(options.module),
        inputs,
        dynamic,
        axes=read_each(options.axes, _axes, "named"),
        batch_axis=_batch_axis(options.batch_axis),
        allow_unsupported=options.allow_unsupported,
    )


def _axes(text: str) -> tuple[str, list[str]]:
    """Read `x=h,w,c`."""
    name, equals, rest = text.partition("=")
    names = [part.strip() for part in rest.split(",")]
    if not equals or not name or not all(names):
        raise SpecError(f"cannot read the axes {quoted(text)}", hint="write x=h,w,c: every axis but the batch")
    return name, names


def _batch_axis(texts: list[str]) -> AskedBatch:
    """Read `1`, `none`, or `src=1` once per input."""
    if not texts:
        return "found"
    if len(texts) == 1 and "=" not in texts[0]:
        return _dimension(texts[0], texts[0])
    return read_each(texts, _named_dimension, "named")


def _named_dimension(text: str) -> tuple[str, int | None]:
    name, equals, rest = text.partition("=")
    return name, _dimension(rest if equals and name else "", text)


def _dimension(text: str, whole: str) -> int | None:
    if text.lower() == "none":
        return None
    try:
        return read_whole(text)
    except ValueError:
        raise SpecError(
            f"cannot read the batch axis {quoted(whole)}", hint="write 0, none, or one per input: src=1"
        ) from None


TRACE = Command(
    "trace",
    "Analyse a PyTorch module of your own (needs torch)",
    "archgraph trace mypkg.models:build --shape x=1x3x224x224 --dynamic x:2=h,3=w -o model.svg",
    _run_trace,
    _trace_options,
)
