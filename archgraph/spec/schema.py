"""The JSON Schema of the spec language, generated from the definitions that the reader uses."""

from __future__ import annotations

import inspect
import re
from dataclasses import MISSING, Field, fields
from typing import Any

from archgraph.ops.base import Op
from archgraph.ops.catalogue import summary
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
EXPRESSION: Schema = {"type": ["integer", "string", "boolean"]}
REFERENCES: Schema = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "null"}]}
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
            "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
            "step": _step(),
            "symbol": _symbol(),
            "expect": _expect(),
        },
    }


def _object(properties: Schema, **more: Any) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": properties, **more}


def _mapping(values: Schema) -> Schema:
    return {"anyOf": [{"type": "object", "additionalProperties": values}, {"type": "null"}]}


def _nested() -> Schema:
    inner = {"$ref": "#/$defs/nested"}
    return {
        "anyOf": [
            EXPRESSION,
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
    known = {"when": EXPRESSION, "dtype": {"enum": ["float", "int"]}, "pixels": EXPRESSION}
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
        "do": {"$ref": "#/$defs/steps"},
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


_KEYWORD: dict[str, Schema] = {
    "as": REFERENCES,
    "from": REFERENCES,
    "repeat": EXPRESSION,
    "for": {"type": "object"},
    "when": EXPRESSION,
    "else": {"anyOf": [{"$ref": "#/$defs/steps"}, {"$ref": "#/$defs/step"}]},
    "share": {"type": "string"},
}


def _step() -> Schema:
    """A bare name, or a mapping with one operation and keywords. A spec's own blocks have any name."""
    properties: Schema = {name: _KEYWORD[name] for name in STEP_KEYWORDS}
    properties["do"] = properties["residual"] = {"$ref": "#/$defs/steps"}
    properties["parallel"] = {"type": "array", "items": {"$ref": "#/$defs/steps"}}
    properties.update({name: _call(library_file(name).blocks[name]) for name in sorted(library_names())})
    properties.update({kind: _operation(op) for kind, op in sorted(operations().items())})
    return {"anyOf": [{"type": "string"}, {"type": "object", "minProperties": 1, "properties": properties}]}


def _operation(op: type[Op]) -> Schema:
    arguments = _object(
        {item.name: _argument(item) for item in fields(op)},
        required=[item.name for item in fields(op) if item.default is MISSING],
    )
    return {"description": summary(op), "anyOf": [arguments, REFERENCES]}


def _argument(item: Field) -> Schema:
    annotation = str(item.type).removesuffix(" | None")
    if annotation.startswith("Literal["):
        return {"type": "string"}
    return {"bool": EXPRESSION, "str": {"type": "string"}}.get(annotation, _ANY_EXPRESSION)


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
    "network": {"$ref": "#/$defs/steps"},
    "outputs": REFERENCES,
    "variants": _mapping(_variant()),
    "expect": {"$ref": "#/$defs/expect"},
}
