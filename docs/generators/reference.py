"""The reference of operations and standard blocks, generated from the registry and the library."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields
from itertools import groupby

import torch_names

from archgraph.cost.costs import Costs
from archgraph.graph.ir import Graph, Node, Value
from archgraph.ops.base import Op, spec_fields
from archgraph.ops.reach import Reach, Window
from archgraph.spec.library.standard import library_file, library_folder, library_names
from archgraph.spec.operations import TORCHS_NAMES, operations
from archgraph.spec.spec import BlockSpec

HEAD = """\
# Operations and blocks

Generated from the registry of operations and from the library: do not edit. An operation is what PyTorch computes as
one operator; a block is built from operations in the spec language itself. Values enter a step as inputs (`from`, or
the step's own value), numbers as arguments. `?` marks a required argument. `PyTorch` names the counterpart there.
"""


def reference_page() -> str:
    """Return the reference as Markdown."""
    return "\n".join([HEAD, *_operations(), *_blocks()]).rstrip() + "\n"


def _operations() -> Iterator[str]:
    yield "## Operations\n"
    by_family = sorted(operations().values(), key=lambda op: (op.__module__, op.kind))
    for module, family in groupby(by_family, key=lambda op: op.__module__):
        yield f"### {module.rsplit('.', 1)[1].replace('_', ' ').capitalize()}\n"
        for op in family:
            yield from _operation(op)


def _operation(op: type[Op]) -> Iterator[str]:
    yield f"#### `{op.kind}`\n"
    yield _prose(op) + "\n"
    yield torch_names.of_operation(op.kind) + "\n"
    yield from _arguments(op)
    example, types = op.example()
    inputs = tuple(Value(type_, f"x{index}") for index, type_ in enumerate(types))
    outputs = tuple(Value(type_, f"y{index}") for index, type_ in enumerate(example.infer(*types)))
    costs = Costs(Graph(inputs, (Node(op.kind, example, inputs, outputs),), outputs))
    given = ", ".join(f"{name}: {_plain(value)}" for name, value in example.arguments.items())
    yield f"Example: `{op.kind}: {{{given}}}`" if given else f"Example: `{op.kind}`"
    left = ", ".join(str(type_) for type_ in types) or "nothing"
    yield f"on `{left}` gives `{', '.join(str(value.type) for value in outputs)}`.\n"
    laws = ((name, costs.total(name)) for name in ("params", "buffers", "macs", "elementwise"))
    yield "\n".join(f"- {name}: `{law}`" for name, law in laws if law != 0 or name in ("params", "macs"))
    yield f"- reach: {_reach(example.reach(*types))}\n"


def _prose(op: type[Op]) -> str:
    text = inspect.getdoc(op) or ""
    return re.split(r"\n\s*>>>", text)[0].strip()


def _arguments(op: type[Op]) -> Iterator[str]:
    rows = [(item.name, _kind(str(item.type)), item.default) for item in spec_fields(op)]
    if not rows:
        return
    yield "| argument | value | default |\n| --- | --- | --- |"
    for name, kind, default in rows:
        shown = "?" if default is MISSING else "–" if default is None else f"`{_plain(default)}`"
        yield f"| `{name}` | {kind} | {shown} |"
    yield ""


_KINDS = {
    "Expr": "number",
    "int": "number (structural)",
    "bool": "true or false",
    "str": "name of an axis",
    "Axes": "axis, or list of axes",
    "SummedAxes": "axis, or list of axes, or `[]`",
    "KeyMaps": "by axis: `{to: 0}`, `{from: -2, to: 2}` or `{blocks: 8}`, with `along: n`",
    "StoredName": "name of a stored type: `float`, `int`, `bool`, `float16`, `int8` …",
    "PerAxis": "number, list in axis order, or mapping by axis",
    "Padding": "as above, or `same`, `valid`, `{before: …, after: …}`, pairs by axis",
    "Named": "mapping of axes to sizes",
    "tuple[Expr, ...]": "list of numbers",
    "tuple[str, ...]": "axis, or list of axes",
    "Call": "list of numbers, and of `_` for operands",
    "Regrouping": "mapping of axes to lists of digits `[axis, stride, size]`",
}


def _kind(annotation: str) -> str:
    annotation = annotation.removesuffix(" | None")
    if annotation.startswith("Literal["):
        return "one of " + ", ".join(f"`{word}`" for word in re.findall(r"[\"']([^\"']+)[\"']", annotation))
    if annotation in TORCHS_NAMES:
        return "one of " + ", ".join(f"`{word}`" for word in TORCHS_NAMES[annotation]())
    return _KINDS.get(annotation, f"`{annotation}`")


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return "{" + ", ".join(f"{key}: {item}" for key, item in value) + "}"
    return "[" + ", ".join(map(str, value)) + "]" if isinstance(value, tuple) else str(value)


def _reach(reaches: Iterable[Reach]) -> str:
    parts = []
    for index, reach in enumerate(reaches):
        if not reach.reads:
            parts.append(f"operand {index} not read")
            continue
        axes = ", ".join(f"{axis} {_map(map_)}" for axis, map_ in reach.maps) or "no positions"
        mixing = "" if reach.mixing == "none" else f" ({reach.mixing} weights)"
        pooled = f", statistics over {' '.join(reach.statistics)}" if reach.statistics else ""
        parts.append(f"operand {index}: {axes}{mixing}{pooled}")
    return "; ".join(parts) or "no operands"


def _map(map_: object) -> str:
    if map_ == Window():
        return "same position"
    given = ((item.name, getattr(map_, item.name), item.default) for item in fields(map_))  # type: ignore[arg-type]
    values = ", ".join(f"{name} {value}" for name, value, default in given if value != default)
    name = type(map_).__name__.lower()
    return f"{name} ({values})" if values else name


def _blocks() -> Iterator[str]:
    yield "## Blocks\n"
    for name in sorted(library_names()):
        yield from _block(library_file(name).blocks[name])


def _block(block: BlockSpec) -> Iterator[str]:
    yield f"#### `{block.name}`\n"
    yield f"{re.sub(chr(10), ' ', block.doc.strip())}" + (f" Source: {block.cite}.\n" if block.cite else "\n")
    yield torch_names.of_block(block.name) + "\n"
    yield f"Inputs: {', '.join(f'`{name}`' for name in block.inputs)}.\n"
    if block.args:
        yield "| argument | default |\n| --- | --- |"
        for name, default in block.args.items():
            yield f"| `{name}` | {'?' if default is None else _default(default.plain())} |"
        yield ""
    yield f"```text\n{_body(block.name)}\n```\n"


def _body(name: str) -> str:
    """The steps of a block as they stand in its file, with the blocks beside it that it calls."""
    text = (library_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    _, _, steps = text.partition("\n    do:\n")
    return textwrap.dedent(f"    do:\n{steps}").rstrip()


def _default(value: object) -> str:
    if isinstance(value, dict) and "one_of" in value:
        return f"`{value.get('default')}` (one of {', '.join(map(str, value['one_of']))})"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
