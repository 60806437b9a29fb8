"""Keywords that a foreign function does not have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from inspect import Parameter, signature
from types import TracebackType

from archgraph.errors import did_you_mean, quoted, some

GIVEN_BY_NAME = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
UNEXPECTED = re.compile(r"(?P<function>[\w.<>]+)\(\) got an unexpected keyword argument '(?P<keyword>\w+)'")


def misspelt_keyword(error: BaseException) -> tuple[str, str] | None:
    """Return a keyword that a call did not know with the nearest, and those it knows; None of another error.

    >>> def build(img_size=224, depth=12):
    ...     return img_size, depth
    >>> try:
    ...     build(**{"img_sz": 384})
    ... except TypeError as error:
    ...     print(misspelt_keyword(error))
    ("'img_sz'. Did you mean 'img_size'?", 'img_size, depth')
    """
    found = UNEXPECTED.search(str(error)) if isinstance(error, TypeError) else None
    if found is None:
        return None
    known = _keywords(found["function"], error)
    return f"{quoted(found['keyword'])}.{did_you_mean(found['keyword'], known)}", some(known, 20)


def _keywords(function: str, error: BaseException) -> list[str]:
    """Return the keywords of the function of a name, which the frame that called it holds."""
    names = {function, function.removesuffix(".__init__")}
    for value in _held(error.__traceback__):
        if callable(value) and getattr(value, "__qualname__", "") in names:
            try:
                return [each.name for each in signature(value).parameters.values() if each.kind in GIVEN_BY_NAME]
            except (TypeError, ValueError):
                return []
    return []


def _held(trace: TracebackType | None) -> Iterator[object]:
    """Yield what the frames of a traceback hold, the innermost first."""
    frames = []
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    for frame in reversed(frames):
        values: Iterable[object] = (*frame.f_locals.values(), *frame.f_globals.values())
        yield from values
