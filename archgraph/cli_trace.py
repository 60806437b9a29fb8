"""The command that traces a PyTorch module of the user's own."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import Any

from archgraph.errors import SpecError

DTYPES = {"float": "float32", "int": "int64"}


def add_trace(parser: argparse.ArgumentParser) -> None:
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


def traced(options: argparse.Namespace) -> Any:
    """Return the architecture of the module that the options name."""
    from archgraph.modules import trace

    dynamic = dict(map(_dynamic, options.dynamic))
    module = _module(options.module)
    return trace(module, _inputs(options.input), dynamic, allow_unsupported=options.allow_unsupported)


def _module(path: str) -> Any:
    """Import `package.file:name`, and call it unless it is a module already; weights are made on the meta device."""
    from archgraph.backend.torch import _torch

    torch = _torch()
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
    from archgraph.backend.torch import _torch

    torch = _torch()
    name, equals, rest = text.partition("=")
    shape, _, dtype = (rest if equals else text).partition(":")
    try:
        sizes = [int(size) for size in shape.split("x")] if shape else []
        kind = getattr(torch, DTYPES[dtype or "float"])
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
