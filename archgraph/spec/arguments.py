"""The arguments of operations: from trees to the fields of their class, by the fields' annotations."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import MISSING, Field
from typing import Any

from sympy import Expr, Integer, fraction, together

from archgraph.errors import Place, SpecError, did_you_mean, quoted, some
from archgraph.ops.arguments import Named, named_axes
from archgraph.ops.attending.masks import mask_of_words
from archgraph.ops.base import Op, spec_fields
from archgraph.ops.reach import AxisMap
from archgraph.sizes.dtypes import DTYPES
from archgraph.sizes.symbols import decide
from archgraph.spec.language.evaluation import evaluate_tree, refuse
from archgraph.spec.language.tree import Tree
from archgraph.spec.language.values import Word, describe
from archgraph.spec.operations import TORCHS_NAMES
from archgraph.spec.scope import Scope
from archgraph.spec.sections import check_name

PADDINGS = ("same", "valid")
COMMA = "a comma ends a value inside { }: quote an expression that holds one"
MAX_ARGUMENT_PARTS = 4096
"""Of what is made one by one: the outputs of a split."""


def make_op(cls: type[Op], tree: Tree, place: Place, scope: Scope) -> Op:
    """Make an operation from the arguments in a spec.

    Raises:
        SpecError: an unknown or missing argument, or a value of the wrong kind.
    """
    given = tree.value if tree.is_mapping else {}
    declared = {item.name: item for item in spec_fields(cls)}
    required = [name for name, item in declared.items() if item.default is MISSING]
    check_arguments(cls.kind, tree, place, declared, required)
    return cls(**{name: convert(declared[name], value, scope) for name, value in given.items()})


def check_arguments(kind: str, tree: Tree, place: Place, declared: Collection[str], required: Sequence[str]) -> None:
    """Fail at an argument that an operation or block does not have, or where one is missing."""
    given = tree.value if tree.is_mapping else {}
    takes = some(declared, 20) or "no arguments"
    for name in given:
        if name not in declared:
            suggestion = did_you_mean(name, declared)
            message = f"{kind} has no argument {quoted(name)}.{suggestion}"
            comma = name.count("(") != name.count(")")
            tree.fail_at_key(name, message, hint=COMMA if comma else f"{kind} takes {takes}")
    missing = [name for name in required if name not in given or given[name].is_empty]
    if missing:
        example = ", ".join(f"{name}: …" for name in required)
        raise SpecError(f"{kind} needs the argument '{missing[0]}'", place=place, hint=f"{kind}: {{{example}}}")


def convert(item: Field[object], tree: Tree, scope: Scope) -> Any:
    """Convert one argument by the annotation of its field."""
    annotation = str(item.type).removesuffix(" | None")
    if annotation.startswith("Literal["):
        return choose(item.name, re.findall(r"[\"']([^\"']+)[\"']", annotation), tree, scope)
    if annotation not in CONVERTERS:
        raise TypeError(f"argument {item.name}: no converter for {annotation}")
    return CONVERTERS[annotation](item.name, tree, scope)


def _called(named: Callable[[], Iterable[str]]) -> Callable[[str, Tree, Scope], str]:
    """What reads one of PyTorch's names: those of a table, which is imported where it is asked for."""
    return lambda name, tree, scope: str(choose(name, named(), tree, scope))


def choose(name: str, options: Iterable[str], tree: Tree, scope: Scope) -> Word:
    """Return one of the words, written out or as the value of a symbol or argument.

    Raises:
        SpecError: it is none of them.
    """
    options = tuple(options)
    text = tree.text(name)
    if text in options:
        return Word(text, options)
    value = _named(text, scope)
    if isinstance(value, Word) and value in options:
        return Word(value, options)
    shown = text if value is None else scope.tell(value)
    suggestion = did_you_mean(shown, options)
    tree.fail(f"{name} must be one of {', '.join(options)}, and is {quoted(shown)}.{suggestion}")


def _named(text: str, scope: Scope) -> Any:
    try:
        return scope.lookup(text)
    except SpecError:
        return None


def _number(name: str, tree: Tree, scope: Scope) -> Expr:
    return _whole(name, _ratio(name, tree, scope), tree, scope)


def _ratio(name: str, tree: Tree, scope: Scope) -> Expr:
    """A number that need be no integer."""
    value = evaluate_tree(tree, scope)
    if not isinstance(value, Expr):
        refuse(tree, scope, f"{name} must be a number, and is {describe(value)}")
    return value


def _whole(name: str, value: Expr, tree: Tree, scope: Scope) -> Expr:
    """Sizes are integers, whatever fractions they are made of."""
    if not value.is_integer:
        above, below = fraction(together(value))
        if not decide(above, "multiple of", below, "{} is an integer", name):
            hint = "// divides and rounds down"
            refuse(tree, scope, f"{name} must be an integer, and is {scope.tell(value)}", hint)
    return value


def _integer(name: str, tree: Tree, scope: Scope) -> int:
    value = scope.concrete(_number(name, tree, scope), name)
    if not 0 < value <= MAX_ARGUMENT_PARTS:
        refuse(tree, scope, f"{name} must be 1 to {MAX_ARGUMENT_PARTS}, and is {value}")
    return value


def _boolean(name: str, tree: Tree, scope: Scope) -> bool:
    value = evaluate_tree(tree, scope)
    if isinstance(value, Integer) and value in (0, 1):
        return bool(value)
    if not isinstance(value, bool):
        refuse(tree, scope, f"{name} must be true or false, and is {describe(value)}")
    return value


def _sizes(name: str, tree: Tree, scope: Scope) -> Any:
    """A size, a list of them, or a mapping of axes to them."""
    if tree.is_mapping:
        return Named({axis: _sizes(name, item, scope) for axis, item in tree.value.items()})
    if tree.is_list:
        return tuple(_sizes(name, item, scope) for item in tree.value)
    return _checked(name, evaluate_tree(tree, scope), tree, scope)


def _checked(name: str, value: Any, tree: Tree, scope: Scope) -> Any:
    """Check what a name stands for: a list of sizes, or a mapping that came in as an argument."""
    if isinstance(value, Named):
        return Named({axis: _checked(name, item, tree, scope) for axis, item in value})
    if isinstance(value, tuple):
        return tuple(_checked(name, item, tree, scope) for item in value)
    if not isinstance(value, Expr):
        rule = "a number, a list, or a mapping of axes"
        refuse(tree, scope, f"{name} must be {rule}, and is {describe(value)}")
    return _whole(name, value, tree, scope)


def _padding(name: str, tree: Tree, scope: Scope) -> Any:
    if tree.is_list or tree.is_mapping:
        return _sizes(name, tree, scope)
    if isinstance(tree.value, str) and tree.value.isidentifier() and _named(tree.value, scope) is None:
        return choose(name, PADDINGS, tree, scope)
    value = evaluate_tree(tree, scope)
    if not isinstance(value, Word):
        return _checked(name, value, tree, scope)
    if value not in PADDINGS:
        refuse(tree, scope, f"{name} must be a number, same or valid, and is {describe(value)}")
    return str(value)


def _list(name: str, tree: Tree, scope: Scope) -> tuple:
    value = _sizes(name, tree, scope)
    if type(value) is not tuple:
        refuse(tree, scope, f"{name} must be a list, and is {describe(value)}")
    if any(isinstance(entry, tuple) for entry in value):
        refuse(tree, scope, f"{name} must be a list of sizes, and not of lists")
    return value


def _mapping(name: str, tree: Tree, scope: Scope) -> Named:
    value = _sizes(name, tree, scope)
    if not isinstance(value, Named):
        refuse(tree, scope, f"{name} must be a mapping of axes to sizes, and is {describe(value)}")
    for axis, length in value:
        if isinstance(length, tuple):
            refuse(tree, scope, f"{name} must be a mapping of axes to sizes, and {axis} is {describe(length)}")
    for axis in tree.value if tree.is_mapping else ():
        check_name(axis, tree.key_place(axis), "an axis")
    return value


def _axis(name: str, tree: Tree, scope: Scope) -> str:
    axis = tree.text(name)
    check_name(axis, tree.place, "an axis")
    return axis


def _stored(name: str, tree: Tree, scope: Scope) -> str:
    return str(choose(name, DTYPES, tree, scope))


def _axes(name: str, tree: Tree, scope: Scope) -> Any:
    if not tree.is_list:
        return _axis(name, tree, scope)
    if not tree.value:
        tree.fail(f"{name} names at least one axis, and is empty")
    return tuple(_axis(name, item, scope) for item in tree.value)


def _summed_axes(name: str, tree: Tree, scope: Scope) -> Any:
    return () if tree.is_list and not tree.value else _axes(name, tree, scope)


def _axis_names(name: str, tree: Tree, scope: Scope) -> tuple[str, ...]:
    return named_axes(_axes(name, tree, scope))


def _call(name: str, tree: Tree, scope: Scope) -> tuple[float | None, ...]:
    """The arguments of a function of one element. They are no sizes, so that decimals are as good as any number."""
    hint = "a number for each argument that is one, and _ for each operand: [_, 0.5]"
    return tuple(_call_part(name, item, hint) for item in tree.list(name, hint))


def _call_part(name: str, tree: Tree, hint: str) -> float | None:
    if tree.value == "_":
        return None
    if isinstance(tree.value, int):
        return tree.value
    try:
        return float(tree.text(name))
    except (ValueError, OverflowError):
        tree.fail(f"{name} has {tree.describe()} where a number or _ stands", hint)


def _regrouping(name: str, tree: Tree, scope: Scope) -> Named:
    """New axes, each with the digits [axis, stride, size] that it consists of."""
    groups = tree.mapping(name, "{n: [[h, 1, 8], [w, 1, 8]]}: each new axis has digits [axis, stride, size]")
    for axis in groups:
        check_name(axis, tree.key_place(axis), "an axis")
    return Named(
        {axis: tuple(_digit(name, item, scope) for item in group.list(name)) for axis, group in groups.items()}
    )


def _digit(name: str, tree: Tree, scope: Scope) -> tuple[str, Expr, Expr]:
    parts = tree.list(name)
    if len(parts) != 3:
        tree.fail(f"a digit of {name} is [axis, stride, size], and this has {len(parts)} parts")
    axis, stride, size = parts
    # Digits of no axis are copies.
    called = "" if axis.value == "" else _axis(name, axis, scope)
    return called, _number("stride", stride, scope), _number("size", size, scope)


MASK_HINT = "{to: 0} up to the query's own position, {from: -2, to: 2} around it, {blocks: 8} within a block"
MASK_FORMS = ({"to"}, {"from", "to"}, {"blocks"}, {"blocks", "shift"})


def _masks(name: str, tree: Tree, scope: Scope) -> Named:
    """By axis of keys, which of them a query reads."""
    axes = tree.mapping(name, f"{{n: {{to: 0}}}}: for each axis of keys {MASK_HINT}")
    for axis in axes:
        check_name(axis, tree.key_place(axis), "an axis")
    return Named({axis: _mask(name, item, scope) for axis, item in axes.items()})


def _mask(name: str, tree: Tree, scope: Scope) -> AxisMap:
    parts = dict(tree.mapping(name, MASK_HINT))
    along = parts.pop("along", None)
    if set(parts) not in MASK_FORMS:
        tree.fail(f"{name} along an axis has {some(parts, 5) or 'nothing'}", MASK_HINT)
    words = {key: _number(key, item, scope) for key, item in parts.items()}
    return mask_of_words(words, None if along is None else _axis("along", along, scope))


CONVERTERS: dict[str, Callable[[str, Tree, Scope], Any]] = {
    "Expr": _number,
    "Ratio": _ratio,
    "int": _integer,
    "bool": _boolean,
    "str": _axis,
    "Axes": _axes,
    "SummedAxes": _summed_axes,
    "StoredName": _stored,
    "PerAxis": _sizes,
    "Padding": _padding,
    "Named": _mapping,
    "tuple[Expr, ...]": _list,
    "tuple[str, ...]": _axis_names,
    "Call": _call,
    "KeyMaps": _masks,
    "Regrouping": _regrouping,
    **{kind: _called(named) for kind, named in TORCHS_NAMES.items()},
}
