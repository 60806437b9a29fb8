"""However a spec is damaged, what comes out is an architecture or an `ArchgraphError`."""

from __future__ import annotations

import re
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from archgraph import ArchgraphError, loads
from archgraph.spec.library.standard import library_names
from archgraph.spec.load import shipped_folder
from archgraph.spec.operations import operations

SPECS = [path.read_text(encoding="utf-8") for path in sorted(shipped_folder().glob("*.yaml"))]
TOKENS = [
    *("0", "1", "-1", "3", "10**9", "2**500", "1 / 0", "C // 3", "x", "_", "x.c", "enc(0)", "enc(i)", "true", "same"),
    *(
        "[]",
        "{}",
        "[1, 2]",
        "{h: 3}",
        "null",
        "..",
        "0..3",
        "3..0 by -1",
        "as",
        "from",
        "repeat",
        "for",
        "when",
        "else",
    ),
    *(
        "share",
        "do",
        "residual",
        "parallel",
        "mixture",
        "default",
        "derived",
        "one_of",
        "multiple_of",
        "offset",
        "'",
        '"',
    ),
    *(":", "- ", "#", "*a", "&a", "!t", "|", ">", "@", "%", "?", "c", "h", "n", "out", "kernel", "stride", "groups"),
    *sorted(operations()),
    *sorted(library_names()),
]


def replace_token(line: str, random: Random) -> str:
    """Put another token, or nothing, in the place of a word, a number or a sign."""
    tokens = re.findall(r"\w+|\W", line) or [""]
    tokens[random.randrange(len(tokens))] = random.choice([*TOKENS, ""])
    return "".join(tokens)


def damage(lines: list[str], random: Random) -> None:
    """Delete, repeat, move, indent or change one line."""
    at = random.randrange(len(lines))
    match random.randrange(6):
        case 0 if len(lines) > 1:
            del lines[at]
        case 1:
            lines.insert(at, random.choice(lines))
        case 2:
            lines[at] = random.choice(lines)
        case 3:
            lines[at] = random.choice(["  ", " ", "\t"]) + lines[at]
        case 4:
            lines[at] = lines[at][random.choice([1, 2, 4]) :]
        case _:
            lines[at] = replace_token(lines[at], random)


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(SPECS), st.randoms(use_true_random=False), st.integers(1, 3))
def test_a_damaged_spec_is_an_architecture_or_an_error(text, random, count):
    lines = text.split("\n")
    for _ in range(count):
        damage(lines, random)
    try:
        g = loads("\n".join(lines))
        numbers = g.at()
        assert (g.params, g.macs, numbers.params, numbers.macs) is not None
    except ArchgraphError as error:
        assert str(error)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_an_architecture_or_an_error(text):
    try:
        loads(text)
    except ArchgraphError as error:
        assert str(error).isprintable() or "\n" in str(error)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.sampled_from(TOKENS),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(TOKENS), inner, max_size=3),
        max_leaves=12,
    )
)
def test_any_tree_of_steps_is_an_architecture_or_an_error(tree):
    step = repr(tree).replace("'", "")
    try:
        loads(f"archgraph: 1\nsymbols: {{C: 8}}\ninputs:\n  x: {{n: 4, c: C}}\nnetwork: [{step}]\n")
    except ArchgraphError as error:
        assert str(error)
