"""The grammar on the page of the language: its keys are those of the reader, its expressions those that are read."""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random

import pytest

import archgraph as ag
from archgraph.errors import ArchgraphError
from archgraph.spec import definitions

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8").partition("## Grammar")[2]
KEYS = {
    "spec": definitions.TOP_KEYS,
    "a symbol": definitions.SYMBOL_KEYS,
    "an input": definitions.INPUT_KEYS,
    "a block": definitions.BLOCK_KEYS,
    "a variant": definitions.VARIANT_KEYS,
    "an expected number": definitions.EXPECT_KEYS,
    "a step": definitions.STEP_KEYWORDS,
    "a structure": definitions.STRUCTURES,
}
TOKEN = re.compile(r'"[^"]+"|[A-Za-z]+|[{}()\[\]|]')
NAMES = ("C", "K", "x.c", "L(0)")
"""What the random sentences are about."""
SPEC = "archgraph: 1\nsymbols: {C: 3, K: 2, L: [1, 2], F: %s}\ninputs: {x: {c: C}}\nnetwork: [relu]\n"
REFUSED = ["C if K else 1", "[C]", "C, K", "1.5", "'C'", "C ^ K", "C is K", "+C", "lambda: C", "C << 1", "C in L", "~C"]


def rules() -> dict[str, list[str]]:
    text = re.findall(r"```ebnf\n(.*?)```", PAGE, flags=re.DOTALL)[0]
    found = (line.split("=", 1) for line in text.strip().splitlines())
    return {name.strip(): TOKEN.findall(right) for name, right in found}


def alternatives(tokens: list[str]) -> Iterator[list[str]]:
    """The alternatives of a rule or group, split where `|` stands outside of brackets."""
    depth, part = 0, []
    for token in tokens:
        depth += {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}.get(token, 0)
        if token == "|" and depth == 0:
            yield part
            part = []
        else:
            part.append(token)
    yield part


def closing(tokens: list[str], start: int) -> int:
    depth = 0
    for index in count(start):
        depth += {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}.get(tokens[index], 0)
        if depth == 0:
            return index
    raise AssertionError(tokens)


class Sentences:
    """Random sentences of the grammar; what is deep goes the shortest way."""

    def __init__(self, seed: int) -> None:
        self.random, self.rules = Random(seed), rules()

    def of(self, tokens: list[str], depth: int) -> str:
        ways = list(alternatives(tokens))
        return self.sequence(self.random.choice(ways) if depth > 0 else ways[-1 if len(ways) < 3 else 0], depth)

    def sequence(self, tokens: list[str], depth: int) -> str:
        said, index = [], 0
        while index < len(tokens):
            token = tokens[index]
            if token in "{[(":
                end = closing(tokens, index)
                if token == "(" or (depth > 0 and self.random.random() < 0.3):
                    said.append(self.of(tokens[index + 1 : end], depth - 1))
                index = end
            else:
                said.append(self.one(token, depth))
            index += 1
        return " ".join(said)

    def one(self, token: str, depth: int) -> str:
        if token.startswith('"'):
            return token.strip('"')
        if token == "INTEGER":
            return str(self.random.randrange(1, 9))
        if token in ("NAME", "element"):
            return self.random.choice(NAMES)
        return self.of(self.rules[token], depth - 1)


@pytest.mark.parametrize("mapping", KEYS)
def test_keys_on_the_page_are_those_that_are_read(mapping):
    row = re.search(rf"^\| {mapping} \| (.*?)(?:;.*)?\|$", PAGE, flags=re.MULTILINE)
    assert row and tuple(re.findall(r"`(\w+)`", row[1])) == KEYS[mapping]


def syntax_error(text: str) -> str | None:
    """What is said of an expression that is not in the language; None of one that is, whatever its value."""
    try:
        ag.loads(SPEC % f'"{text}"')
    except ArchgraphError as error:
        return (
            error.message
            if re.search(r"is not allowed|cannot read|: (1\.5|'C') is not an integer", error.message)
            else None
        )
    return None


@pytest.mark.parametrize("seed", range(150))
def test_what_the_grammar_makes_is_read(seed):
    sentence = Sentences(seed).one("expression", 14)
    assert syntax_error(sentence) is None, sentence


@pytest.mark.parametrize("text", REFUSED)
def test_what_the_grammar_cannot_make_is_refused(text):
    assert syntax_error(text) is not None
