"""YAML 1.2 without surprises, and the place of everything."""

import pytest

from archgraph.errors import SpecError
from archgraph.spec.language.yamltree import read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("n", "n"),
        ("null", None),
        ("~", None),
        ("", None),
        ("Null", "Null"),
        ("7", 7),
        ("-7", -7),
        ("+7", 7),
        ("010", 10),
        ("0x10", "0x10"),
        ("0o10", "0o10"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("12:30:45", "12:30:45"),
        ("1.5", "1.5"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("2026-01-01", "2026-01-01"),
        ("'7'", "7"),
        ('"true"', "true"),
        ("=", "="),
        ("skip(i)(j)", "skip(i)(j)"),
        ("0..levels-1", "0..levels-1"),
        ("levels-1..0 by -1", "levels-1..0 by -1"),
        ("x.c != 2*x.c", "x.c != 2*x.c"),
    ],
)
def test_scalars(text, value):
    found = read_yaml(f"key: {text}", "net.yaml").value["key"].value
    assert (found, type(found)) == (value, type(value))


def test_keys_are_always_text():
    assert list(read_yaml("{1: a, no: b, y: c, 0x2: d, ~: e}", "net.yaml").value) == ["1", "no", "y", "0x2", "~"]


def test_everything_has_its_place():
    tree = read_yaml("a: [1, 'two']\nb:\n  - c: {d: 3}\n", "net.yaml")
    assert str(tree.value["a"].value[1].place) == "net.yaml:1:8"
    assert str(tree.value["a"].value[1].start) == "net.yaml:1:9"
    inner = tree.value["b"].value[0].value["c"]
    assert str(inner.place) == "net.yaml:3:8"
    assert str(inner.key_place("d")) == "net.yaml:3:9"


def test_folded_text_has_no_start_for_columns():
    tree = read_yaml("a: >\n  one\n  two\nb: one\n  two\n", "net.yaml")
    assert tree.plain() == {"a": "one two\n", "b": "one two"}
    assert tree.value["a"].start is None
    assert tree.value["b"].start is None


def test_aliases_repeat_what_they_name():
    tree = read_yaml("a: &a [1, 2]\nb: *a\nc: [*a, *a]\n", "net.yaml")
    assert tree.plain() == {"a": [1, 2], "b": [1, 2], "c": [[1, 2], [1, 2]]}
    assert tree.size == 14


def test_a_byte_order_mark_and_windows_line_ends_are_read():
    assert read_yaml("\ufeffa: 1\r\nb: 2\r\n", "net.yaml").plain() == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: \ud800", "the character \\ud800 cannot stand in a text file"),
        ("a: \x00", "the character \\x00 cannot stand in a text file"),
        ("a: !x 1", "tag '!x' is not allowed"),
        ("!x a: 1", "tag '!x' is not allowed"),
        ("? !x a", "tag '!x' is not allowed"),
        ("a: !!str 1", "tag 'tag:yaml.org,2002:str' is not allowed"),
        ("%YAML 3.0\n---\na: 1", "found incompatible YAML document"),
        ("a: *b", "alias *b has no anchor &b before it"),
        ("{a: 1, a: 2}", "key 'a' stands twice; the first is on line 1"),
    ],
)
def test_refusals(text, message):
    with pytest.raises(SpecError) as caught:
        read_yaml(text, "net.yaml")
    assert message in caught.value.message
    assert caught.value.place is not None
