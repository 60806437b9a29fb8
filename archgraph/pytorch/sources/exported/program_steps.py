"""The steps of a stored program, and the modules that they were called in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from archgraph.errors import SpecError, quoted
from archgraph.pytorch.sources.exported.archive import Json
from archgraph.pytorch.sources.exported.arguments import argument
from archgraph.pytorch.sources.exported.operators import stored_operator

REGIONS = {"wrap_with_set_grad_enabled": 1, "wrap_with_autocast": 4}
"""Regions of a program that are run as if they were not one, and how many arguments stand before their graph."""
HIGHER = "torch.ops.higher_order."


@dataclass(frozen=True)
class ProgramStep:
    """One step: what it runs, with which arguments, and the names of its results.

    Attributes:
        scopes: the modules that it was called in without the root, outermost first, as path and class.
    """

    run: Callable[..., object]
    inputs: Sequence[Json]
    outputs: Sequence[Json]
    scopes: tuple[tuple[str, str], ...]

    def do(self, values: dict[str, object]) -> None:
        """Run it, and keep its results by name."""
        args: list[object] = []
        named: dict[str, object] = {}
        for each in self.inputs:
            value = argument(each["arg"], values)
            if each.get("kind", 1) == 2 or named:
                named[each["name"]] = value
            else:
                args.append(value)
        _keep(self.run(*args, **named), self.outputs, values)


def _keep(result: object, outputs: Sequence[Json], values: dict[str, object]) -> None:
    results = result if isinstance(result, (tuple, list)) and not _is_one_list(outputs) else [result]
    for each, value in zip(outputs, results, strict=False):
        ((kind, content),) = each.items()
        if kind == "as_tensors":
            several = value if isinstance(value, (list, tuple)) else [value]
            values.update((part["name"], one) for part, one in zip(content, several, strict=False))
        elif kind == "as_tensor":
            values[content["name"]] = value
        elif "as_name" in (content or {}):
            values[content["as_name"]] = value


def _is_one_list(outputs: Sequence[Json]) -> bool:
    return len(outputs) == 1 and "as_tensors" in outputs[0]


def steps_of(graph: Json) -> Iterator[ProgramStep]:
    """Yield the steps of a graph; regions that change no result are part of it.

    Raises:
        SpecError: a step is none that is run.
    """
    for node in graph["nodes"]:
        target = str(node["target"])
        if target.startswith(HIGHER):
            yield from _region(target.removeprefix(HIGHER), node)
            continue
        run = stored_operator(target)
        if run is not None:
            yield ProgramStep(run, node["inputs"], node["outputs"], _scopes(node.get("metadata") or {}))


def _region(name: str, node: Json) -> Iterator[ProgramStep]:
    """The steps of a graph inside of another: its inputs are values outside, its results are the region's."""
    if name not in REGIONS:
        raise SpecError(
            f"the program has a region {quoted(name)}, which is not read",
            hint="load the module itself: package.file:name",
        )
    place = REGIONS[name]
    inputs = [each["arg"] for each in node["inputs"]]
    inner = inputs[place]["as_graph"]["graph"]
    for given, own in zip(inputs[place + 1 :], inner["inputs"], strict=True):
        yield ProgramStep(_same, [{"name": "x", "arg": given}], [own], ())
    yield from steps_of(inner)
    flat = [{"as_tensor": part} for each in node["outputs"] for part in each.get("as_tensors", [each.get("as_tensor")])]
    for made, own in zip(inner["outputs"], flat, strict=True):
        yield ProgramStep(_same, [{"name": "x", "arg": made}], [own], ())


def _same(value: object) -> object:
    return value


def _scopes(metadata: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The modules around a step: `key,path,class` each, with semicolons between them."""
    found = []
    for each in metadata.get("nn_module_stack", "").split(";"):
        parts = each.split(",")
        if len(parts) >= 3 and parts[1]:
            path = parts[1].partition("@")[0]
            found.append((path, parts[-1].rpartition(".")[2]))
    return tuple(found)
