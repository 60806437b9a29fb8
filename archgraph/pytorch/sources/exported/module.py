"""A stored program as a module: its weights without values, and its steps in the modules that they came from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from inspect import Parameter, Signature
from itertools import groupby

import torch
from torch import nn

from archgraph.errors import SpecError
from archgraph.pytorch.sources.exported.archive import Json
from archgraph.pytorch.sources.exported.arguments import argument, stored_dtype
from archgraph.pytorch.sources.exported.program_steps import ProgramStep, steps_of

EnterSteps = Callable[[Sequence[ProgramStep], int], None]
"""Runs steps that lie some modules deep."""


class StoredScope(nn.Module):
    """A module of the program, which runs the steps that were called in it."""

    def forward(self, steps: Sequence[ProgramStep], depth: int, enter: EnterSteps) -> None:
        """Run the steps, those of inner modules in these."""
        enter(steps, depth)


class StoredProgram(nn.Module):
    """The root module of a program.

    Attributes:
        inputs: what it is called with, by name, without values.
    """

    def __init__(self, program: Json, weights: Json) -> None:
        super().__init__()
        content = program["graph_module"]
        graph = content["graph"]
        self._steps = list(steps_of(graph))
        self._outputs = _user_outputs(content["signature"])
        self._shape = _output_tree(content)
        self._names: dict[str, str] = {}
        self._made: dict[int, nn.Parameter] = {}
        self.inputs: dict[str, torch.Tensor] = {}
        self._read_inputs(content["signature"]["input_specs"], graph["tensor_values"], weights.get("config") or {})
        self._scopes = self._make_scopes()
        self.forward = self._signed()

    # -- what it holds -----------------------------------------------------------------------------------

    def _read_inputs(self, specs: Iterable[Json], types: Json, stored: Json) -> None:
        tied: dict[object, torch.Tensor] = {}
        for spec in specs:
            ((kind, content),) = spec.items()
            if kind == "user_input":
                self._read_user_input(content["arg"], types)
                continue
            name = next((content[key] for key in NAMES if key in content), None)
            if name is None:
                raise SpecError(f"the program takes an input of the kind '{kind}', which is not read")
            own = content["arg"]["name"]
            where = stored.get(name) or {}
            key = (where.get("path_name") or name, str(types[own]["sizes"]))
            tensor = tied.setdefault(key, _empty(types[own]))
            self._names[own] = name
            self._hold(name, tensor, learned=kind == "parameter", trained=bool(types[own].get("requires_grad")))

    def _read_user_input(self, item: Json, types: Json) -> None:
        ((kind, content),) = item.items()
        if kind == "as_tensor":
            self.inputs[content["name"]] = _empty(types[content["name"]])
        elif isinstance(content, Mapping) and "as_name" in content:
            raise SpecError(f"the program takes the number '{content['as_name']}', and sizes of tensors alone are read")

    def _hold(self, name: str, tensor: torch.Tensor, *, learned: bool, trained: bool) -> None:
        path, _, own = name.rpartition(".")
        place = self._part(path)
        if learned:
            place.register_parameter(own, self._parameter(tensor, trained=trained))
        else:
            place.register_buffer(own, tensor)

    def _parameter(self, tensor: torch.Tensor, *, trained: bool) -> nn.Parameter:
        """One parameter for one tensor, however many names it has."""
        return self._made.setdefault(id(tensor), nn.Parameter(tensor, requires_grad=trained))

    def _part(self, path: str, kind: str = "") -> nn.Module:
        place: nn.Module = self
        for name in filter(None, path.split(".")):
            if name not in place._modules:
                place.add_module(name, StoredScope())
            inner = place._modules[name]
            assert inner is not None
            place = inner
        if kind.isidentifier() and isinstance(place, StoredScope):
            place.__class__ = _scope_class(kind)
        return place

    def _make_scopes(self) -> dict[str, nn.Module]:
        kinds = dict(scope for step in self._steps for scope in step.scopes)
        return {path: self._part(path, kind) for path, kind in kinds.items()}

    # -- how it runs -------------------------------------------------------------------------------------

    def _signed(self) -> Callable[..., object]:
        """The call, with the names of the program's inputs."""

        def forward(*args: object, **named: object) -> object:
            return self._run({**dict(zip(self.inputs, args, strict=False)), **named})

        kind = Parameter.POSITIONAL_OR_KEYWORD
        setattr(forward, "__signature__", Signature([Parameter(name, kind) for name in self.inputs]))  # noqa: B010
        return forward

    def _run(self, given: Mapping[str, object]) -> object:
        values: dict[str, object] = dict(given)
        for own, name in self._names.items():
            path, _, last = name.rpartition(".")
            values[own] = getattr(self.get_submodule(path), last)

        def enter(steps: Sequence[ProgramStep], depth: int) -> None:
            for path, group in groupby(
                steps, key=lambda step: step.scopes[depth][0] if len(step.scopes) > depth else ""
            ):
                inner = list(group)
                if path:
                    self._scopes[path](inner, depth + 1, enter)
                else:
                    for step in inner:
                        step.do(values)

        enter(self._steps, 0)
        found = [argument(each, values) for each in self._outputs]
        return _shaped(self._shape, iter(found)) if self._shape else tuple(found)


NAMES = ("parameter_name", "buffer_name", "tensor_constant_name")
"""Where an input of a program says which tensor of the module it is."""
_CLASSES: dict[str, type[StoredScope]] = {}


def _scope_class(kind: str) -> type[StoredScope]:
    """The class of scopes that stand for modules of one class, under its name."""
    return _CLASSES.setdefault(kind, type(kind, (StoredScope,), {}))


def _empty(known: Json) -> torch.Tensor:
    sizes = [_size(each) for each in known["sizes"]]
    return torch.empty(sizes, dtype=stored_dtype(known["dtype"]), device="meta")


def _size(each: Json) -> int:
    """A size, or of one that may vary what it was when the program was made."""
    if "as_int" in each:
        return int(each["as_int"])
    hint = (each.get("as_expr") or {}).get("hint") or {}
    if "as_int" not in hint:
        raise SpecError("the program does not say what size its input had", hint="inputs={...} is not enough here")
    return int(hint["as_int"])


def _user_outputs(signature: Json) -> list[Json]:
    return [each["user_output"]["arg"] for each in signature["output_specs"] if "user_output" in each]


def _output_tree(content: Json) -> Json | None:
    """How the results are put together, as the file says, or None where it does not."""
    for each in content.get("module_call_graph") or ():
        if each.get("fqn") == "" and each.get("signature"):
            text = each["signature"].get("out_spec")
            return json.loads(text)[1] if text else None
    return None


def _shaped(tree: Json, leaves: Iterator[object]) -> object:
    kind, children = tree.get("type"), tree.get("children_spec") or []
    if kind is None:
        return next(leaves)
    parts = [_shaped(child, leaves) for child in children]
    if kind == "builtins.dict":
        return dict(zip(json.loads(tree["context"]), parts, strict=True))
    return tuple(parts)
