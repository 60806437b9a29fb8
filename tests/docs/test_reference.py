"""The reference: every public name and every option stands on a page with an example.

That the pages are current is held by the lane of pages, which writes all of them anew.
"""

import re
from pathlib import Path

import cli_pages
import public_kinds
import pytest
from answer_examples import CALLS, KINDS
from answers_page import attributes
from cli_examples import USES
from docstrings import as_markdown
from shell import shortened

import archgraph as ag
from archgraph.cli.program import COMMANDS

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def page(name):
    return (REFERENCE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_option_is_used_on_its_page(command):
    words = [word for _, use in USES[command.name] for word in use.split()]
    assert [spellings for spellings in cli_pages.option_names(command) if not set(spellings) & set(words)] == []
    text = page(f"cli/{command.name}.md")
    assert all(f"archgraph {use}\n" in text for _, use in USES[command.name])
    assert "ended with" not in text and "Traceback" not in text


def test_every_option_stands_in_the_table_of_its_page():
    for command in COMMANDS:
        table = page(f"cli/{command.name}.md").split("## Options")[1]
        told = set(re.findall(r"`(-[\w-]+)[ `]", table))
        assert [name for spellings in cli_pages.option_names(command) for name in spellings if name not in told] == []


def test_every_public_name_is_on_the_page_with_an_example():
    sections = dict(
        re.findall(
            r"^### `(?:archgraph\.(?:testing\.|web\.)?)?([\w]+|g\[path\])`\n(.*?)(?=^#|\Z)",
            page("python.md"),
            flags=re.M | re.S,
        )
    )
    names = [name for name in vars(ag.Architecture) if not name.startswith("_")] + list(public_kinds.public_functions())
    assert [name for name in names if ">>>" not in sections.get(name, "")] == []
    assert [name for name in ag.__all__ if name not in {*sections, "Architecture"}] == []


def test_every_attribute_of_every_answer_is_on_the_page_with_its_value():
    sections = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^###? |\Z)", page("answers.md"), flags=re.M | re.S))
    for kind in public_kinds.answers():
        if kind is not ag.Architecture:
            text = sections[kind.__name__]
            assert KINDS[kind.__name__] in text
            assert [name for name in attributes(kind) if f"| `{name}` | " not in text] == []


def test_every_call_of_every_answer_has_an_example():
    bare = [
        f"{kind.__name__}.{name}"
        for kind in public_kinds.answers()
        for name, method in public_kinds.methods(kind).items()
        if ">>>" not in (method.__doc__ or "")
    ]
    assert [name for name in bare if name not in CALLS] == []
    assert [name for name in bare if f"#### `{name}`" not in page("answers.md")] == []


def test_a_docstring_as_markdown():
    text = as_markdown("Do.\n\nArgs:\n    a: one,\n        or two.\n    b, c: more.\n\nRaises:\n    E: bad.\n")
    assert text == "Do.\n\n- `a`: one, or two.\n- `b`, `c`: more.\n\n- Raises `E`: bad."


def test_a_long_output_is_cut_and_says_so():
    assert shortened("\n".join("abcdef"), most=3).endswith("c\n… 3 more lines")
    assert len(shortened("x" * 500)) < 130


def test_what_a_shown_file_names_is_shown_as_well():
    assert all(f"`{name}` is\n" in page("cli/audit.md") for name in ("table.csv", "tiny.csv", "tiny.yaml"))
