"""A whole spec file, read from its text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from archgraph.errors import did_you_mean, quoted, some, unbroken
from archgraph.spec.bases import built_on
from archgraph.spec.beside import Reader
from archgraph.spec.definitions import (
    EXPECT_KEYS,
    EXPECTED_METRICS,
    TOP_KEYS,
    VARIANT_KEYS,
    VERSION,
    Expectation,
    Spec,
    Variant,
)
from archgraph.spec.definitions import RESERVED as RESERVED
from archgraph.spec.definitions import BlockSpec as BlockSpec
from archgraph.spec.figure import read_figure
from archgraph.spec.language.tree import Tree
from archgraph.spec.language.yamltree import read_yaml
from archgraph.spec.sections import NAME as NAME
from archgraph.spec.sections import check_letters, known_keys, read_block, read_input, read_symbols, section, text_of
from archgraph.spec.text_files import text_of_file

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def read_file(path: Traversable, label: str = "", text: Callable[[Traversable], str] | None = None) -> Spec:
    """Read a spec from a file, or from what a package holds, with all that it builds on.

    Args:
        path: the file.
        label: what places in it are told with, instead of its name.
        text: reads every file, `text_of_file` where none is given.

    Raises:
        SpecError: it is missing, a directory, not UTF-8, not YAML, or breaks a rule of the language.
    """
    own = text_of_file(path, label) if text is None else text(path)
    folder = path.parent if isinstance(path, Path) else None
    key = str(path.resolve()) if isinstance(path, Path) else path.name
    return _read(own, label or path.name, Reader(folder, (key,), text or text_of_file))


def read_text(text: str, file: str = "<text>") -> Spec:
    """Read a spec from text.

    Raises:
        SpecError: the text breaks a rule of the language.
    """
    return _read(text, file, Reader(None, (), text_of_file))


def _read(text: str, file: str, reader: Reader) -> Spec:
    tree = _top(text, file)
    imported: dict[str, Spec] = {}
    tree = _composed(tree, reader, imported)
    top = tree.value
    spec = Spec(
        file=file,
        name=unbroken(text_of(top, "name")) or unbroken(file.removesuffix(".yaml")) or "network",
        doc=text_of(top, "doc"),
        cite=text_of(top, "cite"),
        symbols=read_symbols(tree),
        inputs=tuple(read_input(name, item, place) for name, item, place in section(tree, "inputs")),
        blocks={name: read_block(name, item, place) for name, item, place in section(tree, "blocks")},
        network=_read_network(tree),
        outputs=top.get("outputs"),
        variants=_read_variants(tree),
        expect=_read_expect(top.get("expect")),
        select=top.get("select"),
        imported={name: part for name, part in imported.items() if name not in _names_of(top.get("blocks"))},
        figure=read_figure(top.get("figure")),
    )
    _check_variants(spec, tree)
    for symbols in ({}, *(variant.symbols for variant in spec.variants.values())):
        check_letters({**spec.symbols, **symbols})
    return spec


def composed_tree(path: Traversable) -> Tree | None:
    """Return a spec with all that it builds on as one tree, or None where it stands alone.

    Raises:
        SpecError: it cannot be read.
    """
    folder = path.parent if isinstance(path, Path) else None
    key = str(path.resolve()) if isinstance(path, Path) else path.name
    own, imported = _top(text_of_file(path), path.name), {}
    whole = _composed(own, Reader(folder, (key,), text_of_file), imported)
    if whole is own:
        return None
    blocks = whole.value.get("blocks")
    said = {} if blocks is None or blocks.is_empty else blocks.value
    beside = {name: part.blocks[name].tree for name, part in imported.items() if name not in said}
    return Tree({**whole.value, "blocks": Tree({**beside, **said}, whole.place)}, whole.place) if beside else whole


def _names_of(section: Tree | None) -> Iterable[str]:
    return section.value if section is not None and section.is_mapping else ()


def _top(text: str, file: str) -> Tree:
    tree = read_yaml(text, file)
    tree.mapping("a spec", hint=f"start with: archgraph: {VERSION}")
    _check_version(tree)
    known_keys(tree, TOP_KEYS, "a spec")
    return tree


def _composed(tree: Tree, reader: Reader, imported: dict[str, Spec]) -> Tree:
    """The spec with its base under it, and without the files of blocks, which are read beside it."""
    blocks, base = tree.value.get("blocks"), tree.value.get("base")
    found: dict[str, Spec] = {}
    if blocks is not None and blocks.is_mapping and "from" in blocks.value:
        for item in blocks.value["from"].items():
            found |= _block_file(item, reader)
        rest = {name: item for name, item in blocks.value.items() if name != "from"}
        tree = Tree({**tree.value, "blocks": Tree(rest, blocks.place, blocks.keys)}, tree.place, tree.keys)
    if base is not None:
        path, inner = reader.named(base, shipped=True)
        under = _composed(_top(reader.read(path, base), path.name), inner, imported)
        tree = built_on(under, tree)
    elif "steps" in tree.value:
        tree.fail_at_key("steps", "steps replace those of a base, and this spec has none", hint="base: sd")
    imported |= found
    return tree


def _block_file(item: Tree, reader: Reader) -> dict[str, Spec]:
    """The file of every block in a file beside the spec; its blocks see no symbols."""
    path, inner = reader.named(item, shipped=False)
    spec = _read(reader.read(path, item), path.name, inner)
    if spec.network is not None or spec.symbols:
        what = "a network" if spec.network is not None else "symbols"
        item.fail(
            f"{quoted(path.name)} has {what}, and a file of blocks holds blocks alone", "base: builds on a network"
        )
    return {**spec.imported, **dict.fromkeys(spec.blocks, spec)}


OF_CONFIGURATIONS = ("model_type", "_class_name", "architectures")
"""Keys of a config.json, such as lies beside a checkpoint."""


def _check_version(tree: Tree) -> None:
    version = tree.value.get("archgraph")
    if version is None:
        named = f"a configuration of transformers or diffusers is named by its library: hf:{tree.place.file}"
        hint = named if any(key in tree.value for key in OF_CONFIGURATIONS) else f"archgraph: {VERSION}"
        tree.fail("a spec starts with the version of its language", hint=hint)
    if type(version.value) is not int or version.value != VERSION:
        hint = f"this archgraph reads version {VERSION}"
        version.fail(f"unknown language version {version.describe()}", hint=hint)


def _read_network(tree: Tree) -> Tree | None:
    network = tree.value.get("network")
    if network is None:
        if "blocks" not in tree.value:
            tree.fail("a spec needs a network", hint="network: is a list of steps")
        return None
    if not network.list("the network", hint="every step starts with a dash: - relu"):
        network.fail("the network has no steps", hint="every step starts with a dash: - relu")
    return network


def _read_variants(tree: Tree) -> dict[str, Variant]:
    return {name: _read_variant(name, item) for name, item, _ in section(tree, "variants", any_name=True)}


def _read_variant(name: str, tree: Tree) -> Variant:
    known_keys(tree, VARIANT_KEYS, f"variant {name}")
    items = tree.value
    at = items.get("at")
    return Variant(
        name,
        at={} if at is None or at.is_empty else at.mapping("`at`"),
        symbols=read_symbols(tree),
        outputs=items.get("outputs"),
        expect=_read_expect(items.get("expect")),
        doc=text_of(items, "doc"),
    )


def _check_variants(spec: Spec, tree: Tree) -> None:
    """A variant binds and restates the symbols of its spec only."""
    for name, variant in spec.variants.items():
        items = tree.value["variants"].value[name].value
        for key, names in (("at", variant.at), ("symbols", variant.symbols)):
            for symbol in names:
                _check_restated(spec, items[key], symbol)


def _check_restated(spec: Spec, section: Tree, symbol: str) -> None:
    if symbol not in spec.symbols:
        known = some(spec.symbols) or "none"
        suggestion = did_you_mean(symbol, spec.symbols)
        section.fail_at_key(symbol, f"there is no symbol {quoted(symbol)}.{suggestion}", hint=f"symbols: {known}")


def _read_expect(tree: Tree | None) -> tuple[Expectation, ...]:
    if tree is None or tree.is_empty:
        return ()
    known_keys(tree, EXPECTED_METRICS, "expect")
    return tuple(_expectation(metric, item) for metric, item in tree.value.items())


def _expectation(metric: str, item: Tree) -> Expectation:
    if not item.is_mapping:
        item = Tree({"value": item}, item.place)
    known_keys(item, EXPECT_KEYS, f"expect {metric}")
    value = item.value.get("value")
    if value is None:
        item.fail(f"expect {metric} needs a value")
    if type(value.value) is not int:
        hint = "an expectation is exact: write every digit"
        value.fail(f"expect {metric} needs an integer value, and has {value.describe()}", hint)
    texts = {key: text_of(item.value, key) for key in EXPECT_KEYS if key != "value"}
    return Expectation(metric, value.value, item.place, **texts)
