"""The grammar of expressions: from their text to a syntax tree, within bounds on length and nesting."""

from __future__ import annotations

import ast
import re
import unicodedata
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from archgraph.errors import Place, SpecError, quoted

MAX_LENGTH = 400
MAX_NESTING = 40
SIZE_FUNCTIONS = ("min", "max", "ceil", "floor", "len")
ALLOWED = "integers, names, x.axis, name(i), + - * / // % **, comparisons, and or not, min max ceil floor len"
CALLS = f"name(i) is element i of a list; the functions are {', '.join(SIZE_FUNCTIONS)}"
_WORD = re.compile(r"[A-Za-z_]\w*")
_LOOKALIKES = {"×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "∕": "/", "−": "-", "–": "-", "—": "-", "‐": "-"}
_LOOKALIKES |= {"≤": "<=", "≥": ">=", "≠": "!=", "²": "**2", "³": "**3", "…": "..", "⌊": "floor(…)", "⌈": "ceil(…)"}


def parse_expression(text: str, start: Place | None = None) -> ast.expr:
    """Parse an expression, within bounds on length and nesting; `start` is where its text begins in a file.

    Raises:
        SpecError: it is not in the language, too long, or too deep.

    >>> type(parse_expression("C * 2**i")).__name__
    'BinOp'
    """
    if len(text) > MAX_LENGTH:
        raise SpecError(f"the expression has {len(text)} characters; the limit is {MAX_LENGTH}", place=start)
    if not text.isascii():
        column = next(column for column, char in enumerate(text) if not char.isascii())
        place = start and start.shifted(column)
        message = f"cannot read {quoted(text)}: the character {quoted(text[column])}"
        raise SpecError(message, place=place, hint=_foreign(text[column]))
    try:
        tree = _parse(text.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError, Warning) as error:
        column = getattr(error, "offset", None) or 1
        place = start and start.shifted(max(column - 1, 0))
        message = f"cannot read the expression {quoted(text)}"
        raise SpecError(message, place=place, hint=f"allowed: {ALLOWED}") from None
    if _depth(tree) > MAX_NESTING:
        raise SpecError(f"the expression {quoted(text, 40)} nests deeper than {MAX_NESTING}", place=start)
    return tree


def _foreign(char: str) -> str:
    """What to write for a character that is not ASCII: its name tells letters apart that look alike."""
    if char in _LOOKALIKES:
        return f"write {_LOOKALIKES[char]}"
    return f"an expression is ASCII, and this is {unicodedata.name(char, 'a character without a name')}"


@lru_cache(maxsize=4096)
def _parse(text: str) -> ast.expr:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return ast.parse(text, mode="eval").body


def _depth(tree: ast.AST) -> int:
    level, depth = [tree], 0
    while level and depth <= MAX_NESTING:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return depth


def words_in(text: str) -> list[str]:
    """Return every word of a text that could be a name.

    >>> words_in("x.c * features(i)")
    ['x', 'c', 'features', 'i']
    """
    return _WORD.findall(text)


def names_in(text: Any) -> Iterator[str]:
    """Yield the names, list elements and sizes that an expression is made of, as it spells them.

    >>> list(names_in("x.c * features(i) // L"))
    ['x.c', 'features(i)', 'i', 'L']
    """
    if not isinstance(text, str):
        return
    try:
        tree = parse_expression(text)
    except SpecError:
        return
    covered: set[ast.AST] = set()
    for node in sorted(ast.walk(tree), key=lambda item: getattr(item, "col_offset", 0)):
        if node not in covered and isinstance(node, (ast.Name, ast.Attribute, ast.Call)):
            covered.update(_chain(node))
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SIZE_FUNCTIONS):
                yield ast.unparse(node)


def _chain(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of `f(i)(j).h` that belong to one name; its indices are expressions of their own."""
    while isinstance(node, (ast.Attribute, ast.Call)):
        yield node
        node = node.value if isinstance(node, ast.Attribute) else node.func
    yield node
