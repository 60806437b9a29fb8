"""Inputs of a module by the names of its arguments and the fields of its configuration."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from archgraph.pytorch.sources.configuration import Fields
from archgraph.pytorch.sources.model import images, tokens

if TYPE_CHECKING:
    from torch import Tensor, nn

LENGTH = 128
"""Tokens of a text, where the model can take as many."""
TEXT = 77
"""Tokens of a text beside an image, which most text encoders of diffusion models give."""
SECOND = 16000
"""Samples of a second of sound."""


def derived_inputs(module: nn.Module, fields: Fields, whole: Fields) -> dict[str, Tensor] | None:
    """Return inputs for the arguments of a module; None where one that it needs is not in the table.

    Of a class of transformers its main input, and what stands beside it in models of text and images, or of two texts.
    """
    main = getattr(module, "main_input_name", None)
    parameters = inspect.signature(module.forward).parameters
    if main is not None:
        wanted = _of_transformers(main, parameters, fields, whole)
    else:
        wanted = [name for name, each in parameters.items() if _is_needed(each) or _is_conditioned(name, fields)]
    if any(name not in ARGUMENTS for name in wanted):
        return None
    return {name: ARGUMENTS[name](fields) for name in wanted}


def _is_needed(parameter: inspect.Parameter) -> bool:
    named = parameter.kind not in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return named and parameter.default is inspect.Parameter.empty


def _is_conditioned(name: str, fields: Fields) -> bool:
    """Whether an argument that may be left out is what the configuration asks for."""
    return any(fields.get(field) for field in CONDITIONS.get(name, ()))


def _of_transformers(main: str, parameters: Mapping[str, object], fields: Fields, whole: Fields) -> list[str]:
    wanted = [main]
    if "vision_config" in whole and "text_config" in whole:
        wanted += [name for name in ("input_ids", "pixel_values") if name in parameters and name != main]
    if whole.get("is_encoder_decoder") and "decoder_input_ids" in parameters:
        wanted.append("decoder_input_ids")
    return wanted


def _number(fields: Fields, *names: str, otherwise: int) -> int:
    """The first of some fields that is a number."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, (list, tuple)) and value:
            value = value[0]
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return otherwise


def _sides(fields: Fields, *names: str, otherwise: int) -> tuple[int, int]:
    for name in names:
        value = fields.get(name)
        if isinstance(value, (list, tuple)) and len(value) == 2:
            return int(value[0]), int(value[1])
        if isinstance(value, Mapping):
            return int(value["height"]), int(value["width"])
        if isinstance(value, int):
            return value, value
    return otherwise, otherwise


def _length(fields: Fields) -> int:
    return min(LENGTH, _number(fields, "max_position_embeddings", "n_positions", "max_seq_len", otherwise=LENGTH))


def _text(fields: Fields) -> Tensor:
    return tokens(_length(fields))


def _image(fields: Fields) -> Tensor:
    return images(
        _number(fields, "num_channels", "in_channels", otherwise=3), *_sides(fields, "image_size", otherwise=224)
    )


def _sound(fields: Fields) -> Tensor:
    steps = 2 * _number(fields, "max_source_positions", otherwise=1500)
    return images(_number(fields, "num_mel_bins", "feature_size", otherwise=80), steps)


def _waves(fields: Fields) -> Tensor:
    return images(SECOND)


def _latent(fields: Fields) -> Tensor:
    sides = _sides(fields, "sample_size", otherwise=32)
    frames = fields.get("sample_frames")
    channels = _number(fields, "in_channels", otherwise=4)
    return images(channels, *((frames,) if isinstance(frames, int) else ()), *sides)


def _hidden(fields: Fields) -> Tensor:
    """Latents, or where the model cuts no patches and knows no side, a sequence of them."""
    if "sample_size" in fields or _number(fields, "patch_size", otherwise=1) > 1:
        return _latent(fields)
    return images(LENGTH, _number(fields, "in_channels", otherwise=64))


def _condition(fields: Fields) -> Tensor:
    names = ("caption_channels", "cross_attention_dim", "joint_attention_dim", "text_dim")
    return images(TEXT, _number(fields, *names, otherwise=768))


def _pooled(fields: Fields) -> Tensor:
    return images(_number(fields, "pooled_projection_dim", otherwise=768))


def _moment(fields: Fields) -> Tensor:
    return images()


def _image_places(fields: Fields) -> Tensor:
    return images(LENGTH, 3)[0]


def _text_places(fields: Fields) -> Tensor:
    return images(TEXT, 3)[0]


def _class(fields: Fields) -> Tensor:
    return tokens(1)[0]


ARGUMENTS: Mapping[str, Callable[[Fields], Tensor]] = {
    "class_labels": _class,
    "decoder_input_ids": _text,
    "encoder_hidden_states": _condition,
    "guidance": _moment,
    "hidden_states": _hidden,
    "img_ids": _image_places,
    "input_features": _sound,
    "input_ids": _text,
    "input_values": _waves,
    "pixel_values": _image,
    "pooled_projections": _pooled,
    "sample": _latent,
    "timestep": _moment,
    "txt_ids": _text_places,
    "x": _latent,
}
"""What an argument is, by its name in the two libraries."""
CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "class_labels": ("num_class_embeds", "num_embeds_ada_norm"),
    "encoder_hidden_states": ("joint_attention_dim", "caption_channels"),
    "guidance": ("guidance_embeds",),
    "img_ids": ("axes_dims_rope",),
    "pooled_projections": ("pooled_projection_dim",),
    "timestep": ("num_embeds_ada_norm", "joint_attention_dim"),
    "txt_ids": ("axes_dims_rope",),
}
"""Arguments with a default that a model needs where its configuration has one of these fields."""
