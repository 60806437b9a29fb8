"""Keywords of what is public: one that a function does not have is an error of ours, which names the nearest."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, isfunction, signature
from typing import ParamSpec, TypeVar

from archgraph.errors import not_among

Called = ParamSpec("Called")
Returned = TypeVar("Returned")
Decorated = TypeVar("Decorated")


def strict_keywords(function: Callable[Called, Returned], name: str = "") -> Callable[Called, Returned]:
    """Let an unknown keyword of a function be a `QueryError`; the function is left alone where it takes any.

    >>> strict_keywords(lambda width: width, "draw")(widht=1)
    Traceback (most recent call last):
        ...
    archgraph.errors.QueryError: there is no argument of draw 'widht'. Did you mean 'width'?
      hint  one of width
    """
    known = signature(function).parameters
    if any(parameter.kind is Parameter.VAR_KEYWORD for parameter in known.values()):
        return function
    what = f"argument of {name or function.__name__}"
    words = [word for word, each in known.items() if word not in ("self", "cls") and each.kind not in _BY_PLACE]

    @wraps(function)
    def call(*arguments: Called.args, **keywords: Called.kwargs) -> Returned:
        for word in keywords:
            if word not in words:
                raise not_among(what, word, words)
        return function(*arguments, **keywords)

    return call


_BY_PLACE = (Parameter.POSITIONAL_ONLY, Parameter.VAR_POSITIONAL)


def strict_methods(kind: type[Decorated]) -> type[Decorated]:
    """Decorate every public method of a class; what it inherits is decorated with its base."""
    for name, member in list(vars(kind).items()):
        if name.startswith("_"):
            continue
        if isfunction(member):
            setattr(kind, name, strict_keywords(member))
        elif isinstance(member, classmethod | staticmethod):
            setattr(kind, name, type(member)(strict_keywords(member.__func__)))
    return kind


def strict_class(kind: type[Decorated]) -> type[Decorated]:
    """Decorate a class that users make, and its methods."""
    setattr(kind, "__init__", strict_keywords(vars(kind)["__init__"], kind.__name__))  # noqa: B010 — pyright forbids the plain one
    return strict_methods(kind)
