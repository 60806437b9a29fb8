"""Exporting a module with PyTorch, and the sizes of its inputs as symbols in the user's names."""

from __future__ import annotations

import functools
import inspect
import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archgraph.errors import ArchgraphError, SpecError, did_you_mean
from archgraph.optional import import_torch
from archgraph.pytorch.trace.capture import Dynamic
from archgraph.pytorch.trace.inputs import one_sample

if TYPE_CHECKING:
    from torch import nn

NOT_THE_USERS = (f"{os.sep}torch{os.sep}", f"{os.sep}archgraph{os.sep}", "contextlib", "<")
"""Parts of the names of files whose lines are not the user's code."""
COMPARING = (
    f"{os.sep}torch{os.sep}fx{os.sep}",
    f"{os.sep}torch{os.sep}__init__.py",
    f"{os.sep}torch{os.sep}_logging{os.sep}",
    f"{os.sep}torch{os.sep}utils{os.sep}",
    f"{os.sep}archgraph{os.sep}",
    "contextlib",
    "<",
)
"""Parts of the names of files that turn a comparison of sizes into a condition."""


@dataclass(frozen=True)
class Exported:
    """What `torch.export` gave: the program, and the dimensions that were asked to stay symbolic.

    Attributes:
        dims: placeholder name and dimension of every requested symbol.
    """

    program: Any
    dims: Mapping[tuple[str, int], str]
    inputs: tuple[str, ...]
    places: Mapping[str, str] = field(default_factory=dict)
    """The line of the user's code that an equality of sizes comes from, by its text; of an inequality only where
    that line itself compares the sizes."""


@dataclass
class ExportCall:
    """The arguments of one call of the module, with a name for every tensor."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    shapes: Any
    fixed: dict[str, Any]


def export(module: nn.Module, inputs: Any, dynamic: Dynamic) -> Exported:
    """Export a module without allocating anything new.

    Raises:
        MissingToolError: torch is not installed.
        ArchgraphError: the inputs do not fit, or the module's control flow depends on data.
    """
    torch = import_torch()
    call = _call(module, inputs, dynamic)
    with _evaluating(module), _with_fixed(module, call.fixed), torch.no_grad(), _deciding_lines() as places:
        try:
            with _without_half_graphs():
                program = torch.export.export(module, call.args, call.kwargs, dynamic_shapes=call.shapes, strict=False)
        except Exception as error:
            raise _explained(module, error) from error
    placeholders = _user_inputs(program)
    return Exported(program, _requested(placeholders, dynamic), placeholders, places)


@contextmanager
def _without_half_graphs() -> Iterator[None]:
    """Keep back what torch prints of a graph that it cannot finish; what else is printed comes out."""
    half = ""
    printed = io.StringIO()
    try:
        with redirect_stderr(printed):
            yield
    except Exception as error:
        half = str(getattr(error, "partial_fx_graph", ""))
        raise
    finally:
        text = printed.getvalue()
        sys.stderr.write(text.replace(f"{half}\n", "") if half else text)


def tree_of(torch: Any) -> Any:
    """Return PyTorch's functions on nested arguments."""
    return torch.utils._pytree


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    """Set evaluation mode, and afterwards every module's own mode again."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


@contextmanager
def _with_fixed(module: nn.Module, fixed: Mapping[str, Any]) -> Iterator[None]:
    """Give the module those of its arguments that are not tensors."""
    if not fixed:
        yield
        return
    own = module.__dict__.get("forward")
    module.forward = functools.partial(module.forward, **fixed)  # type: ignore[method-assign]
    try:
        yield
    finally:
        if own is None:
            del module.__dict__["forward"]
        else:
            module.forward = own  # type: ignore[method-assign]


@contextmanager
def _deciding_lines() -> Iterator[dict[str, str]]:
    """Note the line of user code at which PyTorch decides whether sizes are equal."""
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    places: dict[str, str] = {}
    original = getattr(ShapeEnv, "_log_guard", None)
    if original is None:
        yield places
        return

    def note(self: Any, prefix: str, guard: Any, *rest: Any, **options: Any) -> Any:
        kind = type(guard).__name__
        if kind == "Equality" or (kind == "Unequality" and _user_decides()):
            places.setdefault(str(guard), _user_line())
        return original(self, prefix, guard, *rest, **options)

    setattr(ShapeEnv, "_log_guard", note)  # noqa: B010  PyTorch's own types it otherwise
    try:
        yield places
    finally:
        setattr(ShapeEnv, "_log_guard", original)  # noqa: B010


def _user_line() -> str:
    """The innermost line on the stack that belongs neither to PyTorch nor to this package."""
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if not any(part in file for part in NOT_THE_USERS):
            return f"{file}:{frame.f_lineno} in {frame.f_code.co_name}"
        frame = frame.f_back
    return ""


def _user_decides() -> bool:
    """Whether the line that compares sizes is the user's own, and not one of PyTorch's operators."""
    frame = sys._getframe(2)
    while frame is not None and any(part in frame.f_code.co_filename for part in COMPARING):
        frame = frame.f_back
    return frame is not None and not any(part in frame.f_code.co_filename for part in NOT_THE_USERS)


def _explained(module: nn.Module, error: Exception) -> ArchgraphError:
    name = type(module).__name__
    kind = type(error).__name__
    first = str(error).strip().split("\n\n")[0][:1000]
    if "DataDependent" in kind or "data-dependent" in first:
        rule = f"{name} decides on the values of tensors, which a graph cannot follow: {first}"
        return ArchgraphError(rule, hint="trace the part of the module whose steps are fixed")
    if isinstance(error, TypeError) and "argument" in first:
        return ArchgraphError(f"the inputs do not fit {name}: {first}", hint=f"it takes {_signature(module)}")
    return ArchgraphError(f"torch.export cannot trace {name}: {kind}: {first}")


def _signature(module: nn.Module) -> str:
    return str(inspect.signature(module.forward))


def _call(module: nn.Module, inputs: Any, dynamic: Dynamic) -> ExportCall:
    """Name every argument, keep one sample of the batch, and mark the dimensions that stay symbolic."""
    torch = import_torch()
    args, kwargs = _arguments(module, one_sample(inputs))
    tree = tree_of(torch)
    device = _device(module)
    args, kwargs = tree.tree_map(lambda x: _moved(x, device), (args, kwargs))
    fixed = {k: v for k, v in kwargs.items() if not any(isinstance(x, torch.Tensor) for x in tree.tree_leaves(v))}
    kwargs = {key: value for key, value in kwargs.items() if key not in fixed}
    spec = Shapes(dynamic)
    shapes: Any = {key: spec(key, value) for key, value in kwargs.items()}
    if args:
        name = _positional(module)
        shapes[name] = tuple(spec(f"{name}_{index}", value) for index, value in enumerate(args))
    spec.check()
    return ExportCall(args, kwargs, shapes if dynamic else None, fixed)


def _device(module: nn.Module) -> Any:
    """The device of a module's weights; meta where one of them is there, for the others may have been left behind."""
    devices = [weight.device for weight in (*module.parameters(), *module.buffers())]
    return next((device for device in devices if device.type == "meta"), devices[0] if devices else None)


def _moved(item: Any, device: Any) -> Any:
    """Return a tensor on a device: only its shape matters."""
    torch = import_torch()
    if device is None or not isinstance(item, torch.Tensor) or item.device == device:
        return item
    return torch.zeros(item.shape, dtype=item.dtype, device=device)


def _arguments(module: nn.Module, inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments by name, as far as the module names them."""
    if isinstance(inputs, Mapping):
        return (), dict(inputs)
    given = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    kinds = inspect.Parameter
    parameters = inspect.signature(module.forward).parameters
    if any(p.kind is kinds.VAR_POSITIONAL for p in parameters.values()):
        return given, {}
    names = [name for name, p in parameters.items() if p.kind is kinds.POSITIONAL_OR_KEYWORD]
    if len(given) > len(names):
        raise ArchgraphError(
            f"{type(module).__name__} takes {len(names)} inputs, and got {len(given)}",
            hint=f"it takes {_signature(module)}",
        )
    return (), dict(zip(names, given, strict=False))


def _positional(module: nn.Module) -> str:
    parameters = inspect.signature(module.forward).parameters.values()
    return next(p.name for p in parameters if p.kind is inspect.Parameter.VAR_POSITIONAL)


class Shapes:
    """Builds the argument `dynamic_shapes`, and remembers which names were used."""

    def __init__(self, dynamic: Dynamic) -> None:
        self.dynamic = dynamic
        self.known: list[str] = []

    def __call__(self, name: str, value: Any) -> Any:
        torch = import_torch()
        if isinstance(value, Mapping):
            return {key: self(f"{name}_{key}", item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self(f"{name}_{index}", item) for index, item in enumerate(value))
        if not isinstance(value, torch.Tensor):
            return None
        self.known.append(name)
        wanted = self.dynamic.get(name, {})
        for dim in wanted:
            if not -value.ndim <= dim < value.ndim:
                raise ArchgraphError(f"input '{name}' of shape {tuple(value.shape)} has no dimension {dim}")
            if value.shape[dim] == 1:
                raise ArchgraphError(f"dimension {dim} of '{name}' is 1 in the example, and cannot be a symbol")
        return {dim % value.ndim: torch.export.Dim.AUTO for dim in wanted}

    def check(self) -> None:
        for name in self.dynamic:
            if name not in self.known:
                known = ", ".join(self.known)
                raise ArchgraphError(
                    f"no input is named '{name}'.{did_you_mean(name, self.known)}", hint=f"inputs: {known}"
                )


def _user_inputs(program: Any) -> tuple[str, ...]:
    return tuple(name for name in program.graph_signature.user_inputs if isinstance(name, str))


def _requested(placeholders: tuple[str, ...], dynamic: Dynamic) -> dict[tuple[str, int], str]:
    return {
        (_placeholder(name, placeholders), dim): symbol
        for name, dims in dynamic.items()
        for dim, symbol in dims.items()
    }


def _placeholder(name: str, placeholders: tuple[str, ...]) -> str:
    if name not in placeholders:
        raise SpecError(f"input '{name}' does not reach the exported program")
    return name
