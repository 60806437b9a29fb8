"""YAML text to a tree whose every part knows its place; scalars by YAML 1.2, bounded, without tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from archgraph.errors import Place, SpecError

MAX_BYTES = 1_000_000
MAX_NODES = 50_000
MAX_DEPTH = 60
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_BARE_STEP = re.compile(r"\s*-\s+(\w+)\s*$")
_KEYWORD = re.compile(r"\s+(as|from|repeat|for|when|else|share)\s*:")
_CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Tree:
    """A scalar (int, bool, str, None), a list of trees, or a dict of key to tree, with its place."""

    value: Any
    place: Place
    keys: dict[str, Place] | None = None
    """The places of a mapping's keys."""

    def fail(self, message: str, hint: str = "") -> NoReturn:
        """Raise `SpecError` at this place."""
        raise SpecError(message, place=self.place, hint=hint)

    def fail_at_key(self, key: str, message: str, hint: str = "") -> NoReturn:
        """Raise `SpecError` at a key of this mapping."""
        raise SpecError(message, place=(self.keys or {}).get(key, self.place), hint=hint)

    @property
    def is_mapping(self) -> bool:
        """Whether this is a mapping."""
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        """Whether this is a list."""
        return isinstance(self.value, list)

    def mapping(self, what: str) -> dict[str, Tree]:
        """Return the mapping, or fail saying what should be one."""
        if not isinstance(self.value, dict):
            self.fail(f"{what} must be a mapping, and is {self.describe()}")
        return self.value

    def list(self, what: str) -> list[Tree]:
        """Return the list, or fail saying what should be one."""
        if not isinstance(self.value, list):
            self.fail(f"{what} must be a list, and is {self.describe()}")
        return self.value

    def text(self, what: str) -> str:
        """Return a scalar as text, or fail saying what should be one."""
        if isinstance(self.value, (dict, list)) or self.value is None:
            self.fail(f"{what} must be text, and is {self.describe()}")
        return str(self.value)

    def describe(self) -> str:
        """Name the kind of this tree in words."""
        if self.value is None:
            return "empty"
        kinds = {dict: "a mapping", list: "a list", bool: "a boolean", int: "a number", str: "text"}
        return kinds[type(self.value)]

    def plain(self) -> Any:
        """Return the tree as plain Python data."""
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value


def read_yaml(text: str, file: str) -> Tree:
    """Parse one YAML document.

    Raises:
        SpecError: not YAML, empty, too large, a duplicate key, a tag, or aliases that expand beyond bounds.

    >>> tree = read_yaml("a: [1, on, 010]", "x.yaml")
    >>> tree.plain(), str(tree.value["a"].place)
    ({'a': [1, 'on', 10]}, 'x.yaml:1:4')
    """
    if len(text) > MAX_BYTES:
        raise SpecError(f"the file has {len(text)} characters; the limit is {MAX_BYTES}", place=Place(file, 1, 1))
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise _not_yaml(error, file, text) from None
    except RecursionError:
        raise SpecError(f"nested deeper than {MAX_DEPTH}", place=Place(file, 1, 1)) from None
    if root is None:
        raise SpecError("the file is empty", place=Place(file, 1, 1), hint="start with: archgraph: 1")
    return _Builder(file).build(root, 0)


def _not_yaml(error: yaml.YAMLError, file: str, text: str) -> SpecError:
    mark = getattr(error, "problem_mark", None)
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    return SpecError(f"not YAML: {problem}", place=place, hint=_yaml_hint(text.splitlines(), place.line))


def _yaml_hint(lines: list[str], line: int) -> str:
    """A bare `- relu` above an indented keyword is the commonest slip: the two lines read as one text."""
    above = _BARE_STEP.match(lines[line - 2]) if 2 <= line <= len(lines) else None
    if above and _KEYWORD.match(lines[line - 1]):
        return f"write `{above[1]}:` with a colon, so that keywords can stand beside it"
    return "check the indentation and the brackets, and quote text that contains ': '"


class _Builder:
    """Converts composed nodes, counting every visit, so that aliases cannot multiply without bound."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0

    def place(self, node: yaml.Node) -> Place:
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def build(self, node: yaml.Node, depth: int) -> Tree:
        self.count += 1
        place = self.place(node)
        if self.count > MAX_NODES:
            raise SpecError(f"aliases or entries expand to more than {MAX_NODES} parts", place=place)
        if depth > MAX_DEPTH:
            raise SpecError(f"nested deeper than {MAX_DEPTH}", place=place)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place, depth)
        if isinstance(node, yaml.SequenceNode):
            self._no_tag(node, "tag:yaml.org,2002:seq")
            return Tree([self.build(item, depth + 1) for item in node.value], place)
        return Tree(self._scalar(node), place)

    def _mapping(self, node: yaml.MappingNode, place: Place, depth: int) -> Tree:
        self._no_tag(node, "tag:yaml.org,2002:map")
        result: dict[str, Tree] = {}
        keys: dict[str, Place] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise SpecError("a key must be text", place=self.place(key_node))
            key = str(key_node.value)
            if key in result:
                raise SpecError(
                    f"key '{key}' stands twice; the first is on line {keys[key].line}", place=self.place(key_node)
                )
            keys[key] = self.place(key_node)
            result[key] = self.build(value_node, depth + 1)
        return Tree(result, place, keys)

    def _no_tag(self, node: yaml.Node, allowed: str) -> None:
        if node.tag != allowed:
            raise SpecError(f"tag '{node.tag}' is not allowed", place=self.place(node))

    def _scalar(self, node: yaml.Node) -> Any:
        if node.tag.startswith("!") or "python" in node.tag:
            raise SpecError(f"tag '{node.tag}' is not allowed", place=self.place(node))
        if node.style in ("'", '"', "|", ">"):
            return node.value
        if node.value in _CONSTANTS:
            return _CONSTANTS[node.value]
        if _INTEGER.match(node.value):
            if len(node.value) > 40:
                raise SpecError(f"the number has {len(node.value)} digits", place=self.place(node))
            return int(node.value)
        return node.value


def each_item(tree: Tree, what: str) -> Iterator[Tree]:
    """Yield the items of a list, or the tree itself when it is a scalar."""
    if tree.is_list:
        yield from tree.value
    else:
        tree.text(what)
        yield tree
