"""Keywords of what is public: one that a function does not have is an error of ours, which names the nearest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    made: list[_Parameters] = []

    @wraps(function)
    def call(*arguments: Called.args, **keywords: Called.kwargs) -> Returned:
        # Signatures are read at the first call: most functions are never called, and all are decorated at import.
        if not made:
            made.append(_Parameters(name or function.__name__, signature(function).parameters))
        made[0].hold(arguments, keywords)
        return function(*arguments, **keywords)

    return call


class _Parameters:
    """What a function takes, by place and by keyword."""

    def __init__(self, title: str, known: Mapping[str, Parameter]) -> None:
        self.title = title
        self.known = known
        self.free = next((each for each in known.values() if each.kind is Parameter.VAR_KEYWORD), None)
        self.words = [word for word, each in known.items() if word not in _OWN and each.kind not in _NAMELESS]
        self.places = [word for word, each in known.items() if each.kind in _BY_PLACE]
        self.rest = next((word for word, each in known.items() if each.kind is Parameter.VAR_POSITIONAL), "")
        found = {word: kind_of(each.annotation) for word, each in known.items() if word not in _OWN}
        self.kinds = {word: kind for word, kind in found.items() if kind}
        self.needed = [word for word in self.words if known[word].default is Parameter.empty]
        placed = [self.places.index(word) + 1 if word in self.places else len(known) + 1 for word in self.needed]
        self.fewest = max(placed, default=0)
        """Arguments by place from which on none is missing."""
        self.checked = [(at, word, self.kinds[word]) for at, word in enumerate(self.places) if word in self.kinds]

    def hold(self, arguments: tuple[object, ...], keywords: Mapping[str, object]) -> None:
        """Refuse arguments that the function does not take.

        Raises:
            QueryError: a keyword is unknown, an argument is missing, one too many, or one of a wrong kind.
        """
        if keywords or not self.fewest <= len(arguments) <= len(self.places):
            self._complain(arguments, keywords)
            return
        # Nearly all calls that are made inside: right by their number, with few kinds to look at.
        for place, word, kind in self.checked:
            if place < len(arguments):
                check(self.title, word, kind, arguments[place])

    def _complain(self, arguments: tuple[object, ...], keywords: Mapping[str, object]) -> None:
        for word in () if self.free else keywords:
            if word not in self.words:
                raise not_among(f"argument of {self.title}", word, self.words)
        places, given = self.places, dict(zip(self.places, arguments, strict=False))
        if len(arguments) > len(places) and not self.rest:
            most = counted(len(places) - ("self" in places), "argument")
            raise QueryError(f"{self.title} takes {most} by place at most")
        for word in self.needed:
            if word not in given and word not in keywords:
                raise QueryError(f"{self.title} needs {word}")
        more = ((self.rest, each) for each in arguments[len(places) :])
        freely = kind_of(self.free.annotation) if self.free else None
        for word, value in (*given.items(), *keywords.items(), *more):
            kind = self.kinds.get(word) if word in self.known else freely
            if kind:
                check(self.title, word, kind, value)


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
