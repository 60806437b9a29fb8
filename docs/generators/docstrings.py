"""A docstring as Markdown: prose, arguments and errors as lists, examples as blocks of code."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

SECTIONS = ("Args", "Attributes", "Raises")


def as_markdown(docstring: str) -> str:
    """Return a docstring as Markdown.

    >>> print(as_markdown("Add.\\n\\nArgs:\\n    x: a number.\\n\\n>>> 1 + 1\\n2"))
    Add.
    <BLANKLINE>
    - `x`: a number.
    <BLANKLINE>
    ```pycon
    >>> 1 + 1
    2
    ```
    """
    return "\n\n".join(_parts(docstring))


def prose(docstring: str) -> str:
    """Return what stands before the lists and the examples.

    >>> prose("Add.\\n\\nTwice.\\n\\n>>> 1 + 1\\n2")
    'Add.\\n\\nTwice.'
    """
    return re.split(rf"\n*^(?:>>> |(?:{'|'.join(SECTIONS)}):$)", docstring, maxsplit=1, flags=re.MULTILINE)[0].strip()


def listed(docstring: str, section: str) -> dict[str, str]:
    """Return what a section such as Attributes says of each name.

    >>> listed("A box.\\n\\nAttributes:\\n    wide: how wide,\\n        in inches.\\n", "Attributes")
    {'wide': 'how wide, in inches.'}
    """
    match = re.search(rf"^{section}:\n((?:[ \t].*\n?|\n)*)", docstring, flags=re.MULTILINE)
    return dict(_items(match[1])) if match else {}


def _parts(docstring: str) -> Iterator[str]:
    if text := prose(docstring):
        yield text
    for section in SECTIONS:
        rows = listed(docstring, section)
        lead = "Raises " if section == "Raises" else ""
        if rows:
            yield "\n".join(f"- {lead}{_names(name)}: {text}" for name, text in rows.items())
    match = re.search(r"^>>> .*", docstring, flags=re.MULTILINE | re.DOTALL)
    if match:
        yield f"```pycon\n{match[0].rstrip().replace('<BLANKLINE>', '')}\n```"


def _items(text: str) -> Iterator[tuple[str, str]]:
    """The entries of a section: a name, a colon, and text that goes on in deeper lines."""
    for entry in re.split(r"\n(?=\S)", textwrap.dedent(text).strip()):
        name, _, said = entry.partition(":")
        yield name, " ".join(said.split())


def _names(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))
