"""The JSON Schema of the spec language, generated from the definitions that the reader uses."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field
from typing import Any

from archgraph.data.figure_words import FIGURE_OPTIONS, NODE_STYLE, PALETTES, FigureOption
from archgraph.ops.base import Op, spec_fields
from archgraph.ops.catalogue import summary
from archgraph.sizes.dtypes import DTYPES
from archgraph.spec.arguments import PADDINGS
from archgraph.spec.definitions import (
    EXPECT_KEYS,
    EXPECTED_METRICS,
    INPUT_KEYS,
    RESERVED,
    STEP_KEYWORDS,
    SYMBOL_KEYS,
    TOP_KEYS,
    UNREADABLE,
    VERSION,
    BlockSpec,
)
from archgraph.spec.library.standard import library_file, library_names
from archgraph.spec.operations import TORCHS_NAMES, is_reserved, operations
from archgraph.spec.sections import MAX_LABEL, MAX_LETTER, MAX_NAME, NAME
from archgraph.spec.steps import NAMING

Schema = dict[str, Any]
# Two words stand side by side in no expression, but around and, or, not.
_WORDS = r"\b(?!(?:and|or|not)\b)\w+\s+(?!(?:and|or|not)\b)\w"
EXPRESSION: Schema = {"type": ["integer", "string", "boolean"], "pattern": rf"^(?!.*{_WORDS})"}
REFERENCE: Schema = {"type": "string", "pattern": r"^[A-Za-z_]\w*\s*(\(.*\))*$"}
REFERENCES: Schema = {"anyOf": [REFERENCE, {"type": "array", "items": REFERENCE}, {"type": "null"}]}
LETTER: Schema = {"type": "string", "pattern": rf"^[A-Za-z]\w{{0,{MAX_LETTER - 1}}}$"}
A_NAME: Schema = {
    "pattern": "^" + NAME.pattern.replace(r"\Z", "$"),
    "maxLength": MAX_NAME,
    "not": {"enum": sorted(RESERVED | UNREADABLE)},
}
ANY_WORDS: Schema = {"type": "string", "pattern": r"\S", "maxLength": MAX_LABEL}
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
        # Only a file with blocks, or one that builds on another, has steps of other names; else a slip is one.
        "if": {"anyOf": [{"required": ["blocks"]}, {"required": ["base"]}]},
        "then": {"properties": _with_steps("own_steps", "own_step")},
        "else": {"properties": _with_steps("steps", "step")},
    }


def _with_steps(steps: str, step: str) -> Schema:
    several, one = {"$ref": f"#/$defs/{steps}"}, {"$ref": f"#/$defs/{step}"}
    # Names alone make no network: some step does something.
    naming = {"type": "object", "propertyNames": {"enum": sorted(NAMING - {"else"})}}
    return {"network": {**several, "contains": {"not": naming}}, "steps": _mapping({"anyOf": [several, one]})}


def _said(item: Schema, key: str, words: Mapping[str, str]) -> Schema:
    """An entry with what it means, which editors show."""
    return {**item, "description": words[key]}


def _object(properties: Schema, **more: Any) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": properties, **more}


def _mapping(values: Schema, **more: Schema) -> Schema:
    return {"anyOf": [{"type": "object", "additionalProperties": values, **more}, {"type": "null"}]}


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
    texts = {"doc": {"type": "string"}, "as": LETTER, "one_of": {"type": "array", "items": {"type": "string"}}}
    keys = {key: _said(texts.get(key, _ANY_EXPRESSION), key, _SYMBOL) for key in SYMBOL_KEYS}
    either = {"not": {"required": ["default", "derived"]}}
    return {"anyOf": [EXPRESSION, {"type": "array", "items": _ANY_EXPRESSION}, _object(keys, **either)]}


def _expect() -> Schema:
    texts = {key: {"type": "integer" if key == "value" else "string"} for key in EXPECT_KEYS}
    return _object(
        {metric: {"anyOf": [{"type": "integer"}, _object(texts, required=["value"])]} for metric in EXPECTED_METRICS}
    )


def _input() -> Schema:
    known = {"when": EXPRESSION, "dtype": {"enum": list(DTYPES)}, "pixels": EXPRESSION}
    return {
        "type": "object",
        "properties": {key: _said(known[key], key, _INPUT) for key in INPUT_KEYS},
        "additionalProperties": EXPRESSION,
    }


def _block() -> Schema:
    names = {"type": "array", "items": {"type": "string"}}
    properties = {
        "doc": {"type": "string"},
        "label": ANY_WORDS,
        "cite": {"type": "string"},
        "inputs": names,
        "args": {"anyOf": [names, {"type": "object"}, {"type": "null"}]},
        "do": {"$ref": "#/$defs/own_steps"},
        "outputs": REFERENCES,
    }
    return _object({key: _said(item, key, _BLOCK) for key, item in properties.items()}, required=["do"])


def _blocks() -> Schema:
    """Blocks by name, and the files of others."""
    files = {"type": "string", "pattern": r"\.ya?ml$"}
    beside = {"anyOf": [files, {"type": "array", "items": files}], "description": "Files of blocks below this folder."}
    return {"anyOf": [{"type": "object", "properties": {"from": beside}, "additionalProperties": _block()}, _NULL]}


def _figure() -> Schema:
    return _object({key: {**_figure_option(one), "description": one.doc} for key, one in FIGURE_OPTIONS.items()})


def _figure_option(option: FigureOption) -> Schema:
    word: Schema = {"enum": list(option.words)} if option.words else {"type": "string"}
    look = _object({key: _STYLE_KINDS.get(key, {"type": "string"}) for key in NODE_STYLE})
    colors = {"type": "array", "items": {"type": "string"}, "minItems": 2}
    found: dict[str, Schema] = {
        "word": word,
        "words": {"anyOf": [word, {"type": "array", "items": word}]},
        "text": {"type": ["string", "integer"]},
        "flag": {"type": "boolean"},
        "number": {"type": "integer", "minimum": 0},
        "texts": {"type": "object", "additionalProperties": {"type": ["string", "integer", "boolean"]}},
        "styles": {"type": "object", "additionalProperties": look},
        "palette": {"anyOf": [{"enum": list(PALETTES)}, colors]},
    }
    return found[option.kind]


def _variant() -> Schema:
    properties = {
        "doc": {"type": "string"},
        "at": _mapping(_ANY_EXPRESSION),
        "symbols": _mapping({"$ref": "#/$defs/symbol"}),
        "outputs": REFERENCES,
        "expect": {"$ref": "#/$defs/expect"},
    }
    return _object({key: _said(item, key, _VARIANT) for key, item in properties.items()})


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
        "label": ANY_WORDS,
    }
    return {name: _said(found[name], name, _STEP) for name in STEP_KEYWORDS}


def _steps() -> Schema:
    """Steps of known names, and those in a file with blocks of its own."""
    return {**_family(""), **_family("own_")}


def _family(prefix: str) -> Schema:
    steps, step = {"$ref": f"#/$defs/{prefix}steps"}, {"$ref": f"#/$defs/{prefix}step"}
    return {f"{prefix}steps": {"type": "array", "items": step}, f"{prefix}step": _step(steps, step, own=bool(prefix))}


def _step(steps: Schema, step: Schema, *, own: bool) -> Schema:
    """A bare name, or a mapping with one operation and keywords."""
    mixture = {"experts": EXPRESSION, "active": EXPRESSION, "do": steps}
    named = {"type": "object", "additionalProperties": steps, "minProperties": 1, "maxProperties": 1}
    branches = {"type": "array", "items": {"anyOf": [steps, step]}}
    kinds: Schema = {"do": {"anyOf": [steps, named]}, "residual": steps, "parallel": branches}
    kinds["mixture"] = _object(mixture, required=list(mixture))
    kinds = {name: _said(item, name, _STRUCTURE) for name, item in kinds.items()}
    kinds.update({name: _call(library_file(name).blocks[name]) for name in sorted(library_names())})
    operators = {kind: _operation(op) for kind, op in sorted(operations().items())}
    # A file may have a block of its own by a name that is not reserved.
    kinds.update({kind: {} if own and not is_reserved(kind) else item for kind, item in operators.items()})
    keywords = _keywords(steps, step)
    one = [{"required": [kind]} for kind in kinds]
    known = _object({**keywords, **kinds}, oneOf=one, dependentRequired={"else": ["when"]})
    naming = _object(
        {name: keywords[name] for name in sorted(NAMING)}, required=["as"], dependentRequired={"for": ["from"]}
    )
    naming["description"] = "Another name for a value."
    if not own:
        return {"anyOf": [{"enum": list(kinds)}, known, naming]}
    other = {"type": "object", "minProperties": 1, "properties": keywords, "not": {"anyOf": one}}
    # The name of a block stands beside the keywords, so that these alone are no step.
    other["additionalProperties"] = {"anyOf": [{"$ref": "#/$defs/nested"}, {"type": "null"}]}
    other["not"] = {"anyOf": [*one, {"propertyNames": {"enum": list(keywords)}}]}
    return {"anyOf": [{"type": "string"}, known, naming, other]}


def _operation(op: type[Op]) -> Schema:
    arguments = _object(
        {item.name: _argument(item) for item in spec_fields(op)},
        required=[item.name for item in spec_fields(op) if item.default is MISSING],
    )
    return {"description": summary(op), "anyOf": [arguments, REFERENCES]}


def _argument(item: Field[object]) -> Schema:
    annotation = str(item.type).removesuffix(" | None")
    if annotation.startswith("Literal["):
        return _word(item.name, re.findall(r"[\"']([^\"']+)[\"']", annotation))
    if annotation in TORCHS_NAMES:
        return {"enum": list(TORCHS_NAMES[annotation]())}
    if annotation in _TYPED:
        return _TYPED[annotation]
    if annotation == "Padding":
        return {"anyOf": [_word(item.name, PADDINGS), {"type": ["integer", "array", "object"]}]}
    if item.name in POSITIVE:
        return {"$ref": "#/$defs/sizes"}
    return {"bool": EXPRESSION, "str": {"type": "string"}}.get(annotation, _ANY_EXPRESSION)


_CALL: Schema = {"type": "array", "items": {"anyOf": [{"type": "number"}, {"type": "string"}]}}
_DIGIT: Schema = {"type": "array", "items": _ANY_EXPRESSION, "minItems": 3, "maxItems": 3}
_MASK_WORDS: Schema = {
    "type": "object",
    "properties": {"along": {"type": "string"}, **dict.fromkeys(("from", "to", "blocks", "shift"), _ANY_EXPRESSION)},
    "additionalProperties": False,
}
_TYPED: dict[str, Schema] = {
    "KeyMaps": {"type": "object", "additionalProperties": _MASK_WORDS},
    "Call": _CALL,
    "Regrouping": {"type": "object", "additionalProperties": {"type": "array", "items": _DIGIT}},
}
"""Arguments that have a form of their own, by what their fields are annotated with."""


def _word(name: str, words: Iterable[str]) -> Schema:
    """One of some words, or what stands for one: a name like the argument's, or with more than small letters."""
    return {"type": "string", "pattern": rf"^({'|'.join(map(re.escape, words))}|{name}|.*[^a-z].*|.)$"}


def _call(block: BlockSpec) -> Schema:
    required = [name for name, default in block.args.items() if default is None]
    arguments = _object(dict.fromkeys(block.args, _ANY_EXPRESSION), required=required)
    return {"description": re.sub(r"\s+", " ", inspect.cleandoc(block.doc)), "anyOf": [arguments, REFERENCES]}


_STYLE_KINDS: dict[str, Schema] = {"width": {"type": ["number", "string"]}, "dashed": {"type": "boolean"}}
_SYMBOL = {
    "default": "The value where nothing else is bound: a number, true or false, a word of one_of, or a list.",
    "doc": "What it stands for.",
    "as": "What figures and contrasts call it in laws: a letter, as C or d_ff.",
    "multiple_of": "Values are multiples of this, so that sizes such as H/2 are exact.",
    "offset": "Values are this much more than a multiple.",
    "one_of": "The words that it can be.",
    "derived": "An expression of other symbols; it cannot be bound.",
}
_INPUT = {
    "when": "The input is there only where this holds.",
    "dtype": "How it is stored; float is the network's own type.",
    "pixels": "How many pixels of an image one element stands for.",
}
_BLOCK = {
    "doc": "What it is.",
    "label": "What figures call it, in any words.",
    "cite": "Where it comes from.",
    "inputs": "The names of the values that it takes; [x] where nothing is said.",
    "args": "A list of arguments, or a mapping of each to its default.",
    "do": "Its steps.",
    "outputs": "The values that it gives; by default those of the last step.",
}
_VARIANT = {
    "doc": "What it is.",
    "at": "Values of symbols.",
    "symbols": "Declarations of symbols that replace those of the family.",
    "outputs": "The values that costs and fields are about.",
    "expect": "Numbers that it must have.",
}
_STEP = {
    "as": "Names of the outputs; _ discards one, skip(i) is a member of a family.",
    "from": "The inputs, by name; without it, all outputs of the step before.",
    "repeat": "Apply it so many times; the number may be symbolic.",
    "for": "Once per value: {i: 0..3}, {width: [64, 128]}, {each: [{…}, {…}], i: 0..}.",
    "when": "Only where this holds; else the value goes on unchanged.",
    "else": "The steps to take instead.",
    "share": "Steps with the same name here have the same weights.",
    "label": "What figures call it, in any words.",
}
_STRUCTURE = {
    "do": "A group of steps; {stem: [steps]} gives it a name.",
    "residual": "The sum of the input and of what the steps make of it.",
    "parallel": "Branches of steps on the same input; one output each.",
    "mixture": "A mixture of experts, on a value and the scores of its experts.",
}
_NULL: Schema = {"type": "null"}
_TOP_WORDS = {
    "archgraph": "The version of the language.",
    "base": "A spec to build on: the name of a shipped one, or a path below this folder.",
    "name": "What the network is called.",
    "doc": "What it is.",
    "cite": "Where it comes from.",
    "symbols": "Numbers, switches, words and lists that the network depends on.",
    "inputs": "Values that the network takes, each by the sizes of its axes.",
    "blocks": "Steps with a name, and arguments.",
    "network": "The steps, in order.",
    "steps": "Steps of the base to replace, by their names.",
    "outputs": "What the network returns; by default the last step.",
    "select": "The outputs that costs and fields are about.",
    "variants": "Members of the family: other values of its symbols.",
    "expect": "Published numbers that it must have.",
    "figure": "How its figure is drawn: options of draw.",
}
_ENTRIES: dict[str, Schema] = {
    "base": {"type": "string"},
    "steps": {},
    "archgraph": {"const": VERSION},
    "name": {"type": "string"},
    "doc": {"type": "string"},
    "cite": {"type": "string"},
    "symbols": _mapping({"$ref": "#/$defs/symbol"}, propertyNames=A_NAME),
    "inputs": _mapping(_input(), propertyNames=A_NAME),
    "blocks": _blocks(),
    "network": {"type": "array"},
    "outputs": REFERENCES,
    "select": REFERENCES,
    "variants": _mapping(_variant()),
    "expect": {"$ref": "#/$defs/expect"},
    "figure": {"anyOf": [_figure(), _NULL]},
}
_TOP = {key: _said(_ENTRIES[key], key, _TOP_WORDS) for key in TOP_KEYS}
