"""The sections of a spec file: symbols, inputs and blocks, read with every key checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from archgraph.errors import Place, SpecError, did_you_mean, quoted
from archgraph.sizes.dtypes import DTYPES
from archgraph.spec.definitions import (
    BLOCK_KEYS,
    INPUT_KEYS,
    RESERVED,
    STEP_KEYWORDS,
    STRUCTURES,
    SYMBOL_KEYS,
    UNREADABLE,
    BlockSpec,
    InputSpec,
    SymbolSpec,
)
from archgraph.spec.language.tree import Tree
from archgraph.spec.operations import is_reserved

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
MAX_NAME, MAX_LETTER, MAX_LABEL = 60, 12, 60


def known_keys(tree: Tree, allowed: Iterable[str], what: str) -> None:
    """Fail at the first key of a mapping that is not allowed."""
    allowed = list(allowed)
    for key in tree.mapping(what):
        if key not in allowed:
            tree.fail_at_key(
                key,
                f"unknown key {quoted(key)} in {what}.{did_you_mean(key, allowed)}",
                hint=_cut_text(key) or f"the keys of {what} are {', '.join(allowed)}",
            )


def _cut_text(key: str) -> str:
    """Return what to do about words that a comma made a key of, as in `{doc: big, and green}`."""
    return "a text with a comma stands in quotes between braces" if " " in key.strip() else ""


def section(tree: Tree, key: str, *, any_name: bool = False) -> list[tuple[str, Tree, Place]]:
    """Return name, content and place of every entry of a section, which may be missing."""
    entries = tree.value.get(key)
    if entries is None or entries.is_empty:
        return []
    result = []
    for name, item in entries.mapping(key).items():
        place = entries.key_place(name)
        if not any_name:
            check_name(name, place, f"a name in {key}")
        result.append((name, item, place))
    return result


def check_name(name: str, place: Place, what: str, *, value: bool = False) -> None:
    """Fail unless the name is an identifier that the language does not reserve; a value's may be more."""
    if not NAME.match(name):
        rule = "a name is letters, digits and underscores, and begins with a letter"
        raise SpecError(f"{quoted(name)} cannot be {what}: {rule}", place=place)
    if len(name) > MAX_NAME:
        raise SpecError(f"{what} has {len(name)} characters; the limit is {MAX_NAME}", place=place)
    if name in RESERVED or (name in UNREADABLE and not value):
        raise SpecError(f"'{name}' is a word of the language and cannot be {what}", place=place)


def text_of(top: Mapping[str, Tree], key: str) -> str:
    """Return the text under a key, empty where it is missing."""
    item = top.get(key)
    return "" if item is None or item.is_empty else item.text(f"`{key}`")


def label_of(tree: Tree | None) -> str:
    """Return what figures call a block or a step: any text of one line; empty where nothing is said."""
    if tree is None:
        return ""
    text = " ".join(tree.text("`label`").split())
    if not text:
        tree.fail("`label` is empty")
    if len(text) > MAX_LABEL:
        tree.fail(
            f"`label` has {len(text)} characters; the limit is {MAX_LABEL}", "it has to fit into a box of a figure"
        )
    return text


def read_symbols(tree: Tree) -> dict[str, SymbolSpec]:
    """Read the section of symbols."""
    return {name: read_symbol(name, item, place) for name, item, place in section(tree, "symbols")}


def check_letters(symbols: Mapping[str, SymbolSpec]) -> None:
    """Fail where figures could take one symbol for another.

    Raises:
        SpecError: two symbols have one letter, or one has the name of another.
    """
    owners: dict[str, str] = {}
    for name, item in symbols.items():
        if not item.letter:
            continue
        other = owners.setdefault(item.letter, name)
        if other == name and item.letter != name and item.letter in symbols:
            other = item.letter
        if other != name:
            raise SpecError(
                f"figures cannot call symbol '{name}' '{item.letter}': so is symbol '{other}'", place=item.place
            )


def read_symbol(name: str, tree: Tree, place: Place) -> SymbolSpec:
    """Read a symbol: a mapping, or shortly its default, or an expression it is derived by."""
    if tree.is_empty:
        raise SpecError(f"symbol {name} needs a default", place=place, hint=f"{name}: {{default: 64}}")
    if not tree.is_mapping:
        derived = isinstance(tree.value, str)
        return SymbolSpec(name, place, default=None if derived else tree, derived=tree if derived else None)
    known_keys(tree, SYMBOL_KEYS, f"symbol {name}")
    items = tree.value
    _check_symbol_keys(name, tree, place)
    return SymbolSpec(
        name,
        place,
        default=items.get("default"),
        doc=text_of(items, "doc"),
        multiple_of=items.get("multiple_of"),
        offset=items.get("offset"),
        one_of=_words(items["one_of"]) if "one_of" in items else (),
        derived=items.get("derived"),
        letter=_letter(name, items["as"]) if "as" in items else "",
    )


def _letter(name: str, tree: Tree) -> str:
    """What figures call a symbol: as a symbol could be named, so that it can be told from others."""
    letter = tree.text(f"`as` of symbol {name}")
    check_name(letter, tree.place, f"what figures call symbol {name}", value=True)
    if len(letter) > MAX_LETTER:
        tree.fail(
            f"`as` of symbol {name} has {len(letter)} characters; the limit is {MAX_LETTER}", "as: C, or as: d_ff"
        )
    return letter


def _check_symbol_keys(name: str, tree: Tree, place: Place) -> None:
    items = tree.value
    for key in items:
        if "derived" in items and key not in ("derived", "doc"):
            tree.fail_at_key(key, f"symbol {name} is derived and cannot have {key}")
        if "one_of" in items and key in ("multiple_of", "offset", "as"):
            tree.fail_at_key(key, f"symbol {name} is a word and cannot have {key}")
    if "derived" not in items and ("default" not in items or items["default"].is_empty):
        raise SpecError(f"symbol {name} needs a default", place=place, hint=f"{name}: {{default: 64}}")


def _words(tree: Tree) -> tuple[str, ...]:
    """Read the words of `one_of`."""
    words = [item.text("a word of one_of") for item in tree.list("`one_of`")]
    for word, item in zip(words, tree.value, strict=True):
        if not NAME.match(word) or word in ("true", "false", "and", "or", "not"):
            item.fail(f"{quoted(word)} cannot be a word of one_of", "a word is letters, digits and underscores")
    return tuple(words)


def options_of(default: Tree | None) -> tuple[str, ...]:
    """Return the words that an argument of a block chooses from, where its default says so."""
    if default is None or not default.is_mapping or "one_of" not in default.value:
        return ()
    known_keys(default, ("one_of", "default", "doc"), "an argument of words")
    return _words(default.value["one_of"])


def read_input(name: str, tree: Tree, place: Place) -> InputSpec:
    """Read an input: its axes in order, and the keys beside them."""
    items = tree.mapping(f"input {name}", hint=f"{name}: {{c: 3, h: 64, w: 64}}; {{}} is a number without axes")
    for axis in items:
        if axis not in INPUT_KEYS:
            _check_axis(axis, tree, name)
    axes = {axis: length for axis, length in items.items() if axis not in INPUT_KEYS}
    dtype = text_of(items, "dtype") or ("int" if axes and "c" not in axes else "float")
    if dtype not in DTYPES:
        items["dtype"].fail(f"dtype is {quoted(dtype)}.{did_you_mean(dtype, DTYPES)}", f"one of {', '.join(DTYPES)}")
    return InputSpec(name, place, axes, items.get("when"), dtype, items.get("pixels"))


def _check_axis(axis: str, tree: Tree, name: str) -> None:
    place = tree.key_place(axis)
    check_name(axis, place, "an axis")
    suggestion = did_you_mean(axis, INPUT_KEYS)
    if suggestion:
        raise SpecError(f"unknown key '{axis}' in input {name}.{suggestion}", place=place)


def read_block(name: str, tree: Tree, place: Place) -> BlockSpec:
    """Read a block, whose steps stay a tree until it is called."""
    if is_reserved(name) or name in STRUCTURES or name in STEP_KEYWORDS:
        kind = "an operation" if is_reserved(name) else "a word of the language"
        raise SpecError(f"'{name}' is {kind}: a block needs another name", place=place)
    known_keys(tree, BLOCK_KEYS, f"block {name}")
    items = tree.value
    if "do" not in items:
        raise SpecError(f"block {name} needs its steps", place=place, hint="do: is a list of steps")
    inputs = _names(items["inputs"], f"the inputs of block {name}") if "inputs" in items else ("x",)
    return BlockSpec(
        name,
        place,
        inputs=inputs,
        args=_read_args(items.get("args"), name, inputs),
        steps=items["do"],
        outputs=items.get("outputs"),
        doc=text_of(items, "doc"),
        cite=text_of(items, "cite"),
        label=label_of(items.get("label")),
        tree=tree,
    )


def _names(tree: Tree, what: str) -> tuple[str, ...]:
    names: list[str] = []
    for item in tree.list(what):
        name = item.text("a name")
        check_name(name, item.place, "a name")
        if name in names:
            item.fail(f"'{name}' stands twice in {what}")
        names.append(name)
    return tuple(names)


def _read_args(tree: Tree | None, block: str, inputs: tuple[str, ...]) -> Mapping[str, Tree | None]:
    if tree is None or tree.is_empty:
        return {}
    what = f"the args of block {block}"
    if tree.is_list:
        args: dict[str, Tree | None] = dict.fromkeys(_names(tree, what))
        places = {item.value: item.place for item in tree.value}
    else:
        args = {name: None if item.is_empty else item for name, item in tree.mapping(what).items()}
        places = {name: tree.key_place(name) for name in args}
    for name in args:
        check_name(name, places[name], "an argument")
        if name in inputs:
            raise SpecError(f"'{name}' is both an input and an argument of block {block}", place=places[name])
        options_of(args[name])
    return args
