"""The JSON Schema of the spec language, generated from the definitions that the reader uses."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from dataclasses import MISSING, Field
from typing import Any

from archgraph.ops.base import Op, spec_fields
from archgraph.ops.catalogue import summary
from archgraph.sizes.dtypes import DTYPES
from archgraph.spec.arguments import PADDINGS
from archgraph.spec.definitions import (
    EXPECT_KEYS,
    EXPECTED_METRICS,
    INPUT_KEYS,
    STEP_KEYWORDS,
    SYMBOL_KEYS,
    TOP_KEYS,
    VERSION,
    BlockSpec,
)
from archgraph.spec.library.standard import library_file, library_names
from archgraph.spec.operations import operations

Schema = dict[str, Any]
# Two words stand side by side in no expression, but around and, or, not.
_WORDS = r"\b(?!(?:and|or|not)\b)\w+\s+(?!(?:and|or|not)\b)\w"
EXPRESSION: Schema = {"type": ["integer", "string", "boolean"], "pattern": rf"^(?!.*{_WORDS})"}
REFERENCE: Schema = {"type": "string", "pattern": r"^[A-Za-z_]\w*\s*(\(.*\))*$"}
REFERENCES: Schema = {"anyOf": [REFERENCE, {"type": "array", "items": REFERENCE}, {"type": "null"}]}
POSITIVE = ("kernel", "stride", "dilation", "factor", "window", "out", "heads", "groups")
"""Arguments that are 1 at least wherever they stand."""
_ANY_EXPRESSION: Schema = {"$ref": "#/$defs/nested"}


def json_schema() -> Schema:
    """Return the schema of a whole spec file.

    >>> sorted(json_schema()["required"])
    ['archgraph']
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "archgraph spec",
        "type": "object",
        "required": ["archgraph"],
        "additionalProperties": False,
        "properties": {key: _TOP[key] for key in TOP_KEYS},
        "$defs": {
            "nested": _nested(),
            "sizes": _nested("sizes", {**EXPRESSION, "minimum": 1}),
            "symbol": _symbol(),
            "expect": _expect(),
            **_steps(),
        },
        # Only a file with blocks has steps of other names; else an unknown name is a slip.
        "if": {"required": ["blocks"]},
        "then": {"properties": {"network": {"$ref": "#/$defs/own_steps"}}},
        "else": {"properties": {"network": {"$ref": "#/$defs/steps"}}},
    }


def _object(properties: Schema, **more: Any) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": properties, **more}


def _mapping(values: Schema) -> Schema:
    return {"anyOf": [{"type": "object", "additionalProperties": values}, {"type": "null"}]}


def _nested(name: str = "nested", leaf: Schema = EXPRESSION) -> Schema:
    inner = {"$ref": f"#/$defs/{name}"}
    return {
        "anyOf": [
            leaf,
            {"type": "array", "items": inner},
            {"type": "object", "additionalProperties": inner},
        ]
    }


def _symbol() -> Schema:
    texts = {"doc": {"type": "string"}, "one_of": {"type": "array", "items": {"type": "string"}}}
    keys = {key: texts.get(key, _ANY_EXPRESSION) for key in SYMBOL_KEYS}
    return {"anyOf": [EXPRESSION, {"type": "array", "items": _ANY_EXPRESSION}, _object(keys)]}


def _expect() -> Schema:
    texts = {key: {"type": "integer" if key == "value" else "string"} for key in EXPECT_KEYS}
    return _object(
        {metric: {"anyOf": [{"type": "integer"}, _object(texts, required=["value"])]} for metric in EXPECTED_METRICS}
    )


def _input() -> Schema:
    known = {"when": EXPRESSION, "dtype": {"enum": list(DTYPES)}, "pixels": EXPRESSION}
    return {
        "type": "object",
        "properties": {key: known[key] for key in INPUT_KEYS},
        "additionalProperties": EXPRESSION,
    }


def _block() -> Schema:
    names = {"type": "array", "items": {"type": "string"}}
    properties = {
        "doc": {"type": "string"},
        "cite": {"type": "string"},
        "inputs": names,
        "args": {"anyOf": [names, {"type": "object"}, {"type": "null"}]},
        "do": {"$ref": "#/$defs/own_steps"},
        "outputs": REFERENCES,
    }
    return _object(properties, required=["do"])


def _variant() -> Schema:
    properties = {
        "doc": {"type": "string"},
        "at": _mapping(_ANY_EXPRESSION),
        "symbols": _mapping({"$ref": "#/$defs/symbol"}),
        "outputs": REFERENCES,
        "expect": {"$ref": "#/$defs/expect"},
    }
    return _object(properties)


def _keywords(steps: Schema, step: Schema) -> Schema:
    turn = {"anyOf": [{"type": "array"}, {"type": ["integer", "string"], "pattern": r"^(?!.*\.\.\.)"}]}
    found: dict[str, Schema] = {
        "as": REFERENCES,
        "from": REFERENCES,
        "repeat": EXPRESSION,
        "for": {"type": "object", "additionalProperties": turn, "minProperties": 1},
        "when": EXPRESSION,
        "else": {"anyOf": [steps, step]},
        "share": {"type": "string"},
    }
    return {name: found[name] for name in STEP_KEYWORDS}


def _steps() -> Schema:
    """Steps of known names, and those in a file with blocks of its own."""
    return {**_family(""), **_family("own_")}


def _family(prefix: str) -> Schema:
    steps, step = {"$ref": f"#/$defs/{prefix}steps"}, {"$ref": f"#/$defs/{prefix}step"}
    return {f"{prefix}steps": {"type": "array", "items": step}, f"{prefix}step": _step(steps, step, own=bool(prefix))}


def _step(steps: Schema, step: Schema, *, own: bool) -> Schema:
    """A bare name, or a mapping with one operation and keywords."""
    mixture = {"experts": EXPRESSION, "active": EXPRESSION, "do": steps}
    kinds: Schema = {"do": steps, "residual": steps, "parallel": {"type": "array", "items": {"anyOf": [steps, step]}}}
    kinds["mixture"] = _object(mixture, required=list(mixture))
    kinds.update({name: _call(library_file(name).blocks[name]) for name in sorted(library_names())})
    kinds.update({kind: _operation(op) for kind, op in sorted(operations().items())})
    keywords = _keywords(steps, step)
    one = [{"required": [kind]} for kind in kinds]
    known = _object({**keywords, **kinds}, oneOf=one, dependentRequired={"else": ["when"]})
    if not own:
        return {"anyOf": [{"enum": list(kinds)}, known]}
    other = {"type": "object", "minProperties": 1, "properties": keywords, "not": {"anyOf": one}}
    # The name of a block stands beside the keywords, so that these alone are no step.
    other["additionalProperties"] = {"anyOf": [{"$ref": "#/$defs/nested"}, {"type": "null"}]}
    other["not"] = {"anyOf": [*one, {"propertyNames": {"enum": list(keywords)}}]}
    return {"anyOf": [{"type": "string"}, known, other]}


def _operation(op: type[Op]) -> Schema:
    arguments = _object(
        {item.name: _argument(item) for item in spec_fields(op)},
        required=[item.name for item in spec_fields(op) if item.default is MISSING],
    )
    return {"description": summary(op), "anyOf": [arguments, REFERENCES]}


def _argument(item: Field) -> Schema:
    annotation = str(item.type).removesuffix(" | None")
    if annotation.startswith("Literal["):
        return _word(item.name, re.findall(r"[\"']([^\"']+)[\"']", annotation))
    if annotation == "Padding":
        return {"anyOf": [_word(item.name, PADDINGS), {"type": ["integer", "array", "object"]}]}
    if item.name in POSITIVE:
        return {"$ref": "#/$defs/sizes"}
    return {"bool": EXPRESSION, "str": {"type": "string"}}.get(annotation, _ANY_EXPRESSION)


def _word(name: str, words: Iterable[str]) -> Schema:
    """One of some words, or what stands for one: a name like the argument's, or with more than small letters."""
    return {"type": "string", "pattern": rf"^({'|'.join(map(re.escape, words))}|{name}|.*[^a-z].*|.)$"}


def _call(block: BlockSpec) -> Schema:
    required = [name for name, default in block.args.items() if default is None]
    arguments = _object(dict.fromkeys(block.args, _ANY_EXPRESSION), required=required)
    return {"description": re.sub(r"\s+", " ", inspect.cleandoc(block.doc)), "anyOf": [arguments, REFERENCES]}


_TOP: dict[str, Schema] = {
    "archgraph": {"const": VERSION},
    "name": {"type": "string"},
    "doc": {"type": "string"},
    "cite": {"type": "string"},
    "symbols": _mapping({"$ref": "#/$defs/symbol"}),
    "inputs": _mapping(_input()),
    "blocks": _mapping(_block()),
    "network": {"type": "array"},
    "outputs": REFERENCES,
    "select": REFERENCES,
    "variants": _mapping(_variant()),
    "expect": {"$ref": "#/$defs/expect"},
}
