"""Networks of nnU-Net by their `plans.json`: class, keywords and patch size of a configuration."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from archgraph.errors import SpecError, did_you_mean, quoted
from archgraph.optional import import_torch
from archgraph.pytorch.sources.configuration import Fields, read_configuration
from archgraph.pytorch.sources.model import BuilderOptions, NamedModel, built, first_argument, images, library

if TYPE_CHECKING:
    from torch import nn

CLASS_PLACES = ("dynamic_network_architectures.", "torch.nn.")
"""Where the classes that a plan names may lie: nothing else is imported."""
_PLANS = "a plans.json, as nnUNetv2_plan_and_preprocess writes it"
_CHANNELS, _CLASSES = "input_channels", "num_classes"


def nnunet_model(path: str, options: BuilderOptions) -> NamedModel:
    """Return the network of one configuration of a plan: `plans.json:3d_fullres`, the only one without a name.

    How many channels and classes it has stands in `dataset.json` beside the plan, or is said by the keywords
    `input_channels` and `num_classes`.

    Raises:
        MissingToolError: dynamic_network_architectures, of which nnU-Net's networks are, is not installed.
        SpecError: the plan cannot be read, has no such configuration, or names a class from elsewhere.
    """
    file, colon, named = path.rpartition(":") if path.rpartition(":")[0].endswith(".json") else (path, "", "")
    plans = read_configuration(file, _PLANS)
    given = dict(options)
    name, configuration = _configuration(plans, named if colon else str(given.pop("configuration", "")), file)
    channels, classes = _sizes(file, given)
    architecture = configuration.get("architecture")
    if not isinstance(architecture, Mapping):
        raise SpecError(f"{quoted(file)} says no architecture of {quoted(name)}", hint="plans of nnU-Net 2.4 on do")
    kind = _allowed(str(architecture.get("network_class_name")), file)
    keywords = {**_keywords(architecture, file), _CHANNELS: channels, _CLASSES: classes, **given}
    taken = inspect.signature(kind).parameters
    module = built(file, lambda: kind(**{key: value for key, value in keywords.items() if key in taken}))
    patch = _patch(configuration, file)
    return NamedModel(
        f"nnU-Net {name}", module, {first_argument(module): images(channels, *patch)}, "the plan's patch_size", keywords
    )


def _configuration(plans: Fields, named: str, file: str) -> tuple[str, Fields]:
    """The fields of one configuration, with those of what it inherits from."""
    known = plans.get("configurations")
    if not isinstance(known, Mapping) or not known:
        raise SpecError(f"{quoted(file)} has no configurations", hint="it is no plan of nnU-Net")
    if not named and len(known) > 1:
        raise SpecError(f"{quoted(file)} has {len(known)} configurations", hint=f"name one: {file}:{next(iter(known))}")
    name = named or next(iter(known))
    chain: list[Fields] = []
    seen: set[str] = set()
    current: object = name
    while current is not None:
        if current in known and not isinstance(known[current], Mapping):
            raise SpecError(f"{quoted(file)} says of {quoted(str(current))} no fields but {quoted(known[current])}")
        if current not in known or current in seen:
            raise SpecError(
                f"{quoted(file)} has no configuration {quoted(str(current))}.{did_you_mean(str(current), known)}"
            )
        seen.add(str(current))
        chain.append(known[current])
        current = known[current].get("inherits_from")
    return name, {key: value for part in reversed(chain) for key, value in part.items()}


def _sizes(file: str, given: dict[str, Any]) -> tuple[int, int]:
    """How many channels the images have, and how many classes are told apart."""
    dataset = Path(file).with_name("dataset.json")
    found = read_configuration(str(dataset)) if dataset.is_file() else {}
    channels = given.pop(_CHANNELS, None) or _named(found, "channel_names") or _named(found, "modality")
    classes = given.pop(_CLASSES, None) or _named(found, "labels")
    if not channels or not classes:
        raise SpecError(
            f"{quoted(file)} does not say how many channels and classes there are",
            hint=f"dataset.json beside it does, or --set {_CHANNELS}=1 {_CLASSES}=3",
        )
    return int(channels), int(classes)


def _named(found: Fields, what: str) -> int:
    """How many names a field of `dataset.json` gives, none where it holds something else."""
    names = found.get(what)
    return len(names) if isinstance(names, Mapping | list) else 0


def _patch(configuration: Fields, file: str) -> list[int]:
    sizes = configuration.get("patch_size") or []
    if not isinstance(sizes, list) or not all(isinstance(size, int) and size > 0 for size in sizes):
        raise SpecError(
            f"cannot read the patch_size of {quoted(file)}: {quoted(sizes)}", hint="such as [128, 128, 128]"
        )
    return sizes


def _allowed(name: str, file: str) -> Callable[..., nn.Module]:
    """The class of a dotted name, which lies in one of two libraries."""
    if not name.startswith(CLASS_PLACES) or not all(part.isidentifier() for part in name.split(".")):
        raise SpecError(
            f"{quoted(file)} names {quoted(name)}, and classes are taken from {' and '.join(CLASS_PLACES)} only",
            hint="build it yourself: package.file:name",
        )
    place, _, kind = name.rpartition(".")
    if place.startswith("torch."):
        found = import_torch()
        for part in place.split(".")[1:]:
            found = getattr(found, part, None)
    else:
        library("dynamic_network_architectures")
        found = library_part(place, file)
    found = getattr(found, kind, None)
    if not isinstance(found, type) or not issubclass(found, import_torch().nn.Module):
        raise SpecError(f"{quoted(file)} names {quoted(name)}, which is no class of modules")
    return found


def library_part(place: str, file: str) -> ModuleType:
    """Import a part of the library of networks."""
    from importlib import import_module

    try:
        return import_module(place)
    except ImportError as error:
        raise SpecError(f"{quoted(file)} names {quoted(place)}, which cannot be imported: {error}") from None


def _keywords(architecture: Fields, file: str) -> dict[str, object]:
    keywords = dict(architecture.get("arch_kwargs") or {})
    for key in architecture.get("_kw_requires_import") or ():
        if isinstance(keywords.get(key), str):
            keywords[key] = _allowed(keywords[key], file)
    return keywords
