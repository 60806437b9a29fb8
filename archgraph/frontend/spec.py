"""The parts of a spec file, read from its tree with every key checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from archgraph.errors import Place, SpecError, did_you_mean
from archgraph.frontend.yamltree import Tree, read_yaml

VERSION = 1
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
RESERVED = {"_", "and", "or", "not", "true", "false", "min", "max", "ceil", "floor", "len", "same", "valid", "if", "else", "in", "is", "for", "lambda"}
TOP_KEYS = ("archgraph", "name", "doc", "cite", "symbols", "inputs", "blocks", "network", "outputs", "variants", "expect")
SYMBOL_KEYS = ("default", "doc", "multiple_of", "offset", "one_of", "derived")
BLOCK_KEYS = ("doc", "cite", "inputs", "args", "do", "outputs")
VARIANT_KEYS = ("doc", "at", "symbols", "outputs", "expect")
EXPECT_KEYS = ("value", "source", "reference", "note")
INPUT_KEYS = ("when", "dtype", "pixels")
METRICS = (
    "params",
    "params_trainable",
    "params_frozen",
    "params_active",
    "buffers",
    "macs",
    "flops",
    "elementwise",
    "activations",
    "layer_outputs",
)


@dataclass(frozen=True)
class SymbolSpec:
    """The declaration of one symbol."""

    name: str
    place: Place
    default: Tree | None = None
    doc: str = ""
    multiple_of: Tree | None = None
    offset: Tree | None = None
    one_of: tuple[str, ...] = ()
    derived: Tree | None = None

    @property
    def is_number(self) -> bool:
        """Whether the symbol is declared by a number of its own."""
        return self.default is not None and not self.default.is_list and not self.one_of


@dataclass(frozen=True)
class InputSpec:
    """The declaration of one input: its axes in order."""

    name: str
    place: Place
    axes: Mapping[str, Tree]
    when: Tree | None = None
    dtype: str = "float"
    pixels: Tree | None = None


@dataclass(frozen=True)
class BlockSpec:
    """The declaration of one block."""

    name: str
    place: Place
    inputs: tuple[str, ...]
    args: Mapping[str, Tree | None]
    steps: Tree
    outputs: Tree | None = None
    doc: str = ""
    cite: str = ""


@dataclass(frozen=True)
class Expectation:
    """A published or measured number that a metric must have."""

    metric: str
    value: int
    place: Place
    source: str = ""
    reference: str = ""
    note: str = ""


@dataclass(frozen=True)
class Variant:
    """Other defaults for the symbols of a family, with their own expectations."""

    name: str
    at: Mapping[str, Tree] = field(default_factory=dict)
    symbols: Mapping[str, SymbolSpec] = field(default_factory=dict)
    outputs: Tree | None = None
    expect: tuple[Expectation, ...] = ()
    doc: str = ""


@dataclass(frozen=True, eq=False)
class Spec:
    """A whole spec file."""

    file: str
    name: str
    doc: str
    cite: str
    symbols: Mapping[str, SymbolSpec]
    inputs: tuple[InputSpec, ...]
    blocks: Mapping[str, BlockSpec]
    network: Tree | None
    outputs: Tree | None
    variants: Mapping[str, Variant]
    expect: tuple[Expectation, ...]


def read_file(path: Path) -> Spec:
    """Read a spec from a file.

    Raises:
        SpecError: it is missing, a directory, not UTF-8, not YAML, or breaks a rule of the language.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise SpecError(f"no such file: {path}") from None
    except IsADirectoryError:
        raise SpecError(f"{path} is a directory, not a spec file") from None
    except UnicodeDecodeError as error:
        raise SpecError(f"{path.name} is not UTF-8: byte {error.start} cannot be read") from None
    except OSError as error:
        raise SpecError(f"cannot read {path}: {error.strerror}") from None
    return read_text(text, path.name)


def read_text(text: str, file: str = "<text>") -> Spec:
    """Read a spec from text.

    Raises:
        SpecError: the text breaks a rule of the language.
    """
    tree = read_yaml(text, file)
    top = tree.mapping("a spec")
    known_keys(tree, TOP_KEYS, "a spec")
    _check_version(tree)
    if "network" not in top and "blocks" not in top:
        tree.fail("a spec needs a network", hint="network: is a list of steps")
    blocks = _section(tree, "blocks")
    return Spec(
        file=file,
        name=_text(top, "name") or file.removesuffix(".yaml"),
        doc=_text(top, "doc"),
        cite=_text(top, "cite"),
        symbols={name: read_symbol(name, item, place) for name, item, place in _section(tree, "symbols")},
        inputs=tuple(_read_input(name, item, place) for name, item, place in _section(tree, "inputs")),
        blocks={name: _read_block(name, item, place) for name, item, place in blocks},
        network=top.get("network"),
        outputs=top.get("outputs"),
        variants={name: _read_variant(name, item) for name, item, _ in _section(tree, "variants", any_name=True)},
        expect=_read_expect(top.get("expect")),
    )


def _check_version(tree: Tree) -> None:
    version = tree.value.get("archgraph")
    if version is None:
        tree.fail("the first key of a spec is its language version", hint=f"archgraph: {VERSION}")
    if version.value != VERSION:
        version.fail(f"unknown language version {version.value}", hint=f"this archgraph reads version {VERSION}")


def known_keys(tree: Tree, allowed: Iterable[str], what: str) -> None:
    """Fail at the first key of a mapping that is not allowed."""
    allowed = list(allowed)
    for key in tree.mapping(what):
        if key not in allowed:
            tree.fail_at_key(
                key,
                f"unknown key '{key}' in {what}.{did_you_mean(key, allowed)}",
                hint=f"the keys of {what} are {', '.join(allowed)}" if allowed else f"{what} takes no keys",
            )


def _section(tree: Tree, key: str, any_name: bool = False) -> list[tuple[str, Tree, Place]]:
    section = tree.value.get(key)
    if section is None or section.value is None:
        return []
    result = []
    for name, item in section.mapping(key).items():
        place = section.keys[name]
        if not any_name:
            check_name(name, place, f"a name in {key}")
        result.append((name, item, place))
    return result


def check_name(name: str, place: Place, what: str) -> None:
    """Fail unless the name is an identifier that the language does not reserve."""
    if not NAME.match(name):
        raise SpecError(
            f"{what} must be letters, digits and underscores, and is '{name[:60]}'",
            place=place,
            hint="an indexed name is written name(i)",
        )
    if name in RESERVED:
        raise SpecError(f"'{name}' is a word of the language and cannot be {what}", place=place)


def _text(top: Mapping[str, Tree], key: str) -> str:
    item = top.get(key)
    return "" if item is None or item.value is None else item.text(key)


def read_symbol(name: str, tree: Tree, place: Place) -> SymbolSpec:
    """Read a symbol: a mapping, or shortly its default, or an expression it is derived by."""
    if not tree.is_mapping:
        short = "derived" if isinstance(tree.value, str) else "default"
        return SymbolSpec(name, place, **{short: tree})
    known_keys(tree, SYMBOL_KEYS, f"symbol {name}")
    items = tree.value
    if "derived" in items and "default" in items:
        tree.fail(f"symbol {name} is derived and cannot have a default")
    options = tuple(item.text("a word") for item in items["one_of"].list("one_of")) if "one_of" in items else ()
    if "default" not in items and "derived" not in items:
        raise SpecError(f"symbol {name} needs a default", place=place, hint=f"{name}: {{default: 64}}")
    return SymbolSpec(
        name,
        place,
        default=items.get("default"),
        doc=_text(items, "doc"),
        multiple_of=items.get("multiple_of"),
        offset=items.get("offset"),
        one_of=options,
        derived=items.get("derived"),
    )


def _read_input(name: str, tree: Tree, place: Place) -> InputSpec:
    items = tree.mapping(f"input {name}")
    for axis in items:
        if axis not in INPUT_KEYS:
            check_name(axis, tree.keys[axis] if tree.keys else place, "an axis")
    dtype = _text(items, "dtype") or ("float" if "c" in items else "int" if _axes(items) else "float")
    if dtype not in ("float", "int"):
        items["dtype"].fail(f"dtype must be float or int, and is '{dtype}'")
    return InputSpec(name, place, _axes(items), items.get("when"), dtype, items.get("pixels"))


def _axes(items: Mapping[str, Tree]) -> dict[str, Tree]:
    return {axis: length for axis, length in items.items() if axis not in INPUT_KEYS}


def _read_block(name: str, tree: Tree, place: Place) -> BlockSpec:
    known_keys(tree, BLOCK_KEYS, f"block {name}")
    items = tree.value
    if "do" not in items:
        raise SpecError(f"block {name} needs its steps", place=place, hint="do: is a list of steps")
    return BlockSpec(
        name,
        place,
        inputs=_names(items.get("inputs"), f"the inputs of block {name}") or ("x",),
        args=_read_args(items.get("args"), name),
        steps=items["do"],
        outputs=items.get("outputs"),
        doc=_text(items, "doc"),
        cite=_text(items, "cite"),
    )


def _names(tree: Tree | None, what: str) -> tuple[str, ...]:
    if tree is None:
        return ()
    names = []
    for item in tree.list(what):
        check_name(item.text("a name"), item.place, "a name")
        if item.value in names:
            item.fail(f"'{item.value}' stands twice in {what}")
        names.append(item.value)
    return tuple(names)


def _read_args(tree: Tree | None, block: str) -> Mapping[str, Tree | None]:
    if tree is None or tree.value is None:
        return {}
    if tree.is_list:
        return dict.fromkeys(_names(tree, f"the args of block {block}"))
    args = tree.mapping(f"the args of block {block}")
    for name in args:
        check_name(name, (tree.keys or {})[name], "an argument")
    return {name: None if item.value is None else item for name, item in args.items()}


def _read_variant(name: str, tree: Tree) -> Variant:
    known_keys(tree, VARIANT_KEYS, f"variant {name}")
    items = tree.value
    overrides = _section(tree, "symbols")
    return Variant(
        name,
        at=items["at"].mapping("at") if "at" in items else {},
        symbols={symbol: read_symbol(symbol, item, place) for symbol, item, place in overrides},
        outputs=items.get("outputs"),
        expect=_read_expect(items.get("expect")),
        doc=_text(items, "doc"),
    )


def _read_expect(tree: Tree | None) -> tuple[Expectation, ...]:
    if tree is None or tree.value is None:
        return ()
    known_keys(tree, METRICS, "expect")
    return tuple(_expectation(metric, item) for metric, item in tree.value.items())


def _expectation(metric: str, item: Tree) -> Expectation:
    if not item.is_mapping:
        item = Tree({"value": item}, item.place)
    known_keys(item, EXPECT_KEYS, f"expect {metric}")
    value = item.value.get("value")
    if value is None or isinstance(value.value, bool) or not isinstance(value.value, int):
        item.fail(f"expect {metric} needs an integer value")
    texts = {key: _text(item.value, key) for key in EXPECT_KEYS if key != "value"}
    return Expectation(metric, value.value, item.place, **texts)
