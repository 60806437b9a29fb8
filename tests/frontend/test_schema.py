"""The JSON Schema accepts what the language accepts, and points at what it does not."""

import jsonschema
import pytest
import yaml

from archgraph.frontend.library import FOLDER
from archgraph.frontend.load import shipped_folder
from archgraph.frontend.schema import json_schema
from archgraph.frontend.yamltree import read_yaml

SPECS = [*sorted(shipped_folder().glob("*.yaml")), *sorted(FOLDER.glob("*.yaml"))]


@pytest.fixture(scope="module")
def validator():
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_shipped_specs_are_valid(validator, path):
    validator.validate(read_yaml(path.read_text(encoding="utf-8"), path.name).plain())


@pytest.mark.parametrize(
    "text",
    [
        "{archgraph: 2, network: []}",
        "{network: []}",
        "{archgraph: 1, netwrk: []}",
        "{archgraph: 1, symbols: {C: {defult: 3}}, network: []}",
        "{archgraph: 1, network: [conv: {out: 3, kernal: 3}]}",
        "{archgraph: 1, network: [conv: {out: 3}]}",
        "{archgraph: 1, network: {conv: 1}}",
    ],
)
def test_mistakes_are_invalid(validator, text):
    assert not validator.is_valid(yaml.safe_load(text))


def test_every_operation_is_described():
    from archgraph.frontend.operations import operations

    step = json_schema()["$defs"]["step"]
    mapping = next(option for option in step["anyOf"] if option.get("type") == "object")
    assert set(operations()) <= set(mapping["properties"])
    assert all(mapping["properties"][kind]["description"] for kind in operations())
