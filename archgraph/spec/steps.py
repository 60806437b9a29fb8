"""One step of a spec: an operation or block, and the keywords beside it."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass

from sympy import Expr

from archgraph.errors import ArchgraphError, Place, SpecError, did_you_mean, quoted
from archgraph.spec.definitions import STEP_KEYWORDS, STRUCTURES
from archgraph.spec.language.expressions import Environment, evaluate_node
from archgraph.spec.language.grammar import parse_expression
from archgraph.spec.language.tree import Tree
from archgraph.spec.language.values import describe
from archgraph.spec.sections import check_name

NAMING = {"as", "from", "for", "when", "else"}
"""The keywords of a step without an operation, which names what is there."""
_EXAMPLE = "- relu, or with arguments: - conv: {out: 64, kernel: 3}"
_REFERENCE = re.compile(r"\A([A-Za-z_][A-Za-z0-9_]*)((?:\(.*\))?)\Z", re.DOTALL)


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

    @property
    def inputs(self) -> Tree | None:
        """The value of the step where it names its inputs: `add: [x, _]`."""
        if self.kind in STRUCTURES or self.value.is_mapping or self.value.is_empty:
            return None
        return self.value


def read_step(tree: Tree, known: Collection[str]) -> Step:
    """Split a step into its one operation and its keywords.

    Raises:
        SpecError: no operation, two of them, or one that does not exist.
    """
    if isinstance(tree.value, str):
        tree = Tree({tree.value: Tree(None, tree.place)}, tree.place, {tree.value: tree.place})
    if not tree.is_mapping:
        tree.fail(f"a step is an operation or a mapping with one, and not {tree.describe()}", hint=_EXAMPLE)
    items = tree.value
    kinds = [key for key in items if key not in STEP_KEYWORDS]
    if not kinds and "as" in items and items.keys() <= NAMING and ("from" in items or "for" not in items):
        # A second name for a value: a group of no steps gives what it takes.
        items = {**items, (kind := "do"): Tree([], tree.place)}
        kinds = [kind]
    if len(kinds) != 1:
        _refuse_kinds(tree, kinds, known)
    kind = kinds[0]
    place = tree.key_place(kind)
    if kind not in known:
        hint = "`archgraph ops` lists the operations and standard blocks"
        raise SpecError(f"unknown operation {quoted(kind)}.{did_you_mean(kind, known)}", place=place, hint=hint)
    _check_indentation(items[kind], kind)
    keywords = {key: items[key] for key in items if key in STEP_KEYWORDS}
    for key, item in keywords.items():
        if item.is_empty:
            tree.fail_at_key(key, f"`{key}` is empty")
    return Step(kind, items[kind], place, keywords)


def _refuse_kinds(tree: Tree, kinds: list[str], known: Collection[str]) -> None:
    if not kinds:
        beside = " beside " + " and ".join(f"`{key}`" for key in tree.value) if tree.value else ""
        tree.fail(f"a step needs an operation{beside}", hint=_EXAMPLE)
    wrong = next((kind for kind in kinds if kind not in known), None)
    if wrong is not None:
        suggestion = did_you_mean(wrong, [*STEP_KEYWORDS, *known])
        hint = f"the keywords of a step are {', '.join(STEP_KEYWORDS)}"
        tree.fail_at_key(wrong, f"unknown keyword or operation {quoted(wrong)}.{suggestion}", hint)
    message = f"a step has one operation, and this one has {' and '.join(kinds)}"
    tree.fail_at_key(kinds[1], message, hint=f"start another step: - {kinds[1]}")


def _check_indentation(value: Tree, kind: str) -> None:
    """A keyword under its operation instead of beside it."""
    if kind in STRUCTURES or not value.is_mapping:
        return
    for key in value.value:
        if key in STEP_KEYWORDS:
            hint = f"indent `{key}` like `{kind}`, or with braces: {{{kind}: …, {key}: …}}"
            value.fail_at_key(key, f"`{key}` belongs beside `{kind}`, not under it", hint=hint)


@dataclass(frozen=True)
class Target:
    """A name that a step gives to an output: plain, indexed, or `_` to discard it."""

    name: str
    indices: tuple[int, ...]

    def __str__(self) -> str:
        return self.name + "".join(f"({index})" for index in self.indices)


def split_reference(text: str) -> tuple[str, list[ast.expr]]:
    """Split `skip(i)(j)` into its name and the syntax trees of its indices.

    >>> name, indices = split_reference("skip(i + 1)(j)")
    >>> name, [ast.unparse(index) for index in indices]
    ('skip', ['i + 1', 'j'])
    """
    match = _REFERENCE.match(text.strip())
    if not match:
        hint = "a name is letters, digits and underscores; a member of a family is name(i)"
        raise SpecError(f"{quoted(text)} is not a name", hint=hint)
    if not match[2]:
        return match[1], []
    node: ast.expr = parse_expression(text)
    indices: list[ast.expr] = []
    while isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        indices.insert(0, node.args[0])
        node = node.func
    if not isinstance(node, ast.Name):
        hint = "write name(i), one index in each pair of brackets"
        raise SpecError(f"{quoted(text)} is not a name", hint=hint)
    return node.id, indices


def read_reference(tree: Tree, environment: Environment) -> tuple[str, tuple[int, ...]]:
    """Return the name and the evaluated indices of a reference to a value."""
    if not isinstance(tree.value, str):
        argument = "an argument stands behind its name, as in `max_pool: {kernel: 2}`"
        hint = "braces around a name start a mapping" if tree.is_mapping else argument
        tree.fail(f"expected the name of a value, and found {tree.describe()}", hint)
    try:
        name, indices = split_reference(tree.value)
        return name, tuple(_index(node, tree, environment) for node in indices)
    except ArchgraphError as error:
        error.place = error.place or tree.place
        raise


def _index(node: ast.expr, tree: Tree, environment: Environment) -> int:
    value = evaluate_node(node, tree.value, environment, tree.start)
    if not isinstance(value, Expr):
        raise SpecError(f"the index '{ast.unparse(node)}' is {describe(value)}, and a number is needed")
    return environment.concrete(value, "index")


def read_targets(tree: Tree | None, environment: Environment) -> list[Target]:
    """Return the names of `as`, in order."""
    if tree is None:
        return []
    targets = []
    for item in tree.items():
        name, indices = read_reference(item, environment)
        if name != "_":
            check_name(name, item.place, "a name", value=True)
        targets.append(Target(name, indices))
    return targets
