"""Keywords of what is public: one that a function does not have is an error of ours, which names the nearest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Parameter, isfunction
from typing import ParamSpec, TypeVar

from archgraph.argument_kinds import check, kind_of
from archgraph.errors import QueryError, counted, not_among
from archgraph.option_keywords import full_signature, shares_keywords
from archgraph.steps import LISTENER

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
            made.append(_Parameters(name or function.__name__, full_signature(function).parameters))
        arguments, keywords = made[0].held(arguments, keywords)  # type: ignore[assignment]
        listener = LISTENER.get()
        if listener is None or listener.path:
            return function(*arguments, **keywords)
        with listener.call(made[0].title):
            return function(*arguments, **keywords)

    if shares_keywords(function):
        call.__signature__ = full_signature(function)  # type: ignore[attr-defined]
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
        self.freely = kind_of(self.free.annotation) if self.free else None
        self.needed = [word for word in self.words if known[word].default is Parameter.empty]
        placed = [self.places.index(word) + 1 if word in self.places else len(known) + 1 for word in self.needed]
        self.fewest = max(placed, default=0)
        """Arguments by place from which on none is missing."""
        self.checked = [(at, word, self.kinds[word]) for at, word in enumerate(self.places) if word in self.kinds]

    def held(
        self, arguments: tuple[object, ...], keywords: dict[str, object]
    ) -> tuple[tuple[object, ...], dict[str, object]]:
        """Refuse arguments that the function does not take; return them with numbers as Python's own.

        Raises:
            QueryError: a keyword is unknown, an argument is missing, one too many, or one of a wrong kind.
        """
        if keywords or not self.fewest <= len(arguments) <= len(self.places):
            self._complain(arguments, keywords)
            return self._complete(arguments, keywords)
        # Nearly all calls that are made inside: right by their number, with few kinds to look at.
        for place, word, kind in self.checked:
            if place < len(arguments):
                value = kind.plain(arguments[place])
                check(self.title, word, kind, value)
                if value is not arguments[place]:
                    arguments = (*arguments[:place], value, *arguments[place + 1 :])
        return arguments, keywords

    def _complain(self, arguments: tuple[object, ...], keywords: Mapping[str, object]) -> None:
        for word in () if self.free else keywords:
            if word not in self.words:
                raise not_among(f"argument of {self.title}", word, self.words)
        if len(arguments) > len(self.places) and not self.rest:
            most = counted(len(self.places) - ("self" in self.places), "argument")
            raise QueryError(f"{self.title} takes {most} by place at most")
        for word in self.needed:
            if word not in keywords and word not in self.places[: len(arguments)]:
                raise QueryError(f"{self.title} needs {word}")

    def _complete(
        self, arguments: tuple[object, ...], keywords: dict[str, object]
    ) -> tuple[tuple[object, ...], dict[str, object]]:
        words = [*self.places, *[self.rest] * (len(arguments) - len(self.places))]
        by_place = tuple(self._plain(word, value) for word, value in zip(words, arguments, strict=False))
        return by_place, {word: self._plain(word, value) for word, value in keywords.items()}

    def _plain(self, word: str, value: object) -> object:
        kind = self.kinds.get(word) if word in self.known else self.freely
        if kind is None:
            return value
        value = kind.plain(value)
        check(self.title, word, kind, value)
        return value


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
        elif isinstance(member, property) and member.fget:
            setattr(kind, name, property(_named(member.fget), doc=member.__doc__))
    return kind


def _named(get: Callable[[object], Returned]) -> Callable[[object], Returned]:
    """A property that takes long is told of by its name, as a call is."""

    @wraps(get)
    def named(self: object) -> Returned:
        listener = LISTENER.get()
        if listener is None or listener.path:
            return get(self)
        with listener.call(get.__name__):
            return get(self)

    return named


_SPOKEN = {"__getitem__": "[]"}


def strict_class(kind: type[Decorated]) -> type[Decorated]:
    """Decorate a class that users make, and its methods."""
    setattr(kind, "__init__", strict_keywords(vars(kind)["__init__"], kind.__name__))  # noqa: B010 — pyright forbids the plain one
    return strict_methods(kind)
