"""The command that traces a PyTorch module of the user's own."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path
from typing import Any

from archgraph.cli.shared import add_at, add_format, bindings, command, save
from archgraph.errors import SpecError
from archgraph.optional import import_torch

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
    g = _traced(options)
    g = g.at(**bindings(options.at)) if options.at else g
    if options.output:
        return _write_traced(g, Path(options.output))
    if options.format == "text":
        print(g.symbolic().report(["params", "macs"], g.at()))
        for gap in g.gaps:
            print(f"missing in every number: {gap}")
    print(g.at().table(by=options.by, metrics=["params", "macs", "flops", "activations"]).to(options.format).rstrip())
    return 0


def _write_traced(g: Any, target: Path) -> int:
    """Write the figure of a traced module, or its spec."""
    if target.suffix not in (".yaml", ".yml"):
        return save(g.draw(), str(target))
    from archgraph.report.files import write_text

    write_text(target, g.to_spec())
    return 0


def _add_module(parser: argparse.ArgumentParser) -> None:
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
    parser.add_argument("--allow-unsupported", action="store_true", help="list unknown operators as gaps")
    parser.add_argument("--by", default="scope", help="node, scope, op, level or block (default: scope)")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the figure (.svg, .pdf, …) or a spec (.yaml) instead of printing costs",
    )


def _traced(options: argparse.Namespace) -> Any:
    """Return the architecture of the module that the options name."""
    from archgraph.architecture.architecture import trace

    dynamic = dict(map(_dynamic, options.dynamic))
    module = _module(options.module)
    return trace(module, _inputs(options.input), dynamic, allow_unsupported=options.allow_unsupported)


def _module(path: str) -> Any:
    """Import `package.file:name`, and call it unless it is a module already; weights are made on the meta device."""
    torch = import_torch()
    place, colon, name = path.partition(":")
    if not colon or not name:
        raise SpecError(f"cannot read the module '{path}'", hint="write package.file:name")
    sys.path.insert(0, os.getcwd())
    try:
        found = getattr(importlib.import_module(place), name)
    except (ImportError, AttributeError) as error:
        raise SpecError(f"cannot import '{path}': {error}") from None
    with torch.device("meta"):
        return found if isinstance(found, torch.nn.Module) else found()


def _inputs(texts: list[str]) -> Any:
    read = [_input(text) for text in texts]
    if all(name for name, _ in read):
        return dict(read)
    return tuple(tensor for _, tensor in read)


def _input(text: str) -> tuple[str, Any]:
    """Read `x=1x3x224x224:float` as a tensor on the meta device."""
    torch = import_torch()
    name, equals, rest = text.partition("=")
    shape, _, dtype = (rest if equals else text).partition(":")
    try:
        sizes = [int(size) for size in shape.split("x")] if shape else []
        kind = getattr(torch, INPUT_DTYPES[dtype or "float"])
    except (ValueError, KeyError):
        raise SpecError(f"cannot read the input '{text}'", hint="write 1x3x224x224, or ids=1x128:int") from None
    return (name if equals else ""), torch.empty(sizes, dtype=kind, device="meta")


def _dynamic(text: str) -> tuple[str, dict[int, str]]:
    """Read `x:2=h,3=w`."""
    name, _, rest = text.partition(":")
    try:
        pairs = [part.split("=") for part in rest.split(",")]
        return name, {int(dim): size for dim, size in pairs}
    except ValueError:
        raise SpecError(f"cannot read the dynamic sizes '{text}'", hint="write x:2=h,3=w") from None
