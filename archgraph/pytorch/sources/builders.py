"""Modules of the user's own code: `package.file:name`."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from inspect import Parameter, signature
from typing import TYPE_CHECKING

from archgraph.errors import ArchgraphError, QueryError, SpecError, did_you_mean, quoted, some
from archgraph.optional import import_torch
from archgraph.pytorch.sources.model import BuilderOptions, Built, NamedModel
from archgraph.pytorch.sources.slips import misspelt_keyword

if TYPE_CHECKING:
    from torch import nn


def own_model(path: str, options: BuilderOptions) -> NamedModel:
    """Return the module that `package.file:name` is or makes; keywords are passed to it."""
    module = own_module(path, options)
    return NamedModel(path.partition(":")[2], module, None, fields={**_defaults(path), **options})


def own_module(path: str, options: BuilderOptions | None = None) -> nn.Module:
    """Import `package.file:name`, and call it unless it is a module already; weights are made on the meta device.

    Raises:
        SpecError: it cannot be imported, or fails.
        QueryError: it makes no module, or wants other arguments.
    """
    torch = import_torch()
    place, _, name = path.partition(":")
    if not place or not name or place.startswith("."):
        raise SpecError(f"cannot read the module {quoted(path)}", hint="write package.file:name")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    holder = _foreign(lambda: importlib.import_module(place), f"cannot import {quoted(path)}")
    if not hasattr(holder, name):
        raise SpecError(f"{quoted(place)} has no {quoted(name)}.{did_you_mean(name, dir(holder))}")
    found = getattr(holder, name)
    if isinstance(found, torch.nn.Module):
        return found
    given = dict(options or {})
    _check_callable(path, found, given)
    with torch.device("meta"):
        made = _foreign(lambda: found(**given), f"{quoted(path)} makes no module")
    if not isinstance(made, torch.nn.Module):
        raise QueryError(f"{quoted(path)} makes no torch.nn.Module but a value of type {type(made).__name__}")
    return made


def _defaults(path: str) -> dict[str, object]:
    """What a builder takes where nothing is said."""
    place, _, name = path.partition(":")
    try:
        parameters = signature(getattr(sys.modules[place], name)).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {each.name: each.default for each in parameters if each.default is not Parameter.empty}


def _check_callable(path: str, found: object, given: BuilderOptions) -> None:
    """Refuse, before it is called, what makes no module or wants arguments that are not given."""
    wanted = "name a torch.nn.Module, or a function or class without arguments that makes one"
    if not callable(found):
        raise QueryError(f"{quoted(path)} is no torch.nn.Module but {type(found).__name__}", hint=wanted)
    try:
        parameters = signature(found).parameters.values()
    except (TypeError, ValueError):
        return
    free = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    missing = [
        each.name
        for each in parameters
        if each.default is Parameter.empty and each.kind in free and each.name not in given
    ]
    if missing:
        message = f"{quoted(path)} takes arguments ({some(missing)}), and a module is made without any"
        raise QueryError(message, hint=wanted)


def _foreign(call: Callable[[], Built], message: str) -> Built:
    """Call what is not ours, of which any failure is told, and none ends the program."""
    try:
        return call()
    except ArchgraphError:
        raise
    except (Exception, SystemExit) as error:
        slip = misspelt_keyword(error)
        if slip is not None:
            told, known = slip
            raise SpecError(f"{message}: it has no keyword {told}", hint=known and f"keywords: {known}") from None
        raise SpecError(f"{message}: {type(error).__name__}: {error}") from None
