"""Models of transformers and diffusers by a `config.json`: the class that it names, without weights."""

from __future__ import annotations

from collections.abc import Iterable
from inspect import signature
from types import ModuleType
from typing import TYPE_CHECKING, Any

from archgraph.errors import SpecError, did_you_mean, quoted
from archgraph.pytorch.sources.configuration import Fields, read_configuration
from archgraph.pytorch.sources.derived_inputs import derived_inputs
from archgraph.pytorch.sources.model import BuilderOptions, NamedModel, built, built_or_told, library, unknown_model

if TYPE_CHECKING:
    from torch import nn

NO_FIELDS = frozenset(("auto_map", "architectures", "transformers_version", "_name_or_path", "model_type"))
"""Entries that are no hyper-parameters."""


def hugging_face_model(path: str, options: BuilderOptions) -> NamedModel:
    """Return the model that a configuration names; keywords override its fields.

    Nothing is fetched, no weights are read, and code of its own (`auto_map`) is not run.

    Raises:
        MissingToolError: the library that it is written for is not installed.
        SpecError: it cannot be read, names no class, or asks for code of its own.
    """
    given = read_configuration(path)
    if "auto_map" in given:
        raise SpecError(
            f"{quoted(path)} asks for code of its own (auto_map), which is not run",
            hint="build it yourself: package.file:name",
        )
    named = given.get("_class_name")
    if named is not None:
        return _of_diffusers(path, str(named), given, options)
    return _of_transformers(path, given, options)


def _of_diffusers(path: str, name: str, given: Fields, options: BuilderOptions) -> NamedModel:
    diffusers = library("diffusers")
    kind = getattr(diffusers, name, None) if name.isidentifier() else None
    if not isinstance(kind, type) or not issubclass(kind, diffusers.ModelMixin):
        raise unknown_model("diffusers has no model", name, [each for each in dir(diffusers) if each.endswith("Model")])
    fields, known = {**given, **options}, signature(kind.__init__).parameters
    wrong = next((option for option in options if option not in known), None)
    if wrong is not None:
        raise unknown_option(name, wrong, known)
    module = built(path, lambda: kind.from_config({key: v for key, v in fields.items() if key[:1] != "_"}))
    return NamedModel(
        name, module, derived_inputs(module, dict(module.config), {}), f"the fields of {path}", dict(module.config)
    )


def _of_transformers(path: str, given: Fields, options: BuilderOptions) -> NamedModel:
    transformers = library("transformers")
    family = given.get("model_type")
    if not isinstance(family, str):
        raise SpecError(
            f"{quoted(path)} names no class", hint="model_type (transformers) or _class_name (diffusers) does"
        )
    known = transformers.CONFIG_MAPPING
    if family not in known:
        raise unknown_model("transformers has no model_type", family, list(known))
    fields = {key: value for key, value in {**given, **options}.items() if key not in NO_FIELDS}
    with built_or_told(path):
        config = transformers.AutoConfig.for_model(family, **fields)
        usual = known[family]()
    # A configuration takes whatever it is given, and a name with a slip in it would change nothing.
    wrong = next((name for name in options if not hasattr(usual, name)), None)
    if wrong is not None:
        raise unknown_option(family, wrong, usual.to_dict())
    config.use_cache = False
    kind = _class(transformers, path, given.get("architectures"))
    make = (lambda: kind(config)) if kind else (lambda: transformers.AutoModel.from_config(config))
    module = built(path, make)
    known = _text_fields(config)
    inputs = derived_inputs(module, known, config.to_dict())
    return NamedModel(type(module).__name__, module, inputs, f"the fields of {path}", known)


def unknown_option(what: str, name: str, known: Iterable[str]) -> SpecError:
    """Return the error for a keyword that is no field of a configuration.

    >>> print(unknown_option("llama", "hiden_size", ["hidden_size"]))
    llama has no field 'hiden_size'. Did you mean 'hidden_size'?
    """
    return SpecError(f"{what} has no field {quoted(name)}.{did_you_mean(name, known)}")


def _class(transformers: ModuleType, path: str, listed: object) -> type[nn.Module] | None:
    """The class that a configuration names first, or None."""
    if not isinstance(listed, list) or not listed:
        return None
    name = listed[0]
    found = getattr(transformers, name, None) if isinstance(name, str) and name.isidentifier() else None
    if not isinstance(found, type) or not issubclass(found, transformers.PreTrainedModel):
        known = [each for each in dir(transformers) if "For" in each or each.endswith("Model")]
        raise unknown_model(f"{quoted(path)}: transformers has no model", str(name), known)
    return found


def _text_fields(config: Any) -> Fields:
    """The fields, and those of its parts under their own names: several families keep text and vision apart."""
    fields = dict(config.to_dict())
    for part in ("text_config", "vision_config", "audio_config"):
        inner = getattr(config, part, None)
        if inner is not None:
            fields = {**{key: v for key, v in inner.to_dict().items() if v is not None}, **fields, part: inner}
    # Some families call a field by another name than all others, which the class maps.
    for usual in ("hidden_size", "num_hidden_layers", "num_attention_heads", "max_position_embeddings"):
        if usual not in fields and hasattr(config, usual):
            fields[usual] = getattr(config, usual)
    return fields
