"""What kind of value an argument takes, read from its annotation; only what is sure to be wrong is refused."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from inspect import Parameter, formatannotation
from itertools import islice
from math import log10
from numbers import Integral, Real
from typing import NamedTuple

from archgraph.errors import QueryError, printable, quoted

MOST_BITS = 512
"""Of whole numbers that are asked for, as of those in a spec."""


class ArgumentKind(NamedTuple):
    """What an argument takes.

    Attributes:
        rule: in words.
        holds: whether a value is of the kind.
        plain: a value that is of the kind, or is not, as Python's own: numbers of other libraries wrap around.
    """

    rule: str
    holds: Callable[[object], bool]
    plain: Callable[[object], object] = lambda value: value


def check(call: str, word: str, kind: ArgumentKind, value: object) -> None:
    """Refuse a value that is not of the kind.

    Raises:
        QueryError: it is not.

    >>> check("hops", "distance", kind_of("int | None"), "2")
    Traceback (most recent call last):
        ...
    archgraph.errors.QueryError: distance of hops is a whole number or None, and not '2'
    """
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise QueryError(f"{word} of {call} has {_digits(value):,} digits: the limit is 2**{MOST_BITS}")
    if not kind.holds(value):
        raise QueryError(f"{word} of {call} is {kind.rule}, and not {_shown(value)}")


def _digits(value: int) -> int:
    """About how many digits a number has, which Python does not write where they are thousands."""
    return int(value.bit_length() * log10(2)) + 1


def _shown(value: object) -> str:
    if isinstance(value, str):
        return printable(quoted(value))
    if value is None or isinstance(value, int | float):
        return str(value)
    inside = _inside(value)
    return f"a {type(value).__name__}{f' with {inside}' if inside else ''}"


def _inside(value: object) -> str:
    """The first of what a small container holds, which is where such a value is wrong if its own kind is right."""
    if isinstance(value, Mapping):
        return ", ".join(f"{_brief(key)}: {_brief(held)}" for key, held in islice(value.items(), 1))
    return _brief(next(iter(value))) if isinstance(value, list | tuple) and value else ""


def _brief(value: object) -> str:
    return _shown(value) if value is None or isinstance(value, str | int | float) else f"a {type(value).__name__}"


@cache
def kind_of(annotation: object) -> ArgumentKind | None:
    """Return what an annotation asks for; nothing where one of its alternatives is none of `_KINDS`.

    >>> kind_of("str | None").rule, kind_of("Iterable[str]").rule, kind_of("nn.Module")
    ('text or None', 'a list of text', None)
    """
    if annotation is Parameter.empty:
        return None
    text = annotation if isinstance(annotation, str) else formatannotation(annotation)
    kinds = list(map(_kind, _alternatives(ast.parse(text, mode="eval").body)))
    known = [kind for kind in kinds if kind is not None]
    if len(known) < len(kinds):
        return None
    if len(known) == 1:
        return known[0]
    rule = " or ".join(kind.rule for kind in known)
    return ArgumentKind(rule, lambda value: any(kind.holds(value) for kind in known), lambda value: _as(known, value))


def _as(known: list[ArgumentKind], value: object) -> object:
    """A value as the first of several kinds that it is of."""
    return next((kind.plain(value) for kind in known if kind.holds(kind.plain(value))), value)


def _alternatives(tree: ast.expr) -> Iterable[ast.expr]:
    if isinstance(tree, ast.BinOp):
        return [*_alternatives(tree.left), *_alternatives(tree.right)]
    return [tree]


def _kind(tree: ast.expr) -> ArgumentKind | None:
    if isinstance(tree, ast.Constant) and tree.value is None:
        return ArgumentKind("None", lambda value: value is None)
    if isinstance(tree, ast.Name):
        return _KINDS.get(tree.id) or (_instance(tree.id) if tree.id in _CLASSES else None)
    if ast.unparse(tree).startswith("os.PathLike"):
        return _KINDS["Path"]
    if ast.unparse(tree).startswith("Callable["):
        return ArgumentKind("a function", callable)
    if isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Name):
        return _container(tree.value.id, tree.slice)
    return None


def _container(name: str, inner: ast.expr) -> ArgumentKind | None:
    if name == "Mapping" and isinstance(inner, ast.Tuple):
        key, of = map(_kind, inner.elts)
        of_what = f" of {key.rule} to {of.rule}" if key and of else ""
        return ArgumentKind(f"a mapping{of_what}", lambda value: _is_mapping(value, key, of))
    if name == "tuple" and isinstance(inner, ast.Tuple):
        if ast.unparse(inner.elts[-1]) != "...":
            return _fixed([_kind(part) for part in inner.elts])
        inner = inner.elts[0]
    elif name not in ("Iterable", "Sequence", "Collection"):
        return None
    of = _kind(inner)
    return ArgumentKind(
        f"a list of {of.rule}" if of else "a list",
        lambda value: _is_list(value, of),
        lambda value: _plain_list(value, of),
    )


def _fixed(parts: list[ArgumentKind | None]) -> ArgumentKind:
    """As many parts, each of its own kind."""
    rule = " and ".join(part.rule if part else "something" for part in parts)
    return ArgumentKind(f"a pair of {rule}" if len(parts) == 2 else rule, lambda value: _is_fixed(value, parts))


def _is_fixed(value: object, parts: list[ArgumentKind | None]) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == len(parts)
        and all(part is None or part.holds(each) for part, each in zip(parts, value, strict=True))
    )


def _is_mapping(value: object, key: ArgumentKind | None, of: ArgumentKind | None) -> bool:
    return isinstance(value, Mapping) and all(
        (key is None or key.holds(word)) and (of is None or of.holds(held)) for word, held in value.items()
    )


def _is_list(value: object, of: ArgumentKind | None) -> bool:
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        return False
    # What can be read once only is not read here, and all of a range are whole numbers.
    read = value[:1] if isinstance(value, range) else value
    return of is None or not isinstance(read, Collection) or all(map(of.holds, read))


def _plain_list(value: object, of: ArgumentKind | None) -> object:
    """An array of numpy as lists, and each element as the kind has it."""
    if of is None:
        return value
    elements: object = getattr(value, "tolist")() if hasattr(value, "tolist") and _is_numpy(value) else value  # noqa: B009 — of no class that this room knows
    if not isinstance(elements, list | tuple) or all(type(each) in _PYTHON for each in elements):
        return elements
    plain = map(of.plain, elements)
    return list(plain) if isinstance(elements, list) else tuple(plain)


def _is_numpy(value: object) -> bool:
    return type(value).__module__.partition(".")[0] == "numpy"


def _instance(name: str) -> ArgumentKind:
    """An instance of a class by its name: this room knows no other."""
    names = _UNIONS.get(name, (name,))
    return ArgumentKind(_CLASSES[name], lambda value: any(kind.__name__ in names for kind in type(value).__mro__))


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral)  # numpy's and sympy's, too; but no array, which may have one element


def _plain_whole(value: object) -> object:
    return int(value) if type(value) not in _PYTHON and isinstance(value, Integral) else value


def _plain_number(value: object) -> object:
    """A rounded number of numpy as Python's; exact ones of sympy stay as they are."""
    value = _plain_whole(value)
    return float(value) if isinstance(value, Real) and _is_numpy(value) else value


def _is_switch(value: object) -> bool:
    return type(value).__name__ in ("bool", "bool_") or (_is_whole(value) and value in (0, 1))  # numpy's own, too


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(map(_is_whole, value))


def _is_number(value: object) -> bool:
    if hasattr(value, "__len__"):
        return False  # an array, which may have one element
    if hasattr(value, "free_symbols"):
        return bool(getattr(value, "is_comparable", False))  # sympy's, if it is one number
    return _is_whole(value) or (hasattr(value, "__float__") and value == value)  # not a number differs from itself


_PYTHON = frozenset((bool, int, float, str, type(None)))
_TEXT = ArgumentKind("text", lambda value: isinstance(value, str))
_KINDS = {
    "str": _TEXT,
    "bool": ArgumentKind("True or False", _is_switch),
    "int": ArgumentKind("a whole number", _is_whole, _plain_whole),
    "float": ArgumentKind("a number", _is_number, _plain_number),
    "Range": ArgumentKind("a pair of whole numbers", _is_pair),
    "Path": ArgumentKind("a path", lambda value: hasattr(value, "__fspath__")),
    "Expr": ArgumentKind("a law", lambda value: hasattr(value, "free_symbols")),
    **dict.fromkeys(("AttentionKernel", "Dtype", "LayerState", "Mode", "OptimizerName", "ReadKind"), _TEXT),
}
_CLASSES = {
    "Architecture": "an architecture",
    "GrowthPath": "a growth of a network",
    "Leaf": "a leaf of an outline",
    "Member": "a step of a graph",
    "Metric": "a metric",
    "Part": "a part",
    "Serving": "a Serving",
    "TensorType": "a type",
    "Training": "a Training",
    "Value": "a value of a graph",
}
_UNIONS = {"Member": ("Node", "Repeat")}
