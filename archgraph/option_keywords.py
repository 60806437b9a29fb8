"""Keywords that several calls share, written once as a `TypedDict`: a signature that lists them, for help and checks.

``**said: Unpack[DrawOptions]`` takes these and no others; ``**options: Annotated[object, ChartOptions]`` takes these,
and words of any name beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from inspect import Parameter, Signature, signature

_SHARED = re.compile(r"(Unpack|Annotated)\[(?:object, *)?(\w+)\]")


def shares_keywords(function: Callable[..., object]) -> bool:
    """Whether keywords of a function are written elsewhere; nothing is evaluated for that."""
    return any(_SHARED.fullmatch(str(told)) for told in function.__annotations__.values())


def full_signature(function: Callable[..., object]) -> Signature:
    """Return the signature with every keyword that the function takes, those written elsewhere by their names.

    >>> from archgraph.data.figure_keywords import ChartOptions
    >>> def drawn(title: str, **look: Unpack[ChartOptions]) -> None: ...
    >>> drawn.__globals__["ChartOptions"] = ChartOptions
    >>> list(full_signature(drawn).parameters)
    ['title', 'width', 'venue', 'theme', 'background', 'fonts', 'dpi']
    """
    found = signature(function)
    every = [one for each in found.parameters.values() for one in _spread(function, each)]
    return found.replace(parameters=every)


def _spread(function: Callable[..., object], each: Parameter) -> Iterator[Parameter]:
    shared = _SHARED.fullmatch(str(each.annotation)) if each.kind is Parameter.VAR_KEYWORD else None
    if shared is None:
        yield each
        return
    kind, name = shared.groups()
    for word, told in function.__globals__[name].__annotations__.items():
        text = getattr(told, "__forward_arg__", told)
        yield Parameter(word, Parameter.KEYWORD_ONLY, default=None, annotation=text)
    if kind == "Annotated":
        yield each.replace(annotation="object")
