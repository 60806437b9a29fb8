"""What kind of value an argument takes, read from its annotation; only what is sure to be wrong is refused."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from inspect import Parameter, formatannotation
from typing import NamedTuple

from archgraph.errors import QueryError, printable, quoted


class ArgumentKind(NamedTuple):
    """What an argument takes.

    Attributes:
        rule: in words.
        holds: whether a value is of the kind.
    """

    rule: str
    holds: Callable[[object], bool]


def check(call: str, word: str, kind: ArgumentKind, value: object) -> None:
    """Refuse a value that is not of the kind.

    Raises:
        QueryError: it is not.

    >>> check("hops", "distance", kind_of("int | None"), "2")
    Traceback (most recent call last):
        ...
    archgraph.errors.QueryError: distance of hops is a whole number or None, and not '2'
    """
    if not kind.holds(value):
        raise QueryError(f"{word} of {call} is {kind.rule}, and not {_shown(value)}")


def _shown(value: object) -> str:
    if isinstance(value, str):
        return printable(quoted(value))
    return str(value) if value is None or isinstance(value, int | float) else f"a {type(value).__name__}"


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
    return ArgumentKind(
        " or ".join(kind.rule for kind in known), lambda value: any(kind.holds(value) for kind in known)
    )


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
    if isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Name):
        return _container(tree.value.id, tree.slice)
    return None


def _container(name: str, inner: ast.expr) -> ArgumentKind | None:
    if name == "Mapping" and isinstance(inner, ast.Tuple):
        key, of = map(_kind, inner.elts)
        of_what = f" of {key.rule} to {of.rule}" if key and of else ""
        return ArgumentKind(f"a mapping{of_what}", lambda value: _is_mapping(value, key, of))
    if name not in ("Iterable", "Sequence", "Collection"):
        return None
    of = _kind(inner)
    return ArgumentKind(f"a list of {of.rule}" if of else "a list", lambda value: _is_list(value, of))


def _is_mapping(value: object, key: ArgumentKind | None, of: ArgumentKind | None) -> bool:
    return isinstance(value, Mapping) and all(
        (key is None or key.holds(word)) and (of is None or of.holds(held)) for word, held in value.items()
    )


def _is_list(value: object, of: ArgumentKind | None) -> bool:
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        return False
    # What can be read once only is not read here.
    return of is None or not isinstance(value, list | tuple | set) or all(map(of.holds, value))


def _instance(name: str) -> ArgumentKind:
    """An instance of a class by its name: this room knows no other."""
    return ArgumentKind(_CLASSES[name], lambda value: any(kind.__name__ == name for kind in type(value).__mro__))


def _is_whole(value: object) -> bool:
    return hasattr(value, "__index__") or bool(getattr(value, "is_Integer", False))


def _is_switch(value: object) -> bool:
    return type(value).__name__ in ("bool", "bool_") or (_is_whole(value) and value in (0, 1))  # numpy's own, too


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(map(_is_whole, value))


def _is_number(value: object) -> bool:
    return _is_whole(value) or (hasattr(value, "__float__") and value == value)  # not a number differs from itself


_TEXT = ArgumentKind("text", lambda value: isinstance(value, str))
_KINDS = {
    "str": _TEXT,
    "bool": ArgumentKind("True or False", _is_switch),
    "int": ArgumentKind("a whole number", _is_whole),
    "float": ArgumentKind("a number", _is_number),
    "Range": ArgumentKind("a pair of whole numbers", _is_pair),
    "Path": ArgumentKind("a path", lambda value: hasattr(value, "__fspath__")),
    "Expr": ArgumentKind("a law", lambda value: hasattr(value, "free_symbols")),
    **dict.fromkeys(("AttentionKernel", "Dtype", "Mode", "OptimizerName", "ReadKind"), _TEXT),
}
_CLASSES = {
    "Architecture": "an architecture",
    "Part": "a part",
    "Serving": "a Serving",
    "TensorType": "a type",
    "Training": "a Training",
}
