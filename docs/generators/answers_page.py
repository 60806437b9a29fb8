"""What public calls answer with: the attributes of every kind with their values in an example, and its calls."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import cached_property
from itertools import groupby
from typing import Any

import public_kinds
from answer_examples import CALLS, KINDS
from api_page import signature
from docstrings import as_markdown, listed, prose
from example_imports import assumed, with_imports

import archgraph as ag
from archgraph.cost.costs import METRICS
from archgraph.sizes.symbols import symbol

HEAD = """\
# Answers

Generated from the docstrings: do not edit. This page lists what the calls under [Python](python.md) return. Each kind
shows how to get one, its attributes with example values, and its methods. Symbols in values are those of the spec.
The examples assume these imports:

""" + assumed()
NAMES = {"ag": ag, "symbol": symbol, "METRICS": METRICS}
"""What the examples may name."""
LONGEST = 90
"""Characters of a value that are shown."""


def answers_page() -> str:
    """Return the page as Markdown; PyTorch and numpy must be there, since two kinds are about them."""
    kinds = [kind for kind in public_kinds.answers() if kind is not ag.Architecture]
    parts = [HEAD + "\n"]
    for room, group in groupby(kinds, key=lambda kind: kind.__module__.split(".")[1]):
        parts += [f"## {room.capitalize()}\n", *(text for kind in group for text in _kind(kind))]
    return "\n".join(parts).rstrip() + "\n"


def _kind(kind: type) -> Iterator[str]:
    source = KINDS[kind.__name__]
    x = eval(source, NAMES)  # of the table beside, as is every call below
    yield f"### `{kind.__name__}`\n"
    yield prose(inspect.getdoc(kind) or "") + f"\n\nGet one with `{source}`.\n"
    if rows := list(_attributes(kind, x)):
        yield "| attribute | here | meaning |\n| --- | --- | --- |"
        yield from rows
        yield ""
    for name, method in public_kinds.methods(kind).items():
        yield from _method(kind, name, method, x)


def _attributes(kind: type, x: object) -> Iterator[str]:
    told = _meanings(kind)
    for name in attributes(kind):
        yield f"| `{name}` | {shown(getattr(x, name))} | {_cell(told.get(name, ''))} |"


def attributes(kind: type) -> list[str]:
    """Return the public attributes of a class that are no methods, its own only."""
    methods = public_kinds.methods(kind)
    fields = [name for name in vars(kind).get("__annotations__", {}) if not name.startswith("_")]
    others = [name for name in vars(kind) if not name.startswith("_") and name not in {*methods, *fields}]
    return [*fields, *others]


def _meanings(kind: type) -> dict[str, str]:
    """What the docstring, the texts below fields, and properties say of each attribute."""
    listing = listed(inspect.getdoc(kind) or "", "Attributes")
    said = {name: text for names, text in listing.items() for name in names.split(", ")} | _texts_below(kind)
    for name, member in vars(kind).items():
        if isinstance(member, property | cached_property):
            said[name] = prose(inspect.getdoc(member) or "").replace("\n", " ")
    return said


def _texts_below(kind: type) -> dict[str, str]:
    body = ast.parse(inspect.cleandoc("\n" + inspect.getsource(kind))).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        is_text = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if is_text and isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            found[field.target.id] = " ".join(str(text.value.value).split())  # type: ignore[attr-defined]
    return found


def _method(kind: type, name: str, method: Any, x: object) -> Iterator[str]:
    text = with_imports(as_markdown(inspect.getdoc(method) or ""), kind.__module__)
    yield f"#### `{kind.__name__}.{name}`\n\n`{signature(method)}`\n\n{text}\n"
    call = CALLS.get(f"{kind.__name__}.{name}")
    if call is not None:
        value = eval(call, {**NAMES, "x": x})  # of the table beside
        yield f"Here, `{call}` is {shown(value)}.\n"


def shown(value: object) -> str:
    """Return a value as a cell of a table: short, on one line, and the same in every run.

    >>> shown((1, 2)), shown({3}), shown("")
    ('`(1, 2)`', 'a set', '`` `` ``')
    """
    if isinstance(value, set | frozenset):
        return "a set"
    text = str(value) if type(value).__repr__ is object.__repr__ else repr(value)
    if " at 0x" in text or " object " in text:
        return _named(type(value).__name__)
    text = " ".join(text.split())
    return _cell(f"`{text if len(text) <= LONGEST else text[:LONGEST] + '…'}`") if text else "empty"


def _named(kind: str) -> str:
    return f"{'an' if kind[0] in 'AEIOU' else 'a'} `{kind}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
