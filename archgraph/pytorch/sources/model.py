"""What a name or a file becomes: a module without weights, and the inputs that it is traced with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from inspect import signature
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from archgraph.errors import ArchgraphError, MissingToolError, SpecError, did_you_mean, quoted
from archgraph.optional import import_torch
from archgraph.pytorch.sources.slips import misspelt_keyword

if TYPE_CHECKING:
    from torch import Tensor, nn

Built = TypeVar("Built")
BuilderOptions = Mapping[str, Any]
"""Keywords of whatever builds a module: `img_size=384`."""
LONGEST_TOLD = 400
"""Letters of what a library says of its failure."""
DIMENSIONS: Mapping[int, Mapping[int, str]] = {2: {1: "n"}, 4: {2: "h", 3: "w"}, 5: {2: "t", 3: "h", 4: "w"}}
"""By how many dimensions an input has, what sizes of it are called."""


@dataclass(frozen=True)
class NamedModel:
    """A module and how to call it.

    Attributes:
        name: what the network is called.
        module: without values where its constructor allows that.
        inputs: by name; None where nothing says what the module takes.
        from_what: where the sizes of the inputs come from, as text.
        fields: what it was built from, by name: fields of a configuration, keywords of a builder.
        dims: dimensions of the inputs that have a usual name: `{"n": {"input_ids": 1}}`.
        completed: makes the inputs of those that the user gives, where a file says them in part.
        lenient: makes the module that goes on at operators without a rule, where the other one refuses to.
    """

    name: str
    module: nn.Module
    inputs: Mapping[str, Tensor] | None
    from_what: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)
    completed: Callable[[object], Mapping[str, Tensor]] | None = None
    lenient: Callable[[], nn.Module] | None = None

    @property
    def dims(self) -> Mapping[str, Mapping[str, int]]:
        """The usual names of dimensions of the inputs: tokens are counted by n, images are h by w."""
        found: dict[str, dict[str, int]] = {}
        for name, value in (self.inputs or {}).items():
            for dim, letter in DIMENSIONS.get(len(getattr(value, "shape", ())), {}).items():
                found.setdefault(letter, {})[name] = dim
        return found

    def told(self) -> str:
        """Return the inputs as text: `x 1x3x224x224, by timm's input_size`."""
        shapes = (f"{name} {_shape(value)}" for name, value in (self.inputs or {}).items())
        return f"{', '.join(shapes)}, by {self.from_what}"


def _shape(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} {_shape(part)}" for name, part in value.items()) + "}"
    return "x".join(map(str, getattr(value, "shape", ()))) or "one number"


def library(name: str) -> ModuleType:
    """Import a library that models are named by.

    Raises:
        MissingToolError: it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != name:
            raise MissingToolError(f"{name} needs {error.name}, which is not installed") from None
        raise MissingToolError(f"{name} is not installed", hint=f"pip install {name}") from None
    except Exception as error:
        told = str(error).strip().partition("\n")[0]
        hint = f"install a version of {name} that fits the PyTorch that is installed"
        raise MissingToolError(f"{name} cannot be imported: {type(error).__name__}: {told}", hint=hint) from None


def unknown_model(what: str, name: str, known: list[str]) -> SpecError:
    """Return the error for a name that a library does not have.

    >>> print(unknown_model("timm has no model", "resnet5", ["resnet50"]))
    timm has no model 'resnet5'. Did you mean 'resnet50'?
    """
    return SpecError(f"{what} {quoted(name)}.{did_you_mean(name, known)}")


def built(what: str, make: Callable[[], Built]) -> Built:
    """Return a module, without values; where its constructor asks for values, with them, on the CPU.

    Raises:
        SpecError: it cannot be built.
    """
    torch = import_torch()
    try:
        with torch.device("meta"):
            return make()
    except ArchgraphError:
        raise
    except Exception:
        with built_or_told(what):
            return make()


@contextmanager
def built_or_told(what: str) -> Iterator[None]:
    """Turn what a foreign constructor raises into one error."""
    try:
        yield
    except ArchgraphError:
        raise
    except (Exception, SystemExit) as error:
        told = " ".join(str(error).split())[:LONGEST_TOLD]
        slip = misspelt_keyword(error)
        if slip is not None:
            told, known = slip
            raise SpecError(f"{what} has no keyword {told}", hint=known and f"keywords: {known}") from None
        if isinstance(error, ImportError):
            hint = "install what it needs, in versions that fit the PyTorch that is installed"
            raise MissingToolError(f"cannot build {what}: {type(error).__name__}: {told}", hint=hint) from None
        raise SpecError(
            f"cannot build {what}: {type(error).__name__}: {told}", hint="its keywords: --set name=value"
        ) from None


def first_argument(module: nn.Module) -> str:
    """Return the name of what a module is called with."""
    return next(iter(signature(module.forward).parameters))


def images(*sizes: int) -> Tensor:
    """Return one sample of numbers without values."""
    return import_torch().empty((1, *sizes), device="meta")


def tokens(length: int) -> Tensor:
    """Return one sample of token numbers without values."""
    torch = import_torch()
    return torch.zeros((1, length), dtype=torch.int64, device="meta")


def no_inputs(name: str) -> SpecError:
    """Return the error for a model of which nothing says what it takes."""
    return SpecError(f"nothing says what {name} takes", hint="say it: --shape 1x3x224x224, or inputs={...}")


def called_with(model: NamedModel, inputs: object) -> tuple[object, str]:
    """Return the inputs that a model is traced with, those of the user first, and what is told of the others.

    Raises:
        SpecError: nothing says what it takes.
    """
    if model.completed is not None:
        every = model.completed(inputs)
        return dict(every), _told_of_rest(model, every, inputs)
    if inputs is None:
        if model.inputs is None:
            raise no_inputs(model.name)
        return dict(model.inputs), model.told()
    if not isinstance(inputs, Mapping) or model.inputs is None:
        return inputs, ""
    derived = {name: value for name, value in model.inputs.items() if name not in inputs}
    return {**derived, **inputs}, _told_of_rest(model, model.inputs, inputs)


def _told_of_rest(model: NamedModel, every: Mapping[str, Tensor], given: object) -> str:
    """Return what is told of the inputs that the user did not give."""
    named = given if isinstance(given, Mapping) else {}
    derived = {name: value for name, value in every.items() if name not in named}
    nothing = not derived or (given is not None and not named)
    return "" if nothing else replace(model, inputs=derived).told()
