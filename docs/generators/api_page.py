"""The Python reference: every public function, every question of an architecture, settings and errors."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import public_kinds
from docstrings import as_markdown
from example_imports import assumed

import archgraph as ag
from archgraph.architecture import architecture

HEAD = (
    """\
# Python

Generated from the docstrings: do not edit. The whole public API is on this page and under
[answers](answers.md), which lists the attributes of what these calls return. The examples assume these imports:

"""
    + assumed()
    + "\n"
)
SECTION = re.compile(r"^    # -- (.*?) -+$|^    def (\w+)\(", flags=re.MULTILINE)


def api_page() -> str:
    """Return the page as Markdown."""
    return "\n".join([HEAD, *_functions(), *_architecture(), *_settings(), *_errors(), *_version()]).rstrip() + "\n"


class _Told:
    """An annotation that prints as it was written: `Signature` would put text in quotes."""

    def __init__(self, told: object) -> None:
        self.told = told

    def __repr__(self) -> str:
        return self.told if isinstance(self.told, str) else inspect.formatannotation(self.told)


def signature(function: Any) -> str:
    """Return how a function is called, as its annotations say, without `self`.

    >>> signature(ag.compare)
    'compare(*architectures: Architecture) -> Table'
    """
    found = inspect.signature(function)
    kept = [_told(each) for name, each in found.parameters.items() if name != "self"]
    return f"{function.__name__}{found.replace(parameters=kept, return_annotation=_Told(found.return_annotation))}"


def _told(parameter: inspect.Parameter) -> inspect.Parameter:
    bare = parameter.annotation is inspect.Parameter.empty
    return parameter if bare else parameter.replace(annotation=_Told(parameter.annotation))


def _functions() -> Iterator[str]:
    yield "## Functions\n"
    for name, function in public_kinds.public_functions().items():
        own = function.__module__ in {module.__name__ for module in public_kinds.MODULES}
        home = function.__module__ if own else "archgraph"
        yield from _entry(f"{home}.{name}", function)


def _entry(title: str, function: Any) -> Iterator[str]:
    told = as_markdown(inspect.getdoc(function) or "")
    if title.count(".") > 1:  # what `from archgraph import *` does not bring
        told = told.replace("```pycon\n", f"```pycon\n>>> from {function.__module__} import {function.__name__}\n", 1)
    yield f"### `{title}`\n\n`{signature(function)}`\n\n{told}\n"


def _architecture() -> Iterator[str]:
    yield f"## Architecture\n\n{as_markdown(inspect.getdoc(ag.Architecture) or '')}\n"
    for section, name in SECTION.findall(inspect.getsource(architecture.Architecture)):
        if section:
            yield f"## {section.capitalize()}\n"
        elif not name.startswith("_") or name == "__getitem__":
            yield from _member(name, vars(ag.Architecture)[name])


def _member(name: str, member: Any) -> Iterator[str]:
    if isinstance(member, property):
        told = inspect.signature(member.fget).return_annotation
        yield f"### `{name}`\n\n`{name}: {told}`\n\n{as_markdown(inspect.getdoc(member) or '')}\n"
    else:
        yield from _entry("g[path]" if name == "__getitem__" else name, member)


def _settings() -> Iterator[str]:
    yield "## Settings, and what `progress` tells\n"
    for kind in (ag.Training, ag.Serving, ag.Progress):
        yield f"### `{kind.__name__}`\n\n{as_markdown(inspect.getdoc(kind) or '')}\n"


def _errors() -> Iterator[str]:
    yield "## Errors\n"
    yield "What each means, with messages as they are printed: [errors](errors.md).\n"
    for kind in (getattr(ag, name) for name in ag.__all__):
        if inspect.isclass(kind) and issubclass(kind, ag.ArchgraphError):
            yield f"### `{kind.__name__}`\n\n{as_markdown(inspect.getdoc(kind) or '')}\n"


def _version() -> Iterator[str]:
    yield "## Version\n\n### `__version__`\n\nThe version of the package, as text: `ag.__version__`.\n"
