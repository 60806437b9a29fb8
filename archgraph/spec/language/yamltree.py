"""YAML text to a tree whose every part knows its place; scalars by YAML 1.2, bounded, without tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from archgraph.errors import Place, SpecError, printable, quoted
from archgraph.spec.language.tree import Tree

MAX_BYTES = 1_000_000
MAX_NODES = 50_000
MAX_TREE_DEPTH = 60
MAX_DIGITS = 40
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str, file: str) -> Tree:
    """Parse one YAML document.

    Raises:
        SpecError: not YAML, empty, too large, a duplicate key, a tag, or aliases that expand beyond bounds.

    >>> tree = read_yaml("a: [1, on, 010]", "x.yaml")
    >>> tree.plain(), str(tree.value["a"].place)
    ({'a': [1, 'on', 10]}, 'x.yaml:1:4')
    """
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_BYTES:
        raise SpecError(f"the file has {len(text)} characters; the limit is {MAX_BYTES}", place=Place(file, 1, 1))
    _refuse_forbidden(text, file)
    try:
        tree = _Builder(yaml.parse(text, Loader=_Loader), file).document()
    except yaml.YAMLError as error:
        raise _not_yaml(error, file, text) from None
    if tree is None:
        raise SpecError("the file is empty", place=Place(file, 1, 1), hint="start with: archgraph: 1")
    return tree


def _refuse_forbidden(text: str, file: str) -> None:
    """Control characters and halves of surrogate pairs are no text."""
    found = _FORBIDDEN.search(text)
    if found:
        before = text[: found.start()]
        place = Place(file, before.count("\n") + 1, found.start() - before.rfind("\n"))
        raise SpecError(f"not YAML: the character {printable(found[0])} cannot stand in a text file", place=place)


def _not_yaml(error: yaml.YAMLError, file: str, text: str) -> SpecError:
    mark = getattr(error, "problem_mark", None)
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    hint = _open_bracket(error, place.line) or _yaml_hint(text.splitlines(), place.line)
    return SpecError(f"not YAML: {problem}", place=place, hint=hint)


def _open_bracket(error: yaml.YAMLError, line: int) -> str:
    context, mark = getattr(error, "context", None) or "", getattr(error, "context_mark", None)
    if "flow" not in context or mark is None or mark.line + 1 == line:
        return ""
    return f"the bracket that opens on line {mark.line + 1}, column {mark.column + 1} is not closed before"


_STEP = re.compile(r"\s*-\s+(?P<name>\w+)(?P<rest>.*)\Z")
_KEYWORD = re.compile(r"\s+(?P<name>as|from|repeat|for|when|else|share)\s*:")
_ELEMENT = re.compile(r"\w\[[^\[\]]*\]")
_NO_ARGUMENTS = re.compile(r"\s*(#.*)?\Z")


def _yaml_hint(lines: list[str], line: int) -> str:
    """The commonest slips are a bare `- relu` above a keyword, and a keyword that stands askew."""
    here = lines[line - 1] if line <= len(lines) else ""
    if "\t" in here[: len(here) - len(here.lstrip())]:
        return "a tab stands before this line: YAML indents with spaces, never with tabs"
    keyword = _KEYWORD.match(here)
    step = _STEP.match(lines[line - 2]) if 2 <= line <= len(lines) else None
    if keyword and step and _NO_ARGUMENTS.match(step["rest"]):
        return f"write `{step['name']}:` with a colon, so that keywords can stand beside it"
    if keyword and step:
        return f"indent `{keyword['name']}` like `{step['name']}`, the operation it stands beside"
    if _ELEMENT.search(here):
        return "an element of a list is written name(i), with round brackets"
    return "check the indentation and the brackets, and quote text that contains ': '"


class _Builder:
    """Builds the tree from the parser's events, one at a time: a bomb is refused before it is whole."""

    def __init__(self, events: Iterator[Any], file: str) -> None:
        self.events = events
        self.file = file
        self.count = 0
        self.anchors: dict[str, Tree | None] = {}

    def document(self) -> Tree | None:
        """Return the only document, or None where there is none."""
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        tree = self.build(next(self.events), 0)
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            hint = "one spec is one file; `---` starts another document"
            raise SpecError("the file has more than one document", place=self.place(after), hint=hint)
        return None if tree.is_empty else tree

    def place(self, event: Any) -> Place:
        """Return where an event starts."""
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def build(self, event: Any, depth: int) -> Tree:
        """Return the tree that starts with an event."""
        place = self.place(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor, place)
        self._grow(1, place)
        if depth > MAX_TREE_DEPTH:
            raise SpecError(f"nested deeper than {MAX_TREE_DEPTH}", place=place)
        _refuse_tag(event, place)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        tree = self._part(event, place, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = tree
        return tree

    def _part(self, event: Any, place: Place, depth: int) -> Tree:
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(place, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(place, depth)
        return Tree(self._scalar(event), place, start=_start(event, place))

    def _grow(self, parts: int, place: Place) -> None:
        self.count += parts
        if self.count > MAX_NODES:
            raise SpecError(f"aliases or entries expand to more than {MAX_NODES} parts", place=place)

    def _alias(self, name: str, place: Place) -> Tree:
        """An alias counts as all the parts that it stands for."""
        if name not in self.anchors:
            raise SpecError(f"alias *{name} has no anchor &{name} before it", place=place)
        tree = self.anchors[name]
        if tree is None:
            raise SpecError(f"alias *{name} stands inside its own anchor", place=place)
        self._grow(tree.size, place)
        return tree

    def _sequence(self, place: Place, depth: int) -> Tree:
        before, items = self.count, []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.build(event, depth + 1))
        return Tree(items, place, size=1 + self.count - before)

    def _mapping(self, place: Place, depth: int) -> Tree:
        before = self.count
        result: dict[str, Tree] = {}
        keys: dict[str, Place] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event, keys)
            keys[key] = self.place(event)
            result[key] = self.build(next(self.events), depth + 1)
        return Tree(result, place, keys, size=1 + self.count - before)

    def _key(self, event: Any, keys: dict[str, Place]) -> str:
        place = self.place(event)
        if not isinstance(event, yaml.ScalarEvent):
            hint = "braces around a name start a mapping; quote the text, or leave them out"
            raise SpecError("a key must be text", place=place, hint=hint)
        _refuse_tag(event, place)
        if event.value == "<<" and not event.style:
            raise SpecError("merge keys `<<` are not part of YAML 1.2", place=place, hint="write the keys out")
        if event.value in keys:
            first = keys[event.value].line
            raise SpecError(f"key {quoted(event.value)} stands twice; the first is on line {first}", place=place)
        return str(event.value)

    def _scalar(self, event: Any) -> Any:
        if event.style in ("'", '"', "|", ">"):
            return event.value
        if event.value in _CONSTANTS:
            return _CONSTANTS[event.value]
        if not _INTEGER.match(event.value):
            return event.value
        if len(event.value) > MAX_DIGITS:
            message = f"the number has {len(event.value)} digits; the limit is {MAX_DIGITS}"
            raise SpecError(message, place=self.place(event))
        return int(event.value)


def _refuse_tag(event: Any, place: Place) -> None:
    if event.tag is not None:
        raise SpecError(f"tag {quoted(event.tag)} is not allowed", place=place, hint="a spec is plain YAML")


def _start(event: Any, place: Place) -> Place | None:
    """Where the text itself begins: behind an anchor or a quote its column is not that of the event."""
    if event.start_mark.line != event.end_mark.line or event.anchor is not None or event.style in ("|", ">"):
        return None
    return place.shifted(1) if event.style in ("'", '"') else place
