"""Keywords of what is public: one that a function does not have is an error of ours, which names the nearest."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, isfunction, signature
from typing import ParamSpec, TypeVar

from archgraph.argument_kinds import check, kind_of
from archgraph.errors import QueryError, counted, not_among

Called = ParamSpec("Called")
Returned = TypeVar("Returned")
Decorated = TypeVar("Decorated")


def strict_keywords(function: Callable[Called, Returned], name: str = "") -> Callable[Called, Returned]:
    """Let an unknown keyword, a missing argument, one too many or one of a wrong kind be a `QueryError`.

    Where a function takes keywords of any name, it says itself which it knows.

    >>> strict_keywords(lambda width: width, "draw")(widht=1)
    Traceback (most recent call last):
        ...
    archgraph.errors.QueryError: there is no argument of draw 'widht'. Did you mean 'width'?
      hint  one of width
    """
    title = name or function.__name__
    known = signature(function).parameters
    free = next((parameter for parameter in known.values() if parameter.kind is Parameter.VAR_KEYWORD), None)
    freely = kind_of(free.annotation) if free else None
    words = [word for word, each in known.items() if word not in _OWN and each.kind not in _NAMELESS]
    places = [word for word, each in known.items() if each.kind in _BY_PLACE]
    rest = next((word for word, each in known.items() if each.kind is Parameter.VAR_POSITIONAL), "")
    kinds = {word: kind for word, each in known.items() if (kind := kind_of(each.annotation)) and word not in _OWN}
    needed = [word for word in words if known[word].default is Parameter.empty]

    def complain(arguments: tuple[object, ...], keywords: dict[str, object]) -> None:
        for word in () if free else keywords:
            if word not in words:
                raise not_among(f"argument of {title}", word, words)
        given = dict(zip(places, arguments, strict=False))
        if len(arguments) > len(places) and not rest:
            raise QueryError(f"{title} takes {counted(len(places) - ('self' in places), 'argument')} by place at most")
        for word in needed:
            if word not in given and word not in keywords:
                raise QueryError(f"{title} needs {word}")
        for word, value in (*given.items(), *keywords.items(), *((rest, each) for each in arguments[len(places) :])):
            kind = kinds.get(word) if word in known else freely
            if kind:
                check(title, word, kind, value)

    @wraps(function)
    def call(*arguments: Called.args, **keywords: Called.kwargs) -> Returned:
        complain(arguments, keywords)
        return function(*arguments, **keywords)

    return call


_OWN = ("self", "cls")
_BY_PLACE = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_NAMELESS = (Parameter.POSITIONAL_ONLY, Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


def strict_methods(kind: type[Decorated]) -> type[Decorated]:
    """Decorate every public method of a class; what it inherits is decorated with its base."""
    for name, member in list(vars(kind).items()):
        if name.startswith("_") and name != "__getitem__":
            continue
        if isfunction(member):
            setattr(kind, name, strict_keywords(member, _SPOKEN.get(name, "")))
        elif isinstance(member, classmethod | staticmethod):
            setattr(kind, name, type(member)(strict_keywords(member.__func__)))
    return kind


_SPOKEN = {"__getitem__": "[]"}


def strict_class(kind: type[Decorated]) -> type[Decorated]:
    """Decorate a class that users make, and its methods."""
    setattr(kind, "__init__", strict_keywords(vars(kind)["__init__"], kind.__name__))  # noqa: B010 — pyright forbids the plain one
    return strict_methods(kind)
