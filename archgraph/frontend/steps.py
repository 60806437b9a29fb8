"""One step of a spec: an operation or block, and the keywords beside it."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from archgraph.errors import ArchgraphError, Place, SpecError, did_you_mean
from archgraph.expressions import Environment, evaluate_expression, parse_expression
from archgraph.frontend.spec import check_name
from archgraph.frontend.yamltree import Tree

KEYWORDS = ("as", "from", "repeat", "for", "when", "else", "share")
STRUCTURES = ("do", "residual", "parallel", "mixture")
_RANGE = re.compile(r"\A(?P<first>.+?)\.\.(?P<last>.+?)(?:\s+by\s+(?P<by>.+))?\Z")
_INDEX = re.compile(r"\A([A-Za-z_][A-Za-z0-9_]*)((?:\(.*\))?)\Z", re.DOTALL)


@dataclass(frozen=True)
class Step:
    """A parsed step: `kind` is its operation, block or structure; the keywords are trees or None."""

    kind: str
    value: Tree
    place: Place
    keywords: dict[str, Tree]

    def keyword(self, name: str) -> Tree | None:
        """Return a keyword's tree, or None."""
        return self.keywords.get(name)

    def without(self, *names: str) -> Step:
        """Return the step without some keywords."""
        kept = {key: tree for key, tree in self.keywords.items() if key not in names}
        return Step(self.kind, self.value, self.place, kept)


def read_step(tree: Tree, known: Collection[str]) -> Step:
    """Split a step into its one operation and its keywords.

    Raises:
        SpecError: no operation, two of them, or one that does not exist.
    """
    if isinstance(tree.value, str):
        tree = Tree({tree.value: Tree(None, tree.place)}, tree.place, {tree.value: tree.place})
    items = tree.mapping("a step")
    kinds = [key for key in items if key not in KEYWORDS]
    if len(kinds) != 1:
        _refuse_kinds(tree, kinds, known)
    kind = kinds[0]
    place = (tree.keys or {})[kind]
    if kind not in known:
        raise SpecError(f"unknown operation '{kind}'.{did_you_mean(kind, known)}", place=place)
    _check_indentation(items[kind], kind)
    return Step(kind, items[kind], place, {key: items[key] for key in items if key in KEYWORDS})


def _refuse_kinds(tree: Tree, kinds: list[str], known: Collection[str]) -> None:
    if not kinds:
        tree.fail("a step needs an operation", hint=f"beside {', '.join(tree.value) or 'the keywords'}")
    wrong = next((kind for kind in kinds if kind not in known), None)
    if wrong is not None:
        suggestion = did_you_mean(wrong, [*KEYWORDS, *known])
        tree.fail_at_key(wrong, f"unknown keyword or operation '{wrong}'.{suggestion}")
    tree.fail_at_key(kinds[1], f"a step has one operation, and this one has {' and '.join(kinds)}", "write two steps")


def _check_indentation(value: Tree, kind: str) -> None:
    """A keyword under its operation instead of beside it."""
    if kind in STRUCTURES or not value.is_mapping:
        return
    for key in value.value:
        if key in KEYWORDS:
            value.fail_at_key(key, f"`{key}` belongs beside `{kind}`, not under it", "indent it like the operation")


@dataclass(frozen=True)
class Target:
    """A name that a step gives to an output: plain, indexed, or `_` to discard it."""

    name: str
    indices: tuple[int, ...]

    def __str__(self) -> str:
        return self.name + "".join(f"({index})" for index in self.indices)


def split_reference(text: str) -> tuple[str, list[str]]:
    """Split `skip(i)(j)` into its name and the texts of its indices.

    >>> split_reference("skip(i + 1)(j)")
    ('skip', ['i + 1', 'j'])
    """
    match = _INDEX.match(text.strip())
    if not match:
        raise SpecError(f"'{text[:60]}' is not a name", hint="a name is letters, digits, underscores; or name(i)")
    if not match[2]:
        return match[1], []
    node: ast.expr = parse_expression(text)
    indices: list[str] = []
    while isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        indices.insert(0, ast.unparse(node.args[0]))
        node = node.func
    if not isinstance(node, ast.Name):
        raise SpecError(f"'{text[:60]}' is not a name", hint="write name(i), one index in each pair of brackets")
    return node.id, indices


def read_reference(tree: Tree, environment: Environment) -> tuple[str, tuple[int, ...]]:
    """Return the name and the evaluated indices of a reference to a value."""
    if not isinstance(tree.value, str):
        tree.fail(f"expected the name of a value, and found {tree.describe()}")
    try:
        name, texts = split_reference(tree.value)
        return name, tuple(_index(text, environment) for text in texts)
    except ArchgraphError as error:
        error.place = error.place or tree.place
        raise


def _index(text: str, environment: Environment) -> int:
    return environment.concrete(_number(evaluate_expression(text, environment), text), "index")


def _number(value: Any, text: str) -> Any:
    from sympy import Expr

    if not isinstance(value, Expr):
        raise SpecError(f"'{text}' is not a number")
    return value


def read_targets(tree: Tree | None, environment: Environment) -> list[Target]:
    """Return the names of `as`, in order."""
    if tree is None:
        return []
    targets = []
    for item in tree.value if tree.is_list else [tree]:
        name, indices = read_reference(item, environment)
        if name != "_":
            check_name(name, item.place, "a name")
        targets.append(Target(name, indices))
    return targets


def read_range(tree: Tree, environment: Environment) -> range | tuple:
    """Return the values of one loop variable: a range `a..b by s`, or a list.

    Raises:
        SpecError: neither, or a step of 0.
    """
    if tree.is_list:
        from archgraph.frontend.declarations import evaluate_tree

        return evaluate_tree(tree, environment)
    match = _RANGE.match(str(tree.value)) if tree.value is not None else None
    try:
        if match:
            return _range(match, environment)
        value = evaluate_expression(tree.text("a range"), environment)
    except ArchgraphError as error:
        error.place = error.place or tree.place
        raise
    if not isinstance(value, tuple):
        tree.fail(f"'{tree.value}' is neither a range nor a list", hint="a range is a..b, both ends included")
    return value


def _range(match: re.Match[str], environment: Environment) -> range:
    first, last = _index(match["first"], environment), _index(match["last"], environment)
    by = _index(match["by"], environment) if match["by"] else 1
    if by == 0:
        raise SpecError("a loop cannot count by 0")
    return range(first, last + (1 if by > 0 else -1), by)
