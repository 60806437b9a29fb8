"""The JSON Schema of the language accepts what the reader accepts, as far as a schema can tell."""

import json
from pathlib import Path

import jsonschema
import pytest

from archgraph.cli import main
from archgraph.spec.language.yamltree import read_yaml
from archgraph.spec.library.standard import library_folder
from archgraph.spec.load import shipped_folder
from archgraph.spec.operations import operations
from archgraph.spec.schema import json_schema

WRITTEN = (Path(__file__).parents[1] / "specs").glob("*/*.yaml")
SPECS = sorted([*shipped_folder().glob("*.yaml"), *library_folder().glob("*.yaml"), *WRITTEN])
VALID = jsonschema.Draft202012Validator(json_schema())


def errors(text: str) -> list[str]:
    return [error.json_path for error in VALID.iter_errors(read_yaml(text, "net.yaml").plain())]


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_shipped_files_are_valid(path: Path):
    assert errors(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("network: [relu]", "$"),
        ("{archgraph: 2, network: [relu]}", "$.archgraph"),
        ("{archgraph: 1, netwrk: [relu]}", "$"),
        ("{archgraph: 1, network: {relu: }}", "$.network"),
        ("{archgraph: 1, network: [3]}", "$.network[0]"),
        ("{archgraph: 1, network: [{}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{conv: {out: 3}}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{conv: {out: 3, kernel: 1, kernle: 2}}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{attention: {head: 3}}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{relu: , for: 3}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{silu: , frmo: x}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{silu: , repeats: 3}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{silu: , gelu: }]}", "$.network[0]"),
        ("{archgraph: 1, network: [avgpool]}", "$.network[0]"),
        ("{archgraph: 1, network: [{groupnorm: {groups: 8}}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{conv: {out: 3, kernel: 3, padding: smae}}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{upsample: {factor: 2, mode: nearst}}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{conv: {out: 3, kernel: 0}}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{for: {i: 0..3}, as: y}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{for: {i: 0....3}, do: [relu]}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{relu: , repeat: L times}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{relu: , as: y-1}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{relu: , else: [silu]}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{mixture: {do: [relu], experts: 4}}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{when: L > 1}]}", "$.network[0]"),
        ("{archgraph: 1, network: [{as: y, from: x}, {as: z}]}", "$.network"),
        ("{archgraph: 1, network: []}", "$.network"),
        ("{archgraph: 1, network: [{relu: , label: ' '}]}", "$.network[0]"),
        ("{archgraph: 1, symbols: {width: {default: 3, as: d-ff}}}", "$.symbols"),
        ("{archgraph: 1, blocks: {b: {label: [a], do: [relu]}}}", "$.blocks"),
        ("{archgraph: 1, network: [{do: {a: [relu], b: [relu]}}]}", "$.network[0]"),
        ("{archgraph: 1, base: [vit]}", "$.base"),
        ("{archgraph: 1, steps: {logits: {linar: {out: 3}}}}", "$.steps"),
        ("{archgraph: 1, blocks: {from: blocks}}", "$.blocks"),
        ("{archgraph: 1, blocks: {b: {do: [relu]}}, network: [{conv: {out: 3, kernel: 1}, frmo: x}]}", "$.network[0]"),
        ("{archgraph: 1, symbols: {H: {default: 3, multiple: 2}}}", "$.symbols"),
        ("{archgraph: 1, symbols: {head-dim: 64}}", "$.symbols"),
        ("{archgraph: 1, symbols: {lambda: 64}}", "$.symbols"),
        ("{archgraph: 1, symbols: {d: {default: 64, derived: D // 2}}}", "$.symbols"),
        ("{archgraph: 1, inputs: {x-1: {c: 3}}}", "$.inputs"),
        ("{archgraph: 1, inputs: {x: {dtype: bfloat}}}", "$.inputs"),
        ("{archgraph: 1, blocks: {b: {steps: [relu]}}}", "$.blocks"),
        ("{archgraph: 1, variants: {small: {bind: {C: 3}}}}", "$.variants"),
        ("{archgraph: 1, expect: {parameters: 3}}", "$.expect"),
        ("{archgraph: 1, expect: {params: many}}", "$.expect.params"),
    ],
)
def test_mistakes_are_invalid(text, where):
    assert any(path.startswith(where) for path in errors(text))


@pytest.mark.parametrize(
    "step",
    [
        "{relu: , when: not odd and L > 1 or even, else: silu}",
        "{as: kept}",
        "{as: up(i), from: skip(2 - i), for: {i: 0..2}}",
        "{do: {stem: [relu, {conv: {out: 3, kernel: 1}}]}, as: y}",
        "{for: {each: [{w: 3}, {w: 4}], i: 0..}, do: [{linear: {out: w}}]}",
        "{multiply: {constant: 1/8}}",
        "{group_norm: {groups: 8, over: [h, w]}}",
        "{conv: {out: 2 * C, kernel: [3, K], padding: padding, stride: {h: 2, w: 1}}, as: enc(i + 1), from: enc(i)}",
        "{for: {i: levels-1..0 by -1, width: [8, 16]}, do: [{linear: {out: width}}]}",
        "{mine: {width: 3}, repeat: L, as: y}",
        "mine",
        "{mine: [x, y]}",
        "{mine: , label: Ours & co}",
    ],
)
def test_what_the_language_has_is_valid(step):
    assert errors(f"{{archgraph: 1, blocks: {{mine: {{do: [relu]}}}}, network: [relu, {step}]}}") == []


def test_the_command_prints_it(capsys):
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json_schema()


def test_every_operation_and_standard_block_is_described():
    properties = json_schema()["$defs"]["step"]["anyOf"][1]["properties"]
    names = {*operations(), *(path.stem for path in library_folder().glob("*.yaml"))}
    assert names <= properties.keys()
    assert all(properties[name]["description"] for name in names)


def test_specs_on_bases_are_valid():
    text = (
        "{archgraph: 1, base: vit, blocks: {from: [a.yaml, b/c.yml]}, steps: {logits: {mine: {out: 3}}, body: [relu]}}"
    )
    assert errors(text) == []


def described(item: object) -> bool:
    return isinstance(item, dict) and bool(item.get("description"))


def test_every_key_says_what_it_means():
    schema = json_schema()
    assert all(described(item) for item in schema["properties"].values())
    (_, step, *_) = schema["$defs"]["step"]["anyOf"]
    assert all(described(item) for item in step["properties"].values())
