"""The arguments of operations: from trees to the fields of their class, by the fields' annotations."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any

from sympy import Expr, Integer

from archgraph.errors import Place, SpecError, did_you_mean
from archgraph.expressions import Word
from archgraph.frontend.declarations import evaluate_tree
from archgraph.frontend.scope import Scope
from archgraph.frontend.yamltree import Tree
from archgraph.ops.arguments import Named
from archgraph.ops.base import Op


def make_op(cls: type[Op], tree: Tree, place: Place, scope: Scope) -> Op:
    """Make an operation from the arguments in a spec.

    Raises:
        SpecError: an unknown or missing argument, or a value of the wrong kind.
    """
    given = tree.value if tree.is_mapping else {}
    declared = {item.name: item for item in fields(cls)}
    for name in given:
        if name not in declared:
            takes = ", ".join(declared) or "no arguments"
            tree.fail_at_key(
                name,
                f"{cls.kind} has no argument '{name}'.{did_you_mean(name, declared)}",
                hint=f"{cls.kind} takes {takes}",
            )
    missing = [name for name, item in declared.items() if item.default is MISSING and name not in given]
    if missing:
        raise SpecError(f"{cls.kind} needs the argument '{missing[0]}'", place=place, hint=_example(cls.kind, missing))
    return cls(**{name: convert(declared[name], value, scope) for name, value in given.items()})


def _example(kind: str, missing: list[str]) -> str:
    return f"{kind}: {{{', '.join(f'{name}: …' for name in missing)}}}"


def convert(item: Field, tree: Tree, scope: Scope) -> Any:
    """Convert one argument by the annotation of its field."""
    annotation = str(item.type).removesuffix(" | None")
    if annotation.startswith("Literal["):
        return _word(item.name, re.findall(r"[\"']([^\"']+)[\"']", annotation), tree, scope)
    if annotation not in _CONVERTERS:
        raise TypeError(f"argument {item.name}: no converter for {annotation}")
    return _CONVERTERS[annotation](item.name, tree, scope)


def _word(name: str, options: list[str], tree: Tree, scope: Scope) -> str:
    text = tree.text(name)
    if text in options:
        return text
    value = scope.lookup(text) if text.isidentifier() and text in scope.declarations.specs else _local(text, scope)
    if isinstance(value, Word) and value in options:
        return str(value)
    shown = value if isinstance(value, Word) else text
    tree.fail(f"{name} must be one of {', '.join(options)}, and is '{shown}'.{did_you_mean(str(shown), options)}")


def _local(text: str, scope: Scope) -> Any:
    try:
        return scope.lookup(text)
    except SpecError:
        return None


def _number(name: str, tree: Tree, scope: Scope) -> Expr:
    value = evaluate_tree(tree, scope)
    if isinstance(value, bool) or not isinstance(value, Expr):
        tree.fail(f"{name} must be a number, and is {value!r}")
    return value


def _integer(name: str, tree: Tree, scope: Scope) -> int:
    return scope.concrete(_number(name, tree, scope), name)


def _boolean(name: str, tree: Tree, scope: Scope) -> bool:
    value = evaluate_tree(tree, scope)
    if isinstance(value, Integer) and value in (0, 1):
        return bool(value)
    if not isinstance(value, bool):
        tree.fail(f"{name} must be true or false, and is {tree.plain()!r}")
    return value


def _per_axis(name: str, tree: Tree, scope: Scope) -> Any:
    return _numbers(name, nested(tree, scope), tree)


def _numbers(name: str, value: Any, tree: Tree) -> Any:
    """Check that a scalar, a tuple or a mapping holds numbers only."""
    parts = [item for _, item in value] if isinstance(value, Named) else value if isinstance(value, tuple) else [value]
    for part in parts:
        if isinstance(part, tuple):
            _numbers(name, part, tree)
        elif isinstance(part, bool) or not isinstance(part, Expr):
            tree.fail(f"{name} must be a number, a list, or a mapping of axes, and is {tree.plain()!r}")
    return value


def _padding(name: str, tree: Tree, scope: Scope) -> Any:
    value = nested(tree, scope)
    if isinstance(value, Word):
        if value not in ("same", "valid"):
            tree.fail(f"{name} must be a number, 'same' or 'valid', and is '{value}'")
        return str(value)
    return _numbers(name, value, tree)


def _list(name: str, tree: Tree, scope: Scope) -> tuple:
    value = nested(tree, scope)
    if not isinstance(value, tuple) or isinstance(value, Named):
        tree.fail(f"{name} must be a list, and is {tree.plain()!r}")
    return _numbers(name, value, tree)


def _mapping(name: str, tree: Tree, scope: Scope) -> Named:
    tree.mapping(name)
    return _numbers(name, nested(tree, scope), tree)


def _text(name: str, tree: Tree, scope: Scope) -> str:
    return tree.text(name)


def _axes(name: str, tree: Tree, scope: Scope) -> Any:
    return tuple(item.text(name) for item in tree.value) if tree.is_list else tree.text(name)


def nested(tree: Tree, scope: Scope) -> Any:
    """Evaluate a scalar, or every scalar of a list or mapping."""
    if tree.is_mapping:
        return Named({key: nested(item, scope) for key, item in tree.value.items()})
    if tree.is_list:
        return tuple(nested(item, scope) for item in tree.value)
    return evaluate_tree(tree, scope)


_CONVERTERS: dict[str, Callable[[str, Tree, Scope], Any]] = {
    "Expr": _number,
    "int": _integer,
    "bool": _boolean,
    "str": _text,
    "Axes": _axes,
    "PerAxis": _per_axis,
    "Padding": _padding,
    "Named": _mapping,
    "tuple[Expr, ...]": _list,
}
