"""Recording one call of a module, without running it on values and without changing it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import ModuleType
from typing import TYPE_CHECKING, Any

from archgraph.errors import ArchgraphError
from archgraph.optional import import_torch
from archgraph.pytorch.trace.recording import refusals
from archgraph.pytorch.trace.recording.comparisons.compared import Comparisons
from archgraph.pytorch.trace.recording.composites import IsWhole, every_one
from archgraph.pytorch.trace.recording.evaluation import into_evaluation, refuse_made, refuse_unmade
from archgraph.pytorch.trace.recording.module_parts import ModuleParts
from archgraph.pytorch.trace.recording.node import RecordedNode
from archgraph.pytorch.trace.recording.odd_tensors import refuse_odd_tensors
from archgraph.pytorch.trace.recording.outputs import named_tensors
from archgraph.pytorch.trace.recording.recording import Recording
from archgraph.pytorch.trace.recording.restore import empty_caches, unchanged

if TYPE_CHECKING:
    from torch import nn


InputSizes = Mapping[str, Mapping[int, int]]
"""Sizes of some dimensions of inputs, by the input's name."""
Follow = Callable[[int, RecordedNode], None]
"""Is given every call of an operator with its place, and may refuse it with an error."""


def record(
    module: nn.Module,
    inputs: Any,
    sizes: InputSizes | None = None,
    *,
    follow: Follow | None = None,
    kept: ModuleParts | None = None,
    compared: Comparisons | None = None,
    whole: IsWhole = every_one,
    traced: bool = True,
) -> Recording:
    """Record every operator that one call of a module in evaluation mode runs.

    Nothing is computed but what depends on literals, sizes and stored tensors that are not learned, so that the
    module's control flow may ask for these. The module and its tensors may be on any device and stay where they are;
    afterwards it holds what it held before, also after an error.

    Args:
        module: any module whose Python is there; not a scripted one.
        inputs: a tensor, a tuple of arguments, or a mapping by name; what is no tensor is passed on as it is.
        sizes: records the call as if dimensions of these inputs had other sizes.
        follow: sees every call before it has a result.
        kept: what recordings of the module share, where it is recorded several times and nothing changes between.
        compared: is told what the module's code compares sizes, and values that are known, with.
        whole: tells by name which operators are one step; the others are the steps that PyTorch makes them of.
        traced: what the module is told if it asks whether it is compiled or exported: many then ask for no values,
            and some leave out what they refuse otherwise.

    Raises:
        ArchgraphError: it is no module, it decides on values that are not known, an operator has no rule for
            shapes, or the inputs do not fit.
        MissingToolError: torch is not installed.

    >>> import torch
    >>> found = record(torch.nn.Linear(3, 4), torch.zeros(2, 3))
    >>> [str(node.target) for node in found.calls], dict(found.outputs)
    (['aten.linear.default'], {'output': linear})
    >>> found.calls[0].args, found.calls[0].meta["val"].shape
    ((input, p_weight, p_bias), (2, 4))
    """
    torch = import_torch()
    parts = kept or parts_of(module)
    refuse_odd_tensors(parts, inputs)
    args, kwargs = _arguments(module, inputs)
    from archgraph.pytorch.trace.recording.recorder import Recorder

    with unchanged(parts.contents), empty_caches(parts.owners):
        into_evaluation(module)
        with Recorder(parts, follow, whole, compared, traced=traced).left_behind() as recorder:
            args, kwargs, given = _placed(torch, recorder, module, args, kwargs, sizes or {})
            with recorder.surroundings.entered(), _explained(module, recorder):
                with torch.inference_mode(), torch.enable_grad(), _comparing(compared), recorder:
                    result = module(*args, **kwargs)
                refuse_made(module, {path: own for kind, path, own in parts.stored if kind == "parameter"})
                outputs = {place: recorder.entry(tensor, "return")[1] for place, tensor in named_tensors(result)}
            return _recording(recorder, given, outputs)


def parts_of(module: nn.Module) -> ModuleParts:
    """Return what recordings of a module share, for `record` to take.

    Raises:
        ArchgraphError: it is no module, or a scripted one.
    """
    torch = import_torch()
    if not isinstance(module, torch.nn.Module):
        raise refusals.no_module(module)
    refuse_unmade(module)
    _refuse_scripted(torch, module)
    return ModuleParts(module)


def _comparing(compared: Comparisons | None) -> AbstractContextManager[object]:
    if compared is None:
        return nullcontext()
    from archgraph.pytorch.trace.recording.comparisons.comparing import ComparingSizes

    return ComparingSizes(compared)


@contextmanager
def _explained(module: Any, recorder: Any) -> Iterator[None]:
    """Turn whatever stops a module into one error that says where; a refusal that its code went past comes back."""
    try:
        yield
    except ArchgraphError as error:
        # What comes of another thread is unknown here for that reason alone.
        if recorder.modules.elsewhere is None:
            raise
        raise refusals.in_a_thread(module, recorder.modules.elsewhere) from error
    except (Exception, SystemExit) as error:
        refusal = _refusal(module, recorder)
        raise (refusal or refusals.module_fails(module, recorder.modules.left_by(error), error)) from error
    if refusal := _refusal(module, recorder):
        raise refusal


def _refusal(module: object, recorder: Any) -> ArchgraphError | None:
    """What was refused, and the module's code may have gone past."""
    if recorder.modules.elsewhere is not None:
        return refusals.in_a_thread(module, recorder.modules.elsewhere)
    return recorder.refusal


def _recording(recorder: Any, inputs: Mapping[str, RecordedNode], outputs: Mapping[str, RecordedNode]) -> Recording:
    end = RecordedNode(
        "output", "output", recorder.names.unique("output"), (dict(outputs),), {}, tuple(outputs.values())
    )
    placeholders = recorder.sources.placeholders
    of_kind = lambda kind, by: {getattr(n, by): n for n in placeholders if n.kind == kind}  # noqa: E731
    return Recording(
        (*placeholders, *recorder.calls, end),
        inputs,
        of_kind("parameter", "target"),
        of_kind("buffer", "target"),
        of_kind("constant", "name"),
        outputs,
        tuple(recorder.surroundings.regions),
        recorder.surroundings.traced.asked,
    )


def _refuse_scripted(torch: ModuleType, module: nn.Module) -> None:
    for path, part in module.named_modules():
        if isinstance(part, torch.jit.ScriptModule):
            raise refusals.scripted(type(module).__name__, path)


def _arguments(module: nn.Module, inputs: object) -> tuple[tuple[object, ...], dict[str, object]]:
    """Return the arguments of the call.

    Raises:
        ArchgraphError: there are more than the module takes.
    """
    if isinstance(inputs, Mapping):
        return (), dict(inputs)
    given = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    try:
        inspect.signature(module.forward).bind_partial(*given)
    except TypeError as error:
        raise refusals.inputs_do_not_fit(module, error) from error
    return given, {}


def _placed(
    torch: Any, recorder: Any, module: Any, args: Any, kwargs: Any, sizes: InputSizes
) -> tuple[Any, Any, dict[str, RecordedNode]]:
    """Put every input tensor where there are no values, and give it a name."""
    inputs: dict[str, RecordedNode] = {}

    def place(path: Any, leaf: Any) -> Any:
        if not isinstance(leaf, torch.Tensor):
            return leaf
        name = _name(path)
        meta, node = recorder.sources.input(name, leaf, sizes.get(name, {}))
        inputs[node.name] = node
        return meta

    names = _argument_names(module, len(args))
    tree = torch.utils._pytree
    placed = [tree.tree_map_with_path(lambda p, x, n=n: place((n, *p), x), v) for n, v in zip(names, args, strict=True)]
    by_name = {n: tree.tree_map_with_path(lambda p, x, n=n: place((n, *p), x), v) for n, v in kwargs.items()}
    if not inputs:
        raise ArchgraphError("a recording needs at least one input tensor")
    return tuple(placed), by_name, inputs


def _argument_names(module: nn.Module, count: int) -> list[str]:
    names: list[str] = []
    for parameter in inspect.signature(module.forward).parameters.values():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}_{place}" for place in range(count - len(names))]
        names.append(parameter.name)
    return names[:count]


def _name(path: tuple[object, ...]) -> str:
    """Return the name of an input: `sizes_0` for the first of several, `batch_image` for one of a mapping."""
    steps = (str(getattr(step, "key", getattr(step, "idx", getattr(step, "name", step)))) for step in path)
    return re.sub(r"\W", "_", "_".join(steps))
