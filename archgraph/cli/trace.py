"""The command that traces a PyTorch module of the user's own."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable
from inspect import Parameter, signature
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archgraph.cli.caveats import note_asked
from archgraph.cli.output import say, show
from archgraph.cli.parser import Parser
from archgraph.cli.shared import add_at, add_format, add_names, command, save
from archgraph.cli.values import bindings, distinct
from archgraph.cost.costs import GROUPS
from archgraph.errors import ArchgraphError, QueryError, SpecError, counted, quoted, some
from archgraph.optional import import_torch
from archgraph.sizes.exact import read_whole

if TYPE_CHECKING:
    from archgraph.architecture.architecture import Architecture
    from archgraph.pytorch.trace.batch.find import AskedBatch

INPUT_DTYPES = {"float": "float32", "int": "int64"}


def add_trace(commands: Any) -> None:
    """Add `archgraph trace`."""
    parser = command(
        commands,
        "trace",
        _run_trace,
        "Analyse a PyTorch module of your own (needs torch)",
        "archgraph trace mypkg.models:build --input x=1x3x224x224 --dynamic x:2=h,3=w -o model.svg",
    )
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
    say(f"wrote {target}")
    return 0


def _add_module(parser: Parser) -> None:
    """Add the arguments of `archgraph trace`."""
    parser.add_argument(
        "module", metavar="MODULE:NAME", help="a module, or a function without arguments that makes one"
    )
    parser.add_argument(
        "--input", action="append", required=True, metavar="SHAPE", help="1x3x224x224, x=1x3x224x224, ids=1x128:int"
    )
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
    parser.add_argument("--allow-unsupported", action="store_true", help="list unknown operators as gaps")
    add_names(parser, "--by", lambda: GROUPS, "grouping", default="scope")
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

    dynamic = distinct(map(_dynamic, options.dynamic), "made dynamic")
    inputs = _inputs(options.input)
    return trace(
        _module(options.module),
        inputs,
        dynamic,
        axes=distinct(map(_axes, options.axes), "named"),
        batch_axis=_batch_axis(options.batch_axis),
        allow_unsupported=options.allow_unsupported,
    )


def _module(path: str) -> Any:
    """Import `package.file:name`, and call it unless it is a module already; weights are made on the meta device."""
    torch = import_torch()
    place, _, name = path.partition(":")
    if not place or not name or place.startswith("."):
        raise SpecError(f"cannot read the module {quoted(path)}", hint="write package.file:name")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    found = _foreign(lambda: getattr(importlib.import_module(place), name), f"cannot import {quoted(path)}")
    if isinstance(found, torch.nn.Module):
        return found
    _check_callable(path, found)
    with torch.device("meta"):
        made = _foreign(found, f"{quoted(path)} makes no module")
    if not isinstance(made, torch.nn.Module):
        raise QueryError(f"{quoted(path)} makes no torch.nn.Module but a value of type {type(made).__name__}")
    return made


def _check_callable(path: str, found: object) -> None:
    """Refuse, before it is called, what makes no module or wants arguments."""
    wanted = "name a torch.nn.Module, or a function or class without arguments that makes one"
    if not callable(found):
        raise QueryError(f"{quoted(path)} is no torch.nn.Module but {type(found).__name__}", hint=wanted)
    try:
        parameters = signature(found).parameters.values()
    except (TypeError, ValueError):
        return
    free = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    missing = [each.name for each in parameters if each.default is Parameter.empty and each.kind in free]
    if missing:
        message = f"{quoted(path)} takes arguments ({some(missing)}), and a module is made without any"
        raise QueryError(message, hint=wanted)


def _foreign(call: Callable[[], Any], message: str) -> Any:
    """Call what is not ours, of which any failure is told, and none ends the program."""
    try:
        return call()
    except ArchgraphError:
        raise
    except (Exception, SystemExit) as error:
        raise SpecError(f"{message}: {type(error).__name__}: {error}") from None


def _inputs(texts: list[str]) -> Any:
    read = [_input(text) for text in texts]
    named = [name for name, _ in read if name]
    if len(named) == len(read):
        return distinct(read, "given")
    if named:
        raise QueryError(f"{counted(len(named), 'input')} of {len(read)} has a name", hint="name all of them, or none")
    return tuple(tensor for _, tensor in read)


def _input(text: str) -> tuple[str, Any]:
    """Read `x=1x3x224x224:float` as a tensor on the meta device."""
    torch = import_torch()
    name, equals, rest = text.partition("=")
    shape, _, dtype = (rest if equals else text).partition(":")
    try:
        sizes = [read_whole(size) for size in shape.split("x")] if shape else []
        kind = getattr(torch, INPUT_DTYPES[dtype or "float"])
        if min(sizes, default=1) < 1 or prod(sizes) >= 2**62:
            raise ValueError
    except (ValueError, KeyError):
        hint = f"sizes are whole numbers from 1 on: 1x3x224x224, ids=1x128:int (of {', '.join(INPUT_DTYPES)})"
        raise SpecError(f"cannot read the input {quoted(text)}", hint=hint) from None
    return (name if equals else ""), torch.empty(sizes, dtype=kind, device="meta")


def _dynamic(text: str) -> tuple[str, dict[int, str]]:
    """Read `x:2=h,3=w`."""
    name, _, rest = text.partition(":")
    try:
        pairs = [part.split("=") for part in rest.split(",")]
        return name, distinct(((read_whole(dim), size) for dim, size in pairs), "named")
    except ValueError:
        raise SpecError(f"cannot read the dynamic sizes {quoted(text)}", hint="write x:2=h,3=w") from None


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
    return distinct((_named_dimension(text) for text in texts), "named")


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
